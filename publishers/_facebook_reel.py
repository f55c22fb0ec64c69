"""Bringing a video to Facebook as a reel: its bytes go up once, in as many pieces as it takes, and
wait there under an id until the reel is published."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from publishers._errors import PublishError, Rejected, TemporaryFailure
from publishers._facebook_check import LABEL
from publishers._facebook_shelf import Shelf, gone
from publishers._graph import Graph
from publishers._graph_errors import explain, read
from publishers._json import dicts, dig, text, tidy
from publishers._values import Media, Processing, Ready

UPLOAD_URL = "https://rupload.facebook.com"
PIECE_BYTES = 1_000_000
# How long to wait for the next look at a video that Facebook works on.
LOOK_SECONDS = 5.0
DONE = ("complete", "completed")
_PHASES = ("uploading_phase", "processing_phase", "publishing_phase")


@dataclass(frozen=True, kw_only=True)
class Status:
    """How far Facebook says that it is with a video. `arrived` is the number of its bytes that it
    has. Of a video that is neither published nor unpublished nobody knows."""

    arrived: int
    is_uploaded: bool
    is_working: bool
    is_published: bool
    is_unpublished: bool
    is_lost: bool
    is_failed: bool
    reason: str = ""


async def bring_reel(graph: Graph, page_id: str, media: Media, shelf: Shelf) -> Ready | Processing:
    """Uploads what is missing of the video; stops where Facebook works on it."""
    arrived = 0
    if not shelf.reel:
        await _start(graph, page_id, shelf)
    else:
        status = await look(graph, shelf.reel["id"])
        if status.is_uploaded or status.is_failed or status.is_lost:
            return await _judge(status, media, shelf)
        arrived = status.arrived
    try:
        await _send(graph, shelf.reel["path"], media, arrived)
    except TemporaryFailure:
        status = await look(graph, shelf.reel["id"])
        if status.arrived <= arrived:
            raise
        # A slow line is no failure as long as the upload grows.
        return Processing(seconds=1.0)
    return await _judge(await look(graph, shelf.reel["id"]), media, shelf)


async def look(graph: Graph, video_id: str) -> Status:
    """One look at how far Facebook is."""
    answer = await graph.call("GET", f"/{video_id}", params={"fields": "status"})
    status = answer.get("status")
    state = text(dig(status, "video_status"))
    upload, processing, publishing = (dig(status, phase) for phase in _PHASES)
    arrived = dig(upload, "bytes_transferred")
    phases = [dig(phase, "status") for phase in (upload, processing, publishing)]
    return Status(
        arrived=arrived if isinstance(arrived, int) else 0,
        is_uploaded=phases[0] in DONE or state in ("upload_complete", "processing", "ready"),
        is_working="in_progress" in phases[1:],
        is_published=phases[2] in DONE and dig(publishing, "publish_status") == "published",
        is_unpublished=phases[2] in ("not_started", "error"),
        is_lost=state in ("expired", "upload_failed") or phases[0] == "error",
        is_failed=state == "error" or "error" in phases[1:],
        reason=_reason(status),
    )


async def _start(graph: Graph, page_id: str, shelf: Shelf) -> None:
    path = f"/{page_id}/video_reels"
    answer = await graph.call("POST", path, json={"upload_phase": "start"})
    video_id, address = text(answer.get("video_id")), urlsplit(text(answer.get("upload_url")))
    if not video_id.isdecimal() or not address.path.startswith("/"):
        raise TemporaryFailure("Facebook began an upload without an id. Postbot tries again.")
    # Where to is for our settings to say: the token goes there.
    where = f"{address.path}?{address.query}" if address.query else address.path
    await shelf.keep(reel={"id": video_id, "path": where})


async def _send(graph: Graph, path: str, media: Media, offset: int) -> None:
    base = graph.app.options.get("upload_url") or UPLOAD_URL
    headers = {
        "Authorization": f"OAuth {graph.token}",
        "offset": str(offset),
        "file_size": str(media.size),
        "Content-Length": str(media.size - offset),
        "Content-Type": "application/octet-stream",
    }
    if not await asyncio.to_thread(media.path.exists):
        raise gone(media)
    pieces = _pieces(media.path, offset)
    response = await graph.http.send("POST", f"{base}{path}", headers=headers, content=pieces)
    if not response.is_success:
        raise _explain(response)


async def _pieces(path: Path, offset: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
            yield piece


def _explain(response: httpx.Response) -> PublishError:
    """The place for uploads words its refusals in a way of its own."""
    if read(LABEL, response).code is not None or response.status_code in (401, 403, 413, 429):
        return explain(LABEL, response)
    return TemporaryFailure(
        "Facebook did not take all of the video. Postbot goes on with the upload.",
        code=str(response.status_code),
    )


async def _judge(status: Status, media: Media, shelf: Shelf) -> Ready | Processing:
    if status.is_published:
        raise Rejected("This reel is on the Page already. Mark it as posted by hand.")
    if status.is_failed:
        await shelf.keep(reel={})
        reason = status.reason or "it gives no reason"
        raise Rejected(
            f"Facebook cannot use {media.name}: {reason}. Save the file in another format or "
            "quality and add it again.",
            code="processing failed",
        )
    if status.is_lost or not status.is_uploaded:
        await shelf.keep(reel={})
        raise TemporaryFailure("Facebook lost the upload of the video. Postbot uploads it again.")
    return Processing(seconds=LOOK_SECONDS) if status.is_working else Ready()


def _reason(status: Any) -> str:
    errors = [error for phase in _PHASES for error in dicts(dig(status, phase, "errors"))]
    return next((tidy(text(error.get("message"))) for error in errors), "")
