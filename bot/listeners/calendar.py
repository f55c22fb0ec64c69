"""Somebody wants the posts in their calendar program: `/schedule-post calendar` makes, renews and
ends their secret address."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.listeners.wording import subcommand, text_of_command
from bot.slack import known_member, respond
from bot.views import calendar as views
from bot.views import ids
from bot.web.addresses import is_reachable
from scheduler import feeds
from scheduler.models import Member
from scheduler.posts import PostError
from scheduler.runtime import Runtime

Json = dict[str, Any]

UNKNOWN = "Slack did not tell who you are just now. Please try again in a minute."


def register(app: AsyncApp, runtime: Runtime) -> None:
    story = CalendarAddress(runtime)
    app.command(ids.COMMAND, matchers=[asks_for_calendar])(story.show)
    app.action(ids.CALENDAR_RENEW)(story.renew)
    app.action(ids.CALENDAR_REVOKE)(story.revoke)


async def asks_for_calendar(command: Json) -> bool:
    return subcommand(text_of_command(command.get("text") or "")) == ("calendar", "")


class CalendarAddress:
    """The listeners of this story. An address belongs to whoever presses, so nobody can press for
    somebody else."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def show(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack(views.offer(await feeds.made_at(await self._member(context))))

    async def renew(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        secret = await feeds.renew(self._runtime, await self._member(context))
        await ack()
        public = self._runtime.settings.public_url
        url = f"{public}/calendar/{secret}.ics"
        await _answer(context, views.made(url, is_reachable=is_reachable(public)))

    async def revoke(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        await feeds.revoke(await self._member(context))
        await ack()
        await _answer(context, views.ended())

    async def _member(self, context: AsyncBoltContext) -> Member:
        member = await known_member(
            self._runtime,
            context.client,
            workspace_id=context["workspace_id"],
            user_id=str(context.user_id),
        )
        if not member.id:
            raise PostError(UNKNOWN)
        return member


async def _answer(context: AsyncBoltContext, message: Json) -> None:
    if context.response_url:
        shown = {**message, "replace_original": True}
        await respond(context.client, context.response_url, shown)
