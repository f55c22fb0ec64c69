"""What a member or a test may turn on this stand-in to make Slack behave badly.

The page gets `{"switches": [{key, label, kind, choices, value}], "values": {key: value}}` and sends
`{key: value, …}`; all of these are changed or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from sandbox.slack.cast import SCOPES
from sandbox.slack.errors import PageError

RATE_LIMITS = {
    "off": "no limits",
    "normal": "as Slack documents them",
    "harsh": "a quarter of what Slack documents",
}


@dataclass(frozen=True)
class About:
    """How the page shows a switch: one sentence, and what may be chosen."""

    label: str
    kind: Literal["flag", "number", "choice", "choices", "failures"]
    choices: Mapping[str, str] = field(default_factory=dict)


SWITCHES = {
    "app_timeout": About(
        "Seconds that the app has to acknowledge a command, click, form or event.", "number"
    ),
    "rate_limits": About(
        "How soon the Web API answers 429, too many requests.",
        "choice",
        RATE_LIMITS,
    ),
    "fail_methods": About(
        "Web API methods that fail: an error name, an HTTP status or a dropped connection.",
        "failures",
    ),
    "dm_closed": About(
        "Members to whom the bot cannot send direct messages.",
        "choices",
    ),
    "left": About("Members who have left the workspace.", "choices"),
    "redelivery": About(
        "Send an event again, up to three times, when the app does not take it.", "flag"
    ),
    "redelivery_factor": About(
        "Multiplies the waits of 60 and 300 seconds before an event is sent again.", "number"
    ),
    "duplicate_events": About(
        "Send every event twice, as Slack does when an answer got lost.", "flag"
    ),
    "own_messages": About(
        "Send the app a message event for the messages that the bot itself posts.", "flag"
    ),
    "token_rotation": About(
        "Tokens that are given from now on end after twelve hours and must be renewed.", "flag"
    ),
    "home_tab": About("The app has a Home tab.", "flag"),
    "removed_scopes": About(
        "Scopes that the bot token lacks.", "choices", {scope: scope for scope in SCOPES}
    ),
}


#: Switches whose choices are the members.
_OF_PEOPLE = frozenset({"dm_closed", "left"})


@dataclass
class Switches:
    """`people` are the members' names by id."""

    people: Mapping[str, str] = field(default_factory=dict)
    app_timeout: float = 3.0
    rate_limits: str = "normal"
    fail_methods: dict[str, dict[str, Any]] = field(default_factory=dict)
    dm_closed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    redelivery: bool = True
    redelivery_factor: float = 1.0
    duplicate_events: bool = False
    own_messages: bool = False
    token_rotation: bool = False
    home_tab: bool = True
    removed_scopes: list[str] = field(default_factory=list)

    @property
    def scopes(self) -> list[str]:
        return [scope for scope in SCOPES if scope not in self.removed_scopes]

    def describe(self) -> dict[str, Any]:
        values = {key: getattr(self, key) for key in SWITCHES}
        described = [
            {"key": key, **asdict(self._about(key)), "value": values[key]} for key in SWITCHES
        ]
        return {"switches": described, "values": values}

    def turn(self, changes: dict[str, Any]) -> None:
        """Set the named switches. Raises PageError: unknown_switch or invalid_value."""
        for name, value in changes.items():
            if name not in SWITCHES:
                raise PageError("unknown_switch", switch=name)
            if not _fits(self._about(name), value):
                raise PageError("invalid_value", switch=name)
        for name, value in changes.items():
            setattr(self, name, value)

    def _about(self, key: str) -> About:
        about = SWITCHES[key]
        return replace(about, choices=self.people) if key in _OF_PEOPLE else about

    def next_failure(self, method: str) -> dict[str, Any] | None:
        """The failure to play for this call, counted down by its `times`; None when there is none.

        A failure is `{"error": name}`, `{"status": code, "retry_after"?: seconds}` or
        `{"reset": true}`, with `times` (for ever without it), `delay` seconds before it, and
        `after: true` to do the work first and lose only the answer.
        """
        failure = self.fail_methods.get(method)
        if failure is None:
            return None
        if "times" in failure:
            left = int(failure["times"]) - 1
            self.fail_methods[method] = {**failure, "times": left}
            if left <= 0:
                del self.fail_methods[method]
        return failure


def _fits(about: About, value: Any) -> bool:
    match about.kind:
        case "flag":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        case "choice":
            return isinstance(value, str) and value in about.choices
        case "choices":
            return isinstance(value, list) and all(each in [*about.choices] for each in value)
    return isinstance(value, dict) and all(_is_failure(failure) for failure in value.values())


def _is_failure(failure: Any) -> bool:
    if not isinstance(failure, dict):
        return False
    known = {"error", "status", "reset", "times", "after", "delay", "retry_after"}
    causes = {"error", "status", "reset", "delay"}
    return set(failure) <= known and bool(set(failure) & causes)
