"""Finding our own post or comment among those that Facebook lists."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from publishers._facebook_text import message, plain
from publishers._graph import Graph
from publishers._json import dicts, dig, text
from publishers._values import Content

# How far before its start a post is looked for, because clocks differ.
LOOK_BACK = timedelta(minutes=2)
_ATTACHMENT = "media_type,target,url,unshimmed_url"
_POST_FIELDS = (
    f"id,message,created_time,permalink_url,attachments{{{_ATTACHMENT},subattachments{{target}}}}"
)


async def find_posts(
    graph: Graph, page_id: str, content: Content, photo_ids: Collection[str], since: datetime
) -> list[dict[str, Any]]:
    """The public posts since then that can be this content: by our own photos, else by what they
    say and show."""
    start = since - LOOK_BACK
    listed = graph.entries(
        f"/{page_id}/published_posts",
        fields=_POST_FIELDS,
        limit="50",
        since=str(int(start.timestamp())),
    )
    posts = [post async for post in listed if _is_since(post, start)]
    if photo_ids:
        return [post for post in posts if set(photo_ids) & _targets(post)]
    return [post for post in posts if _says(post, content)]


async def find_comments(
    graph: Graph, page_id: str, post_id: str, words: str, since: datetime
) -> list[dict[str, Any]]:
    """The Page's own comments below a post since then that say this."""
    start = since - LOOK_BACK
    listed = graph.entries(
        f"/{post_id}/comments",
        fields="id,message,created_time,permalink_url,from",
        filter="stream",
        order="reverse_chronological",
        limit="50",
    )
    return [
        comment
        async for comment in listed
        if _is_since(comment, start)
        if dig(comment, "from", "id") == page_id
        if plain(text(comment.get("message"))) == plain(words)
    ]


def _is_since(entry: dict[str, Any], start: datetime) -> bool:
    try:
        at = datetime.fromisoformat(text(entry.get("created_time")))
    except ValueError:
        return False
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) >= start


def _attachments(post: dict[str, Any]) -> list[dict[str, Any]]:
    tops = dicts(dig(post, "attachments", "data"))
    return tops + [sub for top in tops for sub in dicts(dig(top, "subattachments", "data"))]


def _targets(post: dict[str, Any]) -> set[str]:
    return {text(dig(one, "target", "id")) for one in _attachments(post)} - {""}


def _says(post: dict[str, Any], content: Content) -> bool:
    """Whether a post has this text, and this link or none. Links that people wrote into a text
    show up like attached ones."""
    if plain(text(post.get("message"))) != plain(message(content)):
        return False
    attachments = _attachments(post)
    if any(text(one.get("media_type")) in ("photo", "album", "video") for one in attachments):
        return False
    links = {text(one.get(name)) for one in attachments for name in ("url", "unshimmed_url")}
    return not content.link or not attachments or _is_among(content.link, links)


def _is_among(link: str, links: set[str]) -> bool:
    return link.rstrip("/") in {one.rstrip("/") for one in links}
