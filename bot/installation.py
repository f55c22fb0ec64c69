"""The workspace that the bot token belongs to, and the connection of Socket Mode."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import structlog
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.intake import dispatch_once
from bot.slack import SLACK_FAILURES
from scheduler import members
from scheduler.models import Workspace
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)


class Installation:
    """Who we are in Slack, learnt from the token once and then known without a call."""

    def __init__(self, runtime: Runtime, slack: AsyncWebClient) -> None:
        self._runtime = runtime
        self._slack = slack
        self._learning = asyncio.Lock()
        self._workspace: Workspace | None = None

    async def workspace(self) -> Workspace:
        """Our workspace. The first call asks Slack; raises as the Slack client does."""
        async with self._learning:
            if self._workspace is None:
                me = await self._slack.auth_test()
                self._workspace = await members.workspace(
                    self._runtime,
                    me["team_id"],
                    name=me.get("team") or "",
                    bot_user_id=me.get("user_id") or "",
                    bot_id=me.get("bot_id") or "",
                )
                log.info("workspace known", team=me["team_id"], name=me.get("team"))
        return self._workspace

    async def learn(self) -> None:
        """Asks ahead of the first request, so that it need not wait."""
        try:
            await self.workspace()
        except SLACK_FAILURES as error:
            log.warning(
                "slack does not answer; asked again with the next request", error=str(error)
            )

    async def authorize(self) -> AuthorizeResult:
        """What Bolt wants to know of us for each request."""
        workspace = await self.workspace()
        return AuthorizeResult(
            enterprise_id=None,
            team_id=workspace.team_id,
            bot_token=self._slack.token,
            bot_id=workspace.bot_id,
            bot_user_id=workspace.bot_user_id,
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
