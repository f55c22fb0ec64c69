"""How X reads a post's text: its weighted length, and the t.co link that replaces each URL."""

from __future__ import annotations

import html
import re
import secrets
import unicodedata
from typing import Any

MAX_WEIGHT = 280
URL_WEIGHT = 23
LIGHT_RANGES = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))

# A stand-in's idea of a link: with a scheme, or a bare name below one of the usual domains.
_URL = re.compile(
    r"https?://[^\s<>\"]+"
    r"|(?<![@\w.\-/])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
    r"(?:com|org|net|io|dev|app|info|edu|gov|eu|de|uk|fr|us|ca|jp|co|ai|me|tv)(?![\w-])"
    r"(?:/[^\s<>\"]*)?",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?'\")]}…"
_PICTURE = (
    "[\u203c-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]\ufe0f?[\U0001f3fb-\U0001f3ff]?"
)
_EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}(?:\u200d{_PICTURE})*|[0-9#*]\ufe0f?\u20e3"
)


def weight(text: str) -> int:
    """The weighted length that X compares with 280: URLs count 23, an emoji 2."""
    text = unicodedata.normalize("NFC", text)
    total, end = 0, 0
    for start, stop in find_urls(text):
        total += _plain_weight(text[end:start]) + URL_WEIGHT
        end = stop
    return total + _plain_weight(text[end:])


def is_too_long(text: str) -> bool:
    certainly_fits = len(text) <= MAX_WEIGHT // 2 and "." not in text
    return not certainly_fits and weight(text) > MAX_WEIGHT


def find_urls(text: str) -> list[tuple[int, int]]:
    """Start and end of each link, without the punctuation that follows it."""
    if "." not in text and "://" not in text:
        return []
    return [
        (match.start(), match.start() + len(match.group().rstrip(_TRAILING)))
        for match in _URL.finditer(text)
    ]


def shorten(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text as X gives it back (HTML-escaped, links behind t.co) and its `entities.urls`."""
    parts: list[str] = []
    urls: list[dict[str, Any]] = []
    length, end = 0, 0
    for start, stop in find_urls(text):
        parts.append(html.escape(text[end:start], quote=False))
        length += len(parts[-1])
        urls.append(link_entity(_with_scheme(text[start:stop]), start=length))
        parts.append(urls[-1]["url"])
        length += URL_WEIGHT
        end = stop
    parts.append(html.escape(text[end:], quote=False))
    return "".join(parts), urls


def link_entity(expanded_url: str, *, start: int) -> dict[str, Any]:
    """An entry of `entities.urls` for a new t.co link that begins at `start`."""
    return {
        "start": start,
        "end": start + URL_WEIGHT,
        "url": f"https://t.co/{secrets.token_hex(5)}",
        "expanded_url": expanded_url,
        "display_url": expanded_url.split("://", 1)[-1].removeprefix("www."),
    }


def _with_scheme(url: str) -> str:
    return url if url.lower().startswith(("http://", "https://")) else f"http://{url}"


def _plain_weight(text: str) -> int:
    if text.isascii():
        return len(text)
    rest, emoji = _EMOJI.subn("", text)
    return 2 * emoji + sum(1 if _is_light(ord(character)) else 2 for character in rest)


def _is_light(code_point: int) -> bool:
    return any(first <= code_point <= last for first, last in LIGHT_RANGES)
