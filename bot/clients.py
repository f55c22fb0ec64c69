"""Slack's Web API for each workspace: which token a call bears. All clients of an event loop share
one session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from bot.oauth import SlackOAuth
from bot.slack import SLACK_FAILURES, error_name, tell
from scheduler import installations, members
from scheduler.config import Settings
from scheduler.installations import Access, NotInstalled, NotRenewed, Tokens
from scheduler.models import Installation, Workspace
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# Sending one of these twice shows two messages.
_SENT_ONCE = ("chat.postMessage", "chat.postEphemeral")
# Its trigger is dead long before Slack's rate limit is over.
_OPENED_AT_ONCE = ("views.open", "views.push")
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5)
_LOOK_SECONDS = 60.0
#: With these Slack says that nobody will be let in with this token any more.
ENDED = frozenset({"account_inactive", "token_revoked"})


@dataclass(frozen=True, kw_only=True)
class Team:
    """A workspace as Slack names it. `enterprise_id` is empty where it is in no organisation, or
    where Slack did not say."""

    id: str
    enterprise_id: str = ""


class Clients:
    """The clients of one event loop. `oauth` is absent where nobody can install Postbot."""

    def __init__(self, runtime: Runtime, session: aiohttp.ClientSession) -> None:
        self._runtime = runtime
        self._session = session
        settings = runtime.settings
        self.oauth = (
            SlackOAuth(settings, self.bearing, runtime.clock.now)
            if settings.slack_client_id
            else None
        )
        token = settings.slack_bot_token.get_secret_value()
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

    async def of(self, workspace_id: int) -> AsyncWebClient:
        """The client of a workspace. Raises `NotInstalled`, `NotRenewed`, or as a call to Slack
        does."""
        return self.bearing((await self.access(workspace_id)).token)

    async def access(self, workspace_id: int) -> Access:
        """What calls to a workspace are made with. Raises like `of`."""
        workspace = await members.get_workspace(workspace_id)
        team = Team(id=workspace.team_id, enterprise_id=workspace.enterprise_id)
        return await self._access(team)

    async def access_of(self, installation: Installation) -> Access:
        """What calls in the name of an installation are made with. Raises `NotInstalled`, or
        `NotRenewed`."""
        return await installations.access(self._runtime, installation, self._renew)

    async def recognise(self, team: Team) -> tuple[Workspace, Access]:
        """The workspace that a request of Slack belongs to. One of an organisation that installed
        Postbot for all of it is made on first sight. Raises like `of`."""
        known = await members.find_workspace(team.id)
        if known is not None and not team.enterprise_id:
            team = replace(team, enterprise_id=known.enterprise_id)
        access = await self._access(team)
        if known is not None and known.enterprise_id == team.enterprise_id:
            return known, access
        about = {"enterprise_id": team.enterprise_id}
        return await members.workspace(self._runtime, team.id, **about), access

    async def check(self, place: str) -> None:
        """Asks Slack whether an installation still lets us in, and gives it up when it does not.
        Raises `NotRenewed`, or as a call to Slack does."""
        found = await installations.at(place)
        if found is None or found.revoked_at is not None:
            return
        try:
            access = await self.access_of(found)
        except NotInstalled:
            return
        try:
            await self.bearing(access.token).auth_test()
        except SlackApiError as error:
            if error_name(error) not in ENDED | {"invalid_auth"}:
                raise
            await installations.revoke(self._runtime, access, why=error_name(error))

    async def refused(self, access: Access, name: str) -> None:
        """Notes that Slack refused a token, and why."""
        if name in ENDED:
            await installations.revoke(self._runtime, access, why=name)
        else:
            await installations.doubt(self._runtime, access)

    async def learn(self) -> None:
        """Asks Slack ahead of the first request, so that it need not wait."""
        if self._home is not None:
            await self._home.learn()

    async def keep_fresh(self) -> None:
        """Renews tokens ahead of their end until it is cancelled."""
        while self.oauth is not None:
            try:
                await installations.keep_fresh(self._runtime, self.oauth.renew)
            except Exception as error:
                log.error("slack tokens not looked at", error=repr(error))
            await asyncio.sleep(_LOOK_SECONDS)

    async def _access(self, team: Team) -> Access:
        found = await installations.find(team_id=team.id, enterprise_id=team.enterprise_id)
        if found is not None:
            return await self.access_of(found)
        if self._home is not None and await self._home.is_of(team):
            return self._home.access
        raise NotInstalled

    async def _renew(self, refresh_token: str) -> Tokens:
        if self.oauth is None:
            raise NotRenewed("SLACK_CLIENT_ID is not set")
        return await self.oauth.renew(refresh_token)


def uses_slack(settings: Settings) -> bool:
    """Whether there is, or can be, a workspace to work for."""
    return bool(settings.slack_bot_token.get_secret_value() or settings.slack_client_id)


@contextlib.asynccontextmanager
async def open_clients(runtime: Runtime) -> AsyncIterator[Clients]:
    """The clients for the running event loop."""
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        yield Clients(runtime, session)


async def tell_in(clients: Clients, workspace_id: int, user_id: str, text: str) -> None:
    """Writes to a member in the direct conversation. A failure is logged."""
    try:
        slack = await clients.of(workspace_id)
    except (NotInstalled, NotRenewed, *SLACK_FAILURES) as error:
        log.warning("member not told", user=user_id, error=repr(error))
    else:
        await tell(slack, user_id, text)


class _Home:
    """What SLACK_BOT_TOKEN belongs to, learnt from the token once and then known without a call."""

    def __init__(self, runtime: Runtime, slack: AsyncWebClient) -> None:
        self._runtime = runtime
        self._slack = slack
        self._learning = asyncio.Lock()
        self._me: dict[str, Any] = {}

    async def is_of(self, team: Team) -> bool:
        """Whether it is this workspace, or the organisation of it. The first call asks Slack;
        raises as the Slack client does."""
        me = await self._learnt()
        if me.get("is_enterprise_install"):
            return bool(team.enterprise_id) and team.enterprise_id == me.get("enterprise_id")
        return team.id == str(me["team_id"])

    @property
    def access(self) -> Access:
        """Good once it was learnt."""
        return Access(
            token=self._slack.token or "",
            bot_user_id=self._me.get("user_id") or "",
            bot_id=self._me.get("bot_id") or "",
        )

    async def learn(self) -> None:
        try:
            await self._learnt()
        except SLACK_FAILURES as error:
            log.warning(
                "slack does not answer; asked again with the next request", error=str(error)
            )

    async def _learnt(self) -> dict[str, Any]:
        async with self._learning:
            if not self._me:
                answer = await self._slack.auth_test()
                me = answer.data if isinstance(answer.data, dict) else {}
                if not me.get("is_enterprise_install"):
                    await members.workspace(
                        self._runtime,
                        me["team_id"],
                        name=me.get("team") or "",
                        bot_user_id=me.get("user_id") or "",
                        bot_id=me.get("bot_id") or "",
                    )
                self._me = me
                log.info("workspace known", team=me["team_id"], name=me.get("team"))
        return self._me


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
