"""What `postbot doctor` finds out about Slack: whether each workspace lets us in, and with all that
Postbot needs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.clients import Clients, open_clients
from bot.manifest import SCOPES
from bot.slack import SLACK_FAILURES, error_name
from bot.web.install import PATH
from scheduler import installations
from scheduler.config import Settings
from scheduler.installations import NotInstalled, NotRenewed
from scheduler.models import Installation
from scheduler.runtime import open_runtime


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a workspace said. `advice` is empty where all is well."""

    told: str
    advice: str = ""


async def look(settings: Settings) -> Answer:
    """Asks Slack with every token that there is."""
    if wrong := _wrong_settings(settings):
        return wrong
    async with open_runtime(settings) as runtime, open_clients(runtime) as clients:
        asked = [_of_installation(clients, each) for each in await installations.living()]
        if token := settings.slack_bot_token.get_secret_value():
            asked.append(_of_token(clients.bearing(token)))
        answers = await asyncio.gather(*asked)
    if not answers:
        return Answer(
            told="installed nowhere yet",
            advice=f"Open {settings.public_url}{PATH} in a browser and choose a workspace.",
        )
    bad = [answer for answer in answers if answer.advice]
    return Answer(
        told="; ".join(answer.told for answer in bad or answers),
        advice=" ".join(dict.fromkeys(answer.advice for answer in bad)),
    )


def _wrong_settings(settings: Settings) -> Answer | None:
    if not settings.slack_bot_token.get_secret_value() and not settings.slack_client_id:
        return Answer(
            told="no token",
            advice="Set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET from your Slack app's pages, or "
            "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET to install it in many workspaces.",
        )
    by_http = not settings.slack_app_token.get_secret_value()
    if by_http and not settings.slack_signing_secret.get_secret_value():
        return Answer(
            told="every request of Slack is turned away",
            advice="Set SLACK_SIGNING_SECRET from your Slack app's pages, or SLACK_APP_TOKEN for "
            "Socket Mode.",
        )
    if settings.slack_client_id and not settings.public_url.startswith("https://"):
        return Answer(
            told=f"sends nobody back to {settings.public_url}",
            advice="Set POSTBOT_PUBLIC_URL to an address with https: Slack demands it.",
        )
    return None


async def _of_installation(clients: Clients, installation: Installation) -> Answer:
    name = installation.name or installation.place
    try:
        access = await clients.access_of(installation)
        answer = await clients.bearing(access.token).auth_test()
    except (NotInstalled, NotRenewed, *SLACK_FAILURES) as error:
        why = error_name(error) if isinstance(error, SlackApiError) else type(error).__name__
        return Answer(
            told=f"{name} does not let us in ({why})",
            advice=f"Let an admin of {name} open {PATH} again.",
        )
    return _judged(answer, f"Install it in {name} again")


async def _of_token(slack: AsyncWebClient) -> Answer:
    try:
        answer = await slack.auth_test()
    except SlackApiError as error:
        return Answer(
            told=f"refuses the token ({error_name(error)})",
            advice="Copy the Bot User OAuth Token anew into SLACK_BOT_TOKEN.",
        )
    return _judged(answer, "Install it again")


def _judged(answer: AsyncSlackResponse, remedy: str) -> Answer:
    granted = str(answer.headers.get("x-oauth-scopes") or "").split(",")
    missing = [scope for scope in SCOPES if scope not in granted]
    told = f"answers as {answer['user']} in {answer['team']}"
    if not missing:
        return Answer(told=told)
    return Answer(
        told=f"{told}, without {', '.join(missing)}",
        advice=f"Set the Slack app up anew from `postbot manifest`. {remedy}.",
    )
