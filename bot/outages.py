"""Tells members what concerns them beside the card of a post: that a platform is down or back, that
a series cannot go on, that a channel is closed to us, what their day brings. Once each, whatever
ends a process in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import structlog

from bot.reach import Reach
from bot.rests import Rests
from bot.sending import Letter, NoAccess, Paused, Senders, SendingError, Unreachable
from bot.views import series
from bot.views.digest import digest
from bot.views.outage import lost_channel, notice
from bot.views.standing import said
from scheduler import digests, events, members
from scheduler.models import Event, Marker, Series
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

_TELLER = "outage_teller"
_MOST = 1000
# Two notifiers of one process have the same name in the database; here they are told apart.
_TELLING: set[int] = set()


class OutageNotices:
    """Sends the notices to members that the schedule left for them."""

    def __init__(self, runtime: Runtime, senders: Senders, reach: Reach) -> None:
        self._runtime = runtime
        self._senders = senders
        self._reach = reach
        self._rests: Rests[int] = Rests()
        #: Workspaces that let nobody in.
        self._shut: Rests[int] = Rests()

    async def tick(self) -> None:
        """Tells all that can be told now. What could not be sent is sent at a later tick."""
        us = self._runtime.owner.id
        if us in _TELLING:
            return
        _TELLING.add(us)
        try:
            if await events.for_members(1) and await self._is_ours():
                await self._tell_all()
        finally:
            _TELLING.discard(us)

    async def _is_ours(self) -> bool:
        """One process tells; another takes over when that one is dead."""
        now, us = self._runtime.clock.now(), self._runtime.owner.id
        seat, _ = await Marker.get_or_create({"value": {"owner": us}, "at": now}, name=_TELLER)
        holder = seat.value["owner"]
        if holder == us:
            return True
        if not await self._runtime.owner.dead([holder]):
            return False
        free = Marker.filter(name=_TELLER, at=seat.at)
        return bool(await free.update(value={"owner": us}, at=now))

    async def _tell_all(self) -> None:
        pending = await events.for_members(_MOST, but=self._shut.resting())
        over = _overtaken(pending)
        await events.told(over)
        resting = self._rests.resting()
        of_workspace: dict[int, list[Event]] = defaultdict(list)
        for event in pending:
            if event not in over and event.id not in resting:
                of_workspace[event.workspace_id].append(event)
        # Side by side: one that does not answer holds up nobody else.
        await asyncio.gather(*[self._tell_each(each) for each in of_workspace.values()])

    async def _tell_each(self, pending: Sequence[Event]) -> None:
        """The notices of one workspace, until it lets nobody in."""
        for event in pending:
            try:
                if await self._told_before(event) or await self._tell(event):
                    await events.told([event])
                    self._rests.end(event.id)
            except Paused as pause:
                self._rests.rest(event.id, pause.seconds)
            except NoAccess as error:
                if self._shut.rest_after(event.workspace_id, str(error)):
                    log.error("workspace not told", workspace=event.workspace_id, why=str(error))
                return
            except SendingError as error:
                self._rest(event, str(error))

    def _rest(self, event: Event, why: str) -> None:
        self._rests.rest_after(event.id, why)
        log.error("member not told", notice=event.id, why=why)

    async def _told_before(self, event: Event) -> bool:
        """Whether a message did arrive of which nobody noted that it did."""
        if event.notice_began_at is None:
            return False
        channels = self._reach.channels(event.workspace_id, event.data["member"])
        async with contextlib.aclosing(channels):
            async for channel in channels:
                sent = await self._senders.of(event.workspace_id).sent(
                    channel, since=event.notice_began_at
                )
                if any(payload.get("outage") == event.id for _, payload in sent):
                    return True
        return False

    async def _tell(self, event: Event) -> bool:
        """Writes to the member, or to an admin in their place."""
        member = event.data["member"]
        channels = self._reach.channels(event.workspace_id, member)
        async with contextlib.aclosing(channels):
            async for channel in channels:
                is_theirs = await self._reach.is_authors(event.workspace_id, channel, member)
                if not is_theirs and event.kind in events.MEMBER_EVENTS:
                    log.info("digest not sent", notice=event.id, why="the member is out of reach")
                    return True
                if await self._sent(event, channel, author="" if is_theirs else member):
                    return True
        self._rest(event, "neither the member nor an admin can be written to")
        return False

    async def _sent(self, event: Event, channel: str, *, author: str) -> bool:
        """False when the conversation is closed to us."""
        letter = await self._letter(event, author)
        if letter is None:
            return True
        await events.begin_telling(event, self._runtime.clock.now())
        try:
            await self._senders.of(event.workspace_id).post(channel, letter)
        except Unreachable:
            await self._reach.close(event.workspace_id, channel)
            return False
        except SendingError as error:
            if error.is_certain:
                await events.not_begun(event)
            raise
        return True

    async def _letter(self, event: Event, author: str) -> Letter | None:
        """What is said; nothing where that has become pointless."""
        payload = {"outage": event.id}
        if event.kind not in events.MEMBER_EVENTS:
            text = await _words(event, author)
            return Letter(text=text, blocks=[said(text)], payload=payload)
        day = date.fromisoformat(event.data["day"])
        member = await members.stale_member(event.workspace_id, event.data["member"])
        if member is None or not digests.is_current(member, day, self._runtime.clock.now()):
            return None
        text, blocks = digest(await digests.of(member, day))
        return Letter(text=text, blocks=blocks, payload=payload)


async def _words(event: Event, author: str) -> str:
    data = event.data
    if event.kind in events.SERIES_EVENTS:
        about = await Series.get_or_none(id=data["series"])
        return series.notice(event.kind, data, about, author=author)
    if event.kind in events.WORKSPACE_EVENTS:
        return lost_channel(data["channel"])
    return notice(event.kind, platform=data["platform"], posts=data["posts"], author=author)


def _overtaken(pending: Sequence[Event]) -> list[Event]:
    """Both notices to a member who heard of neither before the platform was back."""
    over: list[Event] = []
    downs: dict[tuple[int, str, str], Event] = {}
    for event in pending:
        if event.kind not in events.PLATFORM_EVENTS:
            continue
        whom = (event.workspace_id, event.data["member"], event.data["platform"])
        if event.kind == "platform.down":
            downs[whom] = event
        elif (down := downs.pop(whom, None)) is not None and down.notice_began_at is None:
            over += [down, event]
    return over
