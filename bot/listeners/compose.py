"""Somebody writes a post: `/schedule-post [text]`, the shortcuts and the button of App Home open
the composer; sending it stores the post."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError

from bot import drafts, forms, permissions
from bot.background import Background
from bot.draft_times import When
from bot.drafts import Draft, Problems
from bot.listeners.wording import text_of_command, text_of_message
from bot.live import LiveViews
from bot.saving import Saved, Saver
from bot.slack import SLACK_FAILURES, known_member, tell
from bot.views import compose as views
from bot.views import ids
from scheduler import accounts, members
from scheduler.models import Member
from scheduler.runtime import Runtime

Json = dict[str, Any]

log = structlog.get_logger(__name__)

# Slack waits three seconds for the answer to a form.
QUICK_SECONDS = 2.0
# After this long the answer to a form is on the screen, and an update cannot be overtaken by it.
ANSWER_SHOWN_SECONDS = 1.0
TOO_SLOW = "Slack took too long to open the form. Please try again."
INCIDENT = "Something went wrong on our side and nothing was stored. Please send it again."


def register(app: AsyncApp, runtime: Runtime, background: Background) -> None:
    composer = Composer(runtime, background)
    app.action(re.compile(f"^({'|'.join(ids.TYPED)})(:.*)?$"))(composer.typed)
    app.command(ids.COMMAND)(composer.open_by_command)
    app.view(ids.COMPOSER)(composer.submit)
    app.shortcut(ids.SHORTCUT_SCHEDULE)(composer.open_by_click)
    app.shortcut(ids.SHORTCUT_FROM_MESSAGE)(composer.open_from_message)
    app.action(ids.HOME_COMPOSE)(composer.open_by_click)


class Composer:
    """The listeners of this story, in the order in which a member meets them."""

    def __init__(self, runtime: Runtime, background: Background) -> None:
        self._runtime = runtime
        self._background = background
        self._live = LiveViews(background)
        self._saver = Saver(runtime)

    async def open_by_command(
        self, ack: AsyncAck, command: Json, context: AsyncBoltContext
    ) -> None:
        try:
            text = text_of_command(command.get("text") or "")
            await self._open(command["trigger_id"], context, text=text)
        except SlackApiError as error:
            if error.response["error"] not in ("expired_trigger_id", "invalid_trigger_id"):
                raise
            await ack(TOO_SLOW)
        else:
            await ack()

    async def open_by_click(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await self._open(body["trigger_id"], context)
        await ack()

    async def open_from_message(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        message = body["message"]
        files = [str(file.get("name") or "a file") for file in message.get("files") or []]
        text = text_of_message(message.get("text") or "")
        await self._open(body["trigger_id"], context, text=text, files=files)
        await ack()

    async def typed(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await ack()
        draft = drafts.read(body["view"])
        used = {action["action_id"] for action in body["actions"]}
        if ids.COMPOSER_DROP_FILES in used:
            draft = replace(draft, uploads=(), kept=False)
        chooses = ids.COMPOSER_REFRESH in used
        render = partial(self._render, draft, context, chooses=chooses)
        self._live.show(context.client, body["view"], render)

    async def submit(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        view, draft = body["view"], drafts.read(body["view"])
        self._demand_writer(await self._known(context))
        connected = await accounts.connected(context["workspace_id"])
        problems = drafts.problems(self._runtime, draft, connected)
        if problems:
            await self._refuse(ack, context, view, problems, partial(self._render, draft, context))
            return
        work = self._saver.save(
            context.client, draft, context["workspace_id"], str(context.user_id)
        )
        saving = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({saving}, timeout=QUICK_SECONDS)
        if not done:
            self._background.start(self._finish(saving, view["id"], draft, context))
            await ack(response_action="update", view=views.saving(draft))
        elif found := saving.result().problems:
            await self._refuse(ack, context, view, found, partial(self._render, draft, context))
        else:
            await ack()

    async def _open(
        self,
        trigger_id: str,
        context: AsyncBoltContext,
        *,
        text: str = "",
        files: list[str] | None = None,
    ) -> None:
        """Opens the form with what the database knows, before anything slow."""
        now, workspace_id = self._runtime.clock.now(), context["workspace_id"]
        member = await members.stale_member(workspace_id, str(context.user_id))
        self._demand_writer(member or await self._stranger(context))
        # Without a zone no time is proposed: it would be wrong in most places.
        draft = (
            drafts.blank(member.timezone, now, text=text)
            if member is not None
            else Draft(when=When(zone="UTC"), text=text)
        )
        notice = views.opening_notice(text, files or [])
        view = await self._render(draft, context, is_new=True, notice=notice)
        opened = await context.client.views_open(trigger_id=trigger_id, view=view)
        if member is None or now - member.checked_at > members.BELIEVED:
            self._background.start(self._find_zone(opened["view"], draft, context, notice))

    async def _known(self, context: AsyncBoltContext) -> Member:
        """Who acts, as far as the database knows: Slack waits for an answer."""
        known = await members.stale_member(context["workspace_id"], str(context.user_id))
        return known or await self._stranger(context)

    async def _stranger(self, context: AsyncBoltContext) -> Member:
        workspace_id, user_id = context["workspace_id"], str(context.user_id)
        return await members.stranger(self._runtime, workspace_id, user_id)

    def _demand_writer(self, member: Member) -> None:
        permissions.demand(permissions.may_write(member), permissions.NOT_A_WRITER)

    async def _find_zone(
        self, view: Json, draft: Draft, context: AsyncBoltContext, notice: str
    ) -> None:
        """Asks Slack for the member's zone, and shows the form in it when it is another."""
        member = await known_member(
            self._runtime,
            context.client,
            workspace_id=context["workspace_id"],
            user_id=str(context.user_id),
        )
        if member.timezone == draft.when.zone and draft.when.date:
            return
        here = drafts.blank(member.timezone, self._runtime.clock.now(), text=draft.text)
        new = await self._render(here, context, is_new=True, notice=notice)
        await self._live.replace(context.client, view, new)

    async def _render(
        self,
        draft: Draft,
        context: AsyncBoltContext,
        *,
        is_new: bool = False,
        chooses: bool = False,
        asks_twice: bool = False,
        notice: str = "",
    ) -> Json:
        form = await forms.form(
            self._runtime,
            draft,
            workspace_id=context["workspace_id"],
            user_id=str(context.user_id),
            is_new=is_new,
            chooses=chooses,
            asks_twice=asks_twice,
        )
        return views.composer(replace(form, notice=notice))

    async def _refuse(
        self,
        ack: AsyncAck,
        context: AsyncBoltContext,
        view: Json,
        problems: Problems,
        render: Any,
    ) -> None:
        """Shows every problem at its field. A field that the form lacks is shown first."""
        fields = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        asks = {ids.COMPOSER_FOLD, ids.COMPOSER_TWICE} & set(problems) - fields
        # The form has to remember what it is about to say of the time.
        if asks or ids.COMPOSER_WHEN in problems:
            new = await render(asks_twice=ids.COMPOSER_TWICE in problems)
            await self._live.replace(context.client, view, new)
        await ack(response_action="errors", errors=views.errors(problems, fields))

    async def _finish(
        self, saving: asyncio.Future[Saved], view_id: str, draft: Draft, context: AsyncBoltContext
    ) -> None:
        """Ends a form that shows "Saving…": with its success, or as the form it was before."""
        shown = asyncio.create_task(asyncio.sleep(ANSWER_SHOWN_SECONDS))
        saved, error = await _outcome(saving)
        await shown
        if saved is not None and saved.post is not None:
            view = views.scheduled(saved.due, draft.when.zone, saved.post.id)
        else:
            twice = saved is not None and ids.COMPOSER_TWICE in saved.problems
            kept = replace(draft, kept=True)
            view = await self._render(kept, context, asks_twice=twice, notice=error)
        try:
            await context.client.views_update(view_id=view_id, view=view)
        except SLACK_FAILURES:
            # The member closed it; of success the card tells.
            if error:
                await tell(context.client, str(context.user_id), views.not_stored(draft, error))


async def _outcome(saving: asyncio.Future[Saved]) -> tuple[Saved | None, str]:
    """What became of a post, and what to tell the member when nothing was stored."""
    try:
        saved = await saving
    except Exception as error:
        log.error("post not stored", error=repr(error), exc_info=error)
        return None, INCIDENT
    return saved, " ".join(each for found in saved.problems.values() for each in found)
