"""Reading the bodies of requests."""

from __future__ import annotations

import json
from email.parser import BytesParser
from typing import Any

import httpx


def parts_of(request: httpx.Request) -> dict[str, tuple[bytes, bool]]:
    """The parts of a multipart form: their bytes, and whether each is a file."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + request.content)
    return dict(_part(part) for part in message.get_payload())


def fields_of(request: httpx.Request) -> dict[str, Any]:
    """What a JSON, URL-encoded or multipart body says, by name; files as bytes."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    match kind:
        case "application/json":
            found: dict[str, Any] = json.loads(request.content)
            return found
        case "application/x-www-form-urlencoded":
            return dict(httpx.QueryParams(request.content.decode()))
        case "multipart/form-data":
            parts = parts_of(request)
            return {
                name: value if is_file else value.decode()
                for name, (value, is_file) in parts.items()
            }
    return {}


def _part(part: Any) -> tuple[str, tuple[bytes, bool]]:
    name = part.get_param("name", header="content-disposition")
    return name, (part.get_payload(decode=True), part.get_filename() is not None)
