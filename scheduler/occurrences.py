"""Makes the posts of series a safe while ahead, so that there is time to see and change them, and
tells their authors where that cannot be."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from tortoise.expressions import Q

from scheduler import events, posts, recurrence, turns
from scheduler.contents import Words
from scheduler.database import transaction
from scheduler.media import StoredMedia
from scheduler.models import Event, Post, Series
from scheduler.post_errors import PostError
from scheduler.post_rows import NewPost, note
from scheduler.recurrence import Rule
from scheduler.runtime import Runtime
from scheduler.states import PostState
from scheduler.turns import NEAR, NotNow, Turn

log = structlog.get_logger(__name__)

# Posts are made that far ahead, the next one always.
AHEAD = timedelta(days=14)
# What could not be made is tried again after so long.
AGAIN = timedelta(minutes=30)
TICK_SECONDS = 20.0
_AT_ONCE = 100
_MOST_COUNTED = 1000


class SeriesKeeper:
    """Looks after all series; several may run."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self, stop: asyncio.Event) -> None:
        """Ticks until `stop` is set. A tick that fails is logged and repeated."""
        while not stop.is_set():
            try:
                await self.tick()
            except Exception as error:
                log.warning("series not looked after", error=repr(error))
            await asyncio.sleep(TICK_SECONDS)

    async def tick(self) -> None:
        """Makes every post that is due to be made, and shows the cards of those that are near."""
        for series in await _due(self._runtime.clock.now()):
            try:
                await make_due(self._runtime, series.id)
            except Exception as error:
                log.exception("series broke", series=series.id, error=repr(error))
        await _announce(self._runtime.clock.now())


async def make_due(runtime: Runtime, series_id: str) -> None:
    """Makes the posts of one series that are due to be made; its author hears of what cannot be."""
    while True:
        series = await Series.get(id=series_id)
        now = runtime.clock.now()
        turn = turn_of(series)
        if turn is None or series.paused_at or series.ended_at or not _is_due(series, now):
            return
        try:
            if turn.at <= now:
                await _pass_over(series, turn, now)
            elif await Post.exists(series_id=series.id, occurrence=turn.day.isoformat()):
                await _move_on(turn)
            else:
                await posts.schedule(runtime, new_post(series, turn))
        except NotNow:
            # Another dispatcher, or a person, was faster.
            continue
        except PostError as error:
            await _stuck(series, turn, str(error), now)
            return


def new_post(series: Series, turn: Turn) -> NewPost:
    """What an occurrence of a series says."""
    return NewPost(
        workspace_id=series.workspace_id,
        author=series.author,
        words=words(series),
        account_ids=tuple(series.account_ids),
        timezone=Rule.of(series.rule).zone,
        due_at=turn.at,
        media=files(series),
        places={int(id_): place for id_, place in series.places.items()},
        # That is what a series is for.
        means_it_twice=True,
        turn=turn,
    )


def words(series: Series) -> Words:
    """What each occurrence says."""
    return Words(
        text=series.text,
        link=series.link,
        title=series.title,
        first_comment=series.first_comment,
        variants=series.variants,
    )


def files(series: Series) -> tuple[StoredMedia, ...]:
    """The files of each occurrence."""
    return tuple(StoredMedia(**file) for file in series.media)


def turn_of(series: Series) -> Turn | None:
    """The occurrence whose post is made next; `None` after the last."""
    if series.next_day is None or series.next_at is None:
        return None
    rule, day = Rule.of(series.rule), date.fromisoformat(series.next_day)
    after = recurrence.next_after(rule, series.next_at)
    return Turn(
        series_id=series.id,
        revision=series.revision,
        day=day,
        at=series.next_at,
        then=(after.day, after.at) if after else None,
    )


async def _due(now: datetime) -> list[Series]:
    rests = Q(retry_at__isnull=True) | Q(retry_at__lte=now)
    soon = Q(next_at__lte=now + AHEAD) | Q(last_at__isnull=True) | Q(last_at__lte=now)
    waiting = Series.filter(next_at__isnull=False, paused_at__isnull=True, ended_at__isnull=True)
    return await waiting.filter(rests & soon).order_by("next_at").limit(_AT_ONCE)


def _is_due(series: Series, now: datetime) -> bool:
    if series.retry_at is not None and series.retry_at > now:
        return False
    is_soon = series.next_at is not None and series.next_at <= now + AHEAD
    return is_soon or series.last_at is None or series.last_at <= now


async def _move_on(turn: Turn) -> None:
    async with transaction() as connection:
        await turns.move(connection, turn, turn.rest)


async def _pass_over(series: Series, turn: Turn, now: datetime) -> None:
    """Goes on with the first occurrence that is still to come. Nothing is posted late unasked."""
    rule = Rule.of(series.rule)
    passed = 1
    for each in recurrence.occurrences(rule, after=turn.at):
        if each.at > now or passed >= _MOST_COUNTED:
            break
        passed += 1
    coming = recurrence.next_after(rule, now)
    rest = {
        "next_day": coming.day.isoformat() if coming else None,
        "next_at": coming.at if coming else None,
    }
    reason = series.trouble or "Postbot was not running while its post had to be made."
    data = {"first": turn.at.isoformat(), "passed": passed, "reason": reason}
    async with transaction() as connection:
        await turns.move(connection, turn, rest)
        await events.record(connection, [_event(series, "series.missed", data, now)])


async def _stuck(series: Series, turn: Turn, why: str, now: datetime) -> None:
    """Tries again later, and tells the author once for each reason."""
    news = {"trouble": why, "retry_at": min(now + AGAIN, turn.at)}
    event = _event(series, "series.stuck", {"at": turn.at.isoformat(), "reason": why}, now)
    try:
        async with transaction() as connection:
            await turns.move(connection, turn, news)
            if series.trouble != why:
                await events.record(connection, [event])
    except NotNow:
        log.info("series moved on", series=series.id)


def _event(series: Series, kind: str, data: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "workspace_id": series.workspace_id,
        "post_id": "",
        "kind": kind,
        "actor": "dispatcher",
        "data": {"series": series.id, "member": series.author, **data},
        "at": now,
        "notice": "member",
    }


async def _announce(now: datetime) -> None:
    """Has the cards shown of occurrences that are near."""
    near = Post.filter(
        series_id__isnull=False, state=PostState.SCHEDULED, due_at__gt=now, due_at__lte=now + NEAR
    )
    for post in await near.filter(card__post_id__isnull=True).limit(_AT_ONCE):
        if not await Event.exists(post_id=post.id, notice__isnull=False):
            async with transaction() as connection:
                await note(connection, post, "post.announced", "dispatcher", now, notice="card")
