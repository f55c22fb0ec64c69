"""What a member should see first: posts that wait for them, posts that come next, and posts that an
account would keep from going out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from scheduler import posts
from scheduler.models import Account, Delivery, Post
from scheduler.posts import Found
from scheduler.states import CHANGEABLE, NEEDS_PERSON, TERMINAL, State

_MOVING = [state for state in State if state not in NEEDS_PERSON | TERMINAL]


@dataclass(frozen=True, kw_only=True)
class Risk:
    """The posts that are on their way to an account: the soonest with their times, and how many
    there are in all."""

    soonest: Sequence[tuple[datetime, Found]]
    count: int


async def waiting_for(workspace_id: int, author: str, *, limit: int = 10) -> list[Found]:
    """Posts of an author with a delivery that failed, was missed, or is asked about; newest
    first."""
    asked = Q(deliveries__state=State.UNCONFIRMED, deliveries__asked_at__isnull=False)
    stopped = Q(deliveries__state__in=list(NEEDS_PERSON))
    query = _by(workspace_id, author).filter(stopped | asked).order_by("-updated_at")
    return await _found(workspace_id, query, limit)


async def coming(workspace_id: int, author: str, *, limit: int = 10) -> list[Found]:
    """Posts of an author that are still on their way, soonest first."""
    query = _by(workspace_id, author).filter(deliveries__state__in=_MOVING).order_by("due_at")
    return await _found(workspace_id, query, limit)


async def at_risk(account: Account, *, limit: int = 5) -> Risk:
    """The posts that do not go out while this account cannot be used."""
    states = list(CHANGEABLE - NEEDS_PERSON)
    query = Delivery.filter(account_id=account.id, state__in=states, part=0)
    rows = await query.order_by("due_at", "id").limit(limit)
    soonest = [(row.due_at, await posts.find(row.workspace_id, row.post_id)) for row in rows]
    return Risk(soonest=soonest, count=await query.count())


def _by(workspace_id: int, author: str) -> QuerySet[Post]:
    return Post.filter(workspace_id=workspace_id, author=author).distinct()


async def _found(workspace_id: int, query: QuerySet[Post], limit: int) -> list[Found]:
    return [await posts.find(workspace_id, post.id) for post in await query.limit(limit)]
