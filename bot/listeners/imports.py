"""Somebody schedules many posts at once: `/schedule-post import` opens the form for a file; the
report of its check has the button that schedules them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot import permissions
from bot.background import Background
from bot.file_sending import send_file
from bot.listeners.wording import subcommand, text_of_command
from bot.slack import SLACK_FAILURES, file_chunks, known_member, tell
from bot.views import ids
from bot.views import imports as views
from bot.views.blocks import escape
from scheduler import accounts, imports, platforms
from scheduler.imports import Report, Unreadable
from scheduler.media import UnusableMedia
from scheduler.models import Member
from scheduler.posts import PostError
from scheduler.runtime import Runtime

Json = dict[str, Any]

log = structlog.get_logger(__name__)

# Slack waits three seconds for the answer to a form.
QUICK_SECONDS = 2.0
# After this long the answer to a form is on the screen, and an update cannot be overtaken by it.
ANSWER_SHOWN_SECONDS = 1.0
# Slack allows about 100 updates a minute for all members of a workspace together.
PROGRESS_SECONDS = 3.0
NO_FILE = "Choose the file again: Slack did not send it along."
INCIDENT = "Something went wrong on our side and nothing was scheduled. Import the file again."
_READ_SECONDS = 60.0


def register(app: AsyncApp, runtime: Runtime, background: Background) -> None:
    story = Imports(runtime, background)
    app.command(ids.COMMAND, matchers=[asks_to_import])(story.open)
    app.view(ids.IMPORT)(story.check)
    app.view(ids.IMPORT_AGAIN)(story.choose_again)
    app.view(ids.IMPORT_REPORT)(story.schedule)
    app.action(ids.IMPORT_SCHEDULE)(story.schedule_by_message)


async def asks_to_import(command: Json) -> bool:
    return subcommand(text_of_command(command.get("text") or "")) == ("import", "")


@dataclass
class _Step:
    """How far a piece of work has come."""

    doing: str
    name: str
    done: int = 0
    total: int = 0

    async def tell(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    @property
    def view(self) -> Json:
        return views.working(self.doing, self.name, self.done, self.total)


class Imports:
    """The listeners of this story, in the order in which a member meets them."""

    def __init__(self, runtime: Runtime, background: Background) -> None:
        self._runtime = runtime
        self._background = background

    async def open(self, ack: AsyncAck, command: Json, context: AsyncBoltContext) -> None:
        await self._allowed(context)
        view = await self._form(context["workspace_id"])
        await context.client.views_open(trigger_id=command["trigger_id"], view=view)
        await ack()

    async def choose_again(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack(response_action="update", view=await self._form(context["workspace_id"]))

    async def check(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        file = _file(body["view"])
        if file is None:
            await ack(response_action="errors", errors={ids.IMPORT_FILE: NO_FILE})
            return
        step = _Step("Checking", str(file.get("name") or "the file"))
        work = asyncio.ensure_future(self._check(file, step, context))
        done, _ = await asyncio.wait({work}, timeout=QUICK_SECONDS)
        if not done:
            self._background.start(self._finish_check(work, step, body, context))
            await ack(response_action="update", view=step.view)
            return
        try:
            found = work.result()
            self._background.start(_send_problems(found, context))
            await ack(response_action="update", view=views.report(found))
        except (Unreadable, UnusableMedia, PostError) as error:
            await ack(response_action="errors", errors={ids.IMPORT_FILE: str(error)})

    async def schedule(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        import_id, name = views.read_report(body["view"])
        step = _Step("Scheduling the posts of", name)
        work = asyncio.ensure_future(self._schedule(import_id, step, context))
        done, _ = await asyncio.wait({work}, timeout=QUICK_SECONDS)
        if done:
            await ack(response_action="update", view=views.ended(await _ending(work)))
        else:
            self._background.start(self._finish_schedule(work, step, body, context))
            await ack(response_action="update", view=step.view)

    async def schedule_by_message(
        self, ack: AsyncAck, action: Json, context: AsyncBoltContext
    ) -> None:
        step = _Step("Scheduling the posts of", "the file")
        work = self._schedule(str(action.get("value") or ""), step, context)
        self._background.start(self._say_ending(work, context))
        await ack()

    async def _form(self, workspace_id: int, notice: str = "") -> Json:
        connected = await accounts.connected(workspace_id)
        template = imports.template(connected, self._runtime.clock.now())
        return views.form(template, platforms=platforms.names(), notice=notice)

    async def _check(self, file: Json, step: _Step, context: AsyncBoltContext) -> Report:
        member = await self._allowed(context)
        return await imports.check(
            self._runtime,
            workspace_id=member.workspace_id,
            user_id=member.user_id,
            zone=member.timezone,
            name=step.name,
            content=await _content(context.client, file),
            progress=step.tell,
        )

    async def _schedule(self, import_id: str, step: _Step, context: AsyncBoltContext) -> str:
        """Schedules, writes the member what was, and returns that sentence (mrkdwn)."""
        member = await self._allowed(context)
        done = await imports.schedule(
            self._runtime,
            workspace_id=member.workspace_id,
            import_id=import_id,
            actor=member.user_id,
            progress=step.tell,
        )
        said = views.scheduled(done)
        self._background.start(tell(context.client, member.user_id, said))
        return said

    async def _allowed(self, context: AsyncBoltContext) -> Member:
        member = await known_member(
            self._runtime,
            context.client,
            workspace_id=context["workspace_id"],
            user_id=str(context.user_id),
        )
        permissions.demand(permissions.may_import(member), permissions.NOT_A_WRITER)
        return member

    async def _finish_check(
        self, work: asyncio.Future[Report], step: _Step, body: Json, context: AsyncBoltContext
    ) -> None:
        """Ends a form that shows "Checking…", or writes to a member who closed it."""
        await _follow(context.client, work, step, body["view"]["id"])
        blocks: list[Json] | None = None
        try:
            found = await work
        except (Unreadable, UnusableMedia, PostError) as error:
            view, said = await self._form(context["workspace_id"], str(error)), str(error)
        except Exception as error:
            log.error("import not checked", error=repr(error), exc_info=error)
            view, said = views.ended(INCIDENT), INCIDENT
        else:
            view, (said, blocks) = views.report(found), views.report_message(found)
            self._background.start(_send_problems(found, context))
        if not await _update(context.client, body["view"]["id"], view):
            text = f"“{escape(step.name, 200)}”: {escape(said)}"
            await _write(context.client, str(context.user_id), text, blocks)

    async def _finish_schedule(
        self, work: asyncio.Future[str], step: _Step, body: Json, context: AsyncBoltContext
    ) -> None:
        await _follow(context.client, work, step, body["view"]["id"])
        said = await _ending(work)
        is_shown = await _update(context.client, body["view"]["id"], views.ended(said))
        if not is_shown and work.exception():
            await tell(context.client, str(context.user_id), said)

    async def _say_ending(self, work: Coroutine[Any, Any, str], context: AsyncBoltContext) -> None:
        """Of a success the member is told already."""
        task = asyncio.ensure_future(work)
        said = await _ending(task)
        if task.exception():
            await tell(context.client, str(context.user_id), said)


async def _follow(
    slack: AsyncWebClient, work: asyncio.Future[Any], step: _Step, view_id: str
) -> None:
    """Shows how far the work has come until it ends, as long as somebody looks."""
    is_open = True
    await asyncio.sleep(ANSWER_SHOWN_SECONDS)
    while not work.done():
        is_open = is_open and await _update(slack, view_id, step.view)
        await asyncio.wait({work}, timeout=PROGRESS_SECONDS)


async def _update(slack: AsyncWebClient, view_id: str, view: Json) -> bool:
    """False when nobody can see it: the member closed the form."""
    try:
        await slack.views_update(view_id=view_id, view=view)
    except SLACK_FAILURES as error:
        log.info("form of an import not updated", error=repr(error))
        return False
    return True


async def _write(slack: AsyncWebClient, user_id: str, text: str, blocks: list[Json] | None) -> None:
    try:
        await slack.chat_postMessage(
            channel=user_id, text=text, blocks=blocks, unfurl_links=False, unfurl_media=False
        )
    except SLACK_FAILURES as error:
        log.warning("report of an import not told", user=user_id, error=repr(error))


async def _send_problems(found: Report, context: AsyncBoltContext) -> None:
    """All that is wrong as a file, where a form cannot show it."""
    if len(found.problems) <= views.MOST_PROBLEMS:
        return
    count = f"All {len(found.problems):,} problems of “{escape(found.name, 200)}”, as CSV."
    try:
        await send_file(
            context.client,
            str(context.user_id),
            name="problems.csv",
            content=imports.problems_file(found),
            comment=count,
        )
    except PostError as error:
        await tell(context.client, str(context.user_id), str(error))


async def _ending(work: asyncio.Future[str]) -> str:
    """How scheduling ended, in words for the member (mrkdwn)."""
    try:
        return await work
    except PostError as error:
        return escape(str(error))
    except Exception as error:
        log.error("import not scheduled", error=repr(error), exc_info=error)
        return INCIDENT


def _file(view: Json) -> Json | None:
    entry = view["state"]["values"].get(ids.IMPORT_FILE, {}).get(ids.IMPORT_FILE, {})
    return next(iter(entry.get("files") or []), None)


async def _content(slack: AsyncWebClient, file: Json) -> bytes:
    """The bytes of a file, one more than may be read of one that is too large."""
    content = bytearray()
    try:
        async with asyncio.timeout(_READ_SECONDS):
            async for chunk in file_chunks(slack, file):
                content += chunk
                if len(content) > imports.MOST_BYTES:
                    break
    except TimeoutError:
        raise UnusableMedia("Slack took too long to hand over the file. Try again.") from None
    return bytes(content)
