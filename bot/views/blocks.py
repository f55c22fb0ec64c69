"""Small builders of Block Kit, and texts that fit its limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

Json = dict[str, Any]

MOST_TEXT = 3000
MOST_OPTION = 75
MOST_OPTIONS = 100
MOST_MESSAGE_BLOCKS = 50
MOST_VIEW_BLOCKS = 100
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def plain(text: str, most: int = MOST_TEXT) -> Json:
    return {"type": "plain_text", "text": cut(text, most), "emoji": True}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str, accessory: Json | None = None) -> Json:
    """A paragraph of mrkdwn; what people wrote must have gone through `escape`."""
    block: Json = {"type": "section", "text": mrkdwn(text)}
    return {**block, "accessory": accessory} if accessory else block


def context(text: str, block_id: str = "") -> Json:
    block: Json = {"type": "context", "elements": [mrkdwn(text)]}
    return {**block, "block_id": block_id} if block_id else block


def header(text: str) -> Json:
    return {"type": "header", "text": plain(text, 150)}


def actions(*elements: Json, block_id: str = "") -> Json:
    block: Json = {"type": "actions", "elements": list(elements)}
    return {**block, "block_id": block_id} if block_id else block


def button(
    text: str,
    action_id: str,
    *,
    value: str = "",
    url: str = "",
    style: str = "",
    confirm: Json | None = None,
) -> Json:
    more = {"value": value, "url": url, "style": style, "confirm": confirm}
    given = {name: each for name, each in more.items() if each}
    return {"type": "button", "text": plain(text, 75), "action_id": action_id, **given}


def confirm(title: str, text: str, *, yes: str, no: str) -> Json:
    return {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
        "style": "danger",
    }


def option(text: str, value: str, description: str = "") -> Json:
    made: Json = {"text": plain(text, MOST_OPTION), "value": value}
    return {**made, "description": plain(description, MOST_OPTION)} if description else made


def field(label: str, element: Json, **more: Any) -> Json:
    """An input whose block and element have the same id; `hint` is a text."""
    hint = {"hint": plain(more.pop("hint"), 2000)} if more.get("hint") else {}
    more.pop("hint", None)
    return {
        "type": "input",
        "block_id": element["action_id"],
        "label": plain(label, 2000),
        "element": element,
        **hint,
        **more,
    }


def modal(title: str, blocks: Sequence[Json], **more: Any) -> Json:
    """A modal; `submit` and `close` are texts."""
    for name in ("submit", "close"):
        if name in more:
            more[name] = plain(more[name], 24)
    return {"type": "modal", "title": plain(title, 24), "blocks": list(blocks), **more}


def escape(text: str, most: int = MOST_TEXT) -> str:
    """What a person wrote, for mrkdwn: mentions nobody, and at most `most` long."""
    return _fit([_ENTITIES.get(character, character) for character in text], most)


def cut(text: str, most: int) -> str:
    """A text shortened to `most` characters as Slack's clients count them."""
    return text if length(text) <= most else _fit(list(text), most)


def when(instant: datetime) -> str:
    """An instant that every reader sees in their own zone."""
    fallback = f"{instant:%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(instant.timestamp())}^{{date_short_pretty}} at {{time}}|{fallback}>"


def _fit(pieces: Sequence[str], most: int) -> str:
    """As many whole pieces as fit, with an ellipsis when some are missing."""
    if length("".join(pieces)) <= most:
        return "".join(pieces)
    kept, room = 0, most - 1
    while (room := room - length(pieces[kept])) >= 0:
        kept += 1
    return "".join(pieces[:kept]) + "…"


def length(text: str) -> int:
    """How long a text is as Slack's clients count it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
