"""Looks after posts that wait for approvals: reminds approvers ahead of the time, and says when it
came without them. Nothing is sent from here: each is an event, written once, whoever looks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scheduler.database import transaction
from scheduler.models import Post
from scheduler.post_rows import note
from scheduler.rules import WAITING
from scheduler.runtime import Runtime
from scheduler.states import PostState

TICK_SECONDS = 2.0
_AT_ONCE = 500


async def tick(runtime: Runtime) -> int:
    """Writes what is due now; returns how many events."""
    now = runtime.clock.now()
    due = Post.filter(review_at__lte=now).order_by("review_at").limit(_AT_ONCE)
    return sum([await _look_at(post, now) for post in await due])


async def _look_at(post: Post, now: datetime) -> int:
    kind, again = _what(post, now)
    # Whoever was there first moved `review_at` on.
    same = Post.filter(id=post.id, revision=post.revision, state=post.state, review_at__lte=now)
    async with transaction() as connection:
        if not await same.using_db(connection).update(review_at=again) or not kind:
            return 0
        data: dict[str, Any] = {"revision": post.revision}
        await note(connection, post, kind, "reminder", now, notice="review", data=data)
    return 1


def _what(post: Post, now: datetime) -> tuple[str, datetime | None]:
    """The event that is due, and when to look again."""
    if post.state not in WAITING:
        return "", None
    if post.due_at is not None and post.due_at <= now:
        return "post.unapproved", None
    return ("post.reminded" if post.state is PostState.SUBMITTED else ""), post.due_at
