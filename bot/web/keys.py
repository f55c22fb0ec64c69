"""What handlers find in the web application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot.clients import Clients
from scheduler.runtime import Runtime

#: Raises when Redis cannot be reached.
RedisCheck = Callable[[], Awaitable[None]]

RUNTIME = web.AppKey("runtime", Runtime)
#: Absent when there is neither a bot token nor a client id.
CLIENTS = web.AppKey("clients", Clients)
#: Absent likewise.
BOLT = web.AppKey("bolt", AsyncApp)
#: Absent when nobody gave one.
REDIS: web.AppKey[RedisCheck] = web.AppKey("redis", Callable)  # type: ignore[arg-type]
