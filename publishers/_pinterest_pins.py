"""Finding one of our pins among those that Pinterest lists on a board."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from publishers._json import dig, text
from publishers._pinterest_media import video_of
from publishers._values import Content


def pin_fields(content: Content) -> dict[str, str]:
    """What a pin says, without its files; what is empty is left out."""
    board, _, section = content.place.partition("/")
    fields = {
        "board_id": board,
        "board_section_id": section,
        "title": content.title,
        "description": content.text,
        "link": content.link.strip(),
        "alt_text": alt_text(content),
    }
    return {name: value for name, value in fields.items() if value.strip()}


def alt_text(content: Content) -> str:
    """Pinterest has one description for all files of a pin: each of theirs on a line of its own."""
    return "\n".join(one.alt_text.strip() for one in content.media if one.alt_text.strip())


def find_pins(content: Content, pins: Iterable[dict[str, Any]], start: datetime) -> list[str]:
    """Ids of the listed pins that can be this content: created since the start, of the same kind,
    in the same section, and with the same words in every field."""
    ours = _known_by(pin_fields(content))
    return [
        text(pin.get("id"))
        for pin in pins
        if _is_candidate(pin, content, start) and _known_by(pin) == ours
    ]


def created_at(pin: dict[str, Any]) -> datetime | None:
    """Pinterest tells it in UTC without saying so; `None` where it cannot be read."""
    try:
        told = datetime.fromisoformat(text(pin.get("created_at")))
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def ends_before(page: list[dict[str, Any]], start: datetime) -> bool:
    """Whether a page lists from new to old and has passed the start, so that no later page can
    hold anything newer."""
    times = [told for told in map(created_at, page) if told]
    is_falling = times == sorted(times, reverse=True)
    return len(times) > 1 and is_falling and times[0] > times[-1] and times[-1] < start


def _is_candidate(pin: dict[str, Any], content: Content, start: datetime) -> bool:
    told = created_at(pin)
    kind = dig(pin, "media", "media_type")
    return (
        re.fullmatch(r"[0-9]{1,30}", text(pin.get("id"))) is not None
        and pin.get("is_owner") is not False
        and told is not None
        and told >= start
        and kind in (None, _kind(content))
    )


def _kind(content: Content) -> str:
    if video_of(content.media):
        return "video"
    return "multiple_images" if len(content.media) > 1 else "image"


def _known_by(pin: dict[str, Any]) -> tuple[str, ...]:
    link = _plain_link(text(pin.get("link")))
    words = [_plain(text(pin.get(name))) for name in ("title", "description", "alt_text")]
    return (text(pin.get("board_section_id")), link, *words)


def _plain(words: str) -> str:
    """A text with all taken away that may differ without anybody seeing it."""
    return " ".join(unicodedata.normalize("NFC", html.unescape(words)).split())


def _plain_link(link: str) -> str:
    name, slash, rest = re.sub(r"^https?://", "", _plain(link), flags=re.IGNORECASE).partition("/")
    return f"{name.lower()}{slash}{rest}".rstrip("/")
