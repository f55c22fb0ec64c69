"""Blocks: their fields, and the surfaces where Slack shows them.

Sources: @slack/types 3.2.0; surfaces after Slack's guidance of 2026. Blocks whose fields are not
public (container, data_table, data_visualization), that no app may send (file) or that need a
scope the bot lacks (video) are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.slack.rules.elements import (
    AS_ACCESSORY,
    BUTTON,
    IMAGE,
    IN_ACTIONS,
    IN_CONTEXT,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
)
from sandbox.slack.rules.objects import any_text, image, mrkdwn, plain_text
from sandbox.slack.rules.place import Check, Place, Surface
from sandbox.slack.rules.rich_text import RICH_TEXT
from sandbox.slack.rules.shapes import (
    Fields,
    boolean,
    both,
    choice,
    listing,
    record,
    string,
    tagged,
    url,
)

Json = dict[str, Any]

_BLOCK_ID = {"block_id": string(255)}
#: Markdown blocks of one message share this many characters.
_MARKDOWN_LIMIT = 12_000


def _block(kind: str, required: Fields, optional: Fields) -> Check:
    return record({"type": choice(kind), **required}, {**_BLOCK_ID, **optional})


def _says_something(value: Any, place: Place) -> None:
    if "text" not in value and "fields" not in value:
        place.refuse("missing required field: text or fields")


def _shows_something(value: Any, place: Place) -> None:
    if not value.keys() & {"hero_image", "title", "actions", "body"}:
        place.refuse("must have at least one of: hero_image, title, actions, body")


def _modal_only_files(value: Any, place: Place) -> None:
    if value["element"]["type"] == "file_input" and place.surface != "modal":
        place.at("element").refuse("file_input is only allowed in modals")


_CARD = both(
    _block(
        "card",
        {},
        {
            "hero_image": IMAGE,
            "icon": IMAGE,
            "title": mrkdwn(150),
            "subtitle": mrkdwn(150),
            "body": mrkdwn(200),
            "actions": listing(BUTTON, most=3),
        },
    ),
    _shows_something,
)
_CELL = tagged(
    {
        "raw_text": record({"type": choice("raw_text"), "text": string(3000)}, {}),
        "rich_text": RICH_TEXT,
    }
)
_COLUMN = record({}, {"align": choice("left", "center", "right"), "is_wrapped": boolean})
_SOURCE = record({"type": choice("url"), "url": url(3000), "text": string(3000)}, {})
_TASK = _block(
    "task_card",
    {
        "task_id": string(255),
        "title": string(3000),
        "status": choice("pending", "in_progress", "complete", "error"),
    },
    {"details": RICH_TEXT, "output": RICH_TEXT, "sources": listing(_SOURCE, most=100)},
)

_BLOCKS: dict[str, Check] = {
    "section": both(
        _block(
            "section",
            {},
            {
                "text": any_text(3000),
                "fields": listing(any_text(2000), most=10),
                "accessory": AS_ACCESSORY,
                "expand": boolean,
            },
        ),
        _says_something,
    ),
    "header": _block("header", {"text": plain_text(150)}, {}),
    "divider": _block("divider", {}, {}),
    "context": _block("context", {"elements": listing(IN_CONTEXT, most=10)}, {}),
    "actions": _block("actions", {"elements": listing(IN_ACTIONS, most=25)}, {}),
    "input": both(
        _block(
            "input",
            {"label": plain_text(2000), "element": IN_INPUT},
            {"hint": plain_text(2000), "optional": boolean, "dispatch_action": boolean},
        ),
        _modal_only_files,
    ),
    "image": image(**_BLOCK_ID, title=plain_text(2000)),
    "rich_text": RICH_TEXT,
    "markdown": _block("markdown", {"text": string(_MARKDOWN_LIMIT)}, {}),
    "alert": _block(
        "alert",
        {"text": any_text(200)},
        {"level": choice("default", "info", "warning", "error", "success")},
    ),
    "card": _CARD,
    "carousel": _block("carousel", {"elements": listing(tagged({"card": _CARD}), most=10)}, {}),
    "context_actions": _block(
        "context_actions", {"elements": listing(IN_CONTEXT_ACTIONS, most=5)}, {}
    ),
    "table": _block(
        "table",
        {"rows": listing(listing(_CELL, most=20), most=100)},
        {"column_settings": listing(_COLUMN, most=20)},
    ),
    "task_card": _TASK,
    "plan": _block(
        "plan",
        {"title": string(3000)},
        {"tasks": listing(tagged({"task_card": _TASK}), most=100)},
    ),
}

_ONLY_IN: dict[str, frozenset[Surface]] = {
    "alert": frozenset({"modal"}),
    "markdown": frozenset({"message"}),
    "plan": frozenset({"message"}),
    "task_card": frozenset({"message"}),
    "context_actions": frozenset({"message"}),
    "table": frozenset({"message", "home"}),
    "carousel": frozenset({"message", "home"}),
}

_KNOWN = tagged(_BLOCKS)


def block(value: Any, place: Place) -> None:
    """One block, on the surface of `place`."""
    before = len(place.problems)
    _KNOWN(value, place)
    if len(place.problems) > before:
        return
    allowed = _ONLY_IN.get(value["type"])
    if allowed is not None and place.surface not in allowed:
        place.refuse(f"{value['type']} blocks are not allowed in a {place.surface}")
    ids = [element["action_id"] for element in _elements(value) if "action_id" in element]
    for action_id in sorted({each for each in ids if ids.count(each) > 1}):
        place.refuse(f"action_id `{action_id}` already exists")


def blocks_together(value: list[Json], place: Place) -> None:
    """What holds across blocks that are each right by themselves."""
    ids = [each["block_id"] for each in value if "block_id" in each]
    for block_id in sorted({each for each in ids if ids.count(each) > 1}):
        place.refuse(f"block_id `{block_id}` already exists")
    focused = [e for each in value for e in _elements(each) if e.get("focus_on_load")]
    if len(focused) > 1:
        place.refuse("only one element can have focus_on_load set to true")
    written = sum(len(each["text"]) for each in value if each["type"] == "markdown")
    if written > _MARKDOWN_LIMIT:
        place.refuse(f"markdown blocks must have less than {_MARKDOWN_LIMIT + 1} characters in all")
    if sum(each["type"] == "table" for each in value) > 1:
        place.refuse("only one table is allowed")


def _elements(value: Json) -> Iterator[Json]:
    for name in ("element", "accessory"):
        if name in value:
            yield value[name]
    if value["type"] in ("actions", "context_actions"):
        yield from value["elements"]
    yield from value.get("actions", [])
