"""Counts calls in windows of time, as the rate limits of platforms do."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(kw_only=True)
class Window:
    """The calls since the window began; one was too many when `used` is above `limit`.

    `reset` is the instant in epoch seconds at which the next window begins.
    """

    limit: int
    seconds: int
    reset: float
    used: int = 0

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class Windows:
    """The windows of all callers, by any key that tells them apart."""

    def __init__(self) -> None:
        self._windows: dict[Hashable, Window] = {}

    def take(self, key: Hashable, *, limit: int, seconds: int) -> Window:
        """Counts one call."""
        now = time.time()
        window = self._windows.get(key)
        if window is None or window.reset <= now:
            window = self._windows[key] = untouched(limit=limit, seconds=seconds)
        window.used += 1
        return window


def untouched(*, limit: int, seconds: int) -> Window:
    """A window that nobody has used yet."""
    return Window(limit=limit, seconds=seconds, reset=time.time() + seconds)
