"""Texts that are longer than one field of a form in Slack can hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.view_state import Json, typed
from bot.views import ids

#: Slack's limit for a field, in UTF-16 units as its clients count.
MOST_TYPED = 3000
#: The text, and up to three fields that continue it. A form as a whole holds no more than 250 kB.
MOST_FIELDS = 4
#: A field this full gets another one below it.
NEARLY_FULL = 2700
# How far back a better place to break is looked for.
_BACK = 300


def pieces(text: str) -> list[str]:
    """A text in as many pieces as it needs, which together are the text; broken after a blank
    where there is one near the end of a piece."""
    found = []
    while length(text) > MOST_TYPED:
        most = _fitting(text)
        blanks = [each.end() for each in re.finditer(r"\s+", text[:most])]
        end = blanks[-1] if blanks and blanks[-1] > most - _BACK else most
        found.append(text[:end])
        text = text[end:]
    return [*found, text]


def field_id(number: int) -> str:
    """The id of a field of the text, counted from 0."""
    return f"{ids.COMPOSER_TEXT}:{number + 1}" if number else ids.COMPOSER_TEXT


def typed_pieces(values: Json) -> tuple[str, ...]:
    """What stands in each of the fields of a form that Slack sent."""
    there = [number for number in range(MOST_FIELDS) if field_id(number) in values]
    return tuple(typed(values, field_id(number)) for number in there)


def shown(typed: Sequence[str]) -> list[str]:
    """The pieces for which a form has a field, with an empty one below a text that is nearly as
    long as they can hold."""
    fields = list(typed[:MOST_FIELDS]) or [""]
    while len(fields) > 1 and not fields[-1] and length(fields[-2]) < NEARLY_FULL:
        fields.pop()
    if length(fields[-1]) >= NEARLY_FULL and len(fields) < MOST_FIELDS:
        fields.append("")
    return fields


def length(text: str) -> int:
    """As Slack's clients count."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fitting(text: str) -> int:
    """How many letters of a text fit into a field."""
    most = min(len(text), MOST_TYPED)
    while length(text[:most]) > MOST_TYPED:
        most -= (length(text[:most]) - MOST_TYPED + 1) // 2
    return most
