"""Where in the JSON a rule is broken, and the list that collects it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

Surface = Literal["modal", "home", "message"]


@dataclass(frozen=True)
class Place:
    """A spot in the JSON; problems read `<rule> [json-pointer:<spot>]`, as Slack's do."""

    pointer: str
    surface: Surface
    problems: list[str]

    def at(self, key: str | int) -> Place:
        return replace(self, pointer=f"{self.pointer}/{key}")

    def refuse(self, rule: str) -> None:
        self.problems.append(f"{rule} [json-pointer:{self.pointer or '/'}]")


Check = Callable[[Any, Place], None]
