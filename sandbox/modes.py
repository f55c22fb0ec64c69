"""The ways in which a platform can fail, and the switches that choose among them.

A mode either keeps a request from being carried out or lets it be carried out and spoils the
answer: the second kind is what makes a post go out although its sender saw an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from sandbox.switches import Switch, Switches

Answer = Callable[[Switches], web.Response]
"""Makes the platform's own answer; called at every request that a mode refuses."""

Spoilage = Literal["none", "hang", "reset", "late", "garbage", "truncated"]
"""What `sandbox.failures` can do to any answer: hang on for ever, break the connection, carry the
request out after breaking it, answer something unreadable, stop in the middle of the answer."""

NOTHING = "Nothing happens"
HAPPENS = "It happens, but the app does not hear of it"
REFUSED = "The platform says no"


@dataclass(frozen=True, kw_only=True)
class Mode:
    """One way to answer, as the page words it: “Acme now {label}.”

    `effect` is what becomes of the answer, or the answer itself. `carried_out`: whether the request
    is carried out all the same. `group` is a heading of the page.
    """

    label: str
    effect: Spoilage | Answer
    carried_out: bool = False
    group: str = REFUSED


@dataclass(frozen=True, kw_only=True)
class Call:
    """One kind of request. `label` ends the sentence “It hits …”.

    An irreversible call makes something public; it is the one that is slow when the platform is.
    """

    label: str
    irreversible: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one platform may fail: which calls it tells apart, and with which answers.

    `kind_of` gives the key in `calls` of a request, or None for what is no part of the API.
    `modes` holds what only this platform says, about one for each row of its error map.
    """

    platform: str
    calls: Mapping[str, Call]
    kind_of: Callable[[web.Request], str | None]
    unavailable: Answer
    rate_limited: Answer
    unauthorized: Answer
    modes: Mapping[str, Mode]

    def all_modes(self) -> dict[str, Mode]:
        """The modes of every platform and of this one, by key."""
        return {
            "ok": Mode(label="works as it should", effect="none", carried_out=True, group=""),
            **{key: _nothing(label, effect) for key, label, effect in self._withheld()},
            **{key: _happens(label, effect) for key, label, effect in self._spoiled()},
            # Carried out all the same, but on its own account and after the connection is gone.
            "late": Mode(
                label="breaks the connection and does as asked a while later",
                effect="late",
                group=HAPPENS,
            ),
            "rate_limit": Mode(label="says 429, too many requests", effect=self.rate_limited),
            "unauthorized": Mode(
                label="says 401, the token is not valid", effect=self.unauthorized
            ),
            **self.modes,
        }

    def irreversible(self) -> frozenset[str]:
        return frozenset(kind for kind, call in self.calls.items() if call.irreversible)

    def hit_by(self, choice: str) -> frozenset[str]:
        """The calls that a value of the switch `apply_to` stands for."""
        groups = {"all": frozenset(self.calls), "irreversible": self.irreversible()}
        return groups.get(choice, frozenset({choice}))

    def _withheld(self) -> list[tuple[str, str, Spoilage | Answer]]:
        return [
            ("fail_before", "says 503 and does nothing", self.unavailable),
            ("timeout_before", "never answers and does nothing", "hang"),
            ("reset_before", "breaks the connection and does nothing", "reset"),
            ("outage", "is down: every connection breaks", "reset"),
            # Where the API has a port of its own, `sandbox.door` closes it.
            ("refuses", "cannot be reached: it refuses connections", "reset"),
        ]

    def _spoiled(self) -> list[tuple[str, str, Spoilage | Answer]]:
        return [
            ("fail_after", "does as asked, then says 503", self.unavailable),
            ("timeout_after", "does as asked, then never answers", "hang"),
            ("reset_after", "does as asked, then breaks the connection", "reset"),
            ("garbage", "does as asked, then answers something unreadable", "garbage"),
            ("truncated", "does as asked, then stops in the middle of its answer", "truncated"),
        ]


def failure_switches(plan: Plan) -> list[Switch]:
    """The switches that `sandbox.failures.Failures` reads for this platform."""
    modes = plan.all_modes()
    labels = {key: mode.label for key, mode in modes.items()}
    calls = _choices_of_calls(plan)
    return [
        Switch(
            key="mode",
            label=f"{plan.platform}…",
            kind="choice",
            default="ok",
            choices=labels,
            headings={key: mode.group for key, mode in modes.items()},
        ),
        Switch(
            key="mode_times",
            label="For how many calls? 0 means until you change it.",
            kind="number",
            default=0,
        ),
        Switch(
            key="apply_to",
            label="Which calls does it hit?",
            kind="choice",
            default="irreversible" if "irreversible" in calls else next(iter(calls)),
            choices=calls,
        ),
        _seconds("delay_seconds", "Seconds that publishing takes.", 0),
        _seconds("jitter", "Up to so many more seconds, by chance.", 0),
        _seconds("rate_limit_seconds", "Seconds until a 429 is lifted.", 60),
        _seconds("late_seconds", "Seconds until a late post goes out.", 2),
        Switch(
            key="random",
            label="Chance of each mode, with a seed, while the mode is ok.",
            kind="odds",
            default={},
            choices=labels,
        ),
    ]


def _choices_of_calls(plan: Plan) -> dict[str, str]:
    """The irreversible calls come first, as one choice where there are several."""
    several = {"irreversible": "everything that makes a post public"}
    together = several if len(plan.irreversible()) > 1 else {}
    ordered = sorted(plan.calls.items(), key=lambda item: not item[1].irreversible)
    return {**together, **{kind: call.label for kind, call in ordered}, "all": "all calls"}


def _nothing(label: str, effect: Spoilage | Answer) -> Mode:
    return Mode(label=label, effect=effect, group=NOTHING)


def _happens(label: str, effect: Spoilage | Answer) -> Mode:
    return Mode(label=label, effect=effect, carried_out=True, group=HAPPENS)


def _seconds(key: str, label: str, default: float) -> Switch:
    return Switch(key=key, label=label, kind="number", default=default, group="Time")
