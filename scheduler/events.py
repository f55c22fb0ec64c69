"""The append-only log of what happened, written in the transaction of the change.

An event that people must hear of carries a notice: `card` (show the post's card anew), `person`
(and write to the author), `review` (and write to its approvers), `account` (write to the owner of
an account) or `member` (write to the member whom its data names). The notifier clears it when they
were told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from scheduler.database import get_connection
from scheduler.models import Event
from scheduler.sql import Row, fetch, rows_parameter, rows_source

#: Every kind of event about a post; those of deliveries stand with their moves in `states`.
POST_EVENTS: dict[str, str] = {
    "post.drafted": "Somebody began to write it.",
    "post.deleted": "It was thrown away while it was a draft.",
    "post.scheduled": "It got its accounts and its time.",
    "post.rescheduled": "Its time was changed.",
    "post.edited": "Its words, files, accounts, places or time were changed.",
    "post.cancelled": "It was called off.",
    "post.announced": "Dispatcher: an occurrence of a series is a day ahead; its card is shown.",
    "post.submitted": "Approvers are asked about it, for the first time or anew.",
    "post.endorsed": "An approver said yes; more are needed.",
    "post.approved": "Enough approvers said yes; it goes out at its time.",
    "post.returned": "An approver asked for changes; it waits for its author.",
    "post.reminded": "Its time comes closer; approvers who have not answered are reminded.",
    "post.unapproved": "Its time came without enough approvals; it is held until a person decides.",
}
#: Every kind of event about a series; its id stands in the data.
SERIES_EVENTS: dict[str, str] = {
    "series.begun": "Somebody repeats a post.",
    "series.changed": "Its text or its rule were changed.",
    "series.paused": "No posts are made of it for now.",
    "series.resumed": "Posts are made of it again.",
    "series.skipped": "One occurrence was left out.",
    "series.stopped": "Somebody ended it.",
    "series.stuck": "Dispatcher: the post of an occurrence cannot be made; its author hears why.",
    "series.missed": "Dispatcher: an occurrence passed without a post; its author hears of it.",
}
#: Every kind of event about a member.
MEMBER_EVENTS: dict[str, str] = {
    "member.digest": "Dispatcher: it is the hour at which a member wants the digest of their day.",
}
#: Every kind of event about an account.
ACCOUNT_EVENTS: dict[str, str] = {
    "account.connected": "A member connected it, for the first time or again.",
    "account.broken": "Its access ended; its owner must connect it again.",
    "account.disconnected": "A member disconnected it.",
}

#: Every kind of event about a platform.
PLATFORM_EVENTS: dict[str, str] = {
    "platform.down": "Breaker: it does not answer; somebody whose posts wait hears of it.",
    "platform.back": "Breaker: it answers again; whoever heard that it was down hears of it.",
}

#: Every kind of event about a workspace.
WORKSPACE_EVENTS: dict[str, str] = {
    "channel.lost": "Notifier: it cannot write to a channel of the settings; an admin hears of it.",
}

_ABOUT_POSTS = ["card", "person", "review"]
_COLUMNS = {
    "workspace_id": "int",
    "post_id": "text",
    "delivery_id": "bigint",
    "account_id": "int",
    "kind": "text",
    "actor": "text",
    "data": "jsonb",
    "at": "timestamptz",
    "notice": "text",
}
_LEFT_OUT: Row = {"delivery_id": None, "account_id": None, "actor": "", "data": {}, "notice": None}


async def record(connection: BaseDBAsyncClient, events: Iterable[Row]) -> None:
    """Appends events, all by one statement. Keys are the columns of the table; `delivery_id`,
    `account_id`, `actor`, `data` and `notice` may be left out."""
    complete = [{**_LEFT_OUT, **event} for event in events]
    if not complete:
        return
    names = ", ".join(_COLUMNS)
    source = rows_source(connection, _COLUMNS, alias="v")
    await fetch(
        connection,
        f"INSERT INTO event ({names}) SELECT {names} FROM {source} WHERE TRUE",
        [rows_parameter(complete)],
    )


async def is_quiet() -> bool:
    """Whether people have been told everything; cheap enough to be asked all the time."""
    statement = "SELECT 1 AS one FROM event WHERE notice IS NOT NULL LIMIT 1"
    return not await fetch(get_connection(), statement, [])


async def newest() -> int:
    """The id of what happened last; 0 when nothing ever did."""
    rows = await fetch(get_connection(), "SELECT MAX(id) AS id FROM event", [])
    return int(rows[0]["id"] or 0)


async def workspaces_since(event_id: int) -> dict[int, int]:
    """The workspaces in which something happened after an event, each with the last of it."""
    rows = await fetch(
        get_connection(),
        "SELECT workspace_id, MAX(id) AS id FROM event WHERE id > ?1 GROUP BY workspace_id",
        [event_id],
    )
    return {int(row["workspace_id"]): int(row["id"]) for row in rows}


async def subjects(limit: int, *, but: Collection[int] = ()) -> list[tuple[int, str | int]]:
    """What people must be told something about, longest waiting first: the workspace, and the id of
    a post or an account. Leaves out the workspaces in `but`."""
    rows = (
        await Event.filter(notice__in=[*_ABOUT_POSTS, "account"])
        .exclude(workspace_id__in=[*but])
        .order_by("id")
        .limit(limit)
        .values_list("workspace_id", "notice", "post_id", "account_id")
    )
    found: list[tuple[int, str | int]] = [
        (int(str(workspace_id)), int(str(account)) if notice == "account" else str(post))
        for workspace_id, notice, post, account in rows
    ]
    return list(dict.fromkeys(found))


async def untold(limit: int) -> list[str]:
    """The ids of posts about which people must be told something, longest waiting first."""
    return [each for _, each in await subjects(limit) if isinstance(each, str)]


async def pending_notices(post_id: str) -> list[Event]:
    """What people were not told yet about one post, in the order in which it happened."""
    return await Event.filter(post_id=post_id, notice__in=_ABOUT_POSTS).order_by("id")


async def untold_accounts(limit: int) -> list[int]:
    """The ids of accounts about which people must be told something, longest waiting first."""
    return [each for _, each in await subjects(limit) if isinstance(each, int)]


async def pending_of_account(account_id: int) -> list[Event]:
    """What people were not told yet about one account, in the order in which it happened."""
    return await Event.filter(account_id=account_id, notice="account").order_by("id")


async def for_members(limit: int, *, but: Collection[int] = ()) -> list[Event]:
    """What members were not told yet beside their posts, in the order in which it happened. Leaves
    out the workspaces in `but`."""
    pending = Event.filter(notice="member").exclude(workspace_id__in=[*but])
    return await pending.order_by("id").limit(limit)


async def begin_telling(event: Event, now: datetime) -> None:
    """Notes that a message about this event is about to be sent."""
    await Event.filter(id=event.id).update(notice_began_at=now)


async def not_begun(event: Event) -> None:
    """Notes that surely no message about this event was sent."""
    await Event.filter(id=event.id).update(notice_began_at=None)


async def told(events: Iterable[Event]) -> None:
    """Clears the notices of events that people have been told."""
    await Event.filter(id__in=[event.id for event in events]).update(notice=None)


async def approvers_told(events: Iterable[Event]) -> None:
    """Notes that approvers heard of events; their author may still have to."""
    asked = [event for event in events if event.notice == "review"]
    await Event.filter(id__in=[event.id for event in asked]).update(notice="person")
    for event in asked:
        event.notice = "person"


def history(post_id: str) -> Any:
    """Query of all that happened to one post, in order."""
    return Event.filter(post_id=post_id).order_by("id")
