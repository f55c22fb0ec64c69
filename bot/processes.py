"""Starts the parts of Postbot, alone or together in one process, and ends them well."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import redis
import structlog

from bot import keys
from bot.ready import ready_runtime
from scheduler import database, logs, processes, stats
from scheduler.broker import Loop, redis_client
from scheduler.config import Settings, read_settings
from scheduler.embedded_redis import EmbeddedRedis
from scheduler.faults import CannotStart
from scheduler.processes import LoopHands, open_queue
from scheduler.runtime import Runtime, open_runtime

log = structlog.get_logger(__name__)


def start(
    *parts: str,
    migrate: bool = False,
    settings: Settings | None = None,
    ready: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Runs `web`, `worker` and `dispatcher` as named until SIGTERM or Ctrl-C. `ready` is called
    when all of them work. Raises `WrongSetting` or `CannotStart`."""
    began = time.monotonic()
    settings = settings or read_settings()
    logs.configure(settings.log_level)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with _redis(settings, embed=len(parts) > 1) as client:
        if migrate:
            _migrate(settings)
        try:
            asyncio.run(_run(settings, client, parts, began, ready))
        except* CannotStart as group:
            raise group.exceptions[0] from None


def migrate() -> None:
    """Brings the database up to date."""
    settings = read_settings()
    _migrate(settings)
    print("postbot: the database is up to date.")


def print_stats() -> None:
    """Prints the figures of the schedule."""
    settings = read_settings()

    async def show() -> None:
        async with open_runtime(settings) as runtime:
            for name, value in (await stats.collect(runtime)).items():
                for line in value if isinstance(value, list) else [value]:
                    print(f"{name:>24}  {line}")

    asyncio.run(show())


@contextlib.contextmanager
def _redis(settings: Settings, *, embed: bool) -> Iterator[redis.Redis]:
    if settings.redis:
        yield redis_client(settings.redis)
        return
    if not embed:
        raise CannotStart(
            "POSTBOT_REDIS_URL is empty. Processes that run apart need a Redis server in common: "
            "set POSTBOT_REDIS_URL, or use `postbot run`, which brings its own."
        )
    server = EmbeddedRedis(settings.data_dir)
    try:
        yield server.start()
    finally:
        server.stop()


def _migrate(settings: Settings) -> None:
    try:
        database.migrate(settings.database)
    except OSError as error:
        raise CannotStart(
            f"POSTBOT_DATABASE_URL: the database cannot be reached ({error}). Start it, or mend "
            "the URL."
        ) from error


async def _run(
    settings: Settings,
    client: redis.Redis,
    parts: tuple[str, ...],
    began: float,
    ready: Callable[[], Coroutine[Any, Any, None]] | None,
) -> None:
    stop, listening = asyncio.Event(), asyncio.Event()
    async with _runtime(settings) as runtime, asyncio.TaskGroup() as group:
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        hands = LoopHands(Loop())
        queue = open_queue(runtime, client, hands if "worker" in parts else None)
        if "dispatcher" in parts:
            group.create_task(processes.run_dispatcher(runtime, queue, stop))
        if "worker" in parts:
            group.create_task(processes.run_worker(runtime, queue, hands, stop))
        if "web" in parts:
            # Bolt and its friends are large; workers do without them.
            from bot.web.serve import serve

            group.create_task(serve(runtime, queue.client, stop, listening))
            await listening.wait()
        log.info("started", parts=list(parts), seconds=round(time.monotonic() - began, 2))
        if ready is not None:
            group.create_task(ready())
        await stop.wait()
        log.info("stopping")


@contextlib.asynccontextmanager
async def _runtime(settings: Settings) -> AsyncIterator[Runtime]:
    async with ready_runtime(settings) as runtime:
        await keys.check(runtime)
        yield runtime
