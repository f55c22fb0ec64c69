"""Somebody wants to see how posts stand: `/schedule-post list` and `/schedule-post status <id>`."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.listeners.wording import subcommand, text_of_command
from bot.views import ids
from bot.views import posts_list as views
from bot.views import review as reviews
from scheduler import events, posts
from scheduler.runtime import Runtime

Json = dict[str, Any]

NO_ID = (
    f"Which post? Write its id: `{ids.COMMAND} status k7m2p9xq4w`. `{ids.COMMAND} list` shows ids."
)


def register(app: AsyncApp, runtime: Runtime) -> None:
    app.command(ids.COMMAND, matchers=[asks_for_list])(show_list)
    app.command(ids.COMMAND, matchers=[asks_for_status])(show_status)


async def asks_for_list(command: Json) -> bool:
    return _asked(command)[0] == "list"


async def asks_for_status(command: Json) -> bool:
    return _asked(command)[0] == "status"


async def show_list(ack: AsyncAck, context: AsyncBoltContext) -> None:
    found = await posts.recent(context["workspace_id"], author=str(context.user_id))
    await ack(views.posts_list(found))


async def show_status(ack: AsyncAck, command: Json, context: AsyncBoltContext) -> None:
    _, post_id = _asked(command)
    if not post_id:
        await ack(NO_ID)
        return
    found = await posts.find(context["workspace_id"], post_id.strip("`").lower())
    happened = await events.history(found.post.id).filter(delivery_id__isnull=True)
    await ack(views.status(found, reviews.history(happened)))


def _asked(command: Json) -> tuple[str, str]:
    return subcommand(text_of_command(command.get("text") or "")) or ("", "")
