"""Meta's own lists of parameters and fields, and what of ours is not in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.graph.fields import NodeType
from sandbox.graph.parameters import FIELDS, LISTING, Accepts

CONTRACTS = Path(__file__).parents[3] / "shared/contracts/meta"

needs_contracts = pytest.mark.skipif(
    not CONTRACTS.exists(), reason="Meta's lists of parameters are not on this machine"
)

#: The types in Meta's lists that our kinds can stand for, by their beginning.
TYPES = {
    "text": ("string", "unsigned int", "page", "user"),
    "flag": ("bool",),
    "number": ("unsigned int",),
    "list": ("list<Object>", "list<string>"),
    "time": ("datetime",),
    "file": ("file", "string"),
}
#: Meta's lists leave out what all calls accept, and the files of a form.
UNLISTED = {**FIELDS, **LISTING, "source": "file"}
#: The lists of fields leave out edges, which can be asked for alike, and what a Page has only
#: in the list of a person's Pages.
EDGES = {"attachments", "children", "comments", "from", "tasks", "to"}


def contract(name: str) -> Any:
    return json.loads((CONTRACTS / f"{name}.json").read_text())


def breaches(accepts: Accepts, name: str, method: str, endpoint: str | None) -> list[str]:
    """What we accept in a call and Meta does not, or with another type."""
    [call] = [
        call
        for call in contract(name)["apis"]
        if (call["method"], call.get("endpoint")) == (method, endpoint)
    ]
    known = {one["name"]: one["type"] for one in call["params"]}
    return [
        f"{one}: {kind} is {known.get(one, 'unknown')}"
        for one, kind in accepts.items()
        if (one in known or one not in UNLISTED)
        and not known.get(one, "").startswith(TYPES.get(kind, ()))
    ]


def unknown_fields(kind: NodeType, name: str) -> list[str]:
    """The fields that we show or know and Meta does not."""
    return sorted({*kind.fields, *kind.known} - field_names(name) - EDGES)


def field_names(name: str) -> set[str]:
    return {one["name"] for one in contract(name)["fields"]}
