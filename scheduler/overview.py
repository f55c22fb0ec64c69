"""What a member should see first: posts that wait for them, posts that come next, and posts that an
account would keep from going out.

Lists are read along partial indexes, in order and no further than they are shown, so that their
cost depends on the page and not on how many posts a workspace has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from scheduler import posts, rules
from scheduler.database import get_connection
from scheduler.models import Account, Delivery, Post
from scheduler.posts import Found
from scheduler.sql import fetch
from scheduler.states import CHANGEABLE, NEEDS_PERSON, PostState

PAGE = 20
# As the partial indexes say it, word for word: SQLite uses them for nothing else.
_OPEN = "{0}.state NOT IN ('published', 'cancelled', 'posted_manually', 'failed', 'missed')"
_STOPPED = "{0}.state IN ('failed', 'missed', 'unconfirmed')"
_ASKS = f"{_STOPPED} AND ({{0}}.state <> 'unconfirmed' OR {{0}}.asked_at IS NOT NULL)"
_HELD = "{0}.state = 'held'"
_LIVE = "{0}.published_at IS NOT NULL"


class Show(StrEnum):
    """Which posts a list shows."""

    COMING = "coming"  # What may still go out, soonest first.
    HELD = "held"  # What waits for an approval, soonest first.
    WAITING = "waiting"  # What failed, was missed or is asked about, newest first.
    PUBLISHED = "published"  # What is live, newest first.


_LISTS = {
    Show.COMING: (_OPEN, "due_at", ">"),
    Show.HELD: (_HELD, "due_at", ">"),
    Show.WAITING: (_ASKS, "since", "<"),
    Show.PUBLISHED: (_LIVE, "published_at", "<"),
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """Which part of the schedule somebody looks at. Without an author, everybody's; without an
    account, at all of them. Pages count from 0."""

    show: Show = Show.COMING
    author: str | None = None
    account_id: int | None = None
    page: int = 0


@dataclass(frozen=True, kw_only=True)
class Page:
    """The posts of a page, each with the instant by which it stands in order, and whether more
    follow."""

    posts: Sequence[tuple[datetime, Found]]
    has_more: bool


@dataclass(frozen=True, kw_only=True)
class Risk:
    """The posts that are on their way to an account: the soonest with their times, and how many
    there are in all."""

    soonest: Sequence[tuple[datetime, Found]]
    count: int


async def page(workspace_id: int, look: Look, *, size: int = PAGE) -> Page:
    """One page of the posts of a workspace."""
    return (await pages(workspace_id, [(look, size)]))[0]


async def pages(workspace_id: int, looks: Sequence[tuple[Look, int]]) -> list[Page]:
    """Several pages at once, each of a look and with so many posts; what they show is read
    together."""
    rows = [await _rows(workspace_id, look, size) for look, size in looks]
    shown = [
        [row["post_id"] for row in each[:size]] for each, (_, size) in zip(rows, looks, strict=True)
    ]
    ids = list(dict.fromkeys(id_ for each in shown for id_ in each))
    there = await Post.filter(id__in=ids) if ids else []
    known = {each.post.id: each for each in await posts.gather(there)}
    return [
        Page(
            posts=[(_instant(known[id_], look.show), known[id_]) for id_ in listed if id_ in known],
            has_more=len(found) > size,
        )
        for found, listed, (look, size) in zip(rows, shown, looks, strict=True)
    ]


async def to_approve(workspace_id: int, member_id: str, *, limit: int) -> list[Found]:
    """Posts about which a member may decide, soonest first; looked for among the next page of those
    that wait for an approval."""
    waiting = [found for _, found in (await page(workspace_id, Look(show=Show.HELD))).posts]
    if not waiting:
        return []
    people = await rules.deciders_of(workspace_id, {found.post.author for found in waiting})
    mine = [
        found
        for found in waiting
        if found.post.state is PostState.SUBMITTED and member_id in people[found.post.author]
    ]
    return mine[:limit]


async def at_risk(account: Account, *, limit: int = 5) -> Risk:
    """The posts that do not go out while this account cannot be used."""
    states = list(CHANGEABLE - NEEDS_PERSON)
    query = Delivery.filter(account_id=account.id, state__in=states, part=0)
    rows = await query.order_by("due_at", "id").limit(limit)
    known = {each.id: each for each in await Post.filter(id__in=[row.post_id for row in rows])}
    found = await posts.gather([known[row.post_id] for row in rows])
    soonest = [(row.due_at, each) for row, each in zip(rows, found, strict=True)]
    return Risk(soonest=soonest, count=await query.count())


async def _rows(workspace_id: int, look: Look, size: int) -> list[dict[str, Any]]:
    """The ids of the posts of a page and one more, each once: by the first of its deliveries that
    belongs to the list."""
    where, column, later = _LISTS[look.show]
    direction = "ASC" if later == ">" else "DESC"
    parameters: list[Any] = [workspace_id, size + 1, max(0, look.page) * size]
    mine = twin = ""
    if look.author is not None:
        parameters.append(look.author)
        mine += f" AND p.author = ?{len(parameters)}"
    if look.account_id is not None:
        parameters.append(look.account_id)
        mine += f" AND d.account_id = ?{len(parameters)}"
        twin = f" AND e.account_id = ?{len(parameters)}"
    return await fetch(
        get_connection(),
        f"SELECT d.post_id FROM delivery AS d JOIN post AS p ON p.id = d.post_id"
        f" WHERE d.workspace_id = ?1 AND {where.format('d')}{mine}"
        f" AND NOT EXISTS (SELECT 1 FROM delivery AS e WHERE e.post_id = d.post_id"
        f" AND e.id < d.id AND {where.format('e')}{twin})"
        f" ORDER BY d.{column} {direction}, d.id {direction} LIMIT ?2 OFFSET ?3",
        parameters,
    )


def _instant(found: Found, show: Show) -> datetime:
    published = [each.published_at for each in found.deliveries if each.published_at]
    if show is Show.PUBLISHED and published:
        return max(published)
    return found.post.due_at or found.post.updated_at
