"""Values that are remembered for a while, in one process."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Remembers each value for `seconds`; at most `most` of them."""

    def __init__(self, seconds: float, *, most: int = 1000) -> None:
        self._seconds = seconds
        self._most = most
        self._kept: dict[Hashable, tuple[float, T]] = {}

    async def get(self, key: Hashable, fetch: Callable[[], Awaitable[T]]) -> T:
        """The value of `key`, from `fetch` when none is remembered. What raises is not."""
        until, value = self._kept.get(key, (0.0, None))
        if value is not None and time.monotonic() < until:
            return value
        fresh = await fetch()
        if len(self._kept) >= self._most:
            self._kept.clear()
        self._kept[key] = (time.monotonic() + self._seconds, fresh)
        return fresh
