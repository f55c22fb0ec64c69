"""The Dramatiq broker: Redis, our middleware, and the way from a worker thread to the event loop.

A message is only a hint to look at a row. It carries ids, never content or tokens.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
from collections.abc import Awaitable, Callable
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Callbacks, Retries, ShutdownNotifications

# Records of finished work: Dramatiq keeps none; those that failed stay for seven days.
KEEP_DEAD_MS = 7 * 24 * 3600 * 1000
# With Dramatiq's defaults the messages of a killed worker stay away for minutes.
HEARTBEAT_MS = 10_000
MAINTENANCE_CHANCE = 100_000


class Loop:
    """Hands work from Dramatiq's threads to the one event loop of the process, in which the
    database, the HTTP client and the deliveries live."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()

    def run(self, work: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Runs a coroutine function on the loop and waits for its result."""
        result: concurrent.futures.Future[Any] = concurrent.futures.Future()

        def start() -> None:
            task = asyncio.ensure_future(work(*args))
            tasks.add(task)
            task.add_done_callback(finish)

        def finish(task: asyncio.Future[Any]) -> None:
            tasks.discard(task)
            if task.cancelled():
                result.cancel()
            elif (error := task.exception()) is not None:
                result.set_exception(error)
            else:
                result.set_result(task.result())

        tasks: set[asyncio.Future[Any]] = set()
        self._loop.call_soon_threadsafe(start, context=self._context)
        return result.result()


def redis_client(url: str) -> redis.Redis:
    """A Redis client that gives up soon: whoever waits for Redis has a row to fall back on."""
    return redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)


def make_broker(client: redis.Redis) -> RedisBroker:
    """The broker of this process, made the global one so that actors can be declared on it."""
    broker = RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        middleware=[
            AgeLimit(),
            ShutdownNotifications(),
            Callbacks(),
            Retries(max_retries=0),
        ],
        maintenance_chance=MAINTENANCE_CHANCE,
        heartbeat_timeout=HEARTBEAT_MS,
        dead_message_ttl=KEEP_DEAD_MS,
    )
    dramatiq.set_broker(broker)
    return broker
