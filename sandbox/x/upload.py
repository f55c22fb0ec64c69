"""Reads upload bodies, as multipart or as JSON with base64."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.x import problems

FRAME_BYTES = 16 * 1024
KNOWN = frozenset({"media", "media_category", "segment_index", "additional_owners"})


async def read_upload(
    request: web.Request, *, required: tuple[str, str], limit: int
) -> dict[str, Any]:
    """The fields of an upload, `media` as bytes.

    Refuses with 413 and an empty body what is larger than `limit`, with 415 another content type
    and with 400 a field that is unknown or missing.
    """
    match request.content_type:
        case "multipart/form-data":
            _check_length(request, limit)
            form = await _read_multipart(request, limit)
        case "application/json":
            _check_length(request, limit * 4 // 3)
            form = await _read_base64(request)
        case _:
            raise problems.blank(415, "Send the body as multipart/form-data.")
    known = set(required) | (
        KNOWN & {"additional_owners"} if "media_category" in required else set()
    )
    messages = [f"$.{name}: is missing but it is required" for name in required if name not in form]
    messages += [f"$.{name}: is not defined in the schema" for name in form if name not in known]
    if messages:
        raise problems.invalid(*messages)
    if len(form["media"]) > limit:
        raise problems.Refusal(413, None)
    return form


def _check_length(request: web.Request, limit: int) -> None:
    if request.content_length is not None and request.content_length > limit + FRAME_BYTES:
        raise problems.Refusal(413, None)


async def _read_multipart(request: web.Request, limit: int) -> dict[str, Any]:
    form: dict[str, Any] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise problems.invalid("Every part of the form needs a name.")
            value = await _read_part(part, limit)
            form[part.name] = value if part.name == "media" else value.decode()
    except ValueError as error:
        raise problems.invalid("Request body is not a valid form.") from error
    return form


async def _read_part(part: BodyPartReader, limit: int) -> bytes:
    value = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        value += chunk
        if len(value) > limit:
            raise problems.Refusal(413, None)
    return bytes(value)


async def _read_base64(request: web.Request) -> dict[str, Any]:
    try:
        form = json.loads(await request.read())
        return {**form, "media": base64.b64decode(form["media"], validate=True)}
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise problems.invalid("Request body is not valid JSON with base64 media.") from error
