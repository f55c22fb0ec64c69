"""The stand-in's server: X's API below `/2/`, its consent page, and the timeline for people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from sandbox.failures import Failures, failure_switches
from sandbox.recorder import Recorder
from sandbox.switches import Switch, Switches
from sandbox.x import media, oauth, posts, timeline
from sandbox.x.access import LIMITS, TOKENS, limit_headers_middleware
from sandbox.x.limits import Limits
from sandbox.x.problems import ANSWERS, problems_middleware
from sandbox.x.tokens import Tokens
from sandbox.x.world import WORLD, World

# The largest body that is read at once: an image of 5 MB as base64.
MAX_BODY = 8 * 1024 * 1024


def create_app(*, record: Path | None = None) -> web.Application:
    """The whole stand-in; with `record`, accepted posts go to `<record>/x.jsonl` first."""
    switches = Switches([*failure_switches("X"), *_x_switches()])
    failures = Failures(switches, kind_of=_kind_of, answers=ANSWERS)
    recorder = Recorder(record / "x.jsonl" if record is not None else None)
    app = web.Application(
        middlewares=[failures.middleware, limit_headers_middleware, problems_middleware],
        client_max_size=MAX_BODY,
    )
    app[WORLD] = World(switches=switches, recorder=recorder)
    app[TOKENS] = Tokens()
    app[LIMITS] = Limits()
    app.add_routes(_api_routes())
    app.add_routes(_page_routes(switches))
    app.cleanup_ctx.append(_recording)
    app.on_shutdown.append(failures.close)
    return app


async def _recording(app: web.Application) -> AsyncIterator[None]:
    recorder = app[WORLD].recorder
    recorder.open()
    yield
    recorder.close()


def _kind_of(request: web.Request) -> str | None:
    path = request.path
    if path == "/2/tweets" and request.method == "POST":
        return "create"
    if path.startswith("/2/media/"):
        return "media"
    if path.startswith("/2/oauth2/"):
        return "token"
    return "read" if path.startswith("/2/") else None


def _x_switches() -> list[Switch]:
    return [
        Switch(
            key="listing_lag_seconds",
            label="Seconds until a new post appears in the list that the API gives.",
            kind="number",
            default=0,
        ),
        Switch(
            key="token_seconds",
            label="Seconds that an access token is good for.",
            kind="number",
            default=7200,
        ),
        Switch(
            key="processing_seconds",
            label="Seconds that X works on a GIF or video.",
            kind="number",
            default=1,
        ),
        Switch(
            key="processing_fails",
            label="Processing of media fails.",
            kind="flag",
            default=False,
        ),
        Switch(
            key="limits",
            label="Rate limits count: 100 posts in 15 minutes for each profile.",
            kind="flag",
            default=True,
        ),
        Switch(
            key="duplicates",
            label="A text that is among the newest 50 posts is refused.",
            kind="flag",
            default=True,
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


def _page_routes(switches: Switches) -> list[web.AbstractRouteDef]:
    return [
        web.get("/", timeline.page),
        web.get("/{username}/status/{id}", timeline.permalink),
        web.get("/_/timeline", timeline.show),
        web.delete("/_/timeline", timeline.clear),
        web.get("/_/media/{id}", timeline.media),
        web.get("/_/switches", switches.show),
        web.post("/_/switches", switches.turn),
        web.post("/_/expire_tokens", timeline.expire_tokens),
        web.static("/_/page", timeline.PAGE),
    ]
