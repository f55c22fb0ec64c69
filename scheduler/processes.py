"""The parts of Postbot that move deliveries, as long-running coroutines: worker and dispatcher."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import dramatiq
import redis
import structlog

from scheduler import actors, digests, reconcile, reminders
from scheduler.actors import Actors
from scheduler.broker import Loop, make_broker
from scheduler.deliverer import Deliverer
from scheduler.dispatcher import Dispatcher
from scheduler.epoch import guard
from scheduler.keeper import Keeper
from scheduler.occurrences import SeriesKeeper
from scheduler.rescuer import Rescuer
from scheduler.retention import Retention
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# Deliveries are handed over seconds ahead, so nothing waits for this poll; a shorter one would
# cost CPU at rest.
WORKER_POLL_MS = 200
WORKER_THREADS = 8
_STOP_MS = 5_000
# Present in Redis from the first heartbeat on; gone means that Redis forgot everything.
_MEMORY_KEY = "postbot:memory"


@dataclass(frozen=True)
class Queue:
    """The queue of this process: its Redis client and the actors declared on it."""

    client: redis.Redis
    actors: Actors
    broker: dramatiq.Broker

    def lost_memory(self) -> bool:
        """True once after Redis was flushed or came back empty, and on the very first call."""
        return bool(self.client.set(_MEMORY_KEY, secrets.token_hex(8), nx=True))


class LoopHands:
    """Brings messages from Dramatiq's threads to the deliverer on the event loop."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.deliverer: Deliverer | None = None

    def execute(self, ids: Sequence[int]) -> None:
        self._loop.run(self._there.execute, ids)

    def retry(self, delivery_id: int) -> timedelta | None:
        wait: timedelta | None = self._loop.run(self._there.retry, delivery_id)
        return wait

    def exhausted(self, delivery_id: int) -> None:
        self._loop.run(self._there.give_up, delivery_id)

    @property
    def _there(self) -> Deliverer:
        assert self.deliverer is not None
        return self.deliverer


def open_queue(runtime: Runtime, client: redis.Redis, hands: LoopHands | None = None) -> Queue:
    """Declares the actors on a Redis server; `hands` is missing where messages are only sent."""
    broker = make_broker(client)
    declared = actors.declare(broker, hands, retries=len(runtime.settings.retry_delays))
    return Queue(client, declared, broker)


async def run_dispatcher(runtime: Runtime, queue: Queue, stop: asyncio.Event) -> None:
    """Dispatches, rescues and looks after accounts until `stop` is set."""
    dispatcher = Dispatcher(runtime, send=queue.actors.send, lost_memory=queue.lost_memory)
    parts = (Rescuer(runtime), Retention(runtime), Keeper(runtime), SeriesKeeper(runtime))
    async with _beside(
        *(part.run(stop) for part in parts),
        _every(reminders.TICK_SECONDS, lambda: reminders.tick(runtime)),
        _every(digests.TICK_SECONDS, lambda: digests.tick(runtime)),
    ):
        await dispatcher.run(stop)


async def run_worker(runtime: Runtime, queue: Queue, hands: LoopHands, stop: asyncio.Event) -> None:
    """Works on messages until `stop` is set, then finishes or gives back what it holds."""
    deliverer = Deliverer(runtime, queue.actors.send_retry)
    hands.deliverer = deliverer
    # Messages and due rows may be older than a restored database, too.
    await guard(runtime, stop)
    if stop.is_set():
        return
    worker = dramatiq.Worker(
        queue.broker, worker_timeout=WORKER_POLL_MS, worker_threads=WORKER_THREADS
    )
    worker.start()
    log.info("worker ready", owner=runtime.owner.id)
    try:
        async with _beside(
            _every(1.0, lambda: _look_after(runtime, queue, deliverer)),
            _every(2.0, deliverer.probe),
            _every(1.0, lambda: reconcile.tick(runtime)),
        ):
            await stop.wait()
    finally:
        await asyncio.to_thread(worker.stop, timeout=_STOP_MS)
        await deliverer.drain(runtime.settings.request_timeout + 5)


async def _look_after(runtime: Runtime, queue: Queue, deliverer: Deliverer) -> None:
    await runtime.owner.ensure()
    await deliverer.sweep()
    try:
        await asyncio.to_thread(queue.client.ping)
    except redis.RedisError:
        await deliverer.execute_without_queue()


async def _every(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await work()
        except Exception as error:
            log.warning("periodic work failed", error=repr(error))
        await asyncio.sleep(seconds)


@contextlib.asynccontextmanager
async def _beside(*work: Awaitable[None]) -> AsyncIterator[None]:
    """Runs coroutines beside a block and ends them with it."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
