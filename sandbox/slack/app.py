"""Puts the stand-in together as one aiohttp application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from aiohttp import web

from sandbox.slack import oauth, page_api, private_files, responses, socket_mode, web_api
from sandbox.slack.app_watch import watch_app
from sandbox.slack.desk import DESK, build_desk
from sandbox.slack.errors import Refusal
from sandbox.slack.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE = Path(__file__).parent / "page"
UPLOAD_LIMIT = 256 * 1024 * 1024
POLICY = "default-src 'self'; img-src 'self' data: http://127.0.0.1:*"


def create_app(settings: Settings) -> web.Application:
    """Slack for one app at `settings.app_url`; the state lives and dies with the application."""
    app = web.Application(client_max_size=UPLOAD_LIMIT, middlewares=[_answer_refusals])
    app[DESK] = build_desk(settings)
    app.cleanup_ctx.append(_run)
    app.on_shutdown.append(_cut_connections)
    web_api.add_routes(app)
    oauth.add_routes(app)
    page_api.add_routes(app)
    private_files.add_routes(app)
    app.router.add_post("/_/respond/{id}", responses.respond)
    app.router.add_get(socket_mode.PATH, app[DESK].socket_mode.handle)
    app.router.add_get("/archives/{channel}/{message}", _to_page)
    app.router.add_get("/{path:.*}", _page)
    return app


async def _run(app: web.Application) -> AsyncIterator[None]:
    desk = app[DESK]
    desk.recorder.open()
    await desk.delivery.open()
    desk.in_background(watch_app(desk))
    yield
    await desk.stop()
    await desk.delivery.close()
    desk.recorder.close()


async def _cut_connections(app: web.Application) -> None:
    app[DESK].world.touch()  # A page that waits for a change would hold up the end.
    await app[DESK].socket_mode.close()


@web.middleware
async def _answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        return web.json_response(refusal.body())


async def _to_page(request: web.Request) -> web.StreamResponse:
    """A permalink leads to the page, which shows every conversation."""
    raise web.HTTPFound("/")


async def _page(request: web.Request) -> web.StreamResponse:
    """A file of the page, never cached, so that an edit shows on the next reload."""
    wanted = (PAGE / (request.match_info["path"] or "index.html")).resolve()
    if not wanted.is_relative_to(PAGE.resolve()) or not wanted.is_file():
        raise web.HTTPNotFound
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY}
    return web.FileResponse(wanted, headers=headers)
