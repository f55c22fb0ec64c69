"""Tells people what happened: follows the events that nobody was told of yet, keeps the card of
each post true, and writes to those who have to do something, for a post or for an account.

Level-triggered: an event only says that a post must be looked at. A notice is cleared after it was
shown, so whatever ends this process in between is shown again, and found in Slack instead of said
twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot import decisions, replies
from bot.account_notices import AccountNotices
from bot.cards import Cards, HeldByAnother, NobodyReachable
from bot.clients import Clients
from bot.copies import Copies
from bot.outages import OutageNotices
from bot.sending import MessageGone, Paused, SendingError, Unreachable
from bot.watch import SchedulerWatch
from scheduler import events, posts
from scheduler.models import Card, Event
from scheduler.posts import Found, NoSuchPost
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

_AT_ONCE = 8
_POLL_SECONDS = 0.5
# Posts whose turn has not come must not fill the page that is read.
_PAGE, _EVENTS_OF_A_POST, _MOST_EVENTS = 200, 20, 50_000
# Slack takes about one message or change a second.
_GAP_SECONDS = 1.0
_FIRST_REST, _LONGEST_REST = 0.5, 300.0
_WATCH_SECONDS = 5.0
#: What people are told about: a post, or an account.
_Subject = str | int


@dataclass(frozen=True)
class Rest:
    """When a subject may be tried again, after how many failures, and the last of them."""

    until: float
    failures: int = 0
    why: str = ""


_FRESH = Rest(0.0)


class Notifier:
    """One notifier; several may run, in one process or in many."""

    def __init__(self, runtime: Runtime, clients: Clients) -> None:
        self._runtime = runtime
        self._cards = Cards(runtime, clients)
        self._copies = Copies(runtime, self._cards.senders, self._cards.reach)
        self.watch = SchedulerWatch(runtime, self._cards.senders, self._cards.reach)
        self._accounts = AccountNotices(runtime, self._cards.senders, self._cards.reach)
        self.outages = OutageNotices(runtime, self._cards.senders, self._cards.reach)
        self._watched_at = 0.0
        self._rests: dict[_Subject, Rest] = {}
        self._busy: dict[_Subject, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Tells until it is cancelled. A failure is logged once and tried again for ever."""
        why = ""
        try:
            while True:
                self._woken.clear()
                try:
                    await self._begin()
                    await self._look_after_scheduler()
                    why = ""
                except Exception as error:
                    if repr(error) != why:
                        why = repr(error)
                        log.error("notifier held up", error=why)
                await self._pause()
        finally:
            await self._end()

    async def tick(self) -> None:
        """Tells everything that can be told now; for tests."""
        await asyncio.gather(*await self._begin())

    def wake(self) -> None:
        """Lets `run` look at once."""
        self._woken.set()

    async def _begin(self) -> list[asyncio.Task[None]]:
        """Starts a task for every subject that has something to tell and whose turn it is."""
        now = time.monotonic()
        self._rests = {
            subject: rest
            for subject, rest in self._rests.items()
            # Kept a while after its end, so that failures in a row count up.
            if now < rest.until + _LONGEST_REST
        }
        resting = {subject for subject, rest in self._rests.items() if now < rest.until}
        waits = resting | self._busy.keys()
        if await events.is_quiet():
            return [*self._busy.values()]
        limit = min(_PAGE + _EVENTS_OF_A_POST * len(waits), _MOST_EVENTS)
        subjects: list[_Subject] = [*await events.untold_accounts(limit)]
        subjects += await events.untold(limit)
        for subject in subjects:
            if subject not in waits:
                self._busy[subject] = asyncio.create_task(self._attend(subject))
        return [*self._busy.values()]

    async def _look_after_scheduler(self) -> None:
        if time.monotonic() - self._watched_at >= _WATCH_SECONDS:
            self._watched_at = time.monotonic()
            await self.watch.tick()
            await self.outages.tick()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), _POLL_SECONDS)
        except TimeoutError:
            return

    async def _end(self) -> None:
        left = [*self._busy.values()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _attend(self, subject: _Subject) -> None:
        """Tells about one subject; whatever goes wrong, its notices stay and it rests a while."""
        try:
            async with self._slots:
                await self._tell(subject)
            self._rests.pop(subject, None)
        except Paused as pause:
            self._rest(subject, self._turn(pause.seconds))
        except HeldByAnother:
            self._rest(subject, _POLL_SECONDS)
        except (SendingError, NobodyReachable) as error:
            self._rest_after(subject, str(error))
        except Exception as error:
            log.exception("notice broke", about=subject)
            self._rest_after(subject, repr(error))
        finally:
            self._busy.pop(subject, None)

    async def _tell(self, subject: _Subject) -> None:
        if isinstance(subject, int):
            await self._accounts.tell(subject)
            return
        try:
            await self._tell_of_post(subject)
        except NoSuchPost:
            await events.told(await events.pending_notices(subject))

    async def _tell_of_post(self, post_id: str) -> None:
        async with self._cards.held(post_id) as card:
            # Read before the post, so that what happens meanwhile keeps its notice.
            pending = await events.pending_notices(post_id)
            if pending:
                found = await posts.find(pending[0].workspace_id, post_id)
                late = await self._show_copies(found, pending)
                await self._show(card, found, pending)
                if late is not None:
                    raise late
                await events.told(pending)

    async def _show_copies(self, found: Found, pending: Sequence[Event]) -> SendingError | None:
        """Why some copy is not up to date. Nobody waits for it: neither the author for those who
        read elsewhere, nor they for the author."""
        try:
            await self._copies.show(found, pending)
        except SendingError as error:
            return error
        await events.approvers_told(pending)
        return None

    async def _show(self, card: Card, found: Found, pending: Sequence[Event]) -> None:
        late: Paused | None = None
        try:
            await self._cards.show(card, found)
        except Paused as pause:
            if not card.ts:
                raise
            # Who has to do something need not wait until the card may be changed again.
            late = pause
        await self._reply(card, found, pending)
        if late is not None:
            raise late

    async def _reply(self, card: Card, found: Found, pending: Sequence[Event]) -> None:
        try:
            sender = self._cards.senders.of(found.post.workspace_id)
            await replies.reply(self._runtime, sender, card, found, pending)
            await decisions.tell_author(self._runtime, sender, card, found, pending)
        except Unreachable:
            await self._cards.leave(card, found)
            raise
        except MessageGone:
            await self._cards.forget(card)
            raise

    def _turn(self, seconds: float) -> float:
        """Those that wait for a rate limit come back one after the other, not all at once."""
        return seconds + random.uniform(0, _GAP_SECONDS * len(self._rests))  # noqa: S311

    def _rest(self, subject: _Subject, seconds: float) -> None:
        """For a while, and it is nobody's failure."""
        before = self._rests.get(subject, _FRESH)
        self._rests[subject] = replace(before, until=time.monotonic() + seconds)

    def _rest_after(self, subject: _Subject, why: str) -> None:
        """Twice as long after every failure; logged when it is another than before."""
        before = self._rests.get(subject, _FRESH)
        if why != before.why:
            log.error("people not told yet", about=subject, why=why)
        seconds = min(_LONGEST_REST, _FIRST_REST * 2**before.failures)
        self._rests[subject] = Rest(time.monotonic() + seconds, before.failures + 1, why)
