"""Somebody wants the calendar as a file: `/schedule-post export` asks which days and accounts, the
file comes as a direct message."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.background import Background
from bot.file_sending import send_file
from bot.listeners.wording import subcommand, text_of_command
from bot.slack import known_member, tell
from bot.views import exports as views
from bot.views import ids
from bot.views.compose_accounts import Choice
from scheduler import accounts, exports, platforms
from scheduler.exports import Span
from scheduler.models import Member
from scheduler.posts import PostError
from scheduler.runtime import Runtime

Json = dict[str, Any]

log = structlog.get_logger(__name__)

BACKWARDS = "This day is before the first one. Choose a later one, or leave it empty."
NOTHING = "There is no post in these days, so there is no file. Choose other days."
INCIDENT = "Something went wrong on our side, so no file was made. Please try again."


def register(app: AsyncApp, runtime: Runtime, background: Background) -> None:
    story = Exports(runtime, background)
    app.command(ids.COMMAND, matchers=[asks_to_export])(story.open)
    app.view(ids.EXPORT)(story.send)


async def asks_to_export(command: Json) -> bool:
    return subcommand(text_of_command(command.get("text") or "")) == ("export", "")


class Exports:
    """The listeners of this story."""

    def __init__(self, runtime: Runtime, background: Background) -> None:
        self._runtime = runtime
        self._background = background

    async def open(self, ack: AsyncAck, command: Json, context: AsyncBoltContext) -> None:
        member = await self._member(context)
        connected = await accounts.connected(member.workspace_id)
        choices = [
            Choice(id=each.id, label=f"{platforms.label(each.platform)} · @{each.username}")
            for each in connected
        ]
        today = self._runtime.clock.now().astimezone(ZoneInfo(member.timezone)).date()
        view = views.form(choices, today)
        await context.client.views_open(trigger_id=command["trigger_id"], view=view)
        await ack()

    async def send(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        member = await self._member(context)
        values = body["view"]["state"]["values"]
        first, last = _day(values, ids.EXPORT_FROM), _day(values, ids.EXPORT_TO)
        if first and last and last < first:
            await ack(response_action="errors", errors={ids.EXPORT_TO: BACKWARDS})
            return
        zone = ZoneInfo(member.timezone)
        span = Span(
            first=datetime.combine(first, datetime.min.time(), zone) if first else None,
            after=_after(last, zone) if last else None,
            account_ids=_chosen(values),
        )
        self._background.start(self._deliver(member, span, context))
        await ack(response_action="update", view=views.on_its_way())

    async def _deliver(self, member: Member, span: Span, context: AsyncBoltContext) -> None:
        try:
            content, count = await exports.calendar(member.workspace_id, span)
            if not count:
                raise PostError(NOTHING)
            await send_file(
                context.client,
                member.user_id,
                name=f"postbot-{self._runtime.clock.now():%Y-%m-%d}.csv",
                content=content,
                comment=views.comment(count),
            )
        except PostError as error:
            await tell(context.client, member.user_id, str(error))
        except Exception as error:
            log.error("export failed", error=repr(error), exc_info=error)
            await tell(context.client, member.user_id, INCIDENT)

    async def _member(self, context: AsyncBoltContext) -> Member:
        return await known_member(
            self._runtime,
            context.client,
            workspace_id=context["workspace_id"],
            user_id=str(context.user_id),
        )


def _day(values: Json, block: str) -> date | None:
    chosen = values.get(block, {}).get(block, {}).get("selected_date")
    return date.fromisoformat(chosen) if chosen else None


def _after(last: date, zone: ZoneInfo) -> datetime | None:
    """The end of a day; `None` where calendars end."""
    if last == date.max:
        return None
    return datetime.combine(last + timedelta(days=1), datetime.min.time(), zone)


def _chosen(values: Json) -> tuple[int, ...]:
    block = ids.EXPORT_ACCOUNTS
    options = values.get(block, {}).get(block, {}).get("selected_options") or []
    return tuple(int(each["value"]) for each in options)
