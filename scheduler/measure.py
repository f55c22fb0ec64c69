"""What a file is: decided by its bytes, never by its name.

Images are measured from their header before anything is decoded, so that a small file cannot
become a gigabyte of pixels.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from publishers import MediaKind
from scheduler.exif import Unreadable, read_notes
from scheduler.film import NoFilm, read_film

# More than any platform shows; a 40-megapixel image needs about 160 MB when decoded.
MAX_PIXELS = 40_000_000
# No platform takes an image of more than 32 MB; the rest is room for what is made smaller.
MAX_IMAGE_BYTES = 100_000_000
# Photos and sound that come in the same container as video: HEIC, AVIF, M4A.
_NO_VIDEOS = frozenset(
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"]
) | {b"M4A ", b"M4B ", b"M4P "}
_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
_MOST_CHUNKS = 10_000


class UnusableMedia(Exception):
    """A file that cannot be posted. The message names the file and says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What platforms must know of a file, as in `publishers.Media`."""

    kind: MediaKind
    mime: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    frame_rate: float | None = None
    codec: str = ""
    orientation: int = 1
    is_located: bool = False
    is_transparent: bool = False


def measure(path: Path, name: str) -> Facts:
    """The facts of a file. Raises `UnusableMedia`."""
    size = path.stat().st_size
    if not size:
        raise UnusableMedia(f"“{name}” is empty. Upload it again.")
    if _is_video(path):
        return _measure_video(path, name)
    if size > MAX_IMAGE_BYTES:
        raise UnusableMedia(
            f"“{name}” is larger than {MAX_IMAGE_BYTES // 1_000_000} MB, too much for an image. "
            "Make it smaller and upload it again."
        )
    return _measure_image(path, name)


def _is_video(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    return head[4:8] == b"ftyp" and head[8:12] not in _NO_VIDEOS


def _measure_video(path: Path, name: str) -> Facts:
    try:
        film = read_film(path)
    except NoFilm:
        raise UnusableMedia(
            f"“{name}” is cut off, damaged, or has no picture. Save the video again as MP4 and "
            "upload it."
        ) from None
    return Facts(
        kind="video",
        mime=_video_mime(path),
        width=film.width,
        height=film.height,
        duration=film.duration,
        frame_rate=film.frame_rate,
        codec=film.codec,
    )


def _video_mime(path: Path) -> str:
    with path.open("rb") as file:
        return "video/quicktime" if file.read(12)[8:10] == b"qt" else "video/mp4"


def _measure_image(path: Path, name: str) -> Facts:
    try:
        with warnings.catch_warnings():
            # Of sizes below our own cap, and of odd notes that we do not need.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=list(_FORMATS)) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise UnusableMedia(_too_many_pixels(name))
                facts = _image_facts(image, path)
                moves = bool(getattr(image, "is_animated", False))
                image.verify()
    except Image.DecompressionBombError:
        raise UnusableMedia(_too_many_pixels(name)) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise UnusableMedia(
            f"“{name}” is not an image or video that can be posted, or it is damaged. Use JPEG, "
            "PNG, WebP, GIF, MP4 or MOV."
        ) from None
    if moves and facts.mime == "image/webp":
        raise UnusableMedia(
            f"“{name}” is a moving WebP, which no platform plays. Save it as GIF or MP4 and "
            "upload that."
        )
    return facts


def _image_facts(image: Image.Image, path: Path) -> Facts:
    mime = _FORMATS[image.format or ""]
    width, height = image.size
    moves = mime == "image/gif" and bool(getattr(image, "is_animated", False))
    orientation, is_located = _camera_notes(image, path)
    # The upper four turn an image on its side.
    shown = (height, width) if orientation >= 5 else (width, height)
    return Facts(
        kind="gif" if moves else "image",
        mime=mime,
        width=shown[0],
        height=shown[1],
        orientation=orientation,
        is_located=is_located,
        is_transparent=image.has_transparency_data,
    )


def _camera_notes(image: Image.Image, path: Path) -> tuple[int, bool]:
    """How an image must be turned, and whether it says where it was taken. Of notes that cannot be
    read the worst is assumed: they may hold a place."""
    notes, has_place = _exif(image, path), b"GPSL" in _xmp(image)
    if not notes:
        return 1, has_place
    try:
        orientation, is_located = read_notes(notes)
    except Unreadable:
        return 1, True
    return orientation, is_located or has_place


def _exif(image: Image.Image, path: Path) -> bytes:
    if "exif" in image.info or image.format != "PNG":
        return _bytes(image.info.get("exif"))
    # Pillow would decode the picture to look behind it.
    return next((body for type_, body in _chunks(path) if type_ == b"eXIf"), b"")


def _xmp(image: Image.Image) -> bytes:
    return _bytes(image.info.get("xmp") or image.info.get("XML:com.adobe.xmp"))


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value or b"")


def _chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG; only that of the camera's notes with its content."""
    with path.open("rb") as file:
        file.seek(8)
        for _ in range(_MOST_CHUNKS):
            head = file.read(8)
            if len(head) < 8:
                return
            length, type_ = struct.unpack(">I4s", head)
            if type_ == b"eXIf":
                yield type_, file.read(min(length, 1_000_000))
                return
            file.seek(length + 4, 1)


def _too_many_pixels(name: str) -> str:
    return (
        f"“{name}” has more than {MAX_PIXELS // 1_000_000} million pixels. Scale it down and "
        "upload it again."
    )
