"""Finding one of our posts among those that X lists."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from publishers._json import dicts, dig, strings, text
from publishers._values import Content
from publishers._weighted_text import find_links

_MEDIA_PAGE = re.compile(r"/status/[0-9]+/(?:photo|video)/[0-9]+$")


def find_post(
    content: Content, media_keys: Iterable[str], posts: Iterable[dict[str, Any]]
) -> list[str]:
    """Ids of the listed posts that can be this content: by our own media keys, else by text.

    A post whose listed media are others' is not taken for ours.
    """
    keys, listed = set(media_keys), list(posts)
    by_key = [post for post in listed if keys & _keys(post)]
    same_kind = [post for post in listed if not _keys(post) or (content.media and not keys)]
    found = by_key or [post for post in same_kind if _says(post, content.text)]
    return [text(post.get("id")) for post in found]


def _keys(post: dict[str, Any]) -> set[str]:
    return set(strings(dig(post, "attachments", "media_keys")))


def _says(post: dict[str, Any], words: str) -> bool:
    return _plain(_as_written(post)) == _plain(words)


def _as_written(post: dict[str, Any]) -> str:
    """The text before X escaped it, shortened its links and hung a link to the media on it."""
    written = html.unescape(text(post.get("text")))
    for link in dicts(dig(post, "entities", "urls")):
        short, long = text(link.get("url")), text(link.get("expanded_url"))
        is_media = "media_key" in link or _MEDIA_PAGE.search(long)
        written = written.replace(short, "" if is_media else long) if short else written
    return written


def _plain(written: str) -> str:
    """A text with all that X may change taken away: form, line ends, spaces around, link style."""
    written = unicodedata.normalize("NFC", written.replace("\r\n", "\n")).strip()
    parts, end = [], 0
    for start, stop in find_links(written):
        parts += [written[end:start], _plain_link(written[start:stop])]
        end = stop
    return "".join([*parts, written[end:]])


def _plain_link(link: str) -> str:
    name, slash, rest = re.sub(r"^https?://", "", link, flags=re.IGNORECASE).partition("/")
    return f"{name.lower()}{slash}{rest}".rstrip("/")
