"""The stand-in's server: Pinterest's API below `/v5/`, its consent page, the page for people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web

from sandbox.failures import Failures
from sandbox.modes import failure_switches
from sandbox.page import page_routes
from sandbox.pinterest import boards, oauth, pins, videos
from sandbox.pinterest.access import LIMITS, TOKENS, limit_headers_middleware
from sandbox.pinterest.limits import Limits
from sandbox.pinterest.pictures import FETCH_SECONDS, FETCHER
from sandbox.pinterest.plan import PLAN
from sandbox.pinterest.problems import problems_middleware
from sandbox.pinterest.timeline import timeline_of
from sandbox.pinterest.tokens import Tokens
from sandbox.pinterest.world import WORLD, World
from sandbox.recorder import Recorder
from sandbox.switches import SWITCHES, Switch, Switches

# The largest body that is read at once: a carousel of five images of 20 MB as base64.
MAX_BODY = 150 * 1024 * 1024


def create_app(*, record: Path | None = None) -> web.Application:
    """The whole stand-in; with `record`, accepted Pins go to `<record>/pinterest.jsonl` first."""
    switches = Switches([*failure_switches(PLAN), *_pinterest_switches()])
    failures = Failures(PLAN, switches)
    recorder = Recorder(record / "pinterest.jsonl" if record is not None else None)
    app = web.Application(
        middlewares=[failures.middleware, limit_headers_middleware, problems_middleware],
        client_max_size=MAX_BODY,
    )
    app[SWITCHES] = switches
    app[WORLD] = World(switches=switches, recorder=recorder)
    app[TOKENS] = Tokens()
    app[LIMITS] = Limits()
    app.add_routes(_api_routes())
    app.router.add_get("/pin/{id}/", _permalink)
    app.add_routes(page_routes(timeline_of(app[WORLD], app[TOKENS])))
    app.cleanup_ctx.append(_running)
    app.on_shutdown.append(failures.close)
    return app


async def _running(app: web.Application) -> AsyncIterator[None]:
    app[WORLD].recorder.open()
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as fetcher:
        app[FETCHER] = fetcher
        yield
    app[WORLD].recorder.close()


async def _permalink(request: web.Request) -> web.Response:
    """Pinterest's address of a Pin leads to its place on the page."""
    raise web.HTTPFound(f"/#post-{request.match_info['id']}")


def _pinterest_switches() -> list[Switch]:
    return [
        _number(
            "listing_lag_seconds", "Seconds until a new Pin appears in the list of a board.", 0
        ),
        _number("token_seconds", "Seconds that an access token is good for.", 30 * 86_400),
        _number("processing_seconds", "Seconds that Pinterest works on a video.", 1),
        Switch(
            key="processing_fails",
            label="Processing of videos fails.",
            kind="flag",
            default=False,
            group="Rules",
        ),
        Switch(
            key="limits",
            label="Rate limits.",
            kind="choice",
            default="standard",
            choices={
                "standard": "Standard access: 100 writes a minute",
                "trial": "Trial access: 300 writes a day",
                "off": "none",
            },
            group="Rules",
        ),
        Switch(
            key="revocation",
            label="An app may revoke its tokens.",
            kind="flag",
            default=True,
            group="Rules",
        ),
    ]


def _number(key: str, label: str, default: float) -> Switch:
    return Switch(key=key, label=label, kind="number", default=default, group="Time")


def _api_routes() -> list[web.RouteDef]:
    return [
        web.get("/oauth/", oauth.authorize),
        web.post("/oauth/", oauth.authorize),
        web.post("/v5/oauth/token", oauth.token),
        web.post("/v5/oauth/token/revoke", oauth.revoke),
        web.get("/v5/user_account", boards.me),
        web.get("/v5/boards", boards.boards),
        web.get("/v5/boards/{id}", boards.board),
        web.get("/v5/boards/{id}/sections", boards.sections),
        web.get("/v5/boards/{id}/pins", boards.pins),
        web.post("/v5/pins", pins.create),
        web.get("/v5/pins/{id}", pins.show),
        web.delete("/v5/pins/{id}", pins.delete),
        web.post("/v5/media", videos.register),
        web.get("/v5/media/{id}", videos.status),
        web.post(videos.UPLOAD_PATH, videos.store),
    ]
