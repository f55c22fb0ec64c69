"""Block elements, and which of them each kind of block may hold. Limits: @slack/types 3.2.0."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from sandbox.slack.rules.objects import (
    CONFIRM,
    DISPATCH,
    FILTER,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    PLAIN_OPTION,
    RICH_OPTION,
    any_text,
    has_one_of,
    image,
    matching_options,
    plain_text,
)
from sandbox.slack.rules.place import Check, Place
from sandbox.slack.rules.rich_text import RICH_TEXT
from sandbox.slack.rules.shapes import (
    Fields,
    anything,
    boolean,
    both,
    choice,
    integer,
    listing,
    pattern,
    record,
    string,
    tagged,
    url,
)

_ID = {"action_id": string(255)}
_FOCUS = {**_ID, "focus_on_load": boolean}
_CHOICE = {**_FOCUS, "confirm": CONFIRM}
_MENU = {**_CHOICE, "placeholder": plain_text(150)}
_MANY = {**_MENU, "max_selected_items": integer(1, 100)}
_TYPED = {**_FOCUS, "placeholder": plain_text(150), "dispatch_action_config": DISPATCH}
_STYLE = {"style": choice("primary", "danger"), "accessibility_label": string(75)}
_SLACK_ID = string(255)
_SLACK_IDS = listing(_SLACK_ID, most=100, least=0)
_DECIMAL = pattern(r"-?\d+(\.\d+)?", rule="must be a number in a string")
_FEEDBACK = record(
    {"text": plain_text(75), "value": string(2000)}, {"accessibility_label": string(75)}
)


def _element(kind: str, required: Fields, optional: Fields) -> Check:
    return record({"type": choice(kind), **required}, optional)


def _ordered_lengths(value: Any, place: Place) -> None:
    if value.get("min_length", 0) > value.get("max_length", 3000):
        place.refuse("min_length must not be greater than max_length")


def _zone(value: Any, place: Place) -> None:
    if not isinstance(value, str) or value not in _zones():
        place.refuse("must be an IANA time zone")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _static(kind: str, common: Fields, initial: Fields) -> Check:
    sources = {
        "options": listing(PLAIN_OPTION, most=100),
        "option_groups": listing(OPTION_GROUP, most=100),
    }
    fields = _element(kind, {}, {**common, **sources, **initial})
    return both(fields, has_one_of("options", "option_groups"), matching_options)


def _few(kind: str, initial: Fields) -> Check:
    options = {"options": listing(RICH_OPTION, most=10)}
    return both(_element(kind, options, {**_CHOICE, **initial}), matching_options)


_ONE_PLAIN = {"initial_option": PLAIN_OPTION}
_SOME_PLAIN = {"initial_options": listing(PLAIN_OPTION, most=100)}
_QUERY = {"min_query_length": integer(0, 100)}
_CURRENT = {"default_to_current_conversation": boolean, "filter": FILTER}
_URLS = {"response_url_enabled": boolean}

_MENUS: dict[str, Check] = {
    "static_select": _static("static_select", _MENU, _ONE_PLAIN),
    "external_select": _element("external_select", {}, {**_MENU, **_ONE_PLAIN, **_QUERY}),
    "users_select": _element("users_select", {}, {**_MENU, "initial_user": _SLACK_ID}),
    "conversations_select": _element(
        "conversations_select",
        {},
        {**_MENU, **_CURRENT, **_URLS, "initial_conversation": _SLACK_ID},
    ),
    "channels_select": _element(
        "channels_select", {}, {**_MENU, **_URLS, "initial_channel": _SLACK_ID}
    ),
    "multi_static_select": _static("multi_static_select", _MANY, _SOME_PLAIN),
    "multi_external_select": _element(
        "multi_external_select", {}, {**_MANY, **_SOME_PLAIN, **_QUERY}
    ),
    "multi_users_select": _element(
        "multi_users_select", {}, {**_MANY, "initial_users": _SLACK_IDS}
    ),
    "multi_conversations_select": _element(
        "multi_conversations_select", {}, {**_MANY, **_CURRENT, "initial_conversations": _SLACK_IDS}
    ),
    "multi_channels_select": _element(
        "multi_channels_select", {}, {**_MANY, "initial_channels": _SLACK_IDS}
    ),
    "radio_buttons": _few("radio_buttons", {"initial_option": RICH_OPTION}),
    "checkboxes": _few("checkboxes", {"initial_options": listing(RICH_OPTION, most=10)}),
    "datepicker": _element(
        "datepicker",
        {},
        {**_MENU, "initial_date": pattern(r"\d{4}-\d\d-\d\d", rule="must be YYYY-MM-DD")},
    ),
    "timepicker": _element(
        "timepicker",
        {},
        {
            **_MENU,
            "initial_time": pattern(r"([01]\d|2[0-3]):[0-5]\d", rule="must be HH:mm"),
            "timezone": _zone,
        },
    ),
}

_DATETIME = {
    "datetimepicker": _element(
        "datetimepicker", {}, {**_CHOICE, "initial_date_time": integer(10**9, 10**10 - 1)}
    )
}

_RICH_INPUT = {
    "rich_text_input": _element("rich_text_input", {}, {**_TYPED, "initial_value": RICH_TEXT})
}

_TYPING: dict[str, Check] = {
    "plain_text_input": both(
        _element(
            "plain_text_input",
            {},
            {
                **_TYPED,
                "initial_value": string(3000, least=0),
                "multiline": boolean,
                "min_length": integer(0, 3000),
                "max_length": integer(1, 3000),
            },
        ),
        _ordered_lengths,
    ),
    "email_text_input": _element(
        "email_text_input", {}, {**_TYPED, "initial_value": string(3000, least=0)}
    ),
    "url_text_input": _element(
        "url_text_input", {}, {**_TYPED, "initial_value": string(3000, least=0)}
    ),
    "number_input": _element(
        "number_input",
        {"is_decimal_allowed": boolean},
        {**_TYPED, "initial_value": _DECIMAL, "min_value": _DECIMAL, "max_value": _DECIMAL},
    ),
    "file_input": _element(
        "file_input",
        {},
        {**_ID, "filetypes": listing(string(255), most=100), "max_files": integer(1, 10)},
    ),
}

BUTTON = _element(
    "button",
    {"text": plain_text(75)},
    {**_ID, **_STYLE, "confirm": CONFIRM, "value": string(2000, least=0), "url": url(3000)},
)

_PRESSED: dict[str, Check] = {
    "button": BUTTON,
    "workflow_button": _element(
        "workflow_button", {"text": plain_text(75), "workflow": anything}, {**_ID, **_STYLE}
    ),
    "overflow": both(
        _element(
            "overflow",
            {"options": listing(OVERFLOW_OPTION, most=5)},
            {**_ID, "confirm": CONFIRM},
        ),
        matching_options,
    ),
}

IMAGE = image()

IN_ACTIONS = tagged({**_PRESSED, **_MENUS, **_DATETIME, **_RICH_INPUT})
IN_INPUT = tagged({**_MENUS, **_DATETIME, **_RICH_INPUT, **_TYPING})
AS_ACCESSORY = tagged({**_PRESSED, **_MENUS, "image": IMAGE})
IN_CONTEXT = tagged({"image": IMAGE, "plain_text": any_text(3000), "mrkdwn": any_text(3000)})
IN_CONTEXT_ACTIONS = tagged(
    {
        "feedback_buttons": _element(
            "feedback_buttons", {"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, _ID
        ),
        "icon_button": _element(
            "icon_button",
            {"icon": string(75), "text": plain_text(75)},
            {
                **_ID,
                "accessibility_label": string(75),
                "confirm": CONFIRM,
                "value": string(2000),
                "visible_to_user_ids": _SLACK_IDS,
            },
        ),
    }
)
