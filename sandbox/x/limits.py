"""X's rate limits: so many calls of an endpoint in 15 minutes for each account."""

from __future__ import annotations

from sandbox.windows import Window, Windows, untouched

WINDOW_SECONDS = 900

# Calls in 15 minutes, from X's rate-limit table (the lowest figure where its pages disagree).
LIMITS = {
    "create": 100,
    "delete": 50,
    "me": 75,
    "listing": 900,
    "upload": 500,
    "chunk": 1_875,
    "metadata": 500,
}


class Limits:
    """Counts calls by account and endpoint."""

    def __init__(self) -> None:
        self._windows = Windows()

    def take(self, account_id: str, endpoint: str) -> Window:
        """Counts one call; it was one too many when `used` is above `limit`."""
        key = (account_id, endpoint)
        return self._windows.take(key, limit=LIMITS[endpoint], seconds=WINDOW_SECONDS)

    def untouched(self, endpoint: str) -> Window:
        """A window that nobody has used, for when the limits are off."""
        return untouched(limit=LIMITS[endpoint], seconds=WINDOW_SECONDS)


def headers_of(window: Window) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(window.limit),
        "x-rate-limit-remaining": str(window.remaining),
        "x-rate-limit-reset": str(int(window.reset)),
    }
