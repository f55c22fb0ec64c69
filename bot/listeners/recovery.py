"""Somebody puts a post right: the buttons of its card and of the messages in its thread, and the
forms behind them. A second click, an old copy and a stranger change nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot import draft_problems, draft_times, drafts, forms, permissions
from bot.background import Background
from bot.cards import Cards
from bot.clicks import allowed, open_form
from bot.clients import Clients
from bot.draft_times import When
from bot.drafts import Draft
from bot.slack import SLACK_FAILURES, log
from bot.views import compose, ids, notice, offers
from bot.views import recovery as views
from bot.views.blocks import Json, escape, when
from bot.views.offers import Press
from bot.views.recovery import Reply, Target
from bot.web.connect import connect_buttons
from scheduler import accounts, platforms, posts, rules
from scheduler.models import Delivery, Member, Post
from scheduler.posts import Found, PostError, Ref
from scheduler.runtime import Runtime

MOVED_ON = (
    "This card has moved on since that button was shown, so nothing was changed. The card says how "
    "the post stands now."
)
TOO_LONG = (
    "A part of this post is longer than its field in Slack can hold. Cancel the post and schedule "
    "it anew, or change it where it was made."
)
NOT_A_LINK = "Paste the whole address, beginning with https://, or leave this empty."


def register(app: AsyncApp, runtime: Runtime, clients: Clients, background: Background) -> None:
    story = Recovery(runtime, clients, background)
    app.action(ids.RETRY_NOW)(story.publish_now)
    app.action(ids.PUBLISH_NOW)(story.publish_now)
    app.action(ids.CANCEL)(story.cancel)
    app.action(ids.IS_NOT_LIVE)(story.deny_live)
    app.action(ids.SKIP)(story.skip)
    app.action(ids.POST_MANUALLY)(story.open_post_manually)
    app.action(ids.IS_LIVE)(story.open_confirm_live)
    app.action(ids.RESCHEDULE)(story.open_reschedule)
    app.action(ids.EDIT)(story.open_edit)
    app.action(ids.DUPLICATE)(story.duplicate)
    app.action(ids.RECONNECT)(story.reconnect)
    app.action(ids.OPEN_LINK)(story.follow_link)
    app.view(ids.MARK_POSTED)(story.mark_posted)
    app.view(ids.CONFIRM_LIVE)(story.confirm_live)
    app.view(ids.RESCHEDULE_MODAL)(story.reschedule)


@dataclass(frozen=True, kw_only=True)
class Click:
    """A click that may act, on a button that still fits."""

    press: Press
    found: Found
    member: Member
    reply: Reply | None

    @property
    def ref(self) -> Ref:
        return _ref(self.found.post, self.member)

    @property
    def deliveries(self) -> list[Delivery]:
        return offers.concerned(self.press, self.found)

    @property
    def target(self) -> Target:
        deliveries = self.deliveries
        return Target(
            post_id=self.found.post.id,
            delivery_id=deliveries[0].id if deliveries else 0,
            reply=self.reply,
        )


class Recovery:
    """The listeners of this story, in the order in which a member meets them. What cannot be done
    is raised as a `PostError`, which the app shows where the member acted."""

    def __init__(self, runtime: Runtime, clients: Clients, background: Background) -> None:
        self._runtime = runtime
        self._background = background
        self._cards = Cards(runtime, clients)

    async def publish_now(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        click = await self._clicked(body, context)
        chosen = [each.id for each in click.deliveries]
        waiting = offers.can_go_now(click.found, self._runtime.clock.now())
        if not chosen:
            await self._demand_ahead(click)
        await posts.publish_now(self._runtime, click.ref, chosen or waiting)
        await ack()
        self._settle(context, click.reply, click.member, "chose to publish it now")

    async def cancel(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        click = await self._clicked(body, context)
        await posts.cancel(self._runtime, click.ref)
        await ack()
        self._settle(context, click.reply, click.member, "called it off")

    async def deny_live(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        click = await self._clicked(body, context)
        await posts.deny_live(self._runtime, click.ref, click.target.delivery_id)
        await ack()
        said = "said that it is not live and chose to publish it now"
        self._settle(context, click.reply, click.member, said)

    async def skip(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        click = await self._clicked(body, context)
        await posts.skip_unconfirmed(self._runtime, click.ref, click.target.delivery_id)
        await ack()
        self._settle(context, click.reply, click.member, "chose to leave it as it is")

    async def open_post_manually(
        self, ack: AsyncAck, body: Json, context: AsyncBoltContext
    ) -> None:
        click = await self._clicked(body, context)
        row = click.deliveries[0]
        kit = await platforms.manual(self._runtime, row, longest_url=views.MOST_URL)
        about = (click.found, row, kit, click.target)
        plainer = views.post_manually(*about, with_images=False)
        await open_form(context, body["trigger_id"], views.post_manually(*about), plainer)
        await ack()

    async def open_confirm_live(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        click = await self._clicked(body, context)
        await open_form(
            context,
            body["trigger_id"],
            views.confirm_live(click.found, click.deliveries[0], click.target),
        )
        await ack()

    async def open_reschedule(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        click = await self._clicked(body, context, revises=True)
        proposed = self._proposed(click.found.post, click.member)
        await open_form(
            context, body["trigger_id"], views.reschedule(click.found, proposed, click.target)
        )
        await ack()

    async def open_edit(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        click = await self._clicked(body, context, revises=True)
        draft = drafts.to_edit(click.found, click.member.timezone, self._runtime.clock.now())
        await self._compose(body, context, draft, notice=compose.editing_notice(click.found))
        await ack()

    async def duplicate(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        click = await self._clicked(body, context)
        draft = drafts.to_repeat(click.found, click.member.timezone, self._runtime.clock.now())
        await self._compose(body, context, draft, notice="")
        await ack()

    async def reconnect(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        """The link is good for an hour and for one member, so no card can bear it."""
        click = await self._clicked(body, context)
        may = permissions.may_connect(click.member)
        permissions.demand(may, permissions.NOT_TO_CONNECT)
        row, workspace_id = click.deliveries[0], click.found.post.workspace_id
        ways = connect_buttons(
            self._runtime, workspace_id=workspace_id, user_id=click.member.user_id
        )
        way = next((each for each in ways if each.platform == row.platform), None)
        await open_form(context, body["trigger_id"], views.reconnect(click.found, row, way))
        await ack()

    async def follow_link(self, ack: AsyncAck) -> None:
        """The browser opens the link; Slack only tells that it was pressed."""
        await ack()

    async def mark_posted(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await self._answer_link(
            ack, body, context, posts.mark_posted, "posted it by hand", ids.MARK_POSTED_LINK
        )

    async def confirm_live(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        await self._answer_link(
            ack, body, context, posts.confirm_live, "said that it is live", ids.CONFIRM_LIVE_LINK
        )

    async def reschedule(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        view, chosen = body["view"], views.read_time(body["view"])
        target = views.read_target(view)
        found, member = await allowed(self._runtime, context, target.post_id, revises=True)
        now = self._runtime.clock.now()
        wrong = draft_times.problems(chosen, now)
        if note := _asks(chosen, wrong, view, now):
            about = (found, draft_times.read_back(chosen, now), target)
            twice = draft_times.repeated(chosen, now)
            asked = views.reschedule(*about, repeated=twice, notice=note)
            await ack(response_action="update", view=asked)
            return
        if wrong:
            errors = {place: " ".join(sentences) for place, sentences in wrong.items()}
            await ack(response_action="errors", errors=errors)
            return
        due = draft_times.instant(chosen, now)
        assert isinstance(due, datetime)
        await posts.reschedule(self._runtime, _ref(found.post, member), due, chosen.zone)
        await ack()
        self._settle(context, target.reply, member, f"moved it to {when(due)}")

    async def _demand_ahead(self, click: Click) -> None:
        """Raises `Refused` when what waits for its time needs an approval for another."""
        found = click.found
        accounts = found.accounts.values()
        demanded = await rules.is_demanded(found.post.workspace_id, click.member.user_id, accounts)
        permissions.demand(
            permissions.may_publish_ahead(click.member, is_demanded=demanded),
            permissions.NOT_AHEAD,
        )

    async def _clicked(
        self, body: Json, context: AsyncBoltContext, *, revises: bool = False
    ) -> Click:
        """Raises `PostError` when the click may change nothing, and then shows what it was on as it
        stands now."""
        press = offers.read(body["actions"][0])
        if press is None:
            raise posts.NoSuchPost
        found, member = await allowed(self._runtime, context, press.post_id, revises=revises)
        reply = _reply(body)
        if not offers.still_fits(press, found, self._runtime.clock.now()):
            self._background.start(self._cards.refresh(found.post.workspace_id, found.post.id))
            self._settle(
                context, reply, None, f"This was settled otherwise: {found.summary.value}."
            )
            raise posts.TooLate(MOVED_ON)
        return Click(press=press, found=found, member=member, reply=reply)

    async def _compose(
        self, body: Json, context: AsyncBoltContext, draft: Draft, *, notice: str
    ) -> None:
        """Opens the composer with a post in it."""
        if not draft_problems.fits_the_form(draft):
            raise PostError(TOO_LONG)
        known = {each.id for each in await accounts.connected(context["workspace_id"])}
        if set(draft.account_ids) - known:
            notice = f"{compose.ACCOUNTS_LOST} {notice}".strip()
        view = await forms.composer(self._runtime, context, draft, notice=notice)
        await open_form(context, body["trigger_id"], view)

    def _proposed(self, post: Post, member: Member) -> When:
        """The time that the post has, or the next full hours where that has passed."""
        zone, now = member.timezone, self._runtime.clock.now()
        if post.due_at is None or post.due_at <= now:
            return draft_times.proposed(zone, now)
        return draft_times.at(post.due_at, zone)

    async def _answer_link(
        self,
        ack: AsyncAck,
        body: Json,
        context: AsyncBoltContext,
        deed: Callable[..., Any],
        done: str,
        field: str,
    ) -> None:
        """A form whose only field is the link of a live post."""
        target, link = views.read_target(body["view"]), _value(body["view"], field).strip()
        if link and not _is_link(link):
            raise PostError(NOT_A_LINK)
        found, member = await allowed(self._runtime, context, target.post_id)
        await deed(self._runtime, _ref(found.post, member), target.delivery_id, link)
        await ack()
        self._settle(context, target.reply, member, done)

    def _settle(
        self, context: AsyncBoltContext, reply: Reply | None, member: Member | None, outcome: str
    ) -> None:
        """Takes the buttons off the message in a thread that was answered. The card itself is shown
        anew by the notifier."""
        if reply is not None:
            who = f"<@{member.user_id}> " if member else ""
            line = f"{who}{outcome} · {when(self._runtime.clock.now())}"
            blocks = notice.settled(reply.text, line)
            self._background.start(_update(context.client, reply, blocks))


async def _update(slack: AsyncWebClient, reply: Reply, blocks: list[Json]) -> None:
    try:
        await slack.chat_update(channel=reply.channel, ts=reply.ts, text=reply.text, blocks=blocks)
    except SLACK_FAILURES as error:
        log.warning("answered message not updated", error=repr(error))


def _reply(body: Json) -> Reply | None:
    """The message that was clicked, when it is one in a thread and not the card itself."""
    message = body.get("message") or {}
    if not message.get("thread_ts") or message["thread_ts"] == message["ts"]:
        return None
    return Reply(channel=body["channel"]["id"], ts=message["ts"], text=notice.said_in(message))


def _ref(post: Post, member: Member) -> Ref:
    return Ref(workspace_id=post.workspace_id, post_id=post.id, actor=member.user_id)


def _value(view: Json, field: str) -> str:
    return str(view["state"]["values"][field][field]["value"] or "")


def _asks(chosen: When, wrong: dict[str, list[str]], view: Json, now: datetime) -> str:
    """The question before a time may be stored: which of two, or whether its words were understood;
    mrkdwn."""
    if ids.COMPOSER_FOLD in wrong and ids.COMPOSER_FOLD not in _fields(view):
        # The choice between both times appears with the question.
        return f":warning: {escape(' '.join(wrong[ids.COMPOSER_FOLD]))}"
    if wrong and not draft_times.wrong(chosen, now):
        meant = escape(draft_times.meaning(chosen, now))
        return f"*{meant}* Press _Reschedule_ again if that is right."
    return ""


def _fields(view: Json) -> list[Any]:
    return [block.get("block_id") for block in view["blocks"]]


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    return is_web and len(text) <= views.MOST_LINK and text.isprintable() and " " not in text
