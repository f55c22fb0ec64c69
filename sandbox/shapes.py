"""Rules for the shape of a JSON body that is as strict as a contract: no field it does not know.

A platform's stand-in puts its rules together from these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Rule = Callable[[Any, str], list[str]]
"""Given a value and its JSON path, the messages that say what is wrong with it."""


def text(*, least: int = 0, most: int | None = None) -> Rule:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, str):
            return [wrong_type(path, value, "string")]
        if len(value) < least or (most is not None and len(value) > most):
            return [f"{path}: must be at least {least} and at most {most} characters long"]
        return []

    return check


def matching(pattern: str) -> Rule:
    """A text that the whole of the pattern describes; digits are ASCII digits."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, str):
            return [wrong_type(path, value, "string")]
        matches = re.fullmatch(pattern, value, re.ASCII)
        return [] if matches else [f"{path}: does not match the regex pattern ^{pattern}$"]

    return check


def or_null(rule: Rule) -> Rule:
    return lambda value, path: [] if value is None else rule(value, path)


def flag(value: Any, path: str) -> list[str]:
    return [] if isinstance(value, bool) else [wrong_type(path, value, "boolean")]


def whole(least: int, most: int | None = None) -> Rule:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            return [wrong_type(path, value, "integer")]
        if value < least or (most is not None and value > most):
            return [f"{path}: must be between {least} and {most}"]
        return []

    return check


def one_of(*choices: str) -> Rule:
    def check(value: Any, path: str) -> list[str]:
        known = isinstance(value, str) and value in choices
        return [] if known else [f"{path}: does not have a value in the enumeration {choices}"]

    return check


def listing_of(item: Rule, *, least: int = 0, most: int | None = None) -> Rule:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, list):
            return [wrong_type(path, value, "array")]
        if len(value) < least:
            return [f"{path}: there must be a minimum of {least} items in the array"]
        if most is not None and len(value) > most:
            return [f"{path}: there must be a maximum of {most} items in the array"]
        return [message for n, entry in enumerate(value) for message in item(entry, f"{path}[{n}]")]

    return check


def fields(rules: Mapping[str, Rule], *, required: tuple[str, ...] = ()) -> Rule:
    """An object that has the required fields and no field without a rule."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return [wrong_type(path, value, "object")]
        messages = [
            f"{path}.{name}: is missing but it is required"
            for name in required
            if name not in value
        ]
        for name, entry in value.items():
            rule = rules.get(name)
            messages += rule(entry, f"{path}.{name}") if rule else [_unknown(path, name)]
        return messages

    return check


def wrong_type(path: str, value: Any, wanted: str) -> str:
    return f"{path}: {type(value).__name__} found, {wanted} expected"


def _unknown(path: str, name: str) -> str:
    return (
        f"{path}.{name}: is not defined in the schema and the schema does not allow "
        "additional properties"
    )
