"""Uploads that can be resumed: the bytes of a video, sent to the address the platform named."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.graph.access import GRAPH
from sandbox.graph.fetching import NotFetched, fetch
from sandbox.graph.tokens import Token
from sandbox.switches import Switch, Switches

MOST_BYTES = 300 * 1024 * 1024


def upload_switches() -> list[Switch]:
    return [
        Switch(
            key="upload_breaks_after",
            label="The next upload breaks after so many bytes; 0 means that none does.",
            kind="number",
            default=0,
            group="Rules",
        ),
    ]


@dataclass(kw_only=True)
class Upload:
    """What has arrived of a file; `size` is known from the first bytes on."""

    size: int | None = None
    data: bytearray = field(default_factory=bytearray)

    @property
    def is_complete(self) -> bool:
        return self.size is not None and len(self.data) == self.size


def upload_token(request: web.Request) -> Token:
    """The token in `Authorization: OAuth …`, the only place where uploads have it."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "oauth":
        body = {"debug_info": {"retriable": False, "type": "NotAuthorizedError"}}
        raise web.HTTPUnauthorized(text=json.dumps(body), content_type="application/json")
    return request.app[GRAPH].tokens.check(value.strip())


async def receive(request: web.Request, upload: Upload) -> web.Response:
    """Takes the bytes from `offset` on, or those at `file_url`; `{"success": true}`."""
    size, offset = _number(request, "file_size"), _number(request, "offset")
    if size is None or offset is None:
        name = "Offset" if offset is None else "file_size"
        return _refuse(f"HeaderValuePredicate: Header {name} not convertable to unsigned long")
    if offset != len(upload.data) or size != (upload.size or size) or size > MOST_BYTES:
        return _refuse(f"Upload goes on at {len(upload.data)} of {upload.size or size} bytes.")
    upload.size = size
    if "file_url" in request.headers:
        return await _fetch(request.headers["file_url"], upload)
    return await _take(request, upload)


async def _take(request: web.Request, upload: Upload) -> web.Response:
    switches = request.app[GRAPH].switches
    async for chunk in request.content.iter_any():
        if break_off(switches, upload, chunk):
            return _refuse("The connection to the store broke.", is_retriable=True, status=500)
        upload.data += chunk
    if upload.size is not None and len(upload.data) > upload.size:
        del upload.data[:]
        return _refuse("There are more bytes than file_size says.")
    return web.json_response({"success": True})


def break_off(switches: Switches, upload: Upload, chunk: bytes) -> bool:
    """Whether the upload breaks inside this chunk; what comes before the break is kept."""
    most = int(switches["upload_breaks_after"])
    if not most or len(upload.data) + len(chunk) < most:
        return False
    upload.data += chunk[: most - len(upload.data)]
    switches.change({"upload_breaks_after": 0})
    return True


async def _fetch(address: str, upload: Upload) -> web.Response:
    try:
        data = await fetch(address, most=MOST_BYTES)
    except NotFetched as error:
        return _refuse(str(error))
    upload.data, upload.size = bytearray(data), len(data)
    return web.json_response({"success": True})


def _number(request: web.Request, name: str) -> int | None:
    value = request.headers.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() else None


def _refuse(message: str, *, is_retriable: bool = False, status: int = 400) -> web.Response:
    info: dict[str, Any] = {
        "retriable": is_retriable,
        "type": "ProcessingFailedError" if is_retriable else "ParameterValidationError",
        "message": message,
    }
    return web.json_response({"debug_info": info}, status=status)
