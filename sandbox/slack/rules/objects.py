"""Composition objects: texts, options, confirmations, images. Limits: @slack/types 3.2.0."""

from __future__ import annotations

from typing import Any

from sandbox.slack.rules.place import Check, Place
from sandbox.slack.rules.shapes import (
    boolean,
    both,
    choice,
    listing,
    record,
    string,
    tagged,
    url,
)


def plain_text(most: int) -> Check:
    fields = {"type": choice("plain_text"), "text": string(most)}
    return record(fields, {"emoji": boolean})


def mrkdwn(most: int) -> Check:
    fields = {"type": choice("mrkdwn"), "text": string(most)}
    return record(fields, {"verbatim": boolean})


def any_text(most: int) -> Check:
    return tagged({"plain_text": plain_text(most), "mrkdwn": mrkdwn(most)})


CONFIRM = record(
    {
        "title": plain_text(100),
        "text": any_text(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
    },
    {"style": choice("primary", "danger")},
)

DISPATCH = record(
    {"trigger_actions_on": listing(choice("on_enter_pressed", "on_character_entered"), most=2)}, {}
)

FILTER = record(
    {},
    {
        "include": listing(choice("im", "mpim", "private", "public"), most=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)

#: The SDK lets a value have 150 characters, Slack's own types 75: the smaller always works.
_OPTION_VALUE = string(75)

PLAIN_OPTION = record(
    {"text": plain_text(75), "value": _OPTION_VALUE}, {"description": plain_text(75)}
)
RICH_OPTION = record({"text": any_text(75), "value": _OPTION_VALUE}, {"description": any_text(75)})
OVERFLOW_OPTION = record(
    {"text": plain_text(75), "value": _OPTION_VALUE},
    {"description": plain_text(75), "url": url(3000)},
)
OPTION_GROUP = record({"label": plain_text(75), "options": listing(PLAIN_OPTION, most=100)}, {})


def has_one_of(*names: str) -> Check:
    """Exactly one of these fields."""

    def check(value: Any, place: Place) -> None:
        if sum(name in value for name in names) != 1:
            place.refuse(f"must have exactly one of: {', '.join(names)}")

    return check


SLACK_FILE = both(record({}, {"id": string(255), "url": url(3000)}), has_one_of("id", "url"))


def image(**more: Check) -> Check:
    fields = {"type": choice("image"), "alt_text": string(2000)}
    sources = {"image_url": url(3000), "slack_file": SLACK_FILE}
    return both(record(fields, {**sources, **more}), has_one_of("image_url", "slack_file"))


def matching_options(value: Any, place: Place) -> None:
    """Option values differ, and what is chosen at first is one of the options."""
    groups = value.get("option_groups", [])
    options = [*value.get("options", []), *(o for group in groups for o in group["options"])]
    values = [option["value"] for option in options]
    if len(set(values)) < len(values):
        place.refuse("option values must be unique")
    chosen = value.get("initial_options", [])
    for name in ("initial_option",) if "initial_option" in value else ():
        chosen = [value[name]]
    if any(option not in options for option in chosen):
        place.refuse("initial option was not found in options")
