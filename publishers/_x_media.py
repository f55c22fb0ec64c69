"""Bringing the files of a post to X, so that an interrupted attempt goes on where it stopped."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from publishers._errors import Cause, Rejected, TemporaryFailure
from publishers._json import dig, text, tidy
from publishers._values import Checkpoint, Media, Processing, Ready

# X keeps an upload for 24 hours; older ids than this are not worth the risk.
USABLE_SECONDS = 20 * 3600
# Larger chunks are refused (413 at 5 MB, 431 at 2 MB), whatever the documentation says.
CHUNK_BYTES = 1_000_000
CATEGORIES = {"image": "tweet_image", "gif": "tweet_gif", "video": "tweet_video"}


class Call(Protocol):
    """A repeatable request to X for one account; gives the JSON of a success, else raises."""

    async def __call__(self, method: str, path: str, **request: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that X has: since when (epoch seconds), and for how long to wait until the next look
    at its processing; 0 when it can be posted."""

    id: str
    key: str
    sha256: str
    at: float
    wait: float
    described: bool = False


class Shelf:
    """The uploads of a post in its checkpoint, by position."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def find(self, position: int, media: Media) -> Upload | None:
        """The upload of this file, unless it is too old to be used."""
        saved = self._saved.get(str(position))
        upload = Upload(**saved) if saved else None
        if upload is None or upload.sha256 != media.sha256:
            return None
        return upload if time.time() - upload.at < USABLE_SECONDS else None

    def all(self) -> list[Upload]:
        return [Upload(**self._saved[position]) for position in sorted(self._saved)]

    async def keep(self, position: int, upload: Upload) -> None:
        await self._checkpoint.save(media={**self._saved, str(position): asdict(upload)})

    async def clear(self) -> None:
        await self._checkpoint.save(media={})

    @property
    def _saved(self) -> Mapping[str, dict[str, Any]]:
        saved: Mapping[str, dict[str, Any]] = self._checkpoint.saved.get("media") or {}
        return saved


async def bring(call: Call, files: tuple[Media, ...], checkpoint: Checkpoint) -> Ready | Processing:
    """Uploads and describes what is missing; stops at the first file that X still works on."""
    shelf = Shelf(checkpoint)
    for position, media in enumerate(files):
        upload = await _bring_one(call, shelf, position, media)
        if upload.wait:
            return Processing(seconds=upload.wait)
        if media.alt_text and media.kind != "video" and not upload.described:
            await _describe(call, upload, media.alt_text)
            await shelf.keep(position, replace(upload, described=True))
    return Ready()


async def _bring_one(call: Call, shelf: Shelf, position: int, media: Media) -> Upload:
    upload = shelf.find(position, media)
    if upload and not upload.wait:
        return upload
    upload = await (_look(call, shelf, upload, media) if upload else _upload(call, media))
    await shelf.keep(position, upload)
    return upload


async def _look(call: Call, shelf: Shelf, upload: Upload, media: Media) -> Upload:
    query = {"command": "STATUS", "media_id": upload.id}
    try:
        answer = await call("GET", "/2/media/upload", params=query)
        return replace(upload, wait=_wait(answer, media))
    except Rejected:
        await shelf.clear()
        raise


async def _upload(call: Call, media: Media) -> Upload:
    send = _upload_whole if media.kind == "image" else _upload_in_chunks
    try:
        answer = await send(call, media)
    except FileNotFoundError as error:
        raise Rejected(
            f"The file {media.name} is gone from Postbot's store. Add it to the post again."
        ) from error
    return Upload(
        id=_id(answer),
        key=text(dig(answer, "data", "media_key")),
        sha256=media.sha256,
        at=time.time(),
        wait=_wait(answer, media),
    )


async def _upload_whole(call: Call, media: Media) -> dict[str, Any]:
    content = await asyncio.to_thread(media.path.read_bytes)
    return await call(
        "POST",
        "/2/media/upload",
        data={"media_category": CATEGORIES[media.kind]},
        files={"media": ("media", content, media.mime)},
    )


async def _upload_in_chunks(call: Call, media: Media) -> dict[str, Any]:
    begun = await call(
        "POST",
        "/2/media/upload/initialize",
        json={
            "media_type": media.mime,
            "total_bytes": media.size,
            "media_category": CATEGORIES[media.kind],
        },
    )
    upload = f"/2/media/upload/{_id(begun)}"
    for index, offset in enumerate(range(0, media.size, CHUNK_BYTES)):
        chunk = await asyncio.to_thread(_read_chunk, media.path, offset)
        await call(
            "POST",
            f"{upload}/append",
            data={"segment_index": str(index)},
            files={"media": ("media", chunk, "application/octet-stream")},
        )
    finalized = await call("POST", f"{upload}/finalize")
    return {"data": {**begun["data"], **(dig(finalized, "data") or {})}}


async def _describe(call: Call, upload: Upload, alt_text: str) -> None:
    metadata = {"alt_text": {"text": alt_text}}
    await call("POST", "/2/media/metadata", json={"id": upload.id, "metadata": metadata})


def _read_chunk(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(CHUNK_BYTES)


def _id(answer: dict[str, Any]) -> str:
    media_id = dig(answer, "data", "id")
    if isinstance(media_id, str) and re.fullmatch(r"[0-9]{1,19}", media_id):
        return media_id
    raise TemporaryFailure("X answered an upload without an id. Postbot tries again.")


def _wait(answer: dict[str, Any], media: Media) -> float:
    info = dig(answer, "data", "processing_info")
    match dig(info, "state"):
        case None | "succeeded":
            return 0.0
        case "failed":
            reason = tidy(text(dig(info, "error", "message"))) or "it gives no reason"
            raise Rejected(
                f"X cannot use {media.name}: {reason}. Save the file in another format or quality "
                "and add it again.",
                cause=Cause.CONTENT,
                code="processing failed",
            )
        case _:
            seconds = dig(info, "check_after_secs")
            return float(min(max(seconds, 1), 300)) if isinstance(seconds, int) else 5.0
