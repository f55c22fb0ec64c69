"""What a person asks for, and the rows that it becomes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from publishers import Media
from scheduler import events, spending
from scheduler.backoff import stage_at
from scheduler.contents import Words
from scheduler.media import StoredMedia, facts_of
from scheduler.models import Account, Delivery, MediaFile, Post
from scheduler.sql import clean
from scheduler.states import PostState
from scheduler.turns import Turn

PRIORITY_NOW, PRIORITY_SCHEDULED, PRIORITY_BULK = 0, 5, 9
PRIORITIES = (PRIORITY_NOW, PRIORITY_SCHEDULED, PRIORITY_BULK)
# No letters that are mistaken for digits; ten of these 31 are nearly 50 bits.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, kw_only=True)
class Ref:
    """A post, seen from the workspace of the person who acts (`actor`, a Slack user id)."""

    workspace_id: int
    post_id: str
    actor: str


@dataclass(frozen=True, kw_only=True)
class NewPost:
    """What a person filled in. `due_at` is `None` for "now"."""

    workspace_id: int
    author: str
    words: Words
    account_ids: tuple[int, ...]
    timezone: str
    due_at: datetime | None = None
    #: The slot that it takes at each account, by account id, in place of `due_at`.
    slots: Mapping[int, datetime] = field(default_factory=dict)
    media: tuple[StoredMedia, ...] = ()
    #: Where within an account it goes, by account id; else where posts to it go by default.
    places: Mapping[int, str] = field(default_factory=dict)
    #: The same post to the same account at about the same time is meant.
    means_it_twice: bool = False
    priority: int = PRIORITY_SCHEDULED
    #: Where it was given ahead, so that what is sent twice is stored once.
    id: str = ""
    #: That of the draft with this id that becomes the post; 0 when there is none.
    revision: int = 0
    #: Of which series it is an occurrence.
    turn: Turn | None = None
    #: Slack vouches that it is the author who asks for it.
    is_vouched: bool = True


def place_of(account: Account, places: Mapping[int, str]) -> str:
    """Where within an account a post goes."""
    return places.get(account.id) or str(account.defaults.get("place", ""))


def new_id() -> str:
    """An id for a post that is not stored yet."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))


def post_row(new: NewPost, due: datetime, now: datetime) -> Post:
    """A new post, not stored yet."""
    return Post(
        id=new.id or new_id(),
        workspace_id=new.workspace_id,
        author=new.author,
        **new.words.columns(),
        state=PostState.SCHEDULED,
        due_at=due,
        timezone=new.timezone,
        series_id=new.turn.series_id if new.turn else None,
        occurrence=new.turn.day.isoformat() if new.turn else None,
        created_at=now,
        updated_at=now,
    )


def delivery_row(
    post: Post,
    account: Account,
    new: NewPost,
    files: Sequence[Media],
    due: datetime,
    now: datetime,
) -> Delivery:
    """The delivery of a post to an account, not stored yet."""
    place = place_of(account, new.places)
    content = new.words.content(account.platform, files, place=place)
    return Delivery(
        workspace_id=new.workspace_id,
        post_id=post.id,
        account_id=account.id,
        platform=account.platform,
        place=place,
        digest=content.digest,
        price=spending.price(account.platform, content),
        due_at=due,
        next_attempt_at=stage_at(due, [media.kind for media in new.media]),
        priority=new.priority if new.due_at or account.id in new.slots else PRIORITY_NOW,
        since=now,
    )


async def store_media(
    connection: BaseDBAsyncClient, post: Post, media: Sequence[StoredMedia]
) -> None:
    """Stores the files of a post in their order."""
    await MediaFile.bulk_create(
        [
            MediaFile(
                post_id=post.id,
                position=position,
                name=clean(file.name)[:255],
                key=file.key,
                size=file.size,
                sha256=file.sha256,
                **facts_of(file),
                alt_text=clean(file.alt_text),
                slack_file_id=file.slack_file_id,
            )
            for position, file in enumerate(media)
        ],
        using_db=connection,
    )


async def note(
    connection: BaseDBAsyncClient,
    post: Post,
    kind: str,
    actor: str,
    now: datetime,
    *,
    notice: str | None,
    data: dict[str, Any] | None = None,
) -> None:
    """Appends an event about a post."""
    event = {
        "workspace_id": post.workspace_id,
        "post_id": post.id,
        "kind": kind,
        "actor": actor,
        "at": now,
        "notice": notice,
        "data": data or {},
    }
    await events.record(connection, [event])
