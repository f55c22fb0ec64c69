"""The web process: one aiohttp application for Slack, browsers and operators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from aiohttp import web

from bot.app import build_app
from bot.background import Background
from bot.clients import open_clients, uses_slack
from bot.home_watch import HomeWatch
from bot.installation import socket_mode
from bot.web import calendar, charts, connect, health, install, media, slack
from bot.web.keys import BOLT, CLIENTS, REDIS, RUNTIME, RedisCheck
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_DEFAULT_POLICY = "default-src 'none'; frame-ancestors 'none'"


def create_app(runtime: Runtime, *, redis: RedisCheck | None = None) -> web.Application:
    """The application for the running event loop. `redis` raises when Redis cannot be reached."""
    app = web.Application(client_max_size=slack.MOST_BYTES, middlewares=[_explain_errors])
    app[RUNTIME] = runtime
    if redis is not None:
        app[REDIS] = redis
    app.on_response_prepare.append(_secure)
    if uses_slack(runtime.settings):
        app.cleanup_ctx.append(_slack)
    slack.add_routes(app)
    connect.add_routes(app)
    install.add_routes(app)
    health.add_routes(app)
    media.add_routes(app)
    calendar.add_routes(app)
    charts.add_routes(app)
    return app


async def _slack(app: web.Application) -> AsyncIterator[None]:
    """The Slack clients, the app behind it and, where it is set up, Socket Mode."""
    runtime, background, watch = app[RUNTIME], Background(), HomeWatch()
    async with open_clients(runtime) as clients:
        bolt = build_app(runtime, clients, background=background, watch=watch)
        app[CLIENTS], app[BOLT] = clients, bolt
        background.start(clients.learn())
        endless = [asyncio.create_task(work) for work in (clients.keep_fresh(), watch.run())]
        async with socket_mode(bolt, runtime):
            yield
        for task in endless:
            task.cancel()
        await asyncio.gather(*endless, return_exceptions=True)
        await background.close()


@web.middleware
async def _explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as problem documents (RFC 9457), never as a page with a traceback."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _problem(error.status, error.reason)
    except Exception as error:
        log.error("request failed", path=_shape(request), error=repr(error), exc_info=error)
        return _problem(500, "Something went wrong on our side.")


def _shape(request: web.Request) -> str:
    """The path without what stands in its variable parts: some of them are secrets."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


def _problem(status: int, detail: str) -> web.Response:
    body = {"type": "about:blank", "title": detail, "status": status, "detail": detail}
    return web.json_response(body, status=status, content_type="application/problem+json")


async def _secure(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _DEFAULT_POLICY)
