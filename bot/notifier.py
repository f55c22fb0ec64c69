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
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import structlog

from bot import decisions, replies
from bot.account_notices import AccountNotices
from bot.cards import Cards, HeldByAnother, NobodyReachable
from bot.clients import Clients
from bot.copies import Copies
from bot.outages import OutageNotices
from bot.rests import Rests
from bot.sending import MessageGone, NoAccess, Paused, SendingError, Unreachable
from bot.watch import SchedulerWatch
from scheduler import events, installations, posts
from scheduler.models import Card, Event
from scheduler.posts import Found, NoSuchPost
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# Of one workspace: so many at once, and so many that wait for their turn.
_AT_ONCE, _MOST_AT_WORK = 8, 200
_POLL_SECONDS = 0.5
# Posts whose turn has not come must not fill the page that is read.
_PAGE, _EVENTS_OF_A_POST, _MOST_EVENTS = 200, 20, 50_000
# Slack takes about one message or change a second.
_GAP_SECONDS = 1.0
_WATCH_SECONDS = 5.0
#: What people are told about: a post, or an account.
_Subject = str | int


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
        self._watching: asyncio.Task[None] | None = None
        self._rests: Rests[_Subject] = Rests()
        #: Workspaces that let nobody in, and the newest installation when that was found out.
        self._shut: Rests[int] = Rests()
        self._newest: Any = None
        self._busy: dict[_Subject, asyncio.Task[None]] = {}
        self._at_work: Counter[int] = Counter()
        self._slots: dict[int, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_AT_ONCE))
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Tells until it is cancelled. A failure is logged once and tried again for ever."""
        why = ""
        try:
            while True:
                self._woken.clear()
                try:
                    await self._begin()
                    self._look_after_scheduler()
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
        waits = self._rests.resting() | self._busy.keys()
        if await events.is_quiet():
            return [*self._busy.values()]
        limit = min(_PAGE + _EVENTS_OF_A_POST * len(waits), _MOST_EVENTS)
        for workspace_id, subject in await events.subjects(limit, but=await self._left_out()):
            if subject not in waits and self._at_work[workspace_id] < _MOST_AT_WORK:
                self._at_work[workspace_id] += 1
                attending = asyncio.create_task(self._attend(workspace_id, subject))
                self._busy[subject] = attending
        return [*self._busy.values()]

    async def _left_out(self) -> set[int]:
        """Workspaces that shall not hold up the others: those that let nobody in, until somebody
        installs Postbot anywhere, and those that are at work on enough."""
        newest = await installations.news()
        if newest != self._newest:
            self._newest = newest
            self._shut.clear()
        full = {each for each, number in self._at_work.items() if number >= _MOST_AT_WORK}
        return self._shut.resting() | full

    def _look_after_scheduler(self) -> None:
        """Beside everything else, for it may take long."""
        if self._watching is not None and not self._watching.done():
            return
        if time.monotonic() - self._watched_at >= _WATCH_SECONDS:
            self._watched_at = time.monotonic()
            self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        for look in (self.watch.tick, self.outages.tick):
            try:
                await look()
            except Exception as error:
                log.error("notifier held up", error=repr(error))

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), _POLL_SECONDS)
        except TimeoutError:
            return

    async def _end(self) -> None:
        left = [*self._busy.values(), *([self._watching] if self._watching else [])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _attend(self, workspace_id: int, subject: _Subject) -> None:
        """Tells about one subject; whatever goes wrong, its notices stay and it rests a while."""
        try:
            async with self._slots[workspace_id]:
                await self._tell(subject)
            self._rests.end(subject)
            self._shut.end(workspace_id)
        except Paused as pause:
            self._rests.rest(subject, self._turn(pause.seconds))
        except HeldByAnother:
            self._rests.rest(subject, _POLL_SECONDS)
        except NoAccess as error:
            if self._shut.rest_after(workspace_id, str(error)):
                log.error("workspace not told yet", workspace=workspace_id, why=str(error))
        except (SendingError, NobodyReachable) as error:
            self._rest_after(subject, str(error))
        except Exception as error:
            log.exception("notice broke", about=subject)
            self._rest_after(subject, repr(error))
        finally:
            self._busy.pop(subject, None)
            self._at_work[workspace_id] -= 1

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

    def _rest_after(self, subject: _Subject, why: str) -> None:
        if self._rests.rest_after(subject, why):
            log.error("people not told yet", about=subject, why=why)
