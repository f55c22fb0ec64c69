"""Somebody wants to know how it goes: `/schedule-post stats`."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.listeners.wording import subcommand, text_of_command
from bot.slack import known_member
from bot.views import figures as views
from bot.views import ids
from scheduler import figures
from scheduler.runtime import Runtime

Json = dict[str, Any]


def register(app: AsyncApp, runtime: Runtime) -> None:
    async def show(ack: AsyncAck, context: AsyncBoltContext) -> None:
        member = await known_member(
            runtime,
            context.client,
            workspace_id=context["workspace_id"],
            user_id=str(context.user_id),
        )
        now = runtime.clock.now()
        month = await figures.last_days(member.workspace_id, now, member.timezone)
        await ack(views.stats_message(month))

    app.command(ids.COMMAND, matchers=[asks_for_stats])(show)


async def asks_for_stats(command: Json) -> bool:
    return subcommand(text_of_command(command.get("text") or "")) == ("stats", "")
