"""Claims what is due and hands it to the queue, a few seconds ahead of its instant.

The database is the schedule: a tick reads an index of what must be looked at, so its cost depends
on what is due and not on what is pending. Deliveries of about the same instant travel as one
message. Several dispatchers may run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from scheduler import breaker, circuits, deliveries, states
from scheduler.deliveries import Step
from scheduler.epoch import Epoch, guard
from scheduler.missed import miss_overdue
from scheduler.models import Circuit, Delivery
from scheduler.posts import PRIORITIES
from scheduler.runtime import Runtime
from scheduler.states import State

log = structlog.get_logger(__name__)

# How far ahead deliveries are handed over: enough for a worker to claim and load them.
AHEAD = timedelta(seconds=3)
TICK_SECONDS = 0.25
HEARTBEAT_SECONDS = 1.0
# Deliveries in one message, and rows claimed by one statement.
MESSAGE_SIZE = 100
CLAIM_SIZE = 500
# A handed-over delivery that no worker took after this long is handed over again.
LEASE = timedelta(seconds=30)
# Retries have their own delayed message; the dispatcher takes over what that message missed.
RETRY_GRACE = timedelta(seconds=2)

_HANDED_OVER = (State.SCHEDULED, State.PROCESSING, State.RETRYING)


class Dispatcher:
    """One dispatcher. `send(ids)` hands a batch to the queue; `lost_memory()` tells whether the
    queue forgot everything since it was last asked. Both may block and are called on a thread."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        send: Callable[[list[int]], object],
        lost_memory: Callable[[], bool],
    ) -> None:
        self._runtime = runtime
        self._send = send
        self._lost_memory = lost_memory
        self._epoch = Epoch(runtime)
        self._unreachable = False

    async def run(self, stop: asyncio.Event) -> None:
        """Ticks until `stop` is set. A tick that fails is logged and repeated."""
        await guard(self._runtime, stop)
        heart = asyncio.create_task(self._beat())
        try:
            while not stop.is_set():
                fine = await self._guarded(self.tick)
                await self._pause(TICK_SECONDS if fine else HEARTBEAT_SECONDS)
        finally:
            heart.cancel()

    async def tick(self) -> int:
        """Hands over all that is due soon; returns how many deliveries."""
        if self._unreachable:
            # Rows are not moved to and fro while the queue is away; workers look for themselves.
            await self._notice_lost_memory()
            self._unreachable = False
        now = self._runtime.clock.now()
        due, held = await deliveries.at_a_glance(_HANDED_OVER, PRIORITIES, now + AHEAD)
        standing = await circuits.standing() if held else []
        handed = await self._send_released(standing)
        if not due:
            return handed
        await miss_overdue(self._runtime)
        if standing:
            await breaker.park_due(self._runtime, standing, now + AHEAD)
        for priority in PRIORITIES:
            handed += await self._hand_over(State.SCHEDULED, priority, now + AHEAD)
            handed += await self._hand_over(State.PROCESSING, priority, now)
            handed += await self._hand_over(State.RETRYING, priority, now - RETRY_GRACE)
        return handed

    async def _send_released(self, standing: list[Circuit]) -> int:
        rows = await breaker.release(self._runtime, standing, LEASE)
        await self._send_or_give_back([row["id"] for row in rows])
        return len(rows)

    async def _hand_over(self, source: State, priority: int, before: datetime) -> int:
        handed = 0
        while True:
            now = self._runtime.clock.now()
            rows = await deliveries.stage_due(
                source=source,
                priority=priority,
                before=before,
                limit=CLAIM_SIZE,
                lease=now + LEASE,
                now=now,
            )
            rows.sort(key=lambda row: row["due_at"])
            ids = [row["id"] for row in rows]
            await self._send_or_give_back(ids)
            handed += len(ids)
            if len(ids) < CLAIM_SIZE:
                return handed

    async def _send_or_give_back(self, ids: list[int]) -> None:
        for start in range(0, len(ids), MESSAGE_SIZE):
            try:
                await asyncio.to_thread(self._send, ids[start : start + MESSAGE_SIZE])
            except Exception as error:
                self._unreachable = True
                log.warning("queue not reachable", error=repr(error), deliveries=len(ids) - start)
                await self._give_back(ids[start:])
                raise

    async def _give_back(self, ids: Sequence[int]) -> None:
        rows = await Delivery.filter(id__in=list(ids), state=State.QUEUED)
        steps = [
            Step(
                move=states.GIVE_BACK,
                id=row.id,
                fence=row.fence,
                # Not now: what lay there through a long downtime is asked about.
                values={"next_attempt_at": row.since},
                actor="dispatcher",
            )
            for row in rows
        ]
        await self._runtime.ledger.move_all(steps)

    async def _beat(self) -> None:
        while True:
            await self._guarded(self._epoch.advance)
            await self._guarded(self._notice_lost_memory)
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _notice_lost_memory(self) -> None:
        if await asyncio.to_thread(self._lost_memory):
            queued = await Delivery.filter(state=State.QUEUED).values_list("id", flat=True)
            if queued:
                log.warning("queue lost its memory", deliveries=len(queued))
                await self._give_back([int(str(id_)) for id_ in queued])

    async def _guarded(self, work: Callable[[], Awaitable[object]]) -> bool:
        try:
            await work()
        except Exception as error:
            log.warning("dispatcher step failed", step=work.__name__, error=repr(error))
            return False
        return True

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._runtime.due_now.wait()
        except TimeoutError:
            return
        self._runtime.due_now.clear()
