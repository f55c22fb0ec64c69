"""The calendar as a file for spreadsheets, with the columns that an import reads and those that say
how each post stands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from publishers import all_publishers
from scheduler import posts, sheets
from scheduler.import_rows import named
from scheduler.models import Post
from scheduler.posts import Found, PostError
from scheduler.states import NEEDS_PERSON, PostState, Role

#: More are a file that takes long to make and that nobody reads.
MOST_POSTS = 10_000
_BATCH = 200


@dataclass(frozen=True, kw_only=True)
class Span:
    """Which posts are wanted: due from `first` on and before `after`, at one of these accounts or,
    without any, at all of them."""

    first: datetime | None = None
    after: datetime | None = None
    account_ids: tuple[int, ...] = ()


def columns() -> tuple[str, ...]:
    """What an export says of a post, in this order."""
    variants = (f"text_{name}" for name in all_publishers())
    plain = ("text", "accounts", "date", "time", "timezone", "link", "title", "first_comment")
    told = ("files", "published", "link_to_post", "reason", "author")
    return ("id", "state", *plain, *variants, *told)


async def calendar(workspace_id: int, span: Span) -> tuple[bytes, int]:
    """A CSV file with the posts of a span in the order of their time, and how many they are; drafts
    are left out. Raises `PostError` when there are too many."""
    found = await _posts(workspace_id, span)
    if len(found) > MOST_POSTS:
        raise PostError(
            f"These are more than {MOST_POSTS:,} posts, the most for one file. Choose fewer days, "
            "or one account."
        )
    rows: list[dict[str, str]] = []
    for start in range(0, len(found), _BATCH):
        rows += [_row(each) for each in await posts.gather(found[start : start + _BATCH])]
        await asyncio.sleep(0)
    return await asyncio.to_thread(sheets.write, columns(), rows), len(rows)


async def _posts(workspace_id: int, span: Span) -> Sequence[Post]:
    query = Post.filter(workspace_id=workspace_id, due_at__isnull=False)
    query = query.exclude(state=PostState.DRAFT)
    if span.first is not None:
        query = query.filter(due_at__gte=span.first)
    if span.after is not None:
        query = query.filter(due_at__lt=span.after)
    if span.account_ids:
        query = query.filter(deliveries__account_id__in=list(span.account_ids)).distinct()
    return await query.order_by("due_at", "id").limit(MOST_POSTS + 1)


def _row(found: Found) -> dict[str, str]:
    post = found.post
    assert post.due_at is not None
    local = post.due_at.astimezone(ZoneInfo(post.timezone))
    heads = [each for each in found.deliveries if each.role is Role.POST]
    accounts = [found.accounts[each.account_id] for each in heads]
    published = [each.published_at for each in heads if each.published_at]
    links = [each.permalink for each in heads if each.permalink]
    reasons = [each.reason for each in found.deliveries if each.state in NEEDS_PERSON]
    return {
        "id": post.id,
        "state": found.summary.value,
        "text": post.text,
        "accounts": named(accounts),
        "date": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "timezone": post.timezone,
        "link": post.link,
        "title": post.title,
        "first_comment": post.first_comment,
        **{f"text_{name}": text for name, text in post.variants.items()},
        "files": " ".join(file.name for file in found.media),
        "published": f"{max(published):%Y-%m-%d %H:%M} UTC" if published else "",
        "link_to_post": " ".join(links),
        "reason": " | ".join(dict.fromkeys(filter(None, reasons))),
        "author": post.author,
    }
