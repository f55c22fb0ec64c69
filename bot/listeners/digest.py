"""A member chooses when they get the digest of their day: `/schedule-post digest 8:30`, `off`."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.listeners.wording import subcommand, text_of_command
from bot.slack import known_member
from bot.views import digest as views
from bot.views import ids
from scheduler import digests
from scheduler.runtime import Runtime
from scheduler.timewords import NotUnderstood

Json = dict[str, Any]


def register(app: AsyncApp, runtime: Runtime) -> None:
    async def set_hour(ack: AsyncAck, command: Json, context: AsyncBoltContext) -> None:
        _, hour = subcommand(text_of_command(command["text"])) or ("", "")
        member = await known_member(
            runtime,
            context.client,
            workspace_id=context["workspace_id"],
            user_id=str(context.user_id),
        )
        if hour:
            try:
                member = await digests.set_hour(runtime, member, hour)
            except NotUnderstood as error:
                await ack(f"{error} Or type `{ids.COMMAND} digest off`.")
                return
        await ack(views.set_message(member))

    app.command(ids.COMMAND, matchers=[asks_for_digest])(set_hour)


async def asks_for_digest(command: Json) -> bool:
    return (subcommand(text_of_command(command.get("text") or "")) or ("",))[0] == "digest"
