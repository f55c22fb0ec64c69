"""Tells people in Slack when the scheduler itself stands still: once for each incident, and once
when it runs again."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from bot.reach import Reach, known_admins
from bot.sending import Letter, NoAccess, Senders, SendingError, Unreachable
from bot.views.blocks import when
from bot.views.standing import said
from scheduler import markers, stats
from scheduler.models import Marker, Post
from scheduler.runtime import Runtime
from scheduler.states import State

log = structlog.get_logger(__name__)

#: A dispatcher ticks many times in this.
SILENT_SECONDS = 30.0
_INCIDENT = "dispatcher_trouble"
_MOST_AUTHORS = 50
_WAITING = (State.SCHEDULED, State.QUEUED, State.PREPARING, State.PROCESSING, State.RETRYING)
_Person = tuple[int, str]


class SchedulerWatch:
    """Watches the dispatcher's heartbeat. The incident is kept in the database, so that it is one
    incident for all processes and survives them."""

    def __init__(self, runtime: Runtime, senders: Senders, reach: Reach) -> None:
        self._runtime = runtime
        self._senders = senders
        self._reach = reach
        self._began = runtime.clock.now()
        self._keeping = asyncio.Lock()

    async def tick(self) -> None:
        """Looks once. What could not be sent is sent at a later tick."""
        now = self._runtime.clock.now()
        heartbeat = await markers.read(markers.DISPATCHER)
        since = heartbeat[1] if heartbeat else self._began
        incident = await Marker.get_or_none(name=_INCIDENT)
        if (now - since).total_seconds() <= SILENT_SECONDS:
            if incident is not None and heartbeat is not None and await self._is_ours(incident):
                await self._end(incident)
        elif incident is not None or await stats.seconds_late(now) > 0:
            await self._report(incident or await self._begin(since), now)

    async def _begin(self, since: datetime) -> Marker:
        value = {"told": [], "owner": self._runtime.owner.id, "since": since.isoformat()}
        incident, begun = await Marker.get_or_create(
            {"value": value, "at": self._runtime.clock.now()}, name=_INCIDENT
        )
        if begun:
            log.error("the dispatcher is silent", since=since.isoformat())
        return incident

    async def _report(self, incident: Marker, now: datetime) -> None:
        if not await self._is_ours(incident):
            return
        text = _trouble(datetime.fromisoformat(incident.value["since"]))
        told = [tuple(person) for person in incident.value["told"]]

        async def tell(person: _Person) -> None:
            if await self._write(person, text) is True:
                told.append(person)
                await self._keep(incident, told=told)

        await _side_by_side([each for each in await _people(now) if each not in told], tell)

    async def _end(self, incident: Marker) -> None:
        told = [tuple(person) for person in incident.value["told"]]

        async def tell(person: _Person) -> None:
            # Whoever let us in then and does not now has heard the worse half.
            if await self._write(person, _RUNS_AGAIN) is not False:
                told.remove(person)
                await self._keep(incident, told=told)

        await _side_by_side([*told], tell)
        if not told:
            await incident.delete()
            log.info("the dispatcher runs again")

    async def _keep(self, incident: Marker, **news: Any) -> None:
        async with self._keeping:
            incident.value = {**incident.value, **news}
            await incident.save(update_fields=["value"])

    async def _is_ours(self, incident: Marker) -> bool:
        """One process tells; another takes over when that one is dead."""
        holder, ours = incident.value["owner"], self._runtime.owner.id
        if holder == ours:
            return True
        if not await self._runtime.owner.dead([holder]):
            return False
        value = {**incident.value, "owner": ours}
        now = self._runtime.clock.now()
        taken = await Marker.filter(name=_INCIDENT, at=incident.at).update(value=value, at=now)
        incident.value, incident.at = value, now
        return bool(taken)

    async def _write(self, person: _Person, text: str) -> bool | None:
        """False when it should be tried again later; nothing when the workspace lets nobody in."""
        letter = Letter(text=text, blocks=[said(text)], payload={"scheduler": _INCIDENT})
        try:
            async with contextlib.aclosing(self._reach.of(*person)) as channels:
                async for channel in channels:
                    await self._senders.of(person[0]).post(channel, letter)
                    return True
        except NoAccess:
            return None
        except SendingError as error:
            log.error("member not told of the scheduler", user=person[1], why=str(error))
            return isinstance(error, Unreachable)
        log.error("member not told of the scheduler", user=person[1], why="unreachable")
        return True


async def _people(now: datetime) -> list[_Person]:
    """The admins; where none is known, the authors of posts that are overdue."""
    admins = [(admin.workspace_id, admin.user_id) for admin in await known_admins()]
    if admins:
        return admins
    overdue = Post.filter(deliveries__state__in=_WAITING, deliveries__due_at__lt=now)
    rows = await overdue.distinct().limit(_MOST_AUTHORS).values_list("workspace_id", "author")
    return [(int(str(workspace)), str(author)) for workspace, author in rows]


async def _side_by_side(
    people: Sequence[_Person], tell: Callable[[_Person], Awaitable[None]]
) -> None:
    """Tells people one by one, those of different workspaces at once: one workspace that does not
    answer holds up nobody elsewhere."""
    of_workspace: dict[int, list[_Person]] = defaultdict(list)
    for person in people:
        of_workspace[person[0]].append(person)

    async def tell_each(some: Sequence[_Person]) -> None:
        for person in some:
            await tell(person)

    await asyncio.gather(*[tell_each(some) for some in of_workspace.values()])


def _trouble(since: datetime) -> str:
    return (
        f"Postbot's scheduler has stood still since {when(since)}, so posts that are due do not go "
        "out. None is lost: they go out, or their authors are asked, as soon as it runs again. "
        "Please tell whoever runs Postbot; `postbot doctor` shows what is wrong."
    )


_RUNS_AGAIN = (
    "Postbot's scheduler runs again. What was due meanwhile goes out now; where it is too late for "
    "that, the author is asked."
)
