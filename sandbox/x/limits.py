"""X's rate limits: so many calls of an endpoint in 15 minutes for each account."""

from __future__ import annotations

import time
from dataclasses import dataclass

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


@dataclass(kw_only=True)
class Window:
    """The calls of one account to one endpoint since the window began."""

    limit: int
    reset: float
    used: int = 0

    def headers(self) -> dict[str, str]:
        return {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(max(0, self.limit - self.used)),
            "x-rate-limit-reset": str(int(self.reset)),
        }


class Limits:
    """Counts calls by account and endpoint."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], Window] = {}

    def take(self, account_id: str, endpoint: str) -> Window:
        """Counts one call; it was one too many when `used` is above `limit`."""
        now = time.time()
        window = self._windows.get((account_id, endpoint))
        if window is None or window.reset <= now:
            window = Window(limit=LIMITS[endpoint], reset=now + WINDOW_SECONDS)
            self._windows[account_id, endpoint] = window
        window.used += 1
        return window

    def untouched(self, endpoint: str) -> Window:
        """A window that nobody has used, for when the limits are off."""
        return Window(limit=LIMITS[endpoint], reset=time.time() + WINDOW_SECONDS)
