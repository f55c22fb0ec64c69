"""Reads the parameters of a call, from its query and its body, as strictly as can be.

Meta takes them from a query, a form or a JSON object alike. Where Meta passes over a parameter
that it does not know, the stand-in refuses it: a misspelt one would otherwise go unnoticed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.graph.errors import invalid, is_api

Kind = Literal["text", "flag", "number", "list", "time", "file"]
Accepts = Mapping[str, Kind]
"""The parameters that one call accepts, by name."""

PARAMETERS: web.RequestKey[dict[str, Any]] = web.RequestKey("parameters", dict)

#: What every call accepts.
ALWAYS: Accepts = {
    "access_token": "text",
    "appsecret_proof": "text",
    "debug": "text",
    "format": "text",
    "locale": "text",
    "pretty": "text",
}
FIELDS: Accepts = {"fields": "text"}
LISTING: Accepts = {
    **FIELDS,
    "after": "text",
    "before": "text",
    "limit": "number",
    "since": "time",
    "until": "time",
}
#: Paths whose bodies are the bytes of a file.
RAW = ("/video-upload/", "/ig-api-upload/")
_ITEM = re.compile(r"(\w+)\[(\d+)\]", re.ASCII)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@web.middleware
async def parameters_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Reads the parameters before anything else looks at the request, except raw uploads."""
    if is_api(request):
        request[PARAMETERS] = _join([*request.query.items(), *await _read_body(request)])
    return await handler(request)


def read(request: web.Request, accepts: Accepts) -> dict[str, Any]:
    """The values by name, each of its kind: `text` str, `flag` bool, `number` int, `list` list,
    `time` epoch seconds, `file` bytes. Refuses names that are not in `accepts`."""
    known = {**ALWAYS, **accepts}
    given = request[PARAMETERS]
    for name in given:
        if name not in known:
            raise invalid(f"The parameter {name} is unknown, or this stand-in does not play it.")
    return {name: _convert(name, known[name], value) for name, value in given.items()}


def need(values: Mapping[str, Any], name: str) -> Any:
    """The value of a parameter that must be there."""
    if values.get(name) in (None, ""):
        raise invalid(f"The parameter {name} is required.")
    return values[name]


async def _read_body(request: web.Request) -> list[tuple[str, Any]]:
    if request.path.startswith(RAW):
        return []
    match request.content_type:
        case "application/json":
            return _read_json(await request.read())
        case "application/x-www-form-urlencoded" | "multipart/form-data":
            return [(name, _bytes(value)) for name, value in await _read_form(request)]
    return []


def _read_json(body: bytes) -> list[tuple[str, Any]]:
    try:
        values = json.loads(body or b"{}")
    except ValueError as error:
        raise invalid("The body is not valid JSON.") from error
    if not isinstance(values, dict):
        raise invalid("The body must be a JSON object.")
    return list(values.items())


async def _read_form(request: web.Request) -> Iterator[tuple[str, Any]]:
    try:
        return iter((await request.post()).items())
    except ValueError as error:
        raise invalid("The body is not a valid form.") from error


def _bytes(value: Any) -> Any:
    if not isinstance(value, web.FileField):
        return value
    with value.file as file:
        return file.read()


def _join(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """One value for each name; `name[0]`, `name[1]` … become a list."""
    values: dict[str, Any] = {}
    items: dict[str, dict[int, Any]] = {}
    for name, value in pairs:
        if item := _ITEM.fullmatch(name):
            items.setdefault(item[1], {})[int(item[2])] = value
        elif name in values and values[name] != value:
            raise invalid(f"The parameter {name} is there more than once.")
        else:
            values[name] = value
    return values | {name: [found[n] for n in sorted(found)] for name, found in items.items()}


def _convert(name: str, kind: Kind, value: Any) -> Any:
    try:
        return _READERS[kind](value)
    except (ValueError, TypeError, KeyError) as error:
        raise invalid(f"{name} must be {_WANTED[kind]}.") from error


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TypeError


def _flag(value: Any) -> bool:
    return value if isinstance(value, bool) else _FLAGS[_text(value).lower()]


def _number(value: Any) -> int:
    number = int(_text(value))
    if number < 0:
        raise ValueError
    return number


def _list(value: Any) -> list[Any]:
    """A list, JSON text of one, or words with commas; entries that are JSON text are read too."""
    if isinstance(value, str):
        text = value.strip()
        value = json.loads(text) if text.startswith("[") else text.split(",")
    if not isinstance(value, list):
        raise TypeError
    return [json.loads(one) if isinstance(one, str) and one[:1] == "{" else one for one in value]


def _time(value: Any) -> float:
    text = _text(value)
    if text.lstrip("-").isdecimal():
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _file(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray):
        raise TypeError
    return bytes(value)


_READERS: Mapping[Kind, Any] = {
    "text": _text,
    "flag": _flag,
    "number": _number,
    "list": _list,
    "time": _time,
    "file": _file,
}
_WANTED: Mapping[Kind, str] = {
    "text": "a string",
    "flag": "true or false",
    "number": "a whole number from 0 up",
    "list": "a list",
    "time": "a Unix time in seconds, or an ISO 8601 date",
    "file": "a file of a multipart form",
}
