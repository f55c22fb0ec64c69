"""Finding our own post, story or comment among those that Instagram lists."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from publishers._graph import Graph
from publishers._instagram_media import STORY
from publishers._json import dicts, dig, text
from publishers._values import Content

# How far before its start a post is looked for, because clocks differ.
LOOK_BACK = timedelta(minutes=2)
MAX_PAGES = 10


async def find_posts(
    graph: Graph, account_id: str, content: Content, since: datetime
) -> list[dict[str, Any]]:
    """The listed posts (`id`, `permalink`, …) since then that can be this content. Stories have a
    list of their own and no caption: only their kind and time tell them apart."""
    edge = "stories" if content.place == STORY else "media"
    fields = "id,caption,media_type,permalink,timestamp"
    query = {"fields": fields, "limit": "50"}
    found = [one async for one in _entries(graph, f"/{account_id}/{edge}", query, since)]
    return [one for one in found if _is_like(one, content)]


async def find_by_code(graph: Graph, account_id: str, code: str) -> str:
    """The id of our post whose link has this code; empty when none of the newest has it."""
    query = {"fields": "id,permalink", "limit": "50"}
    async for one in _entries(graph, f"/{account_id}/media", query, None):
        if f"/{code}/" in f"{text(one.get('permalink'))}/":
            return text(one.get("id"))
    return ""


async def find_comments(
    graph: Graph, media_id: str, words: str, since: datetime
) -> list[dict[str, Any]]:
    """The comments below a post since then that say this."""
    query = {"fields": "id,text,timestamp,username", "limit": "50"}
    found = [one async for one in _entries(graph, f"/{media_id}/comments", query, since)]
    return [one for one in found if _plain(text(one.get("text"))) == _plain(words)]


async def _entries(
    graph: Graph, path: str, query: dict[str, str], since: datetime | None
) -> AsyncIterator[dict[str, Any]]:
    """What a list holds since then, page by page up to one with nothing that is new enough."""
    for _ in range(MAX_PAGES):
        answer = await graph.call("GET", path, params=query)
        entries = [one for one in dicts(answer.get("data")) if text(one.get("id"))]
        new = [one for one in entries if since is None or _is_since(one, since)]
        for entry in new:
            yield entry
        after = text(dig(answer, "paging", "cursors", "after"))
        if not new or not after or not dig(answer, "paging", "next"):
            return
        query = {**query, "after": after}


def _is_since(entry: dict[str, Any], since: datetime) -> bool:
    try:
        at = datetime.fromisoformat(text(entry.get("timestamp")))
        return at >= since - LOOK_BACK
    except (ValueError, TypeError):
        return False


def _is_like(entry: dict[str, Any], content: Content) -> bool:
    if text(entry.get("media_type")) not in ("", _media_type(content)):
        return False
    return content.place == STORY or _plain(text(entry.get("caption"))) == _plain(content.text)


def _media_type(content: Content) -> str:
    if len(content.media) > 1:
        return "CAROUSEL_ALBUM"
    return "VIDEO" if content.media[0].kind == "video" else "IMAGE"


def _plain(written: str) -> str:
    """A text without what Instagram may change: form, line ends, spaces at either end."""
    written = unicodedata.normalize("NFC", written.replace("\r\n", "\n"))
    return "\n".join(line.rstrip() for line in written.split("\n")).strip()
