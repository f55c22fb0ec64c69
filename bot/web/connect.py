"""Connecting an account: the link of a button, the way to the platform, the way back, and the
choice between several profiles."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit

import structlog
from aiohttp import web

from bot import permissions, tickets
from bot.clients import tell_in
from bot.tickets import Ticket
from bot.views import accounts as views
from bot.views.accounts import Connect
from bot.web import browser, pages
from bot.web.keys import CLIENTS, RUNTIME
from scheduler import accounts, members, platforms
from scheduler.accounts import ConnectError, Offer
from scheduler.models import Account
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# A button may stand in an open form for a while.
TICKET_LIFE = timedelta(hours=1)
_TOO_OLD = "This link is too old. Open it again from Slack: `/schedule-post accounts`."
_NOT_BEGUN = (
    "This browser did not begin to connect an account, or took longer than ten minutes. Start "
    "again from Slack: `/schedule-post accounts`."
)


def connect_buttons(runtime: Runtime, *, workspace_id: int, user_id: str) -> list[Connect]:
    """A link for each platform that can be connected here, good for this member and one hour."""
    return [
        Connect(
            platform=platform,
            label=platforms.label(platform),
            url=tickets.link(
                runtime,
                Ticket(workspace_id=workspace_id, user_id=user_id, platform=platform),
                life=TICKET_LIFE,
            ),
        )
        for platform in platforms.connectable(runtime)
    ]


def add_routes(app: web.Application) -> None:
    # Previewers ask with HEAD; they shall not begin anything.
    app.router.add_get("/connect/{platform}", begin, allow_head=False)
    app.router.add_get("/connect/{platform}/callback", finish, allow_head=False)
    app.router.add_get("/connect/{platform}/choose", offer, allow_head=False)
    app.router.add_post("/connect/{platform}/choose", choose)


async def begin(request: web.Request) -> web.StreamResponse:
    """Sends the browser to the platform, and marks it as the one that may come back."""
    runtime, platform = request.app[RUNTIME], request.match_info["platform"]
    ticket = tickets.read(runtime, request.query.get("ticket", ""))
    if ticket is None or ticket.platform != platform:
        return pages.page("Start again from Slack", _TOO_OLD, status=400)
    known = await members.stale_member(ticket.workspace_id, ticket.user_id)
    member = known or await members.stranger(runtime, ticket.workspace_id, ticket.user_id)
    if not permissions.may_connect(member):
        return _not_connected(permissions.NOT_TO_CONNECT)
    secret = secrets.token_urlsafe(32)
    try:
        url = await accounts.begin_connect(
            runtime,
            workspace_id=ticket.workspace_id,
            user_id=ticket.user_id,
            platform=platform,
            browser=secret,
        )
    except ConnectError as error:
        return _not_connected(str(error))
    (state,) = parse_qs(urlsplit(url).query)["state"]
    response = web.Response(status=302, headers={"Location": url, "Cache-Control": "no-store"})
    browser.mark(response, runtime, path=_path(platform), about=state, secret=secret)
    return response


async def finish(request: web.Request) -> web.StreamResponse:
    """Takes the consent that the platform sent back."""
    runtime, platform = request.app[RUNTIME], request.match_info["platform"]
    state = request.query.get("state", "")
    secret = browser.secret_of(request, state)
    if not secret:
        return _not_connected(_NOT_BEGUN)
    if "error" in request.query or "code" not in request.query:
        return _not_connected(_refused(platform, request))
    try:
        found = await accounts.finish_connect(
            runtime, platform=platform, state=state, code=request.query["code"], browser=secret
        )
    except ConnectError as error:
        return _not_connected(str(error))
    response = (
        _to_choice(runtime, found, secret)
        if isinstance(found, Offer)
        else await _connected(request, found)
    )
    browser.unmark(response, path=_path(platform), about=state)
    return response


async def offer(request: web.Request) -> web.StreamResponse:
    """Shows the profiles of a consent that gave several."""
    found = await _offered(request)
    return pages.choice_page(found) if found else _not_connected(_NOT_BEGUN)


async def choose(request: web.Request) -> web.StreamResponse:
    """Connects the profiles that were chosen."""
    runtime, platform = request.app[RUNTIME], request.match_info["platform"]
    found, chosen = await _offered(request), (await request.post()).getall("profile", [])
    if found is None:
        return _not_connected(_NOT_BEGUN)
    if not chosen:
        return pages.choice_page(found, problem="Choose at least one of them.")
    try:
        connected = await accounts.choose(
            runtime,
            platform=platform,
            choice_id=found.id,
            browser=browser.secret_of(request, found.id),
            chosen=[str(each) for each in chosen],
        )
    except ConnectError as error:
        return _not_connected(str(error))
    response = await _connected(request, connected)
    browser.unmark(response, path=_path(platform), about=found.id)
    return response


async def _offered(request: web.Request) -> Offer | None:
    choice_id = request.query.get("choice", "")
    return await accounts.find_offer(
        request.app[RUNTIME],
        platform=request.match_info["platform"],
        choice_id=choice_id,
        browser=browser.secret_of(request, choice_id),
    )


def _to_choice(runtime: Runtime, found: Offer, secret: str) -> web.Response:
    """A page of its own, which may be loaded again, unlike the platform's answer."""
    # Relative, so that it holds behind any proxy.
    url = f"choose?choice={quote(found.id, safe='')}"
    headers = {"Location": url, "Cache-Control": "no-store"}
    response = web.Response(status=303, headers=headers)
    path = _path(found.platform)
    browser.mark(response, runtime, path=path, about=found.id, secret=secret)
    return response


async def _connected(request: web.Request, connected: Sequence[Account]) -> web.Response:
    if not connected:
        return _not_connected("There was no account to connect.")
    clients, first = request.app.get(CLIENTS), connected[0]
    if clients is not None:
        text = views.connected_text(connected)
        await tell_in(clients, first.workspace_id, first.connected_by, text)
    names = views.handles(connected)
    return pages.page(
        f"Connected {names}", f"Connected {names}. You can close this window and go back to Slack."
    )


def _path(platform: str) -> str:
    return f"/connect/{platform}"


def _not_connected(text: str) -> web.Response:
    return pages.page("Not connected", text, status=400)


def _refused(platform: str, request: web.Request) -> str:
    known = platform in platforms.names()
    label = platforms.label(platform) if known else "the platform"
    if request.query.get("error") == "access_denied":
        return f"You did not allow Postbot to use your account, so {label} was not connected."
    return f"Something went wrong at {label}, so nothing was connected. Start again from Slack."
