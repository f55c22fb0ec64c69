"""Whose turn it is in a series. The series names the first day of which no post was made yet; the
transaction that stores a post moves that day on, if it is still what was read. So each occurrence
is made once and whole, however many dispatchers there are and whatever ends them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import F

from scheduler.models import Series
from scheduler.post_errors import PostError

# What is closer has its card at once; the others get theirs when it is that far ahead.
NEAR = timedelta(days=1)


class NotNow(PostError):
    """The series has moved on since it was read."""

    def __init__(self) -> None:
        super().__init__("This series has changed meanwhile. Look at it again.")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The occurrence of a series that a post is made for, at the revision of the series as it was
    read; `then` is the day and instant of the one after it, if there is one."""

    series_id: str
    revision: int
    day: date
    at: datetime
    then: tuple[date, datetime] | None

    @property
    def rest(self) -> dict[str, Any]:
        """The columns of a series whose turn this was."""
        day, at = self.then or (None, None)
        return {"next_day": day and day.isoformat(), "next_at": at}


async def take(connection: BaseDBAsyncClient, turn: Turn) -> None:
    """Notes that a post of this occurrence is stored by this transaction. Raises `NotNow`."""
    news = {**turn.rest, "last_at": turn.at, "trouble": "", "retry_at": None}
    await move(connection, turn, news)


async def move(connection: BaseDBAsyncClient, turn: Turn, news: dict[str, Any]) -> None:
    """Changes a series if it still waits for this occurrence. Raises `NotNow`."""
    waits = Series.filter(
        id=turn.series_id,
        revision=turn.revision,
        next_day=turn.day.isoformat(),
        paused_at__isnull=True,
        ended_at__isnull=True,
    )
    # Naming a column keeps an empty change a change, so that its row is locked.
    if not await waits.using_db(connection).update(**{"revision": F("revision"), **news}):
        raise NotNow


def is_near(turn: Turn | None, now: datetime) -> bool:
    """Whether a post needs its card at once: every post, but occurrences only when they are
    near."""
    return turn is None or turn.at - now <= NEAR
