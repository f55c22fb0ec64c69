"""What Slack is asked when somebody installs Postbot, and when a token has to be renewed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.manifest import REDIRECT, SCOPES
from bot.slack import SLACK_FAILURES, error_name
from scheduler.config import Settings
from scheduler.installations import Ended, Grant, NotRenewed, Tokens

Json = dict[str, Any]

log = structlog.get_logger(__name__)

# With these a refresh token is good for nothing any more.
_ENDED = frozenset({"account_inactive", "invalid_grant", "invalid_refresh_token", "token_revoked"})
_AGAIN = "Start again from the page on which you began."


class InstallError(Exception):
    """An installation that did not succeed. The message says what to do."""


class SlackOAuth:
    """`bearing` makes a client for a token, or for none."""

    def __init__(
        self,
        settings: Settings,
        bearing: Callable[[str | None], AsyncWebClient],
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._bearing = bearing
        self._now = now

    def consent_url(self, state: str) -> str:
        """Slack's page on which a person chooses a workspace and allows it."""
        asked = {
            "client_id": self._settings.slack_client_id,
            "scope": ",".join(SCOPES),
            "redirect_uri": self._redirect_uri,
            "state": state,
        }
        return f"{self._settings.slack_authorize_url}?{urlencode(asked)}"

    async def redeem(self, code: str) -> Grant:
        """What Slack gave for the code that it sent back. Raises `InstallError`."""
        try:
            answer = await self._ask(code=code, redirect_uri=self._redirect_uri)
            # Its answers may bear tokens, so nothing of them may get into a traceback.
        except SlackApiError as error:
            raise InstallError(_refused(error_name(error))) from None
        except (aiohttp.ClientError, TimeoutError):
            raise InstallError(f"Slack did not answer. {_AGAIN}") from None
        return await self._described(answer)

    async def renew(self, refresh_token: str) -> Tokens:
        """New tokens. Raises `Ended`, or `NotRenewed`."""
        try:
            answer = await self._ask(grant_type="refresh_token", refresh_token=refresh_token)
        except SlackApiError as error:
            name = error_name(error) or "no answer that can be read"
            raise (Ended(name) if name in _ENDED else NotRenewed(name)) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotRenewed(type(error).__name__) from None
        return self._tokens(answer)

    @property
    def _redirect_uri(self) -> str:
        return f"{self._settings.public_url}{REDIRECT}"

    async def _ask(self, **form: str) -> Json:
        registration = {
            "client_id": self._settings.slack_client_id,
            "client_secret": self._settings.slack_client_secret.get_secret_value(),
        }
        sent = {**registration, **form}
        answer = await self._bearing(None).api_call("oauth.v2.access", data=sent)
        return dict(answer.data) if isinstance(answer.data, dict) else {}

    def _tokens(self, answer: Json) -> Tokens:
        seconds = answer.get("expires_in")
        return Tokens(
            token=answer["access_token"],
            refresh_token=answer.get("refresh_token") or "",
            expires_at=self._now() + timedelta(seconds=int(seconds)) if seconds else None,
        )

    async def _described(self, answer: Json) -> Grant:
        """Raises `InstallError` when it is not what Postbot needs."""
        if answer.get("token_type") != "bot" or not answer.get("access_token"):
            raise InstallError(f"Slack gave no access for a bot. {_AGAIN}")
        scopes = tuple(str(answer.get("scope") or "").split(","))
        if missing := [scope for scope in SCOPES if scope not in scopes]:
            raise InstallError(
                f"Slack did not let Postbot do all that it needs; `{', '.join(missing)}` is "
                "missing. Ask whoever runs Postbot to set up its Slack app anew from `postbot "
                "manifest`, then install it again."
            )
        tokens, team = self._tokens(answer), answer.get("team") or {}
        enterprise, is_org = answer.get("enterprise") or {}, answer.get("is_enterprise_install")
        place = enterprise if is_org else team
        await self._check_allowed(place, enterprise, tokens)
        me = await self._asked_who_we_are(tokens)
        return Grant(
            team_id="" if is_org else str(team["id"]),
            enterprise_id=str(enterprise.get("id") or ""),
            name=str(place.get("name") or ""),
            tokens=tokens,
            scopes=scopes,
            bot_user_id=str(answer.get("bot_user_id") or me.get("user_id") or ""),
            bot_id=str(me.get("bot_id") or ""),
            installed_by=str((answer.get("authed_user") or {}).get("id") or ""),
        )

    async def _check_allowed(self, place: Json, enterprise: Json, tokens: Tokens) -> None:
        allowed = self._settings.slack_workspaces
        if not allowed or {place.get("id"), enterprise.get("id")} & set(allowed):
            return
        log.warning("installation turned away", place=place.get("id"))
        try:
            await self._bearing(tokens.token).auth_revoke()
        except SLACK_FAILURES as error:
            log.warning("token not given back", error=repr(error))
        raise InstallError(
            "This Postbot is not for your workspace. Ask whoever runs it to add "
            f"`{place.get('id')}` to SLACK_WORKSPACES."
        )

    async def _asked_who_we_are(self, tokens: Tokens) -> Json:
        try:
            answer = await self._bearing(tokens.token).auth_test()
        except SLACK_FAILURES as error:
            log.warning("new token refused", error=repr(error))
            raise InstallError(f"Slack does not take the access that it gave. {_AGAIN}") from None
        return dict(answer.data) if isinstance(answer.data, dict) else {}


def _refused(name: str) -> str:
    match name:
        case "invalid_code" | "code_already_used" | "code_expired":
            return f"Slack's answer was used before or is too old. {_AGAIN}"
        case "bad_client_secret" | "invalid_client_id" | "bad_redirect_uri":
            log.error("slack refuses our registration", error=name)
            return (
                f"Slack does not know this Postbot (`{name}`). Ask whoever runs it to run `postbot "
                "doctor`."
            )
    log.warning("installation refused", error=name)
    return f"Slack refused it (`{name or 'no answer that can be read'}`). {_AGAIN}"
