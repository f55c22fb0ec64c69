"""The stand-in's server: X's API below `/2/`, its consent page, and the timeline for people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from sandbox.failures import Failures
from sandbox.modes import failure_switches
from sandbox.page import page_routes
from sandbox.recorder import Recorder
from sandbox.switches import SWITCHES, Switch, Switches
from sandbox.x import media, oauth, posts
from sandbox.x.access import LIMITS, TOKENS, limit_headers_middleware
from sandbox.x.limits import Limits
from sandbox.x.plan import PLAN
from sandbox.x.problems import problems_middleware
from sandbox.x.timeline import timeline_of
from sandbox.x.tokens import Tokens
from sandbox.x.world import WORLD, World

# The largest body that is read at once: an image of 5 MB as base64.
MAX_BODY = 8 * 1024 * 1024


def create_app(*, record: Path | None = None) -> web.Application:
    """The whole stand-in; with `record`, accepted posts go to `<record>/x.jsonl` first."""
    switches = Switches([*failure_switches(PLAN), *_x_switches()])
    failures = Failures(PLAN, switches)
    recorder = Recorder(record / "x.jsonl" if record is not None else None)
    app = web.Application(
        middlewares=[failures.middleware, limit_headers_middleware, problems_middleware],
        client_max_size=MAX_BODY,
    )
    app[SWITCHES] = switches
    app[WORLD] = World(switches=switches, recorder=recorder)
    app[TOKENS] = Tokens()
    app[LIMITS] = Limits()
    app.add_routes(_api_routes())
    app.router.add_get("/{username}/status/{id}", _permalink)
    app.add_routes(page_routes(timeline_of(app[WORLD], app[TOKENS])))
    app.cleanup_ctx.append(_recording)
    app.on_shutdown.append(failures.close)
    return app


async def _recording(app: web.Application) -> AsyncIterator[None]:
    recorder = app[WORLD].recorder
    recorder.open()
    yield
    recorder.close()


async def _permalink(request: web.Request) -> web.Response:
    """X's address of a post leads to its place on the page."""
    raise web.HTTPFound(f"/#post-{request.match_info['id']}")


def _x_switches() -> list[Switch]:
    return [
        Switch(
            key="listing_lag_seconds",
            label="Seconds until a new post appears in the list that the API gives.",
            kind="number",
            default=0,
            group="Time",
        ),
        Switch(
            key="token_seconds",
            label="Seconds that an access token is good for.",
            kind="number",
            default=7200,
            group="Time",
        ),
        Switch(
            key="processing_seconds",
            label="Seconds that X works on a GIF or video.",
            kind="number",
            default=1,
            group="Time",
        ),
        Switch(
            key="processing_fails",
            label="Processing of media fails.",
            kind="flag",
            default=False,
            group="Rules",
        ),
        Switch(
            key="limits",
            label="Rate limits count: 100 posts in 15 minutes for each profile.",
            kind="flag",
            default=True,
            group="Rules",
        ),
        Switch(
            key="duplicates",
            label="A text that is among the newest 50 posts is refused.",
            kind="flag",
            default=True,
            group="Rules",
        ),
    ]


def _api_routes() -> list[web.RouteDef]:
    return [
        web.get("/i/oauth2/authorize", oauth.authorize),
        web.post("/i/oauth2/authorize", oauth.authorize),
        web.post("/2/oauth2/token", oauth.token),
        web.post("/2/oauth2/revoke", oauth.revoke),
        web.get("/2/users/me", posts.me),
        web.post("/2/tweets", posts.create),
        web.delete("/2/tweets/{id}", posts.delete),
        web.get("/2/users/{id}/tweets", posts.listing),
        web.get("/2/media/upload", media.status),
        web.post("/2/media/upload", media.upload),
        web.post("/2/media/upload/initialize", media.initialize),
        web.post("/2/media/upload/{id}/append", media.append),
        web.post("/2/media/upload/{id}/finalize", media.finalize),
        web.post("/2/media/metadata", media.metadata),
    ]
