"""Somebody comes back to what they began: `/schedule-post drafts`, and the buttons of a draft."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import drafts, forms
from bot.clicks import allowed, open_form
from bot.listeners.wording import subcommand, text_of_command
from bot.slack import respond
from bot.views import compose, ids
from bot.views import drafts as views
from scheduler import accounts, posts
from scheduler.posts import Plan, Ref
from scheduler.runtime import Runtime
from scheduler.states import PostState

Json = dict[str, Any]


def register(app: AsyncApp, runtime: Runtime) -> None:
    story = Drafts(runtime)
    app.command(ids.COMMAND, matchers=[asks_for_drafts])(story.show_list)
    app.action(ids.DRAFT_OPEN)(story.open)
    app.action(ids.DRAFT_CONTINUE)(story.go_on)
    app.action(ids.DRAFT_DELETE)(story.delete)


async def asks_for_drafts(command: Json) -> bool:
    return subcommand(text_of_command(command.get("text") or "")) == ("drafts", "")


class Drafts:
    """The listeners of this story, in the order in which a member meets them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def show_list(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack(await self._list(context))

    async def open(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        view = await self._form(body["actions"][0]["value"], context)
        await open_form(context, body["trigger_id"], view)
        await ack()

    async def go_on(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        """From the end of a form that was saved back to the form."""
        view = await self._form(body["actions"][0]["value"], context)
        await context.client.views_update(view_id=body["view"]["id"], view=view)
        await ack()

    async def delete(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        found, member = await allowed(self._runtime, context, body["actions"][0]["value"])
        ref = Ref(workspace_id=found.post.workspace_id, post_id=found.post.id, actor=member.user_id)
        await posts.delete_draft(self._runtime, ref)
        await ack()
        if context.response_url:
            left = {**await self._list(context), "replace_original": True}
            await respond(context.client, context.response_url, left)

    async def _list(self, context: AsyncBoltContext) -> Json:
        found = await posts.drafts(
            context["workspace_id"], str(context.user_id), limit=views.MOST_ROWS + 1
        )
        return views.drafts_list(found)

    async def _form(self, post_id: str, context: AsyncBoltContext) -> Json:
        found, _ = await allowed(self._runtime, context, post_id)
        if found.post.state is not PostState.DRAFT:
            raise posts.TooLate(views.NO_DRAFT)
        known = {each.id for each in await accounts.connected(found.post.workspace_id)}
        lost = [id_ for id_ in Plan.of(found.post).account_ids if id_ not in known]
        notice = compose.ACCOUNTS_LOST if lost else ""
        return await forms.composer(self._runtime, context, drafts.of_draft(found), notice=notice)
