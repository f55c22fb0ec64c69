"""Somebody opens the Home tab of Postbot."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import permissions
from bot.listeners.accounts import connects_for, row
from bot.slack import known_member
from bot.views import home as views
from scheduler import accounts, overview
from scheduler.models import Member
from scheduler.runtime import Runtime

Json = dict[str, Any]


def register(app: AsyncApp, runtime: Runtime) -> None:
    async def opened(ack: AsyncAck, event: Json, context: AsyncBoltContext) -> None:
        if event.get("tab") == "home":
            member = await known_member(
                runtime,
                context.client,
                workspace_id=context["workspace_id"],
                user_id=event["user"],
            )
            view = await home(runtime, member)
            await context.client.views_publish(user_id=member.user_id, view=view)
        await ack()

    app.event("app_home_opened")(opened)


async def home(runtime: Runtime, member: Member) -> Json:
    """The tab as it stands for a member."""
    connected = await accounts.connected(member.workspace_id)
    shown = views.Home(
        waiting=await overview.waiting_for(member.workspace_id, member.user_id),
        coming=await overview.coming(member.workspace_id, member.user_id),
        accounts=[row(each, member) for each in connected],
        connects=connects_for(runtime, member),
        now=runtime.clock.now(),
        may_write=permissions.may_write(member),
        may_govern=permissions.may_govern(member),
    )
    return views.home(shown)
