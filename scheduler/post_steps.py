"""The steps that what people do with posts is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.backends.base.client import BaseDBAsyncClient

from scheduler import rules, states
from scheduler.backoff import stage_at
from scheduler.deliveries import Step
from scheduler.media import StoredMedia
from scheduler.models import Account, Delivery, MediaFile, Post, Series
from scheduler.post_rows import Ref, note
from scheduler.runtime import Runtime
from scheduler.states import Role, State

# The kind of a delivery whose account was taken off its post: kept for the record, shown nowhere.
REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A post with all that a person may want to see of it."""

    post: Post
    deliveries: tuple[Delivery, ...]
    accounts: dict[int, Account]
    media: tuple[MediaFile, ...]
    #: Of which it is an occurrence.
    series: Series | None = None

    @property
    def summary(self) -> states.Summary:
        """How the post stands; a comment below it does not count."""
        counted = [d.state for d in self.deliveries if d.role is not Role.COMMENT]
        return states.summarize(self.post.state, counted)


def is_removed(delivery: Delivery) -> bool:
    """Whether its account was taken off the post."""
    return delivery.state is State.CANCELLED and delivery.kind == REMOVED


async def asks_anew(found: Found, ref: Ref) -> bool:
    """Whether a change by this person needs an approval. What is held stays held, whoever changes
    it: only approvers release it."""
    if any(delivery.state is State.HELD for delivery in found.deliveries):
        return True
    return await rules.is_demanded(ref.workspace_id, ref.actor, found.accounts.values())


async def submit(connection: BaseDBAsyncClient, post: Post, actor: str, now: datetime) -> None:
    """Has approvers asked about a post as it is stored by now."""
    stored_now = await Post.filter(id=post.id).using_db(connection).get()
    data = {"revision": stored_now.revision}
    await note(connection, post, "post.submitted", actor, now, notice="review", data=data)


def hold_step(delivery: Delivery, due: datetime, priority: int, actor: str) -> Step:
    """Keeps a delivery from going out before approvers release it."""
    values = {
        "due_at": due,
        "next_attempt_at": None,
        "attempts": 0,
        "priority": priority,
        "kind": "",
    }
    return Step(move=states.HOLD, id=delivery.id, fence=0, values=values, actor=actor)


def rearm_step(
    delivery: Delivery,
    due: datetime,
    priority: int,
    files: Sequence[StoredMedia],
    actor: str,
    now: datetime,
) -> Step:
    """Gives a delivery its time and all its attempts anew."""
    values = {
        "due_at": due,
        "next_attempt_at": max(stage_at(due, [file.kind for file in files]), now),
        "attempts": 0,
        "priority": priority,
        "kind": "",
    }
    return Step(move=states.REARM, id=delivery.id, fence=0, values=values, actor=actor)


def why_not(found: Found, done: str, delivery_id: int | None = None) -> str:
    """What to tell somebody who came too late."""
    relevant = [d for d in found.deliveries if delivery_id in (None, d.id)]
    known = {d.state for d in relevant}
    if known & {State.PUBLISHING, State.UNCONFIRMED}:
        return (
            f"It may already be out, so it cannot be {done} now. Its card will say what happened."
        )
    word = " and ".join(sorted(state.value.replace("_", " ") for state in known)) or "gone"
    return f"This was handled already (it is {word}), so nothing was changed."


def wake(runtime: Runtime, due: datetime) -> None:
    """Tells the dispatcher of this process that something is due."""
    if due <= runtime.clock.now():
        runtime.due_now.set()
