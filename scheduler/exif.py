"""What a camera notes in an image (EXIF), as far as it matters: which side is up, and whether it
says where the image was taken."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_ORIENTATION, _PLACE = 0x0112, 0x8825
_SHORT = 3


class Unreadable(ValueError):
    """These are no notes of a camera, or they are damaged."""


def read_notes(notes: bytes) -> tuple[int, bool]:
    """The orientation, 1 to 8 (1 is upright), and whether there is a place. Raises `Unreadable`."""
    notes = notes.removeprefix(b"Exif\0\0")
    orientation, is_located = 1, False
    try:
        for tag, kind, value in _entries(notes):
            if tag == _ORIENTATION and kind == _SHORT and 1 <= value <= 8:
                orientation = value
            is_located = is_located or tag == _PLACE
    except (struct.error, KeyError) as error:
        raise Unreadable from error
    return orientation, is_located


def _entries(notes: bytes) -> Iterator[tuple[int, int, int]]:
    """Tag, kind and the first 16 bits of the value of every entry in the first directory."""
    order = {b"II*\0": "<", b"MM\0*": ">"}[notes[:4]]
    (start,) = struct.unpack_from(f"{order}I", notes, 4)
    (count,) = struct.unpack_from(f"{order}H", notes, start)
    for number in range(count):
        tag, kind, _, value = struct.unpack_from(f"{order}HHIH", notes, start + 2 + 12 * number)
        yield tag, kind, value
