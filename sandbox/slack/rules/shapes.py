"""Checks of plain JSON: texts, numbers, lists and objects with known fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.slack.rules.place import Check, Place

Fields = Mapping[str, Check]


def string(most: int, *, least: int = 1) -> Check:
    def check(value: Any, place: Place) -> None:
        if not isinstance(value, str):
            place.refuse("must be a string")
        elif len(value) < least:
            place.refuse(f"must be more than {least - 1} characters")
        elif len(value) > most:
            place.refuse(f"must be less than {most + 1} characters")

    return check


def pattern(expression: str, *, rule: str) -> Check:
    def check(value: Any, place: Place) -> None:
        if not isinstance(value, str) or not re.fullmatch(expression, value):
            place.refuse(rule)

    return check


def url(most: int) -> Check:
    size = string(most)

    def check(value: Any, place: Place) -> None:
        size(value, place)
        if isinstance(value, str) and not re.match(r"[a-z][a-z0-9+.-]*:\S+$", value, re.I):
            place.refuse("must be a valid URL")

    return check


def integer(least: int, most: int) -> Check:
    def check(value: Any, place: Place) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            place.refuse("must be an integer")
        elif not least <= value <= most:
            place.refuse(f"must be between {least} and {most}")

    return check


def boolean(value: Any, place: Place) -> None:
    if not isinstance(value, bool):
        place.refuse("must be a boolean")


def anything(value: Any, place: Place) -> None:
    """For fields whose content makes no difference here."""


def choice(*allowed: str) -> Check:
    def check(value: Any, place: Place) -> None:
        if value not in allowed:
            place.refuse(f"must be one of: {', '.join(allowed)}")

    return check


def listing(item: Check, *, most: int, least: int = 1) -> Check:
    def check(value: Any, place: Place) -> None:
        if not isinstance(value, list):
            place.refuse("must be an array")
            return
        if len(value) < least:
            place.refuse(f"must have at least {least} items")
        if len(value) > most:
            place.refuse(f"no more than {most} items allowed")
        for index, each in enumerate(value):
            item(each, place.at(index))

    return check


def record(required: Fields, optional: Fields) -> Check:
    """An object with these fields and no others."""
    fields = {**required, **optional}

    def check(value: Any, place: Place) -> None:
        if not isinstance(value, dict):
            place.refuse("must be an object")
            return
        for name in required.keys() - value.keys():
            place.refuse(f"missing required field: {name}")
        for name, each in value.items():
            if name in fields:
                fields[name](each, place.at(name))
            else:
                place.refuse(f"invalid additional property: {name}")

    return check


def tagged(kinds: Fields) -> Check:
    """An object that is checked by the rule of its `type`."""

    def check(value: Any, place: Place) -> None:
        if not isinstance(value, dict):
            place.refuse("must be an object")
        elif not isinstance(value.get("type"), str):
            place.refuse("missing required field: type")
        elif value["type"] not in kinds:
            place.refuse(f"unsupported type: {value['type']}")
        else:
            kinds[value["type"]](value, place)

    return check


def both(*checks: Check) -> Check:
    """Every check in turn; later ones run only while nothing was refused here."""

    def check(value: Any, place: Place) -> None:
        for each in checks:
            before = len(place.problems)
            each(value, place)
            if len(place.problems) > before:
                return

    return check
