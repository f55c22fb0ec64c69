"""The files of a pin: a video is brought to Pinterest ahead, images travel in the pin itself."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any, Protocol

from publishers._errors import Cause, Rejected, TemporaryFailure
from publishers._http import Http
from publishers._json import dig, text
from publishers._values import Checkpoint, Media, Processing, Ready

# How long Pinterest keeps a video that is on no pin is not documented; this is safe with others.
USABLE_SECONDS = 20 * 3600
# A video that Pinterest still does not know so long after it was sent is sent again.
ARRIVES_SECONDS = 15 * 60
# Looks at a video in processing come ever more rarely, for they count among 1,000 requests a day.
FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS = 5.0, 60.0
# The frame that stands for a video without a cover image: the very first is often black.
COVER_SECOND = 1
#: What Pinterest takes as bytes; anything else it fetches from an address.
AS_BYTES = ("image/jpeg", "image/png")
# A multiple of three bytes has no padding in base64.
_PIECE_BYTES = 3 * 32 * 1024
# Stands for a file in the JSON of a pin; nobody else can have written it.
_MARK = f"file-{uuid.uuid4().hex}-"


class Call(Protocol):
    """A repeatable request to Pinterest for one account; gives the JSON of a success, else
    raises."""

    async def __call__(self, method: str, path: str, **request: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A video registered with Pinterest: since when (epoch seconds), and how far it got."""

    id: str
    sha256: str
    at: float
    is_sent: bool = False
    is_ready: bool = False


async def bring(
    call: Call, http: Http, files: tuple[Media, ...], checkpoint: Checkpoint
) -> Ready | Processing:
    """Uploads the video, if there is one, and looks once whether Pinterest is done with it."""
    video = video_of(files)
    if video is None:
        return Ready()
    upload = find_upload(checkpoint, video)
    if upload is not None and upload.is_ready:
        return Ready()
    state = await _look(call, checkpoint, upload, video) if upload else "registered"
    if upload is not None and state == "succeeded":
        await _keep(checkpoint, replace(upload, is_ready=True))
        return Ready()
    if upload is None or (state == "registered" and not _is_on_its_way(upload)):
        upload = await _upload(call, http, checkpoint, video)
    wait = (time.time() - upload.at) / 4
    return Processing(seconds=min(LAST_LOOK_SECONDS, max(FIRST_LOOK_SECONDS, wait)))


def video_of(files: tuple[Media, ...]) -> Media | None:
    return next((one for one in files if one.kind == "video"), None)


def find_upload(checkpoint: Checkpoint, video: Media) -> Upload | None:
    """The noted upload of this video, unless it is too old to be used."""
    saved: Mapping[str, Any] | None = checkpoint.saved.get("video")
    upload = Upload(**saved) if saved else None
    if upload is None or upload.sha256 != video.sha256:
        return None
    return upload if time.time() - upload.at < USABLE_SECONDS else None


async def _look(call: Call, checkpoint: Checkpoint, upload: Upload, video: Media) -> str:
    answer = await call("GET", f"/media/{upload.id}")
    state = text(answer.get("status"))
    if state == "failed":
        await checkpoint.save(video=None)
        raise Rejected(
            f"Pinterest cannot use {video.name}. Save it as MP4 with H.264, or cut it, and add it "
            "again.",
            cause=Cause.CONTENT,
            code="processing failed",
        )
    return state


def _is_on_its_way(upload: Upload) -> bool:
    return upload.is_sent and time.time() - upload.at < ARRIVES_SECONDS


async def _upload(call: Call, http: Http, checkpoint: Checkpoint, video: Media) -> Upload:
    """Registers and sends a video. The form that lets it in is a secret and therefore not noted:
    an upload that broke off is registered anew."""
    registered = await call("POST", "/media", json={"media_type": "video"})
    upload = Upload(id=_id(registered), sha256=video.sha256, at=time.time())
    await _keep(checkpoint, upload)
    await _send(http, registered, video)
    sent = replace(upload, at=time.time(), is_sent=True)
    await _keep(checkpoint, sent)
    return sent


async def _send(http: Http, registered: Mapping[str, Any], video: Media) -> None:
    url, form = text(registered.get("upload_url")), dig(registered, "upload_parameters")
    if not url.startswith(("https://", "http://")) or not isinstance(form, dict):
        raise _try_again("Pinterest did not say where to upload the video.")
    try:
        file = await asyncio.to_thread(video.path.open, "rb")
    except FileNotFoundError as error:
        raise _gone(video) from error
    with file:
        parts = {"file": ("video", file, video.mime)}
        response = await http.send("POST", url, data=form, files=parts)
    if "EntityTooLarge" in response.text:
        raise Rejected(
            f"{video.name} is too large for Pinterest. Make it smaller and add it again."
        )
    if not response.is_success:
        raise _try_again(f"Pinterest did not take {video.name} ({response.status_code}).")


def _id(registered: Mapping[str, Any]) -> str:
    media_id = registered.get("media_id")
    if isinstance(media_id, str) and re.fullmatch(r"[0-9]{1,30}", media_id):
        return media_id
    raise _try_again("Pinterest answered the registration of a video without an id.")


async def _keep(checkpoint: Checkpoint, upload: Upload) -> None:
    await checkpoint.save(video=asdict(upload))


class PinBody:
    """The JSON of a pin, its files read as base64 while it is sent: those of many pins that are due
    at the same instant are never all in memory. Raises `Rejected` when a file is gone."""

    def __init__(self, fields: Mapping[str, Any], files: tuple[Media, ...], upload_id: str) -> None:
        written = json.dumps({**fields, "media_source": _media_source(files, upload_id)})
        # Text, file, text, file, …, text.
        self._parts = re.split(f"{_MARK}([0-9]+)", written)
        self._files = files
        lengths = map(self._length, range(len(self._parts)))
        self.headers = {"Content-Type": "application/json", "Content-Length": str(sum(lengths))}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for number, part in enumerate(self._parts):
            if number % 2 == 0:
                yield part.encode()
                continue
            async for piece in _as_base64(self._files[int(part)].path):
                yield piece

    def _length(self, number: int) -> int:
        if number % 2 == 0:
            return len(self._parts[number].encode())
        media = self._files[int(self._parts[number])]
        try:
            return 4 * ceil(media.path.stat().st_size / 3)
        except FileNotFoundError as error:
            raise _gone(media) from error


async def _as_base64(path: Path) -> AsyncIterator[bytes]:
    """No file stays open between two pieces: whoever reads them may stop at any."""
    for offset in range(0, path.stat().st_size, _PIECE_BYTES):
        yield b64encode(await asyncio.to_thread(_read_piece, path, offset))


def _read_piece(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(_PIECE_BYTES)


def _media_source(files: tuple[Media, ...], upload_id: str) -> dict[str, Any]:
    images = [number for number, one in enumerate(files) if one.kind != "video"]
    if upload_id:
        cover = _cover(files, images[0]) if images else {"cover_image_key_frame_time": COVER_SECOND}
        return {"source_type": "video_id", "media_id": upload_id, **cover}
    as_bytes = all(files[number].mime in AS_BYTES for number in images)
    items = [_image(files, number, as_bytes=as_bytes) for number in images]
    if len(items) == 1:
        return {"source_type": "image_base64" if as_bytes else "image_url", **items[0]}
    kind = "multiple_image_base64" if as_bytes else "multiple_image_urls"
    return {"source_type": kind, "items": items}


def _cover(files: tuple[Media, ...], number: int) -> dict[str, str]:
    as_bytes = files[number].mime in AS_BYTES
    image = _image(files, number, as_bytes=as_bytes)
    return {f"cover_image_{name}": value for name, value in image.items()}


def _image(files: tuple[Media, ...], number: int, *, as_bytes: bool) -> dict[str, str]:
    media = files[number]
    if as_bytes:
        return {"content_type": media.mime, "data": f"{_MARK}{number}"}
    return {"url": media.url}


def _try_again(what: str) -> TemporaryFailure:
    return TemporaryFailure(f"{what} Postbot tries again.")


def _gone(media: Media) -> Rejected:
    return Rejected(
        f"The file {media.name} is gone from Postbot's store. Add it to the post again."
    )
