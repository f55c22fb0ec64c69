"""What a video file says of itself: a reader of the boxes of the MP4 family (ISO 14496-12, and
QuickTime before it). It reads what describes the picture and never the picture.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# An hour of video is described in a few MB.
_MOST_DESCRIPTION = 64_000_000
_MOST_BOXES = 10_000
_MOST_RUNS = 1_000_000
_UNKNOWN = (0, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF)
_CODECS = {
    b"avc1": "h264",
    b"avc3": "h264",
    b"hvc1": "hevc",
    b"hev1": "hevc",
    b"dvh1": "hevc",
    b"dvhe": "hevc",
    b"av01": "av1",
    b"vp09": "vp9",
}


class NoFilm(ValueError):
    """The file is cut off, damaged, or has no picture."""


@dataclass(frozen=True, kw_only=True)
class Film:
    """Pixels as they are shown, seconds, frames a second; `None` for what the file does not
    say."""

    width: int | None
    height: int | None
    duration: float | None
    frame_rate: float | None
    codec: str


@dataclass(frozen=True)
class _Box:
    """A box: its four letters and what is in it."""

    type: bytes
    body: memoryview

    def children(self) -> Iterator[_Box]:
        rest = self.body
        while len(rest) >= 8:
            size, type_ = struct.unpack_from(">I4s", rest)
            head = 8
            if size == 1:
                (size,), head = struct.unpack_from(">Q", rest, 8), 16
            size = size or len(rest)
            if not head <= size <= len(rest):
                raise NoFilm
            yield _Box(type_, rest[head:size])
            rest = rest[size:]

    def find(self, *path: bytes) -> _Box | None:
        """The first box below this one on a path of types."""
        if not path:
            return self
        found = next((child for child in self.children() if child.type == path[0]), None)
        return found.find(*path[1:]) if found else None


def read_film(path: Path) -> Film:
    """What a video file says of itself. Raises `NoFilm`."""
    try:
        with path.open("rb") as file:
            movie = _Box(b"moov", memoryview(_description(file, path.stat().st_size)))
        return _film(movie)
    except (struct.error, IndexError) as error:
        raise NoFilm from error


def _description(file: BinaryIO, size: int) -> bytes:
    """The box that describes the rest. A box that claims to go on beyond the end of the file says
    that the file was cut off."""
    found, offset = b"", 0
    for _ in range(_MOST_BOXES):
        file.seek(offset)
        head = file.read(16)
        if len(head) < 8:
            break
        length, type_ = struct.unpack_from(">I4s", head)
        start = offset + (16 if length == 1 else 8)
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, 8)
        end = offset + (length or size - offset)
        if not start <= end <= size:
            raise NoFilm
        if type_ == b"moov" and not found:
            if end - start > _MOST_DESCRIPTION:
                raise NoFilm
            file.seek(start)
            found = file.read(end - start)
        offset = end
    if not found:
        raise NoFilm
    return found


def _film(movie: _Box) -> Film:
    track = next((each for each in _tracks(movie) if _is_picture(each)), None)
    if track is None:
        raise NoFilm
    width, height = _shown(track)
    return Film(
        width=width or None,
        height=height or None,
        duration=_duration(movie, track),
        frame_rate=_frame_rate(track),
        codec=_codec(track),
    )


def _tracks(movie: _Box) -> Iterator[_Box]:
    return (child for child in movie.children() if child.type == b"trak")


def _is_picture(track: _Box) -> bool:
    handler = track.find(b"mdia", b"hdlr")
    return handler is not None and bytes(handler.body[8:12]) == b"vide"


def _shown(track: _Box) -> tuple[int, int]:
    """Width and height after the turn that the track asks for."""
    header = track.find(b"tkhd")
    if header is None:
        raise NoFilm
    # Version 1 has three instants of 8 bytes in place of 4.
    at = 52 if header.body[0] == 1 else 40
    a, _, _, _, d = struct.unpack_from(">5i", header.body, at)
    width, height = (side >> 16 for side in struct.unpack_from(">2I", header.body, at + 36))
    if not (width and height):
        width, height = _encoded(track)
    lies_down = a == 0 and d == 0
    return (height, width) if lies_down else (width, height)


def _encoded(track: _Box) -> tuple[int, int]:
    entry = _sample_entry(track)
    if entry is None:
        return 0, 0
    width, height = struct.unpack_from(">2H", entry.body, 24)
    return int(width), int(height)


def _codec(track: _Box) -> str:
    entry = _sample_entry(track)
    if entry is None:
        return ""
    letters = entry.type.decode("ascii", "replace").strip()
    return _CODECS.get(entry.type, letters if letters.isprintable() else "")


def _sample_entry(track: _Box) -> _Box | None:
    described = track.find(b"mdia", b"minf", b"stbl", b"stsd")
    if described is None:
        return None
    return next(_Box(b"stsd", described.body[8:]).children(), None)


def _duration(movie: _Box, track: _Box) -> float | None:
    """In a film of fragments the header says nothing, its extension may."""
    scale, length = _times(movie.find(b"mvhd"))
    extension = movie.find(b"mvex", b"mehd")
    if extension is not None and not length:
        form = ">Q" if extension.body[0] == 1 else ">I"
        (length,) = struct.unpack_from(form, extension.body, 4)
    if not length:
        scale, length = _times(track.find(b"mdia", b"mdhd"))
    return length / scale if scale and length else None


def _frame_rate(track: _Box) -> float | None:
    """Frames by time: what counts where the gaps between frames differ."""
    table = track.find(b"mdia", b"minf", b"stbl", b"stts")
    scale, _ = _times(track.find(b"mdia", b"mdhd"))
    if table is None or not scale:
        return None
    runs = itertools.islice(struct.iter_unpack(">2I", _whole(table.body[8:], 8)), _MOST_RUNS)
    frames = time = 0
    for count, gap in runs:
        frames, time = frames + count, time + count * gap
    return frames * scale / time if frames > 1 and time else None


def _times(header: _Box | None) -> tuple[int, int]:
    """Time units a second, and the length in them; 0 where it is not known."""
    if header is None:
        return 0, 0
    form, at = (">IQ", 20) if header.body[0] == 1 else (">II", 12)
    scale, length = struct.unpack_from(form, header.body, at)
    return scale, 0 if length in _UNKNOWN else length


def _whole(body: memoryview, size: int) -> memoryview:
    return body[: len(body) - len(body) % size]
