"""Somebody writes a post: `/schedule-post [text]`, the shortcuts and the button of App Home open
the composer; sending it stores the post."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError

from bot import draft_problems, draft_times, drafts, forms, permissions, uploads
from bot.background import Background
from bot.clicks import allowed
from bot.draft_times import When
from bot.drafts import Draft
from bot.listeners.wording import text_of_command, text_of_message
from bot.live import LiveViews
from bot.saving import Saved, Saver
from bot.slack import SLACK_FAILURES, known_member, tell
from bot.uploads import Upload
from bot.views import compose as views
from bot.views import ids
from scheduler import accounts, members, posts, recurrence
from scheduler.models import Member
from scheduler.recurrence import Rule
from scheduler.runtime import Runtime
from scheduler.states import PostState

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
    app.action(ids.COMPOSER_PREVIEW)(composer.preview)
    app.action(ids.COMPOSER_SAVE_DRAFT)(composer.save_draft)


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
        files, left_out = uploads.of_message(message.get("files") or [])
        text = text_of_message(message.get("text") or "")
        await self._open(body["trigger_id"], context, text=text, files=files, left_out=left_out)
        await ack()

    async def typed(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await ack()
        draft = await self._read(body["view"], context)
        used = {action["action_id"] for action in body["actions"]}
        chooses = ids.COMPOSER_REFRESH in used
        render = partial(self._render, draft, context, chooses=chooses)
        self._live.show(context.client, body["view"], render)

    async def submit(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        view, draft = body["view"], await self._read(body["view"], context)
        self._demand_writer(await self._known(context))
        connected = await accounts.connected(context["workspace_id"])
        problems = draft_problems.problems(self._runtime, draft, connected)
        if problems:
            await self._refuse(ack, context, view, draft, Saved(problems=problems))
            return
        await self._check_right(draft, context)
        work = self._saver.schedule(
            context.client, draft, context["workspace_id"], str(context.user_id)
        )
        saving = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({saving}, timeout=QUICK_SECONDS)
        if not done:
            self._background.start(self._finish(saving, view["id"], draft, context))
            await ack(response_action="update", view=views.saving(draft))
        elif saving.result().problems:
            await self._refuse(ack, context, view, draft, saving.result())
        elif saving.result().series:
            await ack(response_action="update", view=self._ended(saving.result(), draft))
        else:
            await ack()

    async def save_draft(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        """The button in the form. Slack lets nobody answer it with a problem at a field."""
        view, draft = body["view"], await self._read(body["view"], context)
        self._demand_writer(await self._known(context))
        await self._check_right(draft, context)
        await ack()
        if draft.is_empty:
            await self._show(view, draft, context, notice=views.NOTHING_TO_KEEP)
            return
        if wrong := draft_problems.file_problems(draft):
            await self._show(view, draft, context, notice=draft_problems.sentence(wrong))
            return
        self._background.start(self._keep(view, draft, context))

    async def preview(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        """Lays on the form how the post would look, as the form stands at this moment."""
        draft = await self._read(body["view"], context)
        shown = await forms.preview(self._runtime, draft, workspace_id=context["workspace_id"])
        await context.client.views_push(trigger_id=body["trigger_id"], view=shown)
        await ack()

    async def _keep(self, view: Json, draft: Draft, context: AsyncBoltContext) -> None:
        """Stores a draft. The form stays while only words are stored, which takes no time."""
        about = (context["workspace_id"], str(context.user_id))
        saving = asyncio.ensure_future(self._saver.keep(context.client, draft, *about))
        done, _ = await asyncio.wait({saving}, timeout=QUICK_SECONDS)
        if not done:
            draft = replace(draft, kept=draft.uploads)
            await self._put(view["id"], views.saving(draft), context)
        saved, error = await _outcome(saving)
        if saved is not None and saved.post is not None:
            shown = await self._put(view["id"], views.kept(saved.post, draft), context)
        else:
            new = await self._again(draft, saved, context, notice=error)
            shown = await self._put(view["id"], new, context)
        if error and not shown:
            await tell(context.client, str(context.user_id), views.not_stored(draft, error))

    async def _check_right(self, draft: Draft, context: AsyncBoltContext) -> None:
        """Raises `PostError` when a stored post is open in the form that is not the member's to
        change. One that was deleted meanwhile is for whoever stores it."""
        if draft.revision:
            with contextlib.suppress(posts.NoSuchPost):
                await allowed(self._runtime, context, draft.id, revises=True)

    async def _open(
        self,
        trigger_id: str,
        context: AsyncBoltContext,
        *,
        text: str = "",
        files: tuple[Upload, ...] = (),
        left_out: Sequence[str] = (),
    ) -> None:
        """Opens the form with what the database knows, before anything slow."""
        now, workspace_id = self._runtime.clock.now(), context["workspace_id"]
        member = await members.stale_member(workspace_id, str(context.user_id))
        self._demand_writer(member or await self._stranger(context))
        # Without a zone no time is proposed: it would be wrong in most places.
        when = (
            draft_times.proposed(member.timezone, now) if member is not None else When(zone="UTC")
        )
        draft = Draft(when=when, text=text, uploads=files, kept=files)
        notice = views.opening_notice(text, left_out)
        view = await self._render(draft, context, is_new=True, notice=notice)
        opened = await context.client.views_open(trigger_id=trigger_id, view=view)
        if member is None or now - member.checked_at > members.BELIEVED:
            self._background.start(self._find_zone(opened["view"], draft, context, notice))

    async def _read(self, view: Json, context: AsyncBoltContext) -> Draft:
        return await drafts.with_tail(drafts.read(view), context["workspace_id"])

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
        there = draft_times.proposed(member.timezone, self._runtime.clock.now())
        new = await self._render(replace(draft, when=there), context, is_new=True, notice=notice)
        await self._live.replace(context.client, view, new)

    async def _render(
        self, draft: Draft, context: AsyncBoltContext, *, notice: str = "", **more: bool
    ) -> Json:
        return await forms.composer(self._runtime, context, draft, notice=notice, **more)

    async def _again(
        self, draft: Draft, saved: Saved | None, context: AsyncBoltContext, *, notice: str = ""
    ) -> Json:
        """The form of a draft that was not stored, with the questions that this came to."""
        twice = saved is not None and ids.COMPOSER_TWICE in saved.problems
        newer = saved.newer if saved is not None and saved.newer else draft.newer
        told = replace(draft, newer=newer)
        return await self._render(told, context, asks_twice=twice, notice=notice)

    async def _show(
        self, view: Json, draft: Draft, context: AsyncBoltContext, *, notice: str
    ) -> None:
        new = await self._render(draft, context, notice=notice)
        await self._live.replace(context.client, view, new)

    async def _refuse(
        self, ack: AsyncAck, context: AsyncBoltContext, view: Json, draft: Draft, saved: Saved
    ) -> None:
        """Shows every problem at its field. A field that the form lacks is shown first."""
        fields = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        asks = {ids.COMPOSER_FOLD, ids.COMPOSER_TWICE} & set(saved.problems) - fields
        # The form has to remember what it is about to say of the time.
        remembers = {ids.COMPOSER_WHEN, ids.COMPOSER_WORDS} & set(saved.problems)
        if asks or saved.newer or remembers:
            new = await self._again(draft, saved, context)
            await self._live.replace(context.client, view, new)
        await ack(response_action="errors", errors=views.errors(saved.problems, fields))

    async def _finish(
        self, saving: asyncio.Future[Saved], view_id: str, draft: Draft, context: AsyncBoltContext
    ) -> None:
        """Ends a form that shows "Saving…": with its success, or as the form it was before."""
        shown = asyncio.create_task(asyncio.sleep(ANSWER_SHOWN_SECONDS))
        saved, error = await _outcome(saving)
        await shown
        if saved is not None and (saved.post or saved.series):
            view = self._ended(saved, draft)
        else:
            kept = replace(draft, kept=draft.uploads)
            view = await self._again(kept, saved, context, notice=error)
        # Where the member closed it, the card tells of success.
        if not await self._put(view_id, view, context) and error:
            await tell(context.client, str(context.user_id), views.not_stored(draft, error))

    def _ended(self, saved: Saved, draft: Draft) -> Json:
        """What a form turns into whose post or series was stored."""
        if saved.series is not None:
            rule, now = Rule.of(saved.series.rule), self._runtime.clock.now()
            coming = [each.at for each in recurrence.first_few(rule, now)]
            return views.repeated(saved.series, coming)
        assert saved.post is not None
        waits = saved.post.state is PostState.SUBMITTED
        return views.scheduled(saved.due, draft.when.zone, saved.post.id, waits=waits)

    async def _put(self, view_id: str, view: Json, context: AsyncBoltContext) -> bool:
        """Shows a view in the place of another; False when the member closed that."""
        try:
            await context.client.views_update(view_id=view_id, view=view)
        except SLACK_FAILURES as error:
            log.info("form not shown", view=view_id, error=repr(error))
            return False
        return True


async def _outcome(saving: asyncio.Future[Saved]) -> tuple[Saved | None, str]:
    """What became of a post, and what to tell the member when nothing was stored."""
    try:
        saved = await saving
    except Exception as error:
        log.error("post not stored", error=repr(error), exc_info=error)
        return None, INCIDENT
    return saved, draft_problems.sentence(saved.problems)
