"""The list of an account's posts: its query, the choice of posts, and how a post looks there."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.x import problems
from sandbox.x.query import check_names, read_list
from sandbox.x.world import Post

KNOWN = frozenset(
    {
        "max_results",
        "pagination_token",
        "start_time",
        "end_time",
        "since_id",
        "until_id",
        "exclude",
        "tweet.fields",
        "post.fields",
    }
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", re.ASCII)
_ID = re.compile(r"\d{1,19}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Query:
    """What a caller wants of the list; ids are exclusive, `start` inclusive, `end` exclusive."""

    most: int
    start: float
    end: float
    since_id: int
    until_id: int
    without_replies: bool
    fields: frozenset[str]


def read_query(query: Mapping[str, str]) -> Query:
    """The query of GET /2/users/{id}/tweets, or the refusal."""
    check_names(query, KNOWN)
    return Query(
        most=_most(query),
        start=_instant(query, "start_time", 0),
        end=_instant(query, "end_time", float("inf")),
        since_id=_id(query, "since_id", 0),
        until_id=min(_id(query, "until_id", 10**19), _page_start(query)),
        without_replies="replies" in read_list(query, "exclude"),
        fields=read_list(query, "tweet.fields")
        | read_list(query, "post.fields", known_as="tweet.fields"),
    )


def select(
    posts: Iterator[Post], query: Query, *, visible_until: float
) -> tuple[list[Post], dict[str, Any]]:
    """One page of the posts, which come newest first, and its `meta`."""
    page: list[Post] = []
    for post in posts:
        if int(post.created_at) < query.start or int(post.id) <= query.since_id:
            break
        if post.created_at <= visible_until and _wanted(post, query):
            page.append(post)
        if len(page) > query.most:
            break
    more, page = len(page) > query.most, page[: query.most]
    meta: dict[str, Any] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if more:
        meta["next_token"] = base64.b32hexencode(page[-1].id.encode()).decode().rstrip("=").lower()
    return page, meta


def show_post(post: Post, fields: frozenset[str]) -> dict[str, Any]:
    """The post with the fields asked for; X gives `created_at` to the whole second only."""
    shown: dict[str, Any] = {"id": post.id, "text": post.shown}
    created = datetime.fromtimestamp(int(post.created_at), UTC)
    if "created_at" in fields:
        shown["created_at"] = created.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if "author_id" in fields:
        shown["author_id"] = post.account.id
    if "entities" in fields and post.urls:
        shown["entities"] = {"urls": post.urls}
    if "attachments" in fields and post.media:
        shown["attachments"] = {"media_keys": [one.key for one in post.media]}
    if "referenced_tweets" in fields and post.reply_to:
        shown["referenced_tweets"] = [{"type": "replied_to", "id": post.reply_to}]
    return shown


def _wanted(post: Post, query: Query) -> bool:
    return (
        int(post.created_at) < query.end
        and int(post.id) < query.until_id
        and not (query.without_replies and post.reply_to)
    )


def _most(query: Mapping[str, str]) -> int:
    value = query.get("max_results", "10")
    if not value.isdecimal() or not 5 <= int(value) <= 100:
        raise problems.invalid(
            f"The `max_results` query parameter value [{value}] is not between 5 and 100",
            parameters={"max_results": [value]},
        )
    return int(value)


def _instant(query: Mapping[str, str], name: str, default: float) -> float:
    if name not in query:
        return default
    try:
        if not _TIME.fullmatch(query[name]):
            raise ValueError
        return datetime.fromisoformat(query[name]).replace(microsecond=0).timestamp()
    except ValueError as error:
        raise problems.invalid(
            f"The `{name}` query parameter value [{query[name]}] is not a valid RFC3339 date time",
            parameters={name: [query[name]]},
        ) from error


def _id(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, str(default))
    if name in query and not _ID.fullmatch(value):
        raise problems.invalid(
            f"The `{name}` query parameter value [{value}] does not match ^[0-9]{{1,19}}$",
            parameters={name: [value]},
        )
    return int(value)


def _page_start(query: Mapping[str, str]) -> int:
    token = query.get("pagination_token")
    if token is None:
        return 10**19
    try:
        return int(base64.b32hexdecode(token.upper() + "=" * (-len(token) % 8)))
    except (binascii.Error, ValueError) as error:
        raise problems.invalid(
            f"The `pagination_token` query parameter value [{token}] is not valid",
            parameters={"pagination_token": [token]},
        ) from error
