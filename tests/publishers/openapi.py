"""Holds requests against a platform's published OpenAPI contract, where that file is at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema

from tests.publishers import meta
from tests.publishers.forms import fields_of, parts_of

CONTRACTS = Path(__file__).parents[3] / "shared/contracts"
FILES = {
    "pinterest": CONTRACTS / "pinterest/pinterest-v5.23.0-openapi.json",
    "x": CONTRACTS / "x/x-api-v2-2.167-xdk-openapi.json",
}
# Its documentation and its servers say `tweet.fields` where the contract says `post.fields`.
SAME = {"tweet.fields": "post.fields"}
# X's OAuth endpoints are in no contract.
OUTSIDE = "/oauth2/"
# In Pinterest's description of the token endpoint, but not among its fields.
UNLISTED = {"continuous_refresh"}


@cache
def contract_of(platform: str) -> Contract | meta.MetaContract | None:
    """What a platform's requests are held against; `None` when it is not on this machine."""
    if platform in meta.NODES:
        return meta.load(CONTRACTS / "meta", platform)
    file = FILES.get(platform)
    return Contract(json.loads(file.read_text())) if file and file.exists() else None


class Contract:
    """One platform's contract. `breaches` says what is wrong with a request."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec

    def breaches(self, request: httpx.Request) -> list[str]:
        if OUTSIDE in request.url.path:
            return []
        operation = self._operation(request)
        if operation is None:
            return [f"{request.method} {request.url.path} is not in the contract"]
        return [*self._query_breaches(operation, request), *self._body_breaches(operation, request)]

    def _operation(self, request: httpx.Request) -> dict[str, Any] | None:
        for template, operations in self._spec["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, request.url.path) and request.method.lower() in operations:
                found: dict[str, Any] = operations[request.method.lower()]
                return found
        return None

    def _query_breaches(self, operation: dict[str, Any], request: httpx.Request) -> list[str]:
        known = {one["name"]: one for one in map(self._resolve, operation.get("parameters", []))}
        given = {SAME.get(name, name): value for name, value in request.url.params.items()}
        unknown = [f"unknown query parameter {name}" for name in given.keys() - known.keys()]
        wrong = [
            f"{name}={value}: {error.message}"
            for name, value in given.items()
            if name in known
            for error in self._errors(known[name]["schema"], _typed(known[name]["schema"], value))
        ]
        return unknown + wrong

    def _body_breaches(self, operation: dict[str, Any], request: httpx.Request) -> list[str]:
        contents = operation.get("requestBody", {}).get("content", {})
        kind = request.headers.get("content-type", "").partition(";")[0]
        if not contents:
            return ["a body where none belongs"] if request.content else []
        if kind not in contents:
            return [f"{kind} is not one of {list(contents)}"]
        body = _form(request) if kind == "multipart/form-data" else fields_of(request)
        schema = contents[kind]["schema"]
        wrong = [error.message for error in self._errors(schema, body)]
        return [*wrong, *self._value_breaches(schema, body)]

    def _value_breaches(self, schema: dict[str, Any], value: Any) -> Iterator[str]:
        """Fields that the contract does not name, although it may not forbid them, and what is
        wrong with a value by the schema that one of its own fields chooses."""
        schema = self._chosen(self._schema(schema), value)
        for one in value if isinstance(value, list) else []:
            yield from self._value_breaches(schema.get("items", {}), one)
        properties = self._properties(schema)
        if not isinstance(value, dict) or not properties:
            return
        yield from (error.message for error in self._errors(schema, value))
        for name, one in value.items():
            if name in properties:
                yield from self._value_breaches(properties[name], one)
            elif name not in UNLISTED:
                yield f"unknown field {name}"

    def _chosen(self, schema: dict[str, Any], value: Any) -> dict[str, Any]:
        choice = schema.get("discriminator", {})
        kind = value.get(choice.get("propertyName")) if isinstance(value, dict) else None
        mapping = choice.get("mapping", {})
        return self._schema({"$ref": mapping[kind]}) if kind in mapping else schema

    def _properties(self, schema: dict[str, Any]) -> dict[str, Any]:
        found = dict(schema.get("properties", {}))
        for word in ("allOf", "anyOf", "oneOf"):
            for one in schema.get(word, []):
                found |= self._properties(self._schema(one))
        return found

    def _schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        name = schema.get("$ref", "").rpartition("/")[2]
        found: dict[str, Any] = self._spec["components"]["schemas"].get(name, schema)
        return found

    def _resolve(self, parameter: dict[str, Any]) -> dict[str, Any]:
        name = parameter.get("$ref", "").rpartition("/")[2]
        found: dict[str, Any] = self._spec["components"]["parameters"].get(name, parameter)
        return found

    def _errors(self, schema: dict[str, Any], value: Any) -> list[Any]:
        whole = {**schema, "components": self._spec["components"]}
        return list(jsonschema.Draft4Validator(whole).iter_errors(value))


def _typed(schema: dict[str, Any], value: str) -> Any:
    if schema.get("type") == "array":
        return value.split(",")
    return int(value) if schema.get("type") == "integer" else value


def _form(request: httpx.Request) -> dict[str, Any]:
    """The fields of a multipart form: bytes as text, digits as numbers."""
    return {name: _field(name, value) for name, (value, _) in parts_of(request).items()}


def _field(name: str, value: bytes) -> Any:
    word = value.decode("latin-1")
    return int(word) if word.isdecimal() and name != "media" else word
