"""An approver decides about a post: Approve, Approve & Publish Now, Request Changes. A button of an
older revision, a second click and somebody who is no approver decide nothing."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError

from bot import groups, permissions
from bot.background import Background
from bot.cards import Cards
from bot.clients import Clients
from bot.slack import SLACK_FAILURES, known_member, log
from bot.views import ids, notice
from bot.views import review as views
from bot.views.blocks import Json, cut, when
from bot.views.review import Verdict
from scheduler import approval, posts
from scheduler.approval import Overtaken
from scheduler.models import Member
from scheduler.posts import Found, PostError, Ref
from scheduler.runtime import Runtime

TOO_SLOW = "Slack took too long to open the form. Please press the button again."
_LATE = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})
_MOST_QUOTED = 1500


def register(app: AsyncApp, runtime: Runtime, clients: Clients, background: Background) -> None:
    story = Decisions(runtime, clients, background)
    app.action(ids.APPROVE)(story.approve)
    app.action(ids.APPROVE_NOW)(story.approve_now)
    app.action(ids.REQUEST_CHANGES)(story.open_request)
    app.view(ids.CHANGES_MODAL)(story.request_changes)


class Decisions:
    """The listeners of this story, in the order in which an approver meets them. What cannot be
    done is raised as a `PostError`, which the app shows where they acted."""

    def __init__(self, runtime: Runtime, clients: Clients, background: Background) -> None:
        self._runtime = runtime
        self._background = background
        self._cards = Cards(runtime, clients)

    async def approve(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await self._approve(ack, body, context, publishes_now=False)

    async def approve_now(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await self._approve(ack, body, context, publishes_now=True)

    async def open_request(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        verdict = _read(body)
        found, _ = await self._allowed(verdict, context)
        if verdict.revision != found.post.revision:
            raise PostError(f"{approval.CHANGED}\n{_as_it_is(found)}")
        view = views.changes(found, verdict.revision)
        try:
            await context.client.views_open(trigger_id=body["trigger_id"], view=view)
        except SlackApiError as error:
            if error.response["error"] in _LATE:
                raise PostError(TOO_SLOW) from error
            raise
        await ack()

    async def request_changes(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        verdict, reason = views.read_changes(body["view"])
        found, member = await self._allowed(verdict, context)
        if not reason:
            raise PostError("Say what must change, so that its author knows what to do.")
        ref = _ref(found, member)
        await approval.request_changes(self._runtime, ref, verdict.revision, reason)
        await ack()

    async def _approve(
        self, ack: AsyncAck, body: Json, context: AsyncBoltContext, *, publishes_now: bool
    ) -> None:
        verdict = _read(body)
        found, member = await self._allowed(verdict, context)
        try:
            await approval.approve(
                self._runtime,
                _ref(found, member),
                verdict.revision,
                publishes_now=publishes_now,
            )
        except Overtaken as error:
            fresh = await posts.find(found.post.workspace_id, found.post.id)
            self._background.start(self._cards.refresh(fresh.post.workspace_id, fresh.post.id))
            raise PostError(f"{error}\n{_as_it_is(fresh)}") from error
        await ack()
        self._settle(body, context, member)

    async def _allowed(self, verdict: Verdict, context: AsyncBoltContext) -> tuple[Found, Member]:
        """A post of the workspace that Slack vouches for, and who decides, if they may."""
        workspace_id = context["workspace_id"]
        found = await posts.find(workspace_id, verdict.post_id)
        await groups.refresh(self._runtime, context.client, workspace_id)
        # Known before they are looked for among the approvers: an admin may act for the first time.
        member = await known_member(
            self._runtime,
            context.client,
            workspace_id=workspace_id,
            user_id=str(context.user_id),
        )
        review = await approval.review_of(found.post)
        permissions.demand(
            permissions.may_decide(member, found.post, review.people),
            approval.who_can(found.post, review, member.user_id),
        )
        return found, member

    def _settle(self, body: Json, context: AsyncBoltContext, member: Member) -> None:
        """Takes the buttons off the message in a thread that was answered. Cards are shown anew by
        the notifier."""
        message = body.get("message") or {}
        if not message.get("thread_ts") or message["thread_ts"] == message["ts"]:
            return
        text = notice.said_in(message)
        line = f"<@{member.user_id}> approved it · {when(self._runtime.clock.now())}"
        about = {"channel": body["channel"]["id"], "ts": message["ts"], "text": text}
        self._background.start(_update(context, about, notice.settled(text, line)))


async def _update(context: AsyncBoltContext, about: dict[str, Any], blocks: list[Json]) -> None:
    try:
        await context.client.chat_update(**about, blocks=blocks)
    except SLACK_FAILURES as error:
        log.warning("answered message not updated", error=repr(error))


def _read(body: Json) -> Verdict:
    verdict = views.read(body["actions"][0])
    if verdict is None:
        raise posts.NoSuchPost
    return verdict


def _ref(found: Found, member: Member) -> Ref:
    return Ref(workspace_id=found.post.workspace_id, post_id=found.post.id, actor=member.user_id)


def _as_it_is(found: Found) -> str:
    """The present text of a post, for somebody who saw an older one."""
    text = cut(found.post.text.strip(), _MOST_QUOTED)
    due = f"\nIt is to go out {when(found.post.due_at)}." if found.post.due_at else ""
    lines = "\n".join(f"> {line}" for line in views.safe(text).split("\n"))
    return f"{lines}{due}" if text else due.strip()
