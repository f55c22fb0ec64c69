"""An admin sets the workspace up: `/schedule-post settings`, and the button of App Home."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError

from bot import groups, permissions
from bot.listeners.wording import subcommand, text_of_command
from bot.slack import SLACK_FAILURES, known_member
from bot.views import ids
from bot.views import settings as views
from bot.views.blocks import MOST_OPTIONS, option
from scheduler import accounts, policy, rules
from scheduler.models import Member
from scheduler.policy import Policy
from scheduler.roles import default_of
from scheduler.runtime import Runtime

Json = dict[str, Any]

log = structlog.get_logger(__name__)

TOO_SLOW = "Slack took too long to open the form. Please try again."
NO_ANSWER = "Slack does not let Postbot write there at the moment. Please save again in a minute."
# Both channels are tried within Slack's three seconds.
_TRY_SECONDS = 1.5
_LATE = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})
_NOT_THERE = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "restricted_action", "no_permission"}
)


def register(app: AsyncApp, runtime: Runtime) -> None:
    story = WorkspaceSettings(runtime)
    app.command(ids.COMMAND, matchers=[asks_for_settings])(story.open_by_command)
    app.action(ids.HOME_SETTINGS)(story.open_by_click)
    app.options(ids.SETTINGS_GROUP)(story.offer_groups)
    app.view(ids.SETTINGS_MODAL)(story.save)


async def asks_for_settings(command: Json) -> bool:
    return subcommand(text_of_command(command.get("text") or "")) == ("settings", "")


class WorkspaceSettings:
    """The listeners of this story, in the order in which an admin meets them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def open_by_command(
        self, ack: AsyncAck, command: Json, context: AsyncBoltContext
    ) -> None:
        try:
            await self._open(command["trigger_id"], context)
        except SlackApiError as error:
            if error.response["error"] not in _LATE:
                raise
            await ack(TOO_SLOW)
        else:
            await ack()

    async def open_by_click(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await self._open(body["trigger_id"], context)
        await ack()

    async def offer_groups(self, ack: AsyncAck, payload: Json, context: AsyncBoltContext) -> None:
        typed = str(payload.get("value") or "").casefold()
        member = await self._member(context)
        found = await groups.named(context.client) if permissions.may_govern(member) else {}
        fitting = [(id_, name) for id_, name in found.items() if typed in name.casefold()]
        await ack(options=[option(name, id_) for id_, name in fitting[:MOST_OPTIONS]])

    async def save(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        member = await self._admin(context)
        sent = views.read(body["view"])
        wrong = views.problems(body["view"], sent) or await self._closed(sent, member, context)
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        await policy.save(self._runtime, member.workspace_id, member.user_id, sent)
        await ack()

    async def _open(self, trigger_id: str, context: AsyncBoltContext) -> None:
        member = await self._admin(context)
        shown = views.Shown(
            default_role=default_of(member.workspace),
            roles=await policy.with_roles(member.workspace_id),
            rules=await rules.rules_of(member.workspace_id),
            accounts=await accounts.connected(member.workspace_id),
        )
        await context.client.views_open(trigger_id=trigger_id, view=views.settings(shown))

    async def _closed(
        self, sent: Policy, member: Member, context: AsyncBoltContext
    ) -> dict[str, str]:
        """Says in channels that were not chosen before what they are for; the fields of those where
        nobody can write."""
        before = await rules.rules_of(member.workspace_id)
        lost = set(before.lost_channels)
        chosen = {
            ids.SETTINGS_REVIEW_CHANNEL: ("review", sent.review_channel, before.review_channel),
            ids.SETTINGS_BRAND_CHANNEL: ("brand", sent.brand_channel, before.brand_channel),
        }
        tried = {
            place: self._say(context, channel, views.invited(use, member.user_id))
            for place, (use, channel, known) in chosen.items()
            if channel and (channel != known or channel in lost)
        }
        said = await asyncio.gather(*tried.values())
        return {place: why for place, why in zip(tried, said, strict=True) if why}

    async def _say(self, context: AsyncBoltContext, channel: str, text: str) -> str:
        """Why nothing can be written to a channel; empty when it was."""
        try:
            async with asyncio.timeout(_TRY_SECONDS):
                await context.client.chat_postMessage(channel=channel, text=text)
        except SLACK_FAILURES as error:
            log.warning("channel not usable", channel=channel, error=repr(error))
            name = error.response["error"] if isinstance(error, SlackApiError) else ""
            return views.not_invited() if name in _NOT_THERE else NO_ANSWER
        return ""

    async def _admin(self, context: AsyncBoltContext) -> Member:
        """Who acts, if they may. Raises `Refused`."""
        member = await self._member(context)
        permissions.demand(permissions.may_govern(member), permissions.NOT_AN_ADMIN)
        return member

    async def _member(self, context: AsyncBoltContext) -> Member:
        return await known_member(
            self._runtime,
            context.client,
            workspace_id=context["workspace_id"],
            user_id=str(context.user_id),
        )
