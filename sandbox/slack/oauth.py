"""`GET /oauth/v2/authorize`: the page on which a person allows the app in a workspace."""

from __future__ import annotations

import html
from urllib.parse import urlencode

from aiohttp import web

from sandbox.slack.cast import ENTERPRISES, MEMBERS, SCOPES, TEAMS
from sandbox.slack.desk import DESK, Desk

PATH = "/oauth/v2/authorize"

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1>{content}</main></body></html>"""
_FORM = """<form method="post"><p>It wants to: {scopes}</p>
<p><label>Install in <select name="place">{places}</select></label></p>
<p><button type="submit">Allow</button>
<button type="submit" name="choice" value="deny">Cancel</button></p></form>"""


class _WrongLink(Exception):
    """A link that Slack shows an error page for, and never sends back to the app."""


async def show(request: web.Request) -> web.Response:
    try:
        scopes = _checked(request)
    except _WrongLink as wrong:
        return _page("Something went wrong", f"<p>{html.escape(str(wrong))}</p>", status=400)
    places = [*((team.id, team.name) for team in TEAMS.values()), *ENTERPRISES.items()]
    options = "".join(f'<option value="{each}">{html.escape(name)}' for each, name in places)
    content = _FORM.format(scopes=html.escape(", ".join(scopes)), places=options)
    return _page("Postbot asks for access to your workspace", content)


async def answer(request: web.Request) -> web.Response:
    """What the person chose; the browser goes back to the app."""
    desk = request.app[DESK]
    try:
        scopes = _checked(request)
    except _WrongLink as wrong:
        return _page("Something went wrong", f"<p>{html.escape(str(wrong))}</p>", status=400)
    form, redirect_uri = await request.post(), request.query["redirect_uri"]
    place = str(form.get("place", ""))
    if form.get("choice") == "deny":
        return _back(redirect_uri, error="access_denied", state=request.query.get("state", ""))
    if place not in TEAMS and place not in ENTERPRISES:
        raise web.HTTPBadRequest
    code = desk.installs.allow(
        place=place, scopes=scopes, member_id=_admin_of(place), redirect_uri=redirect_uri
    )
    return _back(redirect_uri, code=code, state=request.query.get("state", ""))


def add_routes(app: web.Application) -> None:
    app.router.add_get(PATH, show)
    app.router.add_post(PATH, answer)


def _checked(request: web.Request) -> list[str]:
    """The scopes that are asked for. Raises `_WrongLink`."""
    desk: Desk = request.app[DESK]
    if request.query.get("client_id") != desk.settings.client_id:
        raise _WrongLink("invalid_client_id")
    if request.query.get("redirect_uri") != desk.settings.redirect_uri:
        raise _WrongLink("bad_redirect_uri")
    scopes = [each for each in request.query.get("scope", "").split(",") if each]
    if not scopes or not set(scopes) <= set(SCOPES):
        raise _WrongLink("invalid_scope")
    return scopes


def _admin_of(place: str) -> str:
    teams = [team.id for team in TEAMS.values() if place in (team.id, team.enterprise_id)]
    return next(each.id for each in MEMBERS if each.team_id in teams and each.is_admin)


def _back(redirect_uri: str, **query: str) -> web.Response:
    return web.Response(status=302, headers={"Location": f"{redirect_uri}?{urlencode(query)}"})


def _page(title: str, content: str, *, status: int = 200) -> web.Response:
    text = _PAGE.format(title=html.escape(title), content=content)
    return web.Response(text=text, content_type="text/html", status=status)
