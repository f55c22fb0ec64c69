"""The parameter `fields`: `id,message,attachments{target,subattachments{target}}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.graph.errors import Refusal, invalid

Wanted = Mapping[str, "Wanted | None"]
"""The fields asked for, each with the fields inside it, or None for the usual ones."""

_TOKEN = re.compile(r"\s*(?:(\w+)|([{},])|(\.\w+\([^)]*\)))", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class NodeType:
    """A kind of object: which fields it has, and which of them come unasked.

    `known` are further fields that Meta has and the stand-in leaves empty.
    """

    name: str
    fields: Mapping[str, NodeType | None]
    usual: tuple[str, ...] = ("id",)
    known: frozenset[str] = field(default_factory=frozenset)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def instant(moment: float) -> str:
    """A moment in epoch seconds as Meta writes it, to the second."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def parse(text: str | None) -> Wanted | None:
    """What `fields` asks for; None when it is not there."""
    if not text:
        return None
    tokens = _tokens(text)
    wanted, end = _read_list(tokens)
    if end is not None:
        raise _syntax(text)
    return wanted


def select(node: Mapping[str, Any], kind: NodeType, wanted: Wanted | None) -> dict[str, Any]:
    """The fields of `node` that are wanted, and always its id; refuses unknown ones.

    A value that is a list of nodes, `{"data": […]}`, is selected from entry by entry.
    """
    shown: dict[str, Any] = {}
    for name, inside in (wanted or dict.fromkeys(kind.usual)).items():
        if name not in kind.fields and name not in kind.known:
            raise invalid(f"Tried accessing nonexisting field ({name}) on node type ({kind.name})")
        value = node.get(name)
        if value is not None:
            shown[name] = _inside(value, kind.fields[name], inside)
    if "id" in node:
        shown["id"] = node["id"]
    return shown


def _inside(value: Any, kind: NodeType | None, wanted: Wanted | None) -> Any:
    if kind is None:
        return value
    if "data" in value:
        return {**value, "data": [select(one, kind, wanted) for one in value["data"]]}
    return select(value, kind, wanted)


def _tokens(text: str) -> Iterator[str]:
    end = 0
    while end < len(text.rstrip()):
        match = _TOKEN.match(text, end)
        if match is None:
            raise _syntax(text)
        end = match.end()
        # Modifiers such as `.limit(3)` are read and have no effect.
        if match[3] is None:
            yield match[1] or match[2]


def _read_list(tokens: Iterator[str]) -> tuple[dict[str, Wanted | None], str | None]:
    """Fields up to the end or to a closing brace, and the token after which it ended."""
    wanted: dict[str, Wanted | None] = {}
    last = ""
    for token in tokens:
        match token:
            case "{" if last:
                wanted[last], end = _read_list(tokens)
                if end != "}":
                    raise _syntax("{")
            case "}":
                return wanted, token
            case "{":
                raise _syntax("{")
            case ",":
                last = ""
            case name:
                wanted[name] = None
                last = name
    return wanted, None


def _syntax(text: str) -> Refusal:
    return Refusal(f"Syntax error in the field list near “{text[:40]}”.", code=2500)
