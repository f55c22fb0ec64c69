"""Slack's Web API for each workspace: which token a call bears. All clients of an event loop share
one session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import structlog
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import SLACK_FAILURES, tell
from scheduler import members
from scheduler.models import Workspace
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# Sending one of these twice shows two messages.
_SENT_ONCE = ("chat.postMessage", "chat.postEphemeral")
# Its trigger is dead long before Slack's rate limit is over.
_OPENED_AT_ONCE = ("views.open", "views.push")
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5)


class NotInstalled(Exception):
    """Postbot has no access to this workspace: somebody must install it there."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What calls to a workspace are made with."""

    token: str = field(repr=False)
    bot_user_id: str
    bot_id: str


class Clients:
    """The clients of one event loop."""

    def __init__(self, runtime: Runtime, session: aiohttp.ClientSession) -> None:
        self._runtime = runtime
        self._session = session
        token = runtime.settings.slack_bot_token.get_secret_value()
        self._home = _Home(runtime, self.bearing(token)) if token else None

    def bearing(self, token: str | None, *, patient: bool = True) -> AsyncWebClient:
        """A client whose calls bear this token. A patient one repeats what may be repeated."""
        retries = [_ConnectionRetry(), _RateLimitRetry(max_retry_count=2)] if patient else []
        return AsyncWebClient(
            token=token,
            base_url=f"{self._runtime.settings.slack_api_url}/",
            session=self._session,
            retry_handlers=retries,
        )

    async def of(self, workspace_id: int, *, patient: bool = True) -> AsyncWebClient:
        """The client of a workspace. Raises `NotInstalled`, or as a call to Slack does."""
        access = await self.access(await members.get_workspace(workspace_id))
        return self.bearing(access.token, patient=patient)

    async def access(self, workspace: Workspace) -> Access:
        """What calls to a workspace are made with. Raises like `of`."""
        if self._home is not None and (await self._home.workspace()).id == workspace.id:
            return self._home.access(workspace)
        raise NotInstalled

    async def workspace(self, team_id: str) -> Workspace:
        """The workspace of a Slack team. Raises like `of`."""
        if self._home is not None:
            workspace = await self._home.workspace()
            if workspace.team_id == team_id:
                return workspace
        raise NotInstalled

    async def learn(self) -> None:
        """Asks Slack ahead of the first request, so that it need not wait."""
        if self._home is not None:
            await self._home.learn()


@contextlib.asynccontextmanager
async def open_clients(runtime: Runtime) -> AsyncIterator[Clients]:
    """The clients for the running event loop."""
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        yield Clients(runtime, session)


async def tell_in(clients: Clients, workspace_id: int, user_id: str, text: str) -> None:
    """Writes to a member in the direct conversation. A failure is logged."""
    try:
        slack = await clients.of(workspace_id)
    except (NotInstalled, *SLACK_FAILURES) as error:
        log.warning("member not told", user=user_id, error=repr(error))
    else:
        await tell(slack, user_id, text)


class _Home:
    """The workspace that SLACK_BOT_TOKEN belongs to, learnt from the token once and then known
    without a call."""

    def __init__(self, runtime: Runtime, slack: AsyncWebClient) -> None:
        self._runtime = runtime
        self._slack = slack
        self._learning = asyncio.Lock()
        self._workspace: Workspace | None = None

    async def workspace(self) -> Workspace:
        """The first call asks Slack; raises as the Slack client does."""
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

    def access(self, workspace: Workspace) -> Access:
        return Access(
            token=self._slack.token or "",
            bot_user_id=workspace.bot_user_id,
            bot_id=workspace.bot_id,
        )

    async def learn(self) -> None:
        try:
            await self.workspace()
        except SLACK_FAILURES as error:
            log.warning(
                "slack does not answer; asked again with the next request", error=str(error)
            )


class _ConnectionRetry(AsyncConnectionErrorRetryHandler):
    """Sends a request again after a broken connection, where twice is as good as once."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if request.url.endswith(_SENT_ONCE):
            return False
        return await super()._can_retry_async(
            state=state, request=request, response=response, error=error
        )


class _RateLimitRetry(AsyncRateLimitErrorRetryHandler):
    """Waits as long as Slack asks for, where the answer is still wanted then."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if request.url.endswith(_OPENED_AT_ONCE):
            return False
        return await super()._can_retry_async(
            state=state, request=request, response=response, error=error
        )
