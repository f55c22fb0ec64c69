"""The stand-in's server: the Graph API of Instagram by both logins, and the timeline for people."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from sandbox.graph import login as facebook_login
from sandbox.graph import me
from sandbox.graph.access import Graph
from sandbox.graph.application import create_application
from sandbox.graph.tokens import Tokens, token_switches
from sandbox.graph.uploads import upload_switches
from sandbox.graph.usage import Usage, usage_switches
from sandbox.graph.versions import versioned
from sandbox.instagram import containers, login, media, objects
from sandbox.instagram.plan import PLAN
from sandbox.instagram.switches import instagram_switches
from sandbox.instagram.timeline import LOOK, timeline_of
from sandbox.instagram.world import WORLD, World
from sandbox.modes import failure_switches
from sandbox.page import page_routes
from sandbox.recorder import Recorder
from sandbox.switches import Switches

CLIENT_ID = "sandbox-instagram-client"
CLIENT_SECRET = "sandbox-instagram-secret"  # noqa: S105 - a made-up one for the local stand-in


def create_app(*, record: Path | None = None) -> web.Application:
    """The whole stand-in; with `record`, what goes out is in `<record>/instagram.jsonl` first."""
    switches = Switches(
        [
            *failure_switches(PLAN),
            *token_switches(),
            *usage_switches(),
            *upload_switches(),
            *instagram_switches(),
        ]
    )
    tokens = Tokens(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, switches=switches)
    usage = Usage(switches, business_type="instagram", code=80002)
    recorder = Recorder(record / "instagram.jsonl" if record is not None else None)
    graph = Graph(switches=switches, tokens=tokens, usage=usage)
    app = create_application(PLAN, graph, recorder)
    app[WORLD] = World(switches=switches, recorder=recorder)
    app.add_routes(page_routes(timeline_of(app[WORLD], tokens)))
    app.add_routes(_people_routes())
    app.add_routes(versioned(_login_routes()))
    app.add_routes([web.post(r"/ig-api-upload/{version:v\d+\.\d+}/{id}", containers.upload)])
    app.add_routes(versioned(_api_routes()))
    return app


def _people_routes() -> list[web.RouteDef]:
    own, facebook = login.dialog(LOOK), facebook_login.dialog(LOOK)
    return [
        web.get("/oauth/authorize", own.handle),
        web.post("/oauth/authorize", own.handle),
        *versioned(
            [
                web.get("/dialog/oauth", facebook.handle),
                web.post("/dialog/oauth", facebook.handle),
            ]
        ),
        web.get("/p/{name}/", _permalink),
        web.get("/reel/{name}/", _permalink),
        web.get("/stories/{username}/{name}", _permalink),
    ]


async def _permalink(request: web.Request) -> web.Response:
    """Instagram's address of a post leads to its place on the page."""
    found = request.app[WORLD].find_public(request.match_info["name"])
    raise web.HTTPFound(f"/#post-{found.id}" if found is not None else "/")


def _login_routes() -> list[web.RouteDef]:
    return [
        web.get("/oauth/access_token", login.token),
        web.post("/oauth/access_token", login.token),
        web.get("/access_token", login.exchange),
        web.get("/refresh_access_token", login.refresh),
        web.get("/debug_token", facebook_login.debug_token),
        web.get("/me/accounts", me.accounts),
        web.get("/me/permissions", me.permissions),
        web.delete("/me/permissions", me.revoke),
        web.delete("/me/permissions/{permission}", me.revoke),
    ]


def _api_routes() -> list[web.RouteDef]:
    return [
        web.post("/{id}/media", containers.create),
        web.get("/{id}/media", media.listing),
        web.get("/{id}/stories", media.stories),
        web.post("/{id}/media_publish", media.publish),
        web.get("/{id}/content_publishing_limit", media.limit),
        web.post("/{id}/comments", media.comment),
        web.get("/{id}/comments", media.comments),
        web.get("/{id}", objects.get),
        web.delete("/{id}", objects.delete),
    ]
