"""Which workspace a request belongs to, and the connection of Socket Mode."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.clients import Clients, Team
from bot.intake import dispatch_once
from scheduler.installations import Access, NotInstalled
from scheduler.runtime import Runtime

Json = dict[str, Any]


async def recognise(clients: Clients, context: AsyncBoltContext, body: Json) -> None:
    """Finds out which workspace a request belongs to, and with what calls to it are made. Raises
    `NotInstalled`, `NotRenewed`, or as a call to Slack does."""
    workspace, context["access"] = await clients.recognise(team_of(context, body))
    context["workspace_id"] = workspace.id


def team_of(context: AsyncBoltContext, body: Json) -> Team:
    """The workspace that a request names. Where Postbot is installed for a whole organisation,
    Slack leaves the team out or puts the organisation in its place, and names it elsewhere.
    Raises `NotInstalled` when none is named."""
    event, user, view = (_part(body, name) for name in ("event", "user", "view"))
    named = [
        context.team_id,
        body.get("team_id"),
        event.get("team"),
        event.get("team_id"),
        view.get("team_id"),
        user.get("team_id"),
    ]
    teams = [name for name in named if isinstance(name, str) and name.startswith("T")]
    if not teams:
        raise NotInstalled
    return Team(id=teams[0], enterprise_id=str(context.enterprise_id or ""))


def _part(body: Json, name: str) -> Json:
    part = body.get(name)
    return part if isinstance(part, dict) else {}


async def authorize(context: AsyncBoltContext) -> AuthorizeResult:
    """What Bolt wants to know of us for a request that was recognised."""
    access: Access = context["access"]
    return AuthorizeResult(
        enterprise_id=context.enterprise_id,
        team_id=context.team_id,
        bot_token=access.token,
        bot_id=access.bot_id,
        bot_user_id=access.bot_user_id,
    )


@contextlib.asynccontextmanager
async def socket_mode(app: AsyncApp, runtime: Runtime) -> AsyncIterator[None]:
    """Keeps a Socket Mode connection while it is open; does nothing without an app-level token.
    Slack may be down at the start: the connection comes when it can."""
    token = runtime.settings.slack_app_token.get_secret_value()
    if not token:
        yield
        return

    async def handle(client: SocketModeClient, request: SocketModeRequest) -> None:
        delivery = f"envelope:{request.envelope_id}"
        response = await dispatch_once(app, runtime, request.payload, delivery=delivery)
        await send_async_response(client, request, response, time.time())

    client = SocketModeClient(app_token=token, web_client=app.client)
    client.socket_mode_request_listeners.append(handle)  # type: ignore[arg-type]
    connecting = asyncio.create_task(client.connect())  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        connecting.cancel()
        await client.close()  # type: ignore[no-untyped-call]
        await asyncio.gather(connecting, return_exceptions=True)
