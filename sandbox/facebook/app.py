"""The stand-in's server: the Graph API of Pages, the login dialog, and the timeline for people."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from sandbox.facebook import comments, objects, photos, posts, videos
from sandbox.facebook.plan import PLAN
from sandbox.facebook.switches import facebook_switches
from sandbox.facebook.timeline import LOOK, timeline_of
from sandbox.facebook.world import WORLD, World
from sandbox.graph import login, me
from sandbox.graph.access import Graph
from sandbox.graph.application import create_application
from sandbox.graph.tokens import Tokens, token_switches
from sandbox.graph.uploads import upload_switches
from sandbox.graph.usage import Usage, usage_switches
from sandbox.graph.versions import versioned
from sandbox.modes import failure_switches
from sandbox.page import page_routes
from sandbox.recorder import Recorder
from sandbox.switches import Switches

CLIENT_ID = "sandbox-facebook-client"
CLIENT_SECRET = "sandbox-facebook-secret"  # noqa: S105 - a made-up one for the local stand-in


def create_app(*, record: Path | None = None) -> web.Application:
    """The whole stand-in; with `record`, what goes out is in `<record>/facebook.jsonl` first."""
    switches = Switches(
        [
            *failure_switches(PLAN),
            *token_switches(),
            *usage_switches(),
            *upload_switches(),
            *facebook_switches(),
        ]
    )
    tokens = Tokens(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, switches=switches)
    usage = Usage(switches, business_type="pages", code=80001)
    recorder = Recorder(record / "facebook.jsonl" if record is not None else None)
    graph = Graph(switches=switches, tokens=tokens, usage=usage)
    app = create_application(PLAN, graph, recorder)
    app[WORLD] = World(switches=switches, recorder=recorder)
    app.add_routes(page_routes(timeline_of(app[WORLD], tokens)))
    app.add_routes(_people_routes())
    app.add_routes(versioned(_login_routes()))
    app.add_routes([web.post(r"/video-upload/{version:v\d+\.\d+}/{id}", videos.upload)])
    app.add_routes(versioned(_api_routes()))
    return app


def _people_routes() -> list[web.RouteDef]:
    return [
        web.get("/{username}/posts/{number}", _permalink),
        web.get("/{username}/videos/{number}", _permalink),
        web.get("/reel/{number}", _permalink),
        web.get("/reel/{number}/", _permalink),
    ]


async def _permalink(request: web.Request) -> web.Response:
    """Facebook's address of a post leads to its place on the page."""
    number = request.match_info["number"]
    found = request.app[WORLD].find_public(number)
    raise web.HTTPFound(f"/#post-{found.id}" if found is not None else "/")


def _login_routes() -> list[web.RouteDef]:
    dialog = login.dialog(LOOK)
    return [
        web.get("/dialog/oauth", dialog.handle),
        web.post("/dialog/oauth", dialog.handle),
        web.get("/oauth/access_token", login.token),
        web.post("/oauth/access_token", login.token),
        web.get("/debug_token", login.debug_token),
        web.get("/me/accounts", me.accounts),
        web.get("/me/permissions", me.permissions),
        web.delete("/me/permissions", me.revoke),
        web.delete("/me/permissions/{permission}", me.revoke),
    ]


def _api_routes() -> list[web.RouteDef]:
    return [
        web.post("/{id}/feed", posts.create),
        web.get("/{id}/feed", posts.listing),
        web.get("/{id}/posts", posts.listing),
        web.get("/{id}/published_posts", posts.listing),
        web.post("/{id}/photos", photos.create),
        web.post("/{id}/videos", videos.create),
        web.post("/{id}/video_reels", videos.reels),
        web.get("/{id}/video_reels", videos.listing),
        web.post("/{id}/comments", comments.create),
        web.get("/{id}/comments", comments.listing),
        web.get("/{id}", objects.get),
        web.post("/{id}", objects.update),
        web.delete("/{id}", objects.delete),
    ]
