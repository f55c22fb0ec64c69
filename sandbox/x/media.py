"""The media endpoints: images in one request, GIFs and videos in chunks, alt text."""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web

from sandbox.media_types import recognize
from sandbox.x import problems
from sandbox.x.access import MEDIA, authorize
from sandbox.x.query import check_names
from sandbox.x.rules import INITIALIZE_MEDIA, MEDIA_METADATA, read_json
from sandbox.x.upload import read_upload
from sandbox.x.world import MEDIA_SECONDS, WORLD, Account, Media

MIB = 1024 * 1024
MAX_BYTES = {"image": 5 * MIB, "gif": 15 * MIB, "video": 512 * MIB}
# X takes 1 MB chunks; the slack forgives a client that counts the multipart frame.
MAX_CHUNK = MIB + 64 * 1024
MAX_SEGMENT = 999
CATEGORIES = {"tweet_image": "image", "tweet_gif": "gif", "tweet_video": "video"}


async def upload(request: web.Request) -> web.Response:
    """POST /2/media/upload: one image of at most 5 MB."""
    account = authorize(request, scopes=MEDIA, endpoint="upload")
    form = await read_upload(
        request, required=("media", "media_category"), limit=MAX_BYTES["image"]
    )
    if form["media_category"] != "tweet_image":
        raise problems.invalid("Only tweet_image fits in one request; upload the rest in chunks.")
    data = form["media"]
    content_type = recognize(data)
    if content_type is None or not content_type.startswith("image/"):
        raise problems.invalid("media type unrecognized.")
    media = request.app[WORLD].add_media(
        owner=account, kind="image", content_type=content_type, total_bytes=len(data)
    )
    media.data = data
    media.finalized_at = media.ready_at = time.time()
    return _answer(media)


async def initialize(request: web.Request) -> web.Response:
    """POST /2/media/upload/initialize."""
    account = authorize(request, scopes=MEDIA, endpoint="chunk")
    body = await read_json(request, INITIALIZE_MEDIA)
    kind = CATEGORIES[body["media_category"]]
    if body["total_bytes"] > MAX_BYTES[kind]:
        raise problems.invalid(f"{kind} file size must be <= {MAX_BYTES[kind]} bytes")
    if not _belongs(body["media_type"], kind):
        raise problems.invalid(f"{body['media_type']} does not fit {body['media_category']}.")
    media = request.app[WORLD].add_media(
        owner=account,
        kind=kind,
        content_type=body["media_type"],
        total_bytes=body["total_bytes"],
    )
    return web.json_response({"data": _identity(media)})


async def append(request: web.Request) -> web.Response:
    """POST /2/media/upload/{id}/append: one chunk; sending it again replaces it."""
    media = _own(request, authorize(request, scopes=MEDIA, endpoint="chunk"))
    form = await read_upload(request, required=("media", "segment_index"), limit=MAX_CHUNK)
    index = str(form["segment_index"])
    if not index.isdecimal() or int(index) > MAX_SEGMENT:
        raise problems.invalid(f"$.segment_index: must be between 0 and {MAX_SEGMENT}")
    if media.finalized_at is not None:
        raise problems.invalid("The media upload is already finalized.")
    media.segments[int(index)] = form["media"]
    return web.json_response({"data": {"expires_at": int(media.expires_at)}})


async def finalize(request: web.Request) -> web.Response:
    """POST /2/media/upload/{id}/finalize: joins the chunks; a GIF or video is processed."""
    media = _own(request, authorize(request, scopes=MEDIA, endpoint="chunk"))
    if media.finalized_at is None:
        media.data = _join(media)
        media.segments.clear()
        _start_processing(media, request)
    return _answer(media)


async def status(request: web.Request) -> web.Response:
    """GET /2/media/upload?command=STATUS&media_id=…"""
    account = authorize(request, scopes=MEDIA, endpoint="chunk")
    check_names(request.query, frozenset({"command", "media_id"}))
    if request.query.get("command", "STATUS") != "STATUS":
        raise problems.invalid("The `command` query parameter value is not one of [STATUS]")
    return _answer(_find(request, request.query.get("media_id", ""), account))


async def metadata(request: web.Request) -> web.Response:
    """POST /2/media/metadata: the alt text, at most 1,000 characters."""
    account = authorize(request, scopes=MEDIA, endpoint="metadata")
    body = await read_json(request, MEDIA_METADATA)
    media = _find(request, body["id"], account)
    if "alt_text" in body["metadata"]:
        media.alt_text = body["metadata"]["alt_text"]["text"]
    return web.json_response({"data": {"id": media.id, "associated_metadata": body["metadata"]}})


def _own(request: web.Request, account: Account) -> Media:
    return _find(request, request.match_info["id"], account)


def _find(request: web.Request, media_id: str, account: Account) -> Media:
    media = request.app[WORLD].media.get(media_id)
    if media is None or media.owner is not account:
        raise problems.invalid("Your media IDs are invalid.", parameters={"id": [media_id]})
    return media


def _belongs(content_type: str, kind: str) -> bool:
    if kind == "gif":
        return content_type == "image/gif"
    return content_type.startswith(f"{kind}/")


def _join(media: Media) -> bytes:
    whole = b"".join(media.segments[index] for index in sorted(media.segments))
    if sorted(media.segments) != list(range(len(media.segments))):
        raise problems.invalid("Segments do not form a sequence that begins with 0.")
    if len(whole) != media.total_bytes:
        raise problems.invalid("Segments do not add up to provided total file size.")
    return whole


def _start_processing(media: Media, request: web.Request) -> None:
    switches = request.app[WORLD].switches
    media.finalized_at = media.ready_at = time.time()
    if media.kind != "image":
        media.ready_at += switches["processing_seconds"]
    media.failed = switches["processing_fails"] or recognize(media.data) != media.content_type


def _answer(media: Media) -> web.Response:
    data = {**_identity(media), "size": media.total_bytes}
    info = _processing_info(media, time.time())
    if info is not None:
        data["processing_info"] = info
    return web.json_response({"data": data})


def _identity(media: Media) -> dict[str, Any]:
    return {"id": media.id, "media_key": media.key, "expires_after_secs": MEDIA_SECONDS}


def _processing_info(media: Media, now: float) -> dict[str, Any] | None:
    """What X says about a GIF or video: pending, in progress, succeeded or failed."""
    if media.finalized_at is None or media.ready_at is None:
        return None
    if media.kind == "image" and not media.failed:
        return None
    if now < media.ready_at:
        progress = int(100 * (now - media.finalized_at) / (media.ready_at - media.finalized_at))
        state = "in_progress" if progress > 0 else "pending"
        return {"state": state, "check_after_secs": 1, "progress_percent": progress}
    if media.failed:
        return {"state": "failed", "progress_percent": 100}
    return {"state": "succeeded", "progress_percent": 100}
