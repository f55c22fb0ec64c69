"""The parts of the stand-in in one hand, and the work that goes on behind an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.recorder import Recorder
from sandbox.slack.cast import crowd
from sandbox.slack.delivery import Delivery
from sandbox.slack.executions import Executions
from sandbox.slack.installs import Installs
from sandbox.slack.rate_limits import RateLimits
from sandbox.slack.settings import Settings
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.switches import Switches
from sandbox.slack.world import World


@dataclass(kw_only=True)
class Desk:
    settings: Settings
    world: World
    switches: Switches
    recorder: Recorder
    socket_mode: SocketMode
    delivery: Delivery
    rate_limits: RateLimits
    installs: Installs
    executions: Executions = field(default_factory=Executions)
    app_is_up: bool = False
    #: Seconds that a call with a token waits for its answer.
    slow_tokens: dict[str, float] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Start work that outlives the request; it ends with the stand-in at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def build_desk(settings: Settings) -> Desk:
    socket_mode = SocketMode()
    switches = Switches()
    installs = Installs(settings, switches)
    world = World(settings.clock, installs, more=crowd(settings.crowd))
    switches.people = {member.id: member.name for member in world.members.values()}
    return Desk(
        settings=settings,
        world=world,
        switches=switches,
        recorder=Recorder(settings.record / "slack.jsonl" if settings.record else None),
        socket_mode=socket_mode,
        delivery=Delivery(settings, switches, socket_mode),
        rate_limits=RateLimits(settings.clock, switches),
        installs=installs,
    )


DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)
