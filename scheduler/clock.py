"""The one source of "now", so that tests can stand still or jump."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime


class Clock:
    """Wall-clock time and waiting for an instant of it."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, instant: datetime) -> None:
        """Returns at `instant`, to about a millisecond; at once when it has passed. Follows a
        clock that is set forward or back while it waits."""
        while (left := (instant - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(left, 1.0))


class FrozenClock(Clock):
    """A clock that moves only when told, for tests and simulations."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self.instant

    def move_to(self, instant: datetime) -> None:
        """Sets the clock and wakes whoever waits for an instant that has come."""
        self.instant = instant
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep_until(self, instant: datetime) -> None:
        while instant > self.instant:
            await self._moved.wait()
