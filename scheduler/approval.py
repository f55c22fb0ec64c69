"""What approvers decide about posts. Which posts need them, and who they are, stands in `rules`.

A post that needs approvals has its accounts and its time, but its deliveries are `held`: no move
leads from there to a worker but `approve`, which is made here, in the transaction that counts the
last approval. Approvals count for one revision; every change of text or time makes another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from scheduler import deliveries, posts, rules, states
from scheduler.backoff import stage_at
from scheduler.database import transaction
from scheduler.deliveries import Step
from scheduler.models import Decision, Delivery, Post
from scheduler.post_errors import NotAnApprover, TooLate
from scheduler.post_rows import PRIORITY_NOW, Ref, note
from scheduler.runtime import Runtime
from scheduler.states import PostState, State

CHANGED = (
    "This post was changed since that button was shown, so nothing was decided. Read it as it is "
    "now, then decide."
)


class Overtaken(TooLate):
    """The post is not what the approver saw."""


@dataclass(frozen=True, kw_only=True)
class Review:
    """How the approval of a post stands. `people` may decide about it, in this order."""

    needed: int
    people: tuple[str, ...]
    decisions: tuple[Decision, ...] = ()

    @property
    def approved_by(self) -> tuple[str, ...]:
        return tuple(each.user_id for each in self.decisions if each.is_approved)

    @property
    def silent(self) -> tuple[str, ...]:
        """Those who have not answered."""
        answered = {each.user_id for each in self.decisions}
        return tuple(person for person in self.people if person not in answered)


async def review_of(post: Post) -> Review:
    """Who may decide about a post, and what they said of it as it is."""
    wanted, people = await rules.asked(post)
    said = Decision.filter(post_id=post.id, revision=post.revision).order_by("id")
    return Review(
        needed=max(1, min(wanted, len(people))), people=people, decisions=tuple(await said)
    )


async def approve(
    runtime: Runtime, ref: Ref, revision: int, *, publishes_now: bool = False
) -> Review:
    """Counts the approval of `ref.actor` for a revision; the last one that is needed lets the post
    go out at its time, or at once. Raises `NoSuchPost`, `NotAnApprover`, `Overtaken`, or `TooLate`
    when its time has passed and nobody said that it may go out late."""
    found, review = await _asked(ref)
    now = runtime.clock.now()
    async with transaction() as connection:
        await _take(connection, found, revision, now, from_=(PostState.SUBMITTED,))
        fresh = await _note_decision(connection, ref, revision, now, is_approved=True)
        yes = await _approvals(connection, ref.post_id, revision)
        post = await Post.filter(id=ref.post_id).using_db(connection).get()
        if len(yes) >= review.needed:
            await _release(connection, found, post, ref, now, publishes_now=publishes_now)
            await _tell(connection, post, "post.approved", ref, now)
        elif fresh:
            await _tell(connection, post, "post.endorsed", ref, now)
    runtime.due_now.set()
    return await review_of(await Post.get(id=ref.post_id))


async def request_changes(runtime: Runtime, ref: Ref, revision: int, reason: str) -> None:
    """Gives a post back to its author, with the reason. Raises `NoSuchPost`, `NotAnApprover`,
    `Overtaken`."""
    found, _ = await _asked(ref)
    now = runtime.clock.now()
    async with transaction() as connection:
        await _take(connection, found, revision, now, from_=(PostState.SUBMITTED,))
        await _note_decision(connection, ref, revision, now, is_approved=False, reason=reason)
        post = await Post.filter(id=ref.post_id).using_db(connection).get()
        due = post.due_at if post.due_at and post.due_at > now else None
        news = {"state": PostState.RETURNED, "review_at": due}
        await Post.filter(id=ref.post_id).using_db(connection).update(**news)
        await _tell(connection, post, "post.returned", ref, now, reason=reason)


async def _asked(ref: Ref) -> tuple[posts.Found, Review]:
    found = await posts.find(ref.workspace_id, ref.post_id)
    review = await review_of(found.post)
    if ref.actor not in review.people:
        raise NotAnApprover(who_can(found.post, review, ref.actor))
    return found, review


def who_can(post: Post, review: Review, actor: str) -> str:
    """The sentence for somebody who may not decide about a post."""
    names = " or ".join(f"<@{person}>" for person in review.people[:5])
    if not names:
        return (
            "Nobody can approve posts here yet. An admin names approvers with "
            "`/schedule-post settings`."
        )
    own = " Nobody approves their own post while somebody else can." if actor == post.author else ""
    return f"Only approvers of this workspace can decide that.{own} Ask {names}."


async def _take(
    connection: BaseDBAsyncClient,
    found: posts.Found,
    revision: int,
    now: datetime,
    *,
    from_: Collection[PostState],
) -> None:
    """Locks a post, after its deliveries, if it is still what the approver saw."""
    await deliveries.lock(connection, [each.id for each in found.deliveries])
    same = Post.filter(id=found.post.id, revision=revision, state__in=list(from_))
    if not await same.using_db(connection).update(updated_at=now):
        raise Overtaken(_how_it_is(await Post.filter(id=found.post.id).using_db(connection).get()))


def _how_it_is(post: Post) -> str:
    if post.state is PostState.SUBMITTED:
        return CHANGED
    if post.state is PostState.RETURNED:
        return (
            "Changes were requested meanwhile, so nothing was decided. When its author has changed "
            "it, you are asked again."
        )
    return f"This was settled already (it is {post.state.value}), so nothing was changed."


async def _note_decision(
    connection: BaseDBAsyncClient,
    ref: Ref,
    revision: int,
    now: datetime,
    *,
    is_approved: bool,
    reason: str = "",
) -> bool:
    """Stores what an approver says, in place of what they said before. False when they only said
    it again."""
    own = {"post_id": ref.post_id, "revision": revision, "user_id": ref.actor}
    known = await Decision.filter(**own).using_db(connection).first()
    news = {"is_approved": is_approved, "reason": reason, "at": now}
    if known is None:
        await Decision.create(using_db=connection, **own, **news)
    elif known.is_approved != is_approved:
        await Decision.filter(id=known.id).using_db(connection).update(**news)
    return known is None or known.is_approved != is_approved


async def _approvals(connection: BaseDBAsyncClient, post_id: str, revision: int) -> list[str]:
    said = Decision.filter(post_id=post_id, revision=revision, is_approved=True)
    return [each.user_id for each in await said.using_db(connection)]


async def _release(
    connection: BaseDBAsyncClient,
    found: posts.Found,
    post: Post,
    ref: Ref,
    now: datetime,
    *,
    publishes_now: bool,
) -> None:
    if post.due_at is not None and post.due_at <= now and not publishes_now:
        raise TooLate(
            "Its time has passed, so it does not go out unasked. Approve and publish it now, or "
            "ask its author for another time."
        )
    held = [each for each in found.deliveries if each.state is State.HELD]
    kinds = [file.kind for file in found.media]
    steps = [_approve_step(each, kinds, ref.actor, now) for each in held]
    if await deliveries.apply(connection, steps, now) != {each.id for each in held}:
        raise Overtaken(_how_it_is(post))
    due = min((step.values["due_at"] for step in steps), default=now)
    news = {"state": PostState.SCHEDULED, "due_at": due, "review_at": None}
    await Post.filter(id=post.id).using_db(connection).update(**news)


def _approve_step(delivery: Delivery, kinds: list[str], actor: str, now: datetime) -> Step:
    """At its own time, or at once when that has come."""
    due = max(delivery.due_at, now)
    values = {
        "due_at": due,
        "next_attempt_at": max(stage_at(due, kinds), now),
        "attempts": 0,
        "priority": delivery.priority if due > now else PRIORITY_NOW,
        "kind": "",
    }
    return Step(
        move=states.APPROVE, id=delivery.id, fence=delivery.fence, values=values, actor=actor
    )


async def _tell(
    connection: BaseDBAsyncClient, post: Post, kind: str, ref: Ref, now: datetime, **data: Any
) -> None:
    data = {"revision": post.revision, **data}
    await note(connection, post, kind, ref.actor, now, notice="review", data=data)
