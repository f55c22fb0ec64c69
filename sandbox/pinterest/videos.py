"""Videos: registered with Pinterest, uploaded to a store with the given fields, then processed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.media_types import recognize
from sandbox.pinterest import problems
from sandbox.pinterest.access import READ_MEDIA, WRITE_MEDIA, authorize
from sandbox.pinterest.cast import Account
from sandbox.pinterest.paging import check_names
from sandbox.pinterest.rules import REGISTER_MEDIA, read_json
from sandbox.pinterest.world import WORLD, Upload, World

UPLOAD_PATH = "/upload/"
# The low one of the figures that are told for Pinterest.
MAX_BYTES = 1024**3
MAX_FIELD = 20 * 1024
PIECE = 256 * 1024


class StoreRefusal(Exception):
    """What the store says in its own XML; Pinterest has no part in it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        )


async def register(request: web.Request) -> web.Response:
    """POST /v5/media: where the video must be sent, and with which form fields."""
    grant = authorize(request, scopes=WRITE_MEDIA, category="org_write")
    check_names(request)
    await read_json(request, REGISTER_MEDIA)
    upload = request.app[WORLD].add_upload(owner=grant.account, fields=_fields(grant.account))
    answer = {
        "media_id": upload.id,
        "media_type": "video",
        "upload_url": f"{request.url.origin()}{UPLOAD_PATH}",
        "upload_parameters": dict(upload.fields),
    }
    return web.json_response(answer, status=201)


async def status(request: web.Request) -> web.Response:
    """GET /v5/media/{id}: registered, processing, succeeded or failed."""
    grant = authorize(request, scopes=READ_MEDIA, category="org_read")
    check_names(request)
    upload = request.app[WORLD].uploads.get(request.match_info["id"])
    if upload is None or upload.owner is not grant.account:
        raise problems.media_not_found()
    state = upload.status(time.time())
    return web.json_response({"media_id": upload.id, "media_type": "video", "status": state})


async def store(request: web.Request) -> web.Response:
    """POST to the upload_url: a form with all the given fields, and after them the `file`."""
    try:
        fields, file = await _read_form(request)
        upload = _find(request.app[WORLD], fields)
    except StoreRefusal as refusal:
        return web.Response(
            status=refusal.status, text=refusal.text, content_type="application/xml"
        )
    _start_processing(upload, file, request.app[WORLD])
    return web.Response(status=204)


def _fields(account: Account) -> dict[str, str]:
    now = time.gmtime()
    return {
        "x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", now),
        "x-amz-signature": secrets.token_hex(32),
        "x-amz-security-token": secrets.token_urlsafe(60),
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "key": f"uploads/{secrets.token_hex(2)}/3:video:{account.id}:{secrets.randbits(62)}",
        "policy": secrets.token_urlsafe(60),
        "x-amz-credential": f"ASIA{secrets.token_hex(8).upper()}/{time.strftime('%Y%m%d', now)}"
        "/us-east-1/s3/aws4_request",
        "Content-Type": "multipart/form-data",
    }


async def _read_form(request: web.Request) -> tuple[Mapping[str, str], bytes]:
    # A signed form and a token at once are one proof of identity too many for such a store.
    if "Authorization" in request.headers:
        raise StoreRefusal(400, "InvalidArgument", "Only one auth mechanism allowed")
    if request.content_type != "multipart/form-data":
        raise StoreRefusal(412, "PreconditionFailed", "The body must be multipart/form-data")
    fields: dict[str, str] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise StoreRefusal(400, "MalformedPOSTRequest", "A part has no name")
            if part.name == "file":
                return fields, await _read(part, MAX_BYTES)  # What comes after is ignored.
            fields[part.name] = (await _read(part, MAX_FIELD)).decode()
    except ValueError as error:
        raise StoreRefusal(400, "MalformedPOSTRequest", "The body is no form") from error
    raise StoreRefusal(400, "InvalidArgument", "POST requires exactly one file upload")


async def _read(part: Any, most: int) -> bytes:
    value = bytearray()
    while piece := await part.read_chunk(PIECE):
        value += piece
        if len(value) > most:
            raise StoreRefusal(400, "EntityTooLarge", "The upload exceeds the maximum size")
    return bytes(value)


def _find(world: World, fields: Mapping[str, str]) -> Upload:
    for upload in world.uploads.values():
        if upload.fields["key"] == fields.get("key"):
            if upload.fields != fields:
                raise StoreRefusal(403, "AccessDenied", "Invalid according to Policy")
            return upload
    raise StoreRefusal(403, "AccessDenied", "Invalid according to Policy")


def _start_processing(upload: Upload, file: bytes, world: World) -> None:
    content_type = recognize(file)
    is_video = content_type is not None and content_type.startswith("video/")
    upload.data, upload.content_type = file, content_type or "application/octet-stream"
    upload.ready_at = time.time() + world.switches["processing_seconds"]
    upload.failed = world.switches["processing_fails"] or not is_video
