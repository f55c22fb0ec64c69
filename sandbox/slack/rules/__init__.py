"""What Slack accepts in blocks, views and answers.

Every check gives a list of problems, empty when all is well; each problem names the rule and the
place: `must be less than 151 characters [json-pointer:/blocks/0/text/text]`.
"""

from __future__ import annotations

from typing import Any

from sandbox.slack.rules.blocks import block, blocks_together
from sandbox.slack.rules.objects import (
    OPTION_GROUP,
    PLAIN_OPTION,
    has_one_of,
    matching_options,
    plain_text,
)
from sandbox.slack.rules.place import Place, Surface
from sandbox.slack.rules.shapes import (
    anything,
    boolean,
    both,
    choice,
    listing,
    record,
    string,
)

__all__ = ["Surface", "check_answer", "check_blocks", "check_options", "check_view"]

_VIEW_BLOCKS = both(listing(block, most=100, least=0), blocks_together)
_MESSAGE_BLOCKS = both(listing(block, most=50, least=0), blocks_together)

_ANY_VIEW = {
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
}


def _submit_for_inputs(value: Any, place: Place) -> None:
    if "submit" not in value and any(each["type"] == "input" for each in value["blocks"]):
        place.refuse("missing required field: submit (there are input blocks)")


_VIEWS = {
    "home": record({"type": choice("home"), "blocks": _VIEW_BLOCKS}, _ANY_VIEW),
    "modal": both(
        record(
            {"type": choice("modal"), "title": plain_text(24), "blocks": _VIEW_BLOCKS},
            {
                **_ANY_VIEW,
                "submit": plain_text(24),
                "close": plain_text(24),
                "clear_on_close": boolean,
                "notify_on_close": boolean,
                "submit_disabled": boolean,
            },
        ),
        _submit_for_inputs,
    ),
}

_ANSWER = {
    "text": string(40_000, least=0),
    "blocks": _MESSAGE_BLOCKS,
    "response_type": choice("in_channel", "ephemeral"),
    "replace_original": boolean,
    "delete_original": boolean,
    "thread_ts": string(20),
    "attachments": anything,
    "metadata": anything,
    "mrkdwn": boolean,
    "parse": anything,
    "unfurl_links": boolean,
    "unfurl_media": boolean,
}


_OPTIONS = both(
    record(
        {},
        {
            "options": listing(PLAIN_OPTION, most=100, least=0),
            "option_groups": listing(OPTION_GROUP, most=100, least=0),
        },
    ),
    has_one_of("options", "option_groups"),
    matching_options,
)


def check_options(answer: Any) -> list[str]:
    """What an app answers to a menu that asks it for options."""
    problems: list[str] = []
    _OPTIONS(answer, Place("", "message", problems))
    return problems


def check_view(view: Any, *, surface: Surface) -> list[str]:
    """A modal or Home view as given to `views.*` or in an ack."""
    problems: list[str] = []
    _VIEWS[surface](view, Place("/view", surface, problems))
    return problems


def check_blocks(blocks: Any) -> list[str]:
    """The blocks of a message."""
    problems: list[str] = []
    _MESSAGE_BLOCKS(blocks, Place("/blocks", "message", problems))
    return problems


def check_answer(answer: Any) -> list[str]:
    """What an app sends to a response URL or in a command's ack."""
    problems: list[str] = []
    place = Place("", "message", problems)
    both(record({}, _ANSWER), _consistent_answer)(answer, place)
    return problems


def _consistent_answer(answer: Any, place: Place) -> None:
    if answer.get("delete_original"):
        if len(answer) > 1:
            place.refuse("delete_original must be the only field")
        return
    if not (answer.get("text") or answer.get("blocks")):
        place.refuse("no_text")
    in_channel = answer.get("response_type") == "in_channel"
    if "thread_ts" in answer and (not in_channel or answer.get("replace_original") is not False):
        place.refuse("thread_ts needs response_type in_channel and replace_original false")
