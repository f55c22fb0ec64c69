"""What stands in the fields of a form that Slack sent."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def entry(values: Json, block: str, name: str) -> Any:
    """What Slack says under `name` of the field whose block and element have this id."""
    return values.get(block, {}).get(block, {}).get(name)


def typed(values: Json, block: str) -> str:
    """The text in a field; empty when there is none, or no such field."""
    return str(entry(values, block, "value") or "")


def is_checked(values: Json, block: str) -> bool:
    """Whether any box of a field is checked."""
    return bool(entry(values, block, "selected_options"))


def choice(values: Json, block: str) -> str:
    """The value of the option that is chosen; empty when none is."""
    option = entry(values, block, "selected_option")
    return str(option["value"]) if option else ""
