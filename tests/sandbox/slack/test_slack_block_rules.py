"""Blocks, views and answers are refused where Slack refuses them, with the rule and the place."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.slack.rules import check_answer, check_blocks, check_view
from tests.sandbox.slack.slack_stand import buttons, modal, section, text_input

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str, **more: Any) -> Json:
    return {"text": plain("Label"), "value": value, **more}


def in_input(element: Json) -> Json:
    return {"type": "input", "label": plain("Label"), "element": element}


def in_actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def accessory(element: Json) -> Json:
    return {**section("Text"), "accessory": element}


def select(count: int = 1, **more: Any) -> Json:
    options = [option(str(number)) for number in range(count)]
    return {"type": "static_select", "options": options, **more}


def radio(count: int) -> Json:
    return {**select(count), "type": "radio_buttons"}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), **more}


def image(**more: Any) -> Json:
    return {"type": "image", "alt_text": "A cat", **more}


def confirm(**more: Any) -> Json:
    usual = {"title": "Sure?", "text": "Really", "confirm": "Yes", "deny": "No"}
    return {name: plain(text) for name, text in {**usual, **more}.items()}


HEADER = {"type": "header", "text": plain("Hello")}
QUOTE = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_quote",
            "elements": [
                {"type": "text", "text": "Quoted", "style": {"bold": True}},
                {"type": "date", "timestamp": 1700000000, "format": "{date_long}"},
            ],
        }
    ],
}

BROKEN_MESSAGE_BLOCKS = {
    "unknown block": ({"type": "banner"}, "unsupported type: banner", ""),
    "no type": ({}, "missing required field: type", ""),
    "not an object": ("text", "must be an object", ""),
    "unknown key": ({"type": "divider", "colour": 1}, "invalid additional property: colour", ""),
    "empty section": (section(""), "must be more than 0 characters", "/text/text"),
    "long section": (section("x" * 3001), "must be less than 3001 characters", "/text/text"),
    "section without text": ({"type": "section"}, "missing required field: text or fields", ""),
    "eleven fields": (
        {"type": "section", "fields": [plain("x")] * 11},
        "no more than 10 items allowed",
        "/fields",
    ),
    "long field": (
        {"type": "section", "fields": [plain("x" * 2001)]},
        "must be less than 2001 characters",
        "/fields/0/text",
    ),
    "long header": (
        {"type": "header", "text": plain("x" * 151)},
        "must be less than 151 characters",
        "/text/text",
    ),
    "mrkdwn header": (
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        "must be one of: plain_text",
        "/text/type",
    ),
    "long context": (
        {"type": "context", "elements": [plain("x")] * 11},
        "no more than 10 items allowed",
        "/elements",
    ),
    "button in context": (
        {"type": "context", "elements": [button()]},
        "unsupported type: button",
        "/elements/0",
    ),
    "no actions": (in_actions(), "must have at least 1 items", "/elements"),
    "many actions": (in_actions(*[button()] * 26), "no more than 25 items allowed", "/elements"),
    "same action twice": (buttons("b", "a", "a"), "action_id `a` already exists", ""),
    "long block_id": (
        {"type": "divider", "block_id": "x" * 256},
        "must be less than 256 characters",
        "/block_id",
    ),
    "long action_id": (
        in_actions(button(action_id="x" * 256)),
        "must be less than 256 characters",
        "/elements/0/action_id",
    ),
    "long button": (
        in_actions({"type": "button", "text": plain("x" * 76)}),
        "must be less than 76 characters",
        "/elements/0/text/text",
    ),
    "long button value": (
        in_actions(button(value="x" * 2001)),
        "must be less than 2001 characters",
        "/elements/0/value",
    ),
    "relative button url": (
        in_actions(button(url="/dashboard")),
        "must be a valid URL",
        "/elements/0/url",
    ),
    "unknown style": (
        in_actions(button(style="green")),
        "must be one of: primary, danger",
        "/elements/0/style",
    ),
    "long confirm title": (
        in_actions(button(confirm=confirm(title="x" * 101))),
        "must be less than 101 characters",
        "/elements/0/confirm/title/text",
    ),
    "long confirm text": (
        in_actions(button(confirm=confirm(text="x" * 301))),
        "must be less than 301 characters",
        "/elements/0/confirm/text/text",
    ),
    "long deny": (
        in_actions(button(confirm=confirm(deny="x" * 31))),
        "must be less than 31 characters",
        "/elements/0/confirm/deny/text",
    ),
    "many options": (
        accessory(select(101)),
        "no more than 100 items allowed",
        "/accessory/options",
    ),
    "no options": (accessory(select(0)), "must have at least 1 items", "/accessory/options"),
    "options and groups": (
        accessory(select(option_groups=[{"label": plain("G"), "options": [option("x")]}])),
        "must have exactly one of: options, option_groups",
        "/accessory",
    ),
    "same option twice": (
        accessory({"type": "static_select", "options": [option("x"), option("x")]}),
        "option values must be unique",
        "/accessory",
    ),
    "long option value": (
        accessory({"type": "static_select", "options": [option("x" * 76)]}),
        "must be less than 76 characters",
        "/accessory/options/0/value",
    ),
    "long option description": (
        accessory({"type": "static_select", "options": [option("x", description=plain("x" * 76))]}),
        "must be less than 76 characters",
        "/accessory/options/0/description/text",
    ),
    "initial option elsewhere": (
        accessory(select(initial_option=option("other"))),
        "initial option was not found in options",
        "/accessory",
    ),
    "long placeholder": (
        accessory(select(placeholder=plain("x" * 151))),
        "must be less than 151 characters",
        "/accessory/placeholder/text",
    ),
    "six overflow options": (
        accessory({"type": "overflow", "options": [option(str(n)) for n in range(6)]}),
        "no more than 5 items allowed",
        "/accessory/options",
    ),
    "eleven radio buttons": (
        accessory(radio(11)),
        "no more than 10 items allowed",
        "/accessory/options",
    ),
    "text field as accessory": (
        accessory({"type": "plain_text_input"}),
        "unsupported type: plain_text_input",
        "/accessory",
    ),
    "image without alt": (
        {"type": "image", "image_url": "http://a/b"},
        "missing required field: alt_text",
        "",
    ),
    "image without source": (image(), "must have exactly one of: image_url, slack_file", ""),
    "long image url": (
        image(image_url="http://" + "x" * 3000),
        "must be less than 3001 characters",
        "/image_url",
    ),
    "long alt text": (
        {"type": "image", "image_url": "http://a/b", "alt_text": "x" * 2001},
        "must be less than 2001 characters",
        "/alt_text",
    ),
    "alert in a message": (
        {"type": "alert", "text": plain("x")},
        "alert blocks are not allowed in a message",
        "",
    ),
    "file field in a message": (
        in_input({"type": "file_input"}),
        "file_input is only allowed in modals",
        "/element",
    ),
    "long markdown": (
        {"type": "markdown", "text": "x" * 12_001},
        "must be less than 12001 characters",
        "/text",
    ),
    "video without scope": ({"type": "video"}, "unsupported type: video", ""),
    "rich text with unknown piece": (
        {"type": "rich_text", "elements": [{"type": "rich_text_table"}]},
        "unsupported type: rich_text_table",
        "/elements/0",
    ),
    "date as text": (
        in_input({"type": "datetimepicker", "initial_date_time": "1700000000"}),
        "must be an integer",
        "/element/initial_date_time",
    ),
    "date of nine digits": (
        in_input({"type": "datetimepicker", "initial_date_time": 170000000}),
        "must be between 1000000000 and 9999999999",
        "/element/initial_date_time",
    ),
    "date in another order": (
        in_input({"type": "datepicker", "initial_date": "31.12.2030"}),
        "must be YYYY-MM-DD",
        "/element/initial_date",
    ),
    "hour 24": (
        in_input({"type": "timepicker", "initial_time": "24:00"}),
        "must be HH:mm",
        "/element/initial_time",
    ),
    "unknown zone": (
        in_input({"type": "timepicker", "timezone": "Berlin"}),
        "must be an IANA time zone",
        "/element/timezone",
    ),
    "long max_length": (
        in_input({"type": "plain_text_input", "max_length": 3001}),
        "must be between 1 and 3000",
        "/element/max_length",
    ),
    "long initial value": (
        in_input({"type": "plain_text_input", "initial_value": "x" * 3001}),
        "must be less than 3001 characters",
        "/element/initial_value",
    ),
    "long label": (
        {**in_input({"type": "plain_text_input"}), "label": plain("x" * 2001)},
        "must be less than 2001 characters",
        "/label/text",
    ),
    "eleven files": (
        in_input({"type": "file_input", "max_files": 11}),
        "must be between 1 and 10",
        "/element/max_files",
    ),
}


@pytest.mark.parametrize(
    ("block", "rule", "where"), BROKEN_MESSAGE_BLOCKS.values(), ids=BROKEN_MESSAGE_BLOCKS.keys()
)
def test_a_broken_block_is_refused_with_its_rule_and_place(
    block: Any, rule: str, where: str
) -> None:
    problems = check_blocks([HEADER, block])

    assert problems == [f"{rule} [json-pointer:/blocks/1{where}]"]


RIGHT_MESSAGE_BLOCKS = {
    "section": section("x" * 3000),
    "actions": in_actions(
        button(style="primary", confirm=confirm()), select(100), {"type": "datepicker"}
    ),
    "rich text": QUOTE,
    "image": image(image_url="http://127.0.0.1/cat.png", title=plain("Cat")),
    "uploaded image": image(slack_file={"id": "F1"}),
    "overflow with link": accessory(
        {"type": "overflow", "options": [option("a", url="https://example.com")]}
    ),
    "table": {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": "A"}, QUOTE]],
        "column_settings": [{"align": "right"}],
    },
    "card": {"type": "card", "title": {"type": "mrkdwn", "text": "T"}, "actions": [button()]},
    "task card": {"type": "task_card", "task_id": "1", "title": "T", "status": "complete"},
    "checked boxes": accessory(
        {"type": "checkboxes", "options": [option("a")], "initial_options": [option("a")]}
    ),
}


@pytest.mark.parametrize("block", RIGHT_MESSAGE_BLOCKS.values(), ids=RIGHT_MESSAGE_BLOCKS.keys())
def test_a_right_block_is_accepted(block: Json) -> None:
    assert check_blocks([block]) == []


def test_a_message_has_at_most_fifty_blocks() -> None:
    problems = check_blocks([{"type": "divider"}] * 51)

    assert problems == ["no more than 50 items allowed [json-pointer:/blocks]"]


def test_block_ids_are_unique_within_a_message() -> None:
    divider = {"type": "divider", "block_id": "same"}

    assert check_blocks([divider, divider]) == [
        "block_id `same` already exists [json-pointer:/blocks]"
    ]


def test_markdown_blocks_share_one_limit() -> None:
    half = {"type": "markdown", "text": "x" * 6001}

    assert check_blocks([half, half]) == [
        "markdown blocks must have less than 12001 characters in all [json-pointer:/blocks]"
    ]


BROKEN_MODALS = {
    "long title": (
        modal(title=plain("x" * 25)),
        "must be less than 25 characters [json-pointer:/view/title/text]",
    ),
    "long submit": (
        modal(submit=plain("x" * 25)),
        "must be less than 25 characters [json-pointer:/view/submit/text]",
    ),
    "long private metadata": (
        modal(private_metadata="x" * 3001),
        "must be less than 3001 characters [json-pointer:/view/private_metadata]",
    ),
    "long callback id": (
        modal(callback_id="x" * 256),
        "must be less than 256 characters [json-pointer:/view/callback_id]",
    ),
    "101 blocks": (
        modal(*[{"type": "divider"}] * 101),
        "no more than 100 items allowed [json-pointer:/view/blocks]",
    ),
    "unknown key": (
        modal(colour="red"),
        "invalid additional property: colour [json-pointer:/view]",
    ),
    "table": (
        modal({"type": "table", "rows": [[{"type": "raw_text", "text": "A"}]]}),
        "table blocks are not allowed in a modal [json-pointer:/view/blocks/0]",
    ),
    "markdown": (
        modal({"type": "markdown", "text": "A"}),
        "markdown blocks are not allowed in a modal [json-pointer:/view/blocks/0]",
    ),
    "two focused fields": (
        modal(text_input("a", focus_on_load=True), text_input("b", focus_on_load=True)),
        "only one element can have focus_on_load set to true [json-pointer:/view/blocks]",
    ),
    "home view": (
        {**modal(), "type": "home"},
        "must be one of: modal [json-pointer:/view/type]",
    ),
}


@pytest.mark.parametrize(("view", "problem"), BROKEN_MODALS.values(), ids=BROKEN_MODALS.keys())
def test_a_broken_modal_is_refused(view: Json, problem: str) -> None:
    assert check_view(view, surface="modal") == [problem]


def test_a_form_with_inputs_needs_a_submit_button() -> None:
    view = modal(text_input("post"))
    del view["submit"]

    assert check_view(view, surface="modal") == [
        "missing required field: submit (there are input blocks) [json-pointer:/view]"
    ]


def test_a_home_view_has_no_title() -> None:
    view = {"type": "home", "blocks": [HEADER], "title": plain("Home")}

    assert check_view(view, surface="home") == [
        "invalid additional property: title [json-pointer:/view]"
    ]


def test_an_alert_is_shown_in_a_modal_only() -> None:
    alert = {"type": "alert", "level": "error", "text": plain("Check the fields")}

    assert check_view(modal(alert), surface="modal") == []
    assert check_view({"type": "home", "blocks": [alert]}, surface="home") == [
        "alert blocks are not allowed in a home [json-pointer:/view/blocks/0]"
    ]


JUNK = [None, True, 0, 3.5, "x", [], {}, [None], [{}], [[]], {"type": "x"}, {"text": 1}]


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a JSON value."""
    match value:
        case dict():
            inner = list(value.items())
        case list():
            inner = list(enumerate(value))
        case _:
            inner = []
    yield from ((*way, key) for key, _ in inner)
    for key, each in inner:
        yield from places(each, (*way, key))


def with_junk(value: Any, way: tuple[Any, ...], junk: Any) -> Any:
    """A copy whose part at the end of the way is junk."""
    if not way:
        return junk
    changed = copy.copy(value)
    changed[way[0]] = with_junk(value[way[0]], way[1:], junk)
    return changed


def test_junk_anywhere_in_a_block_never_breaks_the_check() -> None:
    right = [QUOTE, in_actions(button(confirm=confirm()), select(2)), text_input("post")]
    right += [RIGHT_MESSAGE_BLOCKS[name] for name in ("table", "card", "checked boxes", "image")]
    odd = [with_junk(block, way, junk) for block in right for way in places(block) for junk in JUNK]

    refused = [block for block in odd if check_blocks([block])]

    assert len(refused) > len(odd) * 0.8


BROKEN_ANSWERS = {
    "empty": ({}, "no_text [json-pointer:/]"),
    "unknown type": (
        {"text": "x", "response_type": "public"},
        "must be one of: in_channel, ephemeral [json-pointer:/response_type]",
    ),
    "delete and text": (
        {"text": "x", "delete_original": True},
        "delete_original must be the only field [json-pointer:/]",
    ),
    "thread of an ephemeral": (
        {"text": "x", "thread_ts": "1.1"},
        "thread_ts needs response_type in_channel and replace_original false [json-pointer:/]",
    ),
}


@pytest.mark.parametrize(("answer", "problem"), BROKEN_ANSWERS.values(), ids=BROKEN_ANSWERS.keys())
def test_a_broken_answer_is_refused(answer: Json, problem: str) -> None:
    assert check_answer(answer) == [problem]
