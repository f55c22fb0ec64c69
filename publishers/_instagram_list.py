"""Finding our own post, story or comment among those that Instagram lists."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Any

from publishers._graph import Graph
from publishers._instagram_media import STORY
from publishers._json import text
from publishers._values import Content

# How far before its start a post is looked for, because clocks differ.
LOOK_BACK = timedelta(minutes=2)


async def find_posts(
    graph: Graph, account_id: str, content: Content, since: datetime
) -> list[dict[str, Any]]:
    """The listed posts (`id`, `permalink`, …) since then that can be this content. Stories have a
    list of their own and no caption: only their kind and time tell them apart."""
    start = since - LOOK_BACK
    query = {"fields": "id,caption,media_type,permalink,timestamp", "limit": "50"}
    if content.place == STORY:
        listed = graph.entries(f"/{account_id}/stories", **query)
    else:
        listed = graph.entries(f"/{account_id}/media", **query, since=str(int(start.timestamp())))
    return [one async for one in listed if _is_since(one, start) and _is_like(one, content)]


async def find_by_code(graph: Graph, account_id: str, code: str) -> str:
    """The id of our post whose link has this code; empty when none of the newest has it."""
    async for one in graph.entries(f"/{account_id}/media", fields="id,permalink", limit="50"):
        if f"/{code}/" in f"{text(one.get('permalink'))}/":
            return text(one.get("id"))
    return ""


async def find_comments(
    graph: Graph, media_id: str, username: str, words: str, since: datetime
) -> list[dict[str, Any]]:
    """The account's own comments below a post since then that say this."""
    fields = "id,text,timestamp,username"
    return [
        one
        async for one in graph.entries(f"/{media_id}/comments", fields=fields, limit="50")
        if _is_since(one, since - LOOK_BACK)
        if one.get("username") in (None, username)
        if _plain(text(one.get("text"))) == _plain(words)
    ]


def _is_since(entry: dict[str, Any], start: datetime) -> bool:
    try:
        return datetime.fromisoformat(text(entry.get("timestamp"))) >= start
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
