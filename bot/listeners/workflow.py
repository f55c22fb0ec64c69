"""A workflow comes to the step "Schedule a post": the post is stored in the name of the author whom
the workflow gives, if they may write, and the step ends with its id or with what to do."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError

from bot import permissions
from bot.listeners.wording import text_of_message
from bot.slack import error_name, known_member
from bot.views import ids
from scheduler import accounts, posts
from scheduler.accounts import AccountError
from scheduler.contents import Words
from scheduler.import_rows import chosen_accounts
from scheduler.models import Member, Post
from scheduler.posts import NewPost, NoSuchPost, PostError, SaidBefore, UnknownAccount, WrongTime
from scheduler.runtime import Runtime

Json = dict[str, Any]

log = structlog.get_logger(__name__)

# Of the alphabet of post ids: no letters that look alike.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
# The workflow was ended otherwise.
_OVER = frozenset({"execution_not_in_running_state", "function_execution_not_found"})
_NOBODY = "Slack does not know the author of this post. Choose a member of this workspace."
_NO_TIME = "The time of this post cannot be read. Give the step a date and a time."


def register(app: AsyncApp, runtime: Runtime) -> None:
    story = Step(runtime)
    app.function(ids.STEP, auto_acknowledge=False)(story.run)


class Step:
    """The listener of this story. Slack sends the event again when it got no answer: the id of the
    post follows from that of the run, so that a run stores one post."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self, ack: AsyncAck, context: AsyncBoltContext, inputs: Json) -> None:
        run = str(context.function_execution_id)
        try:
            post = await self._stored(context, inputs, _id_of(run))
        except (PostError, AccountError) as error:
            await self._end(context, run, error=str(error))
        except Exception as error:
            incident = secrets.token_hex(4)
            log.error("incident", incident=incident, error=repr(error), exc_info=error)
            said = f"Something went wrong in Postbot and nothing was stored: {incident}."
            await self._end(context, run, error=said)
        else:
            await self._end(context, run, post=post)
        await ack()

    async def _stored(self, context: AsyncBoltContext, inputs: Json, post_id: str) -> Post:
        """The post of this run, stored now or before. Raises `PostError` or `AccountError`."""
        workspace_id = context["workspace_id"]
        try:
            return (await posts.find(workspace_id, post_id)).post
        except NoSuchPost:
            author = await self._author(context, str(inputs.get(ids.STEP_AUTHOR) or ""))
        known = await accounts.connected(workspace_id)
        chosen, problems = chosen_accounts(str(inputs.get(ids.STEP_ACCOUNTS) or ""), known)
        if problems:
            raise UnknownAccount(f"The accounts of this post: {' '.join(problems)}")
        new = NewPost(
            workspace_id=workspace_id,
            author=author.user_id,
            words=Words(text=text_of_message(str(inputs.get(ids.STEP_TEXT) or ""))),
            account_ids=tuple(each.id for each in chosen),
            timezone=author.timezone,
            due_at=_instant(inputs.get(ids.STEP_TIME)),
            id=post_id,
            is_vouched=False,
        )
        try:
            return await posts.schedule(self._runtime, new)
        except SaidBefore as error:
            raise PostError(
                f"@{error.account.username} has the same post already, so it was not scheduled "
                "again. Change its text."
            ) from error

    async def _author(self, context: AsyncBoltContext, user_id: str) -> Member:
        if not user_id:
            raise PostError(_NOBODY)
        member = await known_member(
            self._runtime, context.client, workspace_id=context["workspace_id"], user_id=user_id
        )
        if member.pk is None:
            raise PostError(_NOBODY)
        permissions.demand(permissions.may_write(member), permissions.NOT_A_WRITER)
        return member

    async def _end(
        self, context: AsyncBoltContext, run: str, *, post: Post | None = None, error: str = ""
    ) -> None:
        slack = context.client
        try:
            if post is not None:
                outputs = {ids.STEP_POST: post.id}
                await slack.functions_completeSuccess(function_execution_id=run, outputs=outputs)
            else:
                await slack.functions_completeError(function_execution_id=run, error=error)
        except SlackApiError as refusal:
            if error_name(refusal) not in _OVER:
                raise
            log.info("step ended otherwise", run=run, why=error_name(refusal))


def _id_of(run: str) -> str:
    digest = hashlib.sha256(f"step:{run}".encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:10])


def _instant(given: Any) -> datetime | None:
    """Nothing is "now". Raises `WrongTime`."""
    if given in (None, ""):
        return None
    try:
        return datetime.fromtimestamp(int(given), tz=UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise WrongTime(_NO_TIME) from error
