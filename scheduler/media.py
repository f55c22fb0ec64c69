"""The media store: files of posts, named by their content, with what platforms must know of them.

What a file is, its bytes decide, never its name. Images are measured from their header before
anything is decoded, so that a small file cannot become a gigabyte of pixels.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from publishers import Media, MediaKind

# More than any platform shows; a 40-megapixel image needs about 160 MB when decoded.
MAX_PIXELS = 40_000_000
# X's limit for video, the largest of all.
MAX_BYTES = 512_000_000
# Photos and sound that come in the same container as video: HEIC, AVIF, M4A.
_NO_VIDEOS = frozenset(
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"]
) | {b"M4A ", b"M4B ", b"M4P "}
_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}


class UnusableMedia(Exception):
    """A file that cannot be posted. The message names the file and says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class StoredMedia:
    """A file in the store; sizes in bytes and pixels."""

    name: str
    key: str
    kind: MediaKind
    mime: str
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    alt_text: str = ""
    slack_file_id: str = ""


class MediaStore:
    """Files in a local folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def add(self, chunks: AsyncIterator[bytes], *, name: str) -> StoredMedia:
        """Stores a file and measures it. Raises `UnusableMedia`; nothing is kept then."""
        incoming = self._folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        descriptor, path = tempfile.mkstemp(dir=incoming)
        try:
            with os.fdopen(descriptor, "wb") as file:
                digest, size = await _copy(chunks, file, name)
            stored = await asyncio.to_thread(_measure, Path(path), name, digest, size)
            target = self.path(stored.key)
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(path).replace(target)
            return stored
        finally:
            Path(path).unlink(missing_ok=True)

    def path(self, key: str) -> Path:
        """Where the file of a key lies."""
        return self._folder / key[:2] / key

    def media(self, stored: StoredMedia) -> Media:
        """A stored file as publishers see it."""
        return Media(
            name=stored.name,
            path=self.path(stored.key),
            kind=stored.kind,
            mime=stored.mime,
            size=stored.size,
            sha256=stored.sha256,
            width=stored.width,
            height=stored.height,
            duration=stored.duration,
            alt_text=stored.alt_text,
        )


async def _copy(chunks: AsyncIterator[bytes], file: object, name: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    async for chunk in chunks:
        size += len(chunk)
        if size > MAX_BYTES:
            raise UnusableMedia(
                f"“{name}” is larger than {MAX_BYTES // 1_000_000} MB, the most that any platform "
                "takes. Make it smaller and upload it again."
            )
        digest.update(chunk)
        file.write(chunk)  # type: ignore[attr-defined]
    return digest.hexdigest(), size


def _measure(path: Path, name: str, digest: str, size: int) -> StoredMedia:
    if not size:
        raise UnusableMedia(f"“{name}” is empty. Upload it again.")
    if _is_video(path):
        return StoredMedia(
            name=name, key=digest, kind="video", mime=_video_mime(path), size=size, sha256=digest
        )
    return _measure_image(path, name, digest, size)


def _measure_image(path: Path, name: str, digest: str, size: int) -> StoredMedia:
    try:
        with warnings.catch_warnings():
            # Our own cap is lower than the one that Pillow warns about.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=list(_FORMATS)) as image:
                mime = _FORMATS[image.format or ""]
                width, height = image.size
                moving = mime == "image/gif" and getattr(image, "is_animated", False)
                if width * height <= MAX_PIXELS:
                    image.verify()
    except Image.DecompressionBombError:
        raise UnusableMedia(_too_many_pixels(name)) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise UnusableMedia(
            f"“{name}” is not an image or video that can be posted, or it is damaged. Use JPEG, "
            "PNG, WebP, GIF, MP4 or MOV."
        ) from None
    if width * height > MAX_PIXELS:
        raise UnusableMedia(_too_many_pixels(name))
    kind: MediaKind = "gif" if moving else "image"
    return StoredMedia(
        name=name,
        key=digest,
        kind=kind,
        mime=mime,
        size=size,
        sha256=digest,
        width=width,
        height=height,
    )


def _too_many_pixels(name: str) -> str:
    return (
        f"“{name}” has more than {MAX_PIXELS // 1_000_000} million pixels. Scale it down and "
        "upload it again."
    )


def _is_video(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    return head[4:8] == b"ftyp" and head[8:12] not in _NO_VIDEOS


def _video_mime(path: Path) -> str:
    with path.open("rb") as file:
        return "video/quicktime" if file.read(12)[8:10] == b"qt" else "video/mp4"
