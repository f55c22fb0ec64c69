"""Takes back what a dead process held, and hands over again what the queue lost."""

from __future__ import annotations

import asyncio

import structlog

from scheduler import breaker, outages, states
from scheduler.deliverer import recover
from scheduler.deliveries import Step
from scheduler.models import Delivery
from scheduler.runtime import Runtime
from scheduler.states import State

log = structlog.get_logger(__name__)

TICK_SECONDS = 2.0


class Rescuer:
    """One rescuer; several may run."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self, stop: asyncio.Event) -> None:
        """Ticks until `stop` is set. A tick that fails is logged and repeated."""
        while not stop.is_set():
            try:
                await self.tick()
            except Exception as error:
                log.warning("rescuer tick failed", error=repr(error))
            await asyncio.sleep(TICK_SECONDS)

    async def tick(self) -> None:
        """Recovers the deliveries of every owner that is provably dead, those that no worker took
        in time, and those that an outage left behind; has people told of outages."""
        await self._runtime.owner.ensure()
        await self._recover_dead()
        await self._give_back_untaken()
        await breaker.mend(self._runtime)
        await outages.announce(self._runtime)

    async def _recover_dead(self) -> None:
        # SQLite finds no index for Tortoise's form of "is not null".
        rows = await Delivery.filter(owner__gt=0).values_list("id", "owner")
        dead = await self._runtime.owner.dead({int(str(owner)) for _, owner in rows})
        if dead:
            ids = {int(str(id_)) for id_, owner in rows if owner in dead}
            ended = "The process that held it has ended."
            await recover(self._runtime, ids, owners=dead, reason=ended)

    async def _give_back_untaken(self) -> None:
        now = self._runtime.clock.now()
        rows = await Delivery.filter(state=State.QUEUED, next_attempt_at__lte=now).limit(1000)
        await self._runtime.ledger.move_all(
            Step(
                move=states.GIVE_BACK,
                id=row.id,
                fence=row.fence,
                values={"next_attempt_at": row.since},
                actor="rescuer",
            )
            for row in rows
        )
