"""Holds requests against Meta's own lists of parameters and fields, where these are at hand.

The lists are one file for each kind of node: what each of its edges takes, and which fields it has.
They name no file parts, no values of enumerations, and no paging.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.publishers.forms import fields_of

#: The kinds of nodes that each platform has, the likelier first.
NODES = {
    "facebook": ("Page", "PagePost", "AdVideo", "Photo", "User"),
    "instagram": (
        "IGUserForIGOnlyAPI",
        "IGUser",
        "IGMediaForIGOnlyAPI",
        "IGMedia",
        "Page",
        "User",
    ),
}
# OAuth and the upload of bytes are in no list.
OUTSIDE = re.compile(
    r"(?:/v[0-9]+\.[0-9]+)?/(?:oauth/|access_token|refresh_access_token|debug_token"
    r"|video-upload/|ig-api-upload/)"
)
EVERYWHERE = {"appsecret_proof", "fields"}
PAGING = {"limit", "after", "before", "since", "until"}
FILES = {"photos": {"source"}, "videos": {"source"}}
# The lists lack what every answer has, containers of Instagram, and the fields of comments.
FIELDS = {"id", "status", "status_code"}
# What making a post gives, where the lists say that it gives the Page.
GIVES = {("POST", "feed"): "PagePost"}
# What the lists of Instagram Login call a node that they list under another name.
SAME = {"Media": "IGMediaForIGOnlyAPI", "IGGraphMedia": "IGMediaForIGOnlyAPI"}


def load(folder: Path, platform: str) -> MetaContract | None:
    """Meta's lists for a platform; `None` when they are not on this machine."""
    if platform not in NODES or not folder.exists():
        return None
    specs = {file.stem: json.loads(file.read_text()) for file in folder.glob("*.json")}
    return MetaContract(specs, NODES[platform])


class MetaContract:
    """Meta's lists for one platform. `breaches` says what is wrong with a request."""

    def __init__(self, specs: Mapping[str, Any], nodes: tuple[str, ...]) -> None:
        self._specs = specs
        self._nodes = nodes

    def breaches(self, request: httpx.Request) -> list[str]:
        if OUTSIDE.match(request.url.path):
            return []
        path = re.sub(r"^/v[0-9]+\.[0-9]+(?=/)", "", request.url.path)
        node_id, _, edge = path.removeprefix("/").partition("/")
        tried = [
            list(self._compare(request, node, edge, operation))
            for node in self._kinds(node_id)
            for operation in self._operations(node, request.method, edge)
        ]
        if not tried:
            return [f"{request.method} {request.url.path} is not in Meta's lists"]
        return min(tried, key=len)

    def _kinds(self, node_id: str) -> Iterable[str]:
        """What a node may be by its id: of a Page's post it is `{page}_{post}`."""
        if node_id == "me":
            # With the token of a Page it is the Page.
            mine = ("User", "IGUser", "IGUserForIGOnlyAPI", "Page")
            return [node for node in self._nodes if node in mine]
        if re.fullmatch(r"[0-9]+_[0-9]+", node_id):
            return [node for node in self._nodes if node == "PagePost"]
        return [node for node in self._nodes if node != "User"] if node_id.isdecimal() else ()

    def _operations(self, node: str, method: str, edge: str) -> Iterator[dict[str, Any]]:
        name = {"GET": "#get", "POST": "#update", "DELETE": "#delete"}.get(method)
        for operation in self._specs[node]["apis"]:
            known = operation.get("endpoint") if edge else operation.get("name")
            if operation["method"] == method and known == (edge or name):
                yield operation

    def _compare(
        self, request: httpx.Request, node: str, edge: str, operation: Mapping[str, Any]
    ) -> Iterator[str]:
        given = {**dict(request.url.params), **fields_of(request)}
        known = {one["name"]: one for one in operation["params"]}
        more = EVERYWHERE | (PAGING if request.method == "GET" and edge else set())
        for name, value in given.items():
            if isinstance(value, bytes):
                if name not in FILES.get(edge, ()):
                    yield f"{name} takes no file"
            elif name in known:
                yield from _type_breaches(name, known[name]["type"], value)
            elif name not in more:
                yield f"unknown parameter {name} of {node}"
        yield from (
            f"{name} is missing"
            for name, one in known.items()
            if one["required"] and name not in given
        )
        told = GIVES.get((request.method, edge), operation["return"]) if edge else node
        yield from self._field_breaches(given.get("fields"), told)

    def _field_breaches(self, fields: str | None, node: str) -> Iterator[str]:
        spec = self._specs.get(SAME.get(node, node))
        if fields is None or spec is None:
            return
        edges = {one["endpoint"] for one in spec["apis"] if "endpoint" in one}
        listed = {one["name"] for one in spec["fields"]} | edges | FIELDS
        if node == "Page":
            listed |= {"tasks"}
        yield from (f"unknown field {one} of {node}" for one in _names(fields) if one not in listed)


def _names(fields: str) -> list[str]:
    """The names at the top of `a,b{c,d},e.limit(5){f}`."""
    depth, names, name = 0, [], ""
    for sign in fields:
        depth += (sign in "{(") - (sign in "})")
        if sign == "," and not depth:
            names, name = [*names, name], ""
        else:
            name += sign
    return [re.split(r"[.{]", one)[0].strip() for one in [*names, name]]


def _type_breaches(name: str, kind: str, value: Any) -> Iterator[str]:
    if not _has_type(kind, value):
        yield f"{name}={value!r} is no {kind}"


def _has_type(kind: str, value: Any) -> bool:
    plain = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if kind == "bool":
        return value is True or value is False or value in ("true", "false")
    if kind in ("unsigned int", "int"):
        return isinstance(plain, str) and plain.removeprefix("-").isdecimal()
    if kind.startswith("list"):
        return isinstance(_decoded(value), list)
    if kind in ("Object", "map"):
        return isinstance(_decoded(value), dict)
    return isinstance(plain, str)


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value.split(",")
