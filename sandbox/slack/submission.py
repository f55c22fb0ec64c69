"""What Slack's client checks before it sends a form to the app."""

from __future__ import annotations

import re
from typing import Any

from sandbox.slack.elements import entry_value
from sandbox.slack.world import OpenView

Json = dict[str, Any]

REQUIRED = "Please complete all required fields."


def problems_of(view: OpenView) -> dict[str, str]:
    """`{block_id: what to do}` for each input that may not be sent as it is."""
    problems = {}
    for block in view.body["blocks"]:
        if block["type"] == "input":
            entry = view.values[block["block_id"]][block["element"]["action_id"]]
            problem = _problem(block, entry_value(entry))
            if problem:
                problems[block["block_id"]] = problem
    return problems


def _problem(block: Json, value: Any) -> str | None:
    if value in (None, "", []):
        return None if block.get("optional") else REQUIRED
    match block["element"]["type"]:
        case "plain_text_input":
            return _length_problem(block["element"], value)
        case "number_input":
            return _number_problem(block["element"], value)
        case "email_text_input" if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
            return "Please enter a valid email address."
        case "url_text_input" if not re.fullmatch(r"https?://\S+", value):
            return "Please enter a valid URL."
    return None


def _length_problem(element: Json, value: str) -> str | None:
    shortest, longest = element.get("min_length", 0), element.get("max_length", 3000)
    if len(value) < shortest:
        return f"Please enter at least {shortest} characters; this has {len(value)}."
    if len(value) > longest:
        return f"Please enter at most {longest} characters; this has {len(value)}."
    return None


def _number_problem(element: Json, value: str) -> str | None:
    pattern = r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+"
    if not re.fullmatch(pattern, value):
        return "Please enter a valid number."
    if "min_value" in element and float(value) < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and float(value) > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None
