"""Connecting an account: the link of a button, the way to the platform, and the way back."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit

import structlog
from aiohttp import web

from bot.slack import tell
from bot.views.accounts import Connect
from bot.web import pages
from bot.web.keys import RUNTIME, SLACK
from scheduler import accounts, platforms
from scheduler.accounts import ConnectError
from scheduler.models import Account
from scheduler.runtime import Runtime
from scheduler.vault import WrongKeys

log = structlog.get_logger(__name__)

# A button may stand in an open form for a while.
TICKET_LIFE = timedelta(hours=1)
_TOO_OLD = "This link is too old. Open it again from Slack: `/schedule-post accounts`."


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """Who pressed a Connect button, proven by our own seal."""

    workspace_id: int
    user_id: str
    platform: str


def connect_buttons(runtime: Runtime, *, workspace_id: int, user_id: str) -> list[Connect]:
    """A link for each platform that can be connected here, good for this member and one hour."""
    return [
        Connect(
            platform=platform,
            label=platforms.label(platform),
            url=_link(
                runtime, Ticket(workspace_id=workspace_id, user_id=user_id, platform=platform)
            ),
        )
        for platform in platforms.connectable(runtime)
    ]


def add_routes(app: web.Application) -> None:
    # Previewers ask with HEAD; they shall not begin anything.
    app.router.add_get("/connect/{platform}", begin, allow_head=False)
    app.router.add_get("/connect/{platform}/callback", finish, allow_head=False)


async def begin(request: web.Request) -> web.StreamResponse:
    """Sends the browser to the platform, and marks it as the one that may come back."""
    runtime, platform = request.app[RUNTIME], request.match_info["platform"]
    ticket = _open_ticket(runtime, request.query.get("ticket", ""))
    if ticket is None or ticket.platform != platform:
        return pages.page("Start again from Slack", _TOO_OLD, status=400)
    try:
        url = await accounts.begin_connect(
            runtime,
            workspace_id=ticket.workspace_id,
            user_id=ticket.user_id,
            platform=platform,
        )
    except ConnectError as error:
        return pages.page("Not connected", str(error), status=400)
    (state,) = parse_qs(urlsplit(url).query)["state"]
    response = web.Response(status=302, headers={"Location": url, "Cache-Control": "no-store"})
    response.set_cookie(
        _cookie(state),
        _proof(state),
        max_age=int(accounts.CONSENT_LIFE.total_seconds()),
        path=f"/connect/{platform}",
        httponly=True,
        samesite="Lax",
        secure=runtime.settings.public_url.startswith("https://"),
    )
    return response


async def finish(request: web.Request) -> web.StreamResponse:
    """Takes the consent that the platform sent back."""
    runtime, platform = request.app[RUNTIME], request.match_info["platform"]
    state = request.query.get("state", "")
    if not _came_from_here(request, state):
        return pages.page(
            "Not connected",
            "This browser did not begin to connect an account, or took longer than ten minutes. "
            "Start again from Slack: `/schedule-post accounts`.",
            status=400,
        )
    if "error" in request.query or "code" not in request.query:
        return pages.page("Not connected", _refused(platform, request), status=400)
    try:
        connected = await accounts.finish_connect(
            runtime, platform=platform, state=state, code=request.query["code"]
        )
    except ConnectError as error:
        return pages.page("Not connected", str(error), status=400)
    if not connected:
        return pages.page("Not connected", "There was no account to connect.", status=400)
    await _tell(request, connected)
    names = " and ".join(f"@{account.username}" for account in connected)
    return pages.page(
        f"Connected {names}", f"Connected {names}. You can close this window and go back to Slack."
    )


async def _tell(request: web.Request, connected: Sequence[Account]) -> None:
    slack = request.app.get(SLACK)
    if slack is None:
        return
    for account in connected:
        await tell(
            slack,
            account.connected_by,
            f"Connected @{account.username} on {platforms.label(account.platform)}. "
            "Schedule a post with `/schedule-post`.",
        )


def _refused(platform: str, request: web.Request) -> str:
    known = platform in platforms.names()
    label = platforms.label(platform) if known else "the platform"
    if request.query.get("error") == "access_denied":
        return f"You did not allow Postbot to use your account, so {label} was not connected."
    return f"Something went wrong at {label}, so nothing was connected. Start again from Slack."


def _link(runtime: Runtime, ticket: Ticket) -> str:
    until = runtime.clock.now() + TICKET_LIFE
    sealed = runtime.vault.seal(
        json.dumps(
            ["connect", ticket.workspace_id, ticket.user_id, ticket.platform, until.timestamp()]
        )
    )
    query = quote(sealed, safe="")
    return f"{runtime.settings.public_url}/connect/{ticket.platform}?ticket={query}"


def _open_ticket(runtime: Runtime, sealed: str) -> Ticket | None:
    try:
        purpose, workspace_id, user_id, platform, until = json.loads(runtime.vault.open(sealed))
    except (WrongKeys, ValueError):
        return None
    if purpose != "connect" or until < runtime.clock.now().timestamp():
        return None
    return Ticket(workspace_id=workspace_id, user_id=user_id, platform=platform)


def _came_from_here(request: web.Request, state: str) -> bool:
    given = request.cookies.get(_cookie(state), "")
    return bool(state) and hmac.compare_digest(given.encode(), _proof(state).encode())


def _proof(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def _cookie(state: str) -> str:
    return f"postbot_connect_{_proof(state)[:16]}"
