"""Listens for Slack and browsers, and tells people what happens, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import redis
import structlog
from aiohttp import web

from bot.notifier import Notifier
from bot.web.app import create_app
from bot.web.keys import CLIENTS
from scheduler.faults import CannotStart
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# How long requests that were begun may go on after the end was announced.
_LAST_REQUESTS = 5.0


async def serve(
    runtime: Runtime, client: redis.Redis, stop: asyncio.Event, listening: asyncio.Event
) -> None:
    """The web process. Sets `listening` when it answers. Raises `CannotStart` when the port is
    taken."""

    async def ping() -> None:
        await asyncio.to_thread(client.ping)

    app = create_app(runtime, redis=ping)
    async with _site(runtime, app), _notifier(runtime, app):
        listening.set()
        await stop.wait()


@contextlib.asynccontextmanager
async def _site(runtime: Runtime, app: web.Application) -> AsyncIterator[None]:
    settings = runtime.settings
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_REQUESTS)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        await runner.cleanup()
        raise CannotStart(
            f"POSTBOT_PORT: cannot listen on {settings.host}:{settings.port} ({error.strerror}). "
            "Choose another port or end the program that uses it."
        ) from error
    log.info("listening", host=settings.host, port=settings.port)
    try:
        yield
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def _notifier(runtime: Runtime, app: web.Application) -> AsyncIterator[None]:
    if CLIENTS not in app:
        log.warning(
            "neither SLACK_BOT_TOKEN nor SLACK_CLIENT_ID is set: nobody can use Postbot and nobody "
            "is told anything"
        )
        yield
        return
    task = asyncio.create_task(Notifier(runtime, app[CLIENTS]).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
