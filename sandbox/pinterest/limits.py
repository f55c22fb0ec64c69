"""Pinterest's rate limits, and the headers in which it tells how much is left of them.

With Standard access they count by account and app, with Trial access by app. Each call counts in
the window of its category and in one for everything.
"""

from __future__ import annotations

from sandbox.pinterest.tokens import Grant
from sandbox.windows import Window, Windows, untouched

MINUTE = 60
DAY = 86_400

# Calls and seconds, from Pinterest's table of rate limits.
STANDARD = {"safety_net": (100, 1), "org_read": (1_000, MINUTE), "org_write": (100, MINUTE)}
TRIAL = {"safety_net": (1_000, DAY), "org_read": (1_000, DAY), "org_write": (300, DAY)}
TIERS = {"standard": STANDARD, "trial": TRIAL}

Taken = dict[str, Window]
"""The windows in which a call counted, by the name that the header gives them."""


class Limits:
    """Counts calls."""

    def __init__(self) -> None:
        self._windows = Windows()

    def take(self, grant: Grant, category: str, *, tier: str) -> Taken:
        """Counts one call in its windows."""
        caller = (grant.client_id, grant.account.id) if tier == "standard" else (grant.client_id,)
        ending = "_app_id_user_id" if tier == "standard" else "_app_id"
        taken = {}
        for name in ("safety_net", category):
            limit, seconds = TIERS[tier][name]
            window = self._windows.take((tier, name, *caller), limit=limit, seconds=seconds)
            taken[name + ending] = window
        return taken


def untouched_windows(category: str) -> Taken:
    """Windows that nobody has used, for when the limits are off."""
    return {
        f"{name}_app_id_user_id": untouched(limit=limit, seconds=seconds)
        for name, (limit, seconds) in STANDARD.items()
        if name in ("safety_net", category)
    }


def exceeded(taken: Taken) -> bool:
    return any(window.used > window.limit for window in taken.values())


def headers_of(taken: Taken, now: float) -> dict[str, str]:
    """The tightest window first, then all of them; the reset is in seconds from now."""
    tightest = min(taken.values(), key=lambda window: (window.remaining, -window.reset))
    policies = (
        f'{window.limit};w={window.seconds};name="{name}"' for name, window in taken.items()
    )
    return {
        "x-ratelimit-limit": ", ".join([str(tightest.limit), *policies]),
        "x-ratelimit-remaining": str(tightest.remaining),
        "x-ratelimit-reset": str(max(0, int(tightest.reset - now))),
    }
