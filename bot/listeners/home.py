"""Somebody opens the Home tab of Postbot, looks around in it, and retries what failed."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot import charts, permissions
from bot.background import Background
from bot.home_watch import HomeWatch
from bot.listeners.accounts import connects_for, row
from bot.slack import known_member, tell
from bot.views import home as views
from bot.views import ids
from bot.web.addresses import is_reachable
from scheduler import accounts, figures, free_slots, overview, posts, recoveries
from scheduler.figures import Month
from scheduler.models import Account, Member
from scheduler.overview import Look, Show
from scheduler.roles import MemberRole, role_of
from scheduler.runtime import Runtime

Json = dict[str, Any]

# Slack waits three seconds for an answer.
QUICK_SECONDS = 2.0


def register(app: AsyncApp, runtime: Runtime, background: Background, watch: HomeWatch) -> None:
    story = HomeTab(runtime, background, watch)
    app.event("app_home_opened")(story.opened)
    app.action(ids.HOME_SHOW)(story.choose)
    app.action(ids.HOME_WHOSE)(story.choose)
    app.action(ids.HOME_ACCOUNT)(story.choose)
    app.action(ids.HOME_EARLIER)(story.turn)
    app.action(ids.HOME_LATER)(story.turn)
    app.action(re.compile(f"^{ids.HOME_RETRY}:[a-z_]+$"))(story.retry)


class HomeTab:
    """The listeners of this story."""

    def __init__(self, runtime: Runtime, background: Background, watch: HomeWatch) -> None:
        self._runtime = runtime
        self._background = background
        self._watch = watch

    async def opened(self, ack: AsyncAck, event: Json, context: AsyncBoltContext) -> None:
        if event.get("tab") == "home":
            member = await self._member(context, event["user"])
            look = views.read_look(event.get("view") or {}, member.user_id)
            await self._show(context.client, member, replace(look, page=0))
        await ack()

    async def choose(
        self, ack: AsyncAck, action: Json, body: Json, context: AsyncBoltContext
    ) -> None:
        await ack()
        member = await self._member(context, str(context.user_id))
        look = views.read_look(body["view"], member.user_id)
        chosen = action["selected_option"]["value"]
        match action["action_id"]:
            case ids.HOME_SHOW:
                look = replace(look, show=Show(chosen))
            case ids.HOME_WHOSE:
                look = replace(look, author=member.user_id if chosen == ids.HOME_MINE else None)
            case ids.HOME_ACCOUNT:
                account_id = None if chosen == ids.HOME_ALL else int(chosen)
                look = replace(look, account_id=account_id)
        await self._show(context.client, member, replace(look, page=0))

    async def turn(
        self, ack: AsyncAck, action: Json, body: Json, context: AsyncBoltContext
    ) -> None:
        await ack()
        member = await self._member(context, str(context.user_id))
        look = views.read_look(body["view"], member.user_id)
        await self._show(context.client, member, replace(look, page=max(0, int(action["value"]))))

    async def retry(
        self, ack: AsyncAck, action: Json, body: Json, context: AsyncBoltContext
    ) -> None:
        member = await self._member(context, str(context.user_id))
        permissions.demand(permissions.may_write(member), permissions.NOT_A_WRITER)
        look = views.read_look(body["view"], member.user_id)
        work = self._retry(member, str(action["value"]), look, context)
        await self._background.within(QUICK_SECONDS, work)
        await ack()

    async def _retry(
        self, member: Member, cause: str, look: Look, context: AsyncBoltContext
    ) -> None:
        done = await recoveries.retry_failed(
            self._runtime,
            workspace_id=member.workspace_id,
            cause=cause,
            actor=member.user_id,
            author=_whose_may_change(member, look),
        )
        await tell(context.client, member.user_id, views.retried(done.posts, done.settled))
        await self._show(context.client, member, look)

    async def _show(self, slack: AsyncWebClient, member: Member, look: Look) -> None:
        await _publish(self._runtime, slack, member, look)
        show_again = partial(_publish_anew, self._runtime, slack, member, look)
        await self._watch.looks(member.workspace_id, member.user_id, show_again)

    async def _member(self, context: AsyncBoltContext, user_id: str) -> Member:
        return await known_member(
            self._runtime, context.client, workspace_id=context["workspace_id"], user_id=user_id
        )


async def _publish(runtime: Runtime, slack: AsyncWebClient, member: Member, look: Look) -> None:
    view = await home(runtime, member, look)
    await slack.views_publish(user_id=member.user_id, view=view)


async def _publish_anew(
    runtime: Runtime, slack: AsyncWebClient, member: Member, look: Look
) -> None:
    """With the member's rights as they are then."""
    fresh = await known_member(
        runtime, slack, workspace_id=member.workspace_id, user_id=member.user_id
    )
    await _publish(runtime, slack, fresh, look)


async def home(runtime: Runtime, member: Member, look: Look | None = None) -> Json:
    """The tab as it stands for a member."""
    look = look or Look(author=member.user_id)
    now, workspace_id = runtime.clock.now(), member.workspace_id
    waits = replace(look, show=Show.WAITING, page=0)
    looks = [(look, overview.PAGE), (waits, views.MOST_WAITING)]
    connected, (page, waiting), to_approve, drafts, failed, month = await asyncio.gather(
        accounts.connected(workspace_id),
        overview.pages(workspace_id, looks),
        overview.to_approve(workspace_id, member.user_id, limit=views.MOST_TO_APPROVE + 1),
        posts.drafts(workspace_id, member.user_id, limit=views.MOST_DRAFTS + 1),
        recoveries.causes(workspace_id, _whose_may_change(member, look)),
        figures.last_days(workspace_id, now, member.timezone),
    )
    shown = views.Home(
        look=look,
        page=page,
        waiting=waiting,
        accounts=[row(each, member) for each in connected[: views.MOST_LISTED]],
        more_accounts=max(0, len(connected) - views.MOST_LISTED),
        connects=connects_for(runtime, member),
        now=now,
        zone=member.timezone,
        to_approve=to_approve,
        drafts=drafts,
        failed=failed,
        month=month,
        chart_url=_chart_url(runtime, month),
        slots=await _free_slots(connected[: views.MOST_ACCOUNTS], now),
        may_write=permissions.may_write(member),
        may_govern=permissions.may_govern(member),
        may_act=frozenset(
            found.post.id
            for _, found in waiting.posts
            if permissions.may_act_on(member, found.post)
        ),
    )
    return views.home(shown)


def _chart_url(runtime: Runtime, month: Month) -> str:
    """Empty where Slack could not fetch the picture, and where there is nothing to show."""
    public = runtime.settings.public_url
    if not is_reachable(public) or not (month.published or month.failed):
        return ""
    return charts.address(public, runtime.vault, month)


async def _free_slots(connected: Sequence[Account], now: datetime) -> dict[int, datetime]:
    """The next free slot of each account that has one."""
    found: dict[int, datetime] = {}
    for account in connected:
        if account.slots:
            with contextlib.suppress(posts.WrongTime):
                found |= await free_slots.next_free([account], now)
    return found


def _whose_may_change(member: Member, look: Look) -> str | None:
    """Whose posts a member may retry of those that they look at: as an admin everybody's."""
    if look.author is None and role_of(member) is MemberRole.ADMIN:
        return None
    return member.user_id
