"""Switches: the values that a test or a person turns to make a stand-in misbehave."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web


class WrongSwitch(ValueError):
    """A switch that does not exist, or a value that it cannot take; the text says which."""


@dataclass(frozen=True, kw_only=True)
class Switch:
    """One value that can be turned; `label` is the sentence that the page shows for it.

    `group` is the heading under which the page shows the switch, `headings` those of its choices.
    """

    key: str
    label: str
    kind: Literal["choice", "flag", "number", "odds"]
    default: Any
    choices: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    headings: Mapping[str, str] = field(default_factory=dict)

    def check(self, value: object) -> None:
        """Raises `WrongSwitch` when the switch cannot take the value."""
        match self.kind:
            case "choice":
                fits, wanted = self._is_choice(value), f"one of {', '.join(self.choices)}"
            case "flag":
                fits, wanted = isinstance(value, bool), "true or false"
            case "number":
                fits, wanted = _is_number(value) and value >= 0, "a number from 0 up"  # type: ignore[operator]
            case "odds":
                fits, wanted = self._are_odds(value), "modes with chances that sum to at most 1"
        if not fits:
            raise WrongSwitch(f"{self.key} must be {wanted}, not {value!r}.")

    def _is_choice(self, value: object) -> bool:
        return isinstance(value, str) and value in self.choices

    def _are_odds(self, value: object) -> bool:
        if not isinstance(value, dict):
            return False
        chances = {key: chance for key, chance in value.items() if key != "seed"}
        return (
            chances.keys() <= self.choices.keys()
            and all(_is_number(chance) and chance >= 0 for chance in chances.values())
            and sum(chances.values()) <= 1
        )


class Switches:
    """The present values of a stand-in's switches, read by key."""

    def __init__(self, switches: list[Switch]) -> None:
        self._switches = {switch.key: switch for switch in switches}
        self._values = {switch.key: switch.default for switch in switches}
        self._obeyed_by: list[Callable[[], Awaitable[None]]] = []

    def obeyed_by(self, obey: Callable[[], Awaitable[None]]) -> None:
        """Whoever turns a switch waits for `obey`."""
        self._obeyed_by.append(obey)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def change(self, values: Mapping[str, object]) -> None:
        """Turns all the given switches, or none of them when one does not fit (`WrongSwitch`)."""
        for key, value in values.items():
            if key not in self._switches:
                raise WrongSwitch(f"There is no switch {key!r}: {', '.join(self._switches)}.")
            self._switches[key].check(value)
        self._values.update(values)

    def describe(self) -> dict[str, Any]:
        """`{"switches": [{key, label, kind, group, choices, headings, value}], "values": {…}}`."""
        described = [
            {
                "key": switch.key,
                "label": switch.label,
                "kind": switch.kind,
                "group": switch.group,
                "choices": dict(switch.choices),
                "headings": dict(switch.headings),
                "value": self._values[switch.key],
            }
            for switch in self._switches.values()
        ]
        return {"switches": described, "values": dict(self._values)}

    async def show(self, _request: web.Request) -> web.Response:
        """Handler of GET: what `describe` gives."""
        return web.json_response(self.describe())

    async def turn(self, request: web.Request) -> web.Response:
        """Handler of POST: a JSON object of switches to turn; 400 with `error` if one is wrong."""
        try:
            values = await request.json()
            if not isinstance(values, dict):
                raise WrongSwitch("Send a JSON object of switches and values.")
            self.change(values)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        for obey in self._obeyed_by:
            await obey()
        return web.json_response(self.describe())


SWITCHES = web.AppKey("switches", Switches)
"""The switches of a platform's stand-in."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
