"""Uploaded files as the app downloads them: with the bot token, else a sign-in page."""

from __future__ import annotations

from aiohttp import web

from sandbox.slack.desk import DESK, Desk
from sandbox.slack.errors import SlackError
from sandbox.slack.files import StoredFile

SIGN_IN = (
    "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head>"
    "<body><h1>Sign in to your workspace</h1></body></html>"
)


async def download(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    stored = desk.world.files.get(request.match_info["id"])
    if not _may_read(desk, token, stored):
        # Slack answers a missing permission with a page and status 200, not with an error.
        return web.Response(text=SIGN_IN, content_type="text/html")
    if stored is None:
        raise web.HTTPNotFound
    return web.Response(body=stored.content, content_type=stored.about["mimetype"])


def _may_read(desk: Desk, token: str, stored: StoredFile | None) -> bool:
    try:
        install = desk.installs.who(token)
    except SlackError:
        return False
    is_ours = stored is None or stored.about["user_team"] in install.teams
    return is_ours and "files:read" in desk.installs.scopes(install)


def add_routes(app: web.Application) -> None:
    app.router.add_get("/files-pri/{id}/{name}", download)
    app.router.add_get("/files-pri/{id}/download/{name}", download)
