"""What a file is, and how large a picture is."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from sandbox.media_types import recognize

#: The first bytes of image types that Facebook takes and others do not.
_RARE_IMAGES = {b"BM": "image/bmp", b"II*\0": "image/tiff", b"MM\0*": "image/tiff"}


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The bytes of a file and their content type."""

    content_type: str
    data: bytes


def image_type(data: bytes) -> str | None:
    """The content type of an image that Facebook takes, or None."""
    known = recognize(data)
    if known in ("image/jpeg", "image/png", "image/gif"):
        return known
    return next((kind for head, kind in _RARE_IMAGES.items() if data.startswith(head)), None)


def video_type(data: bytes) -> str | None:
    """`video/mp4` or `video/quicktime`, or None for another file."""
    known = recognize(data)
    return known if known is not None and known.startswith("video/") else None


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height as the file's head says them; None when it is no picture."""
    with warnings.catch_warnings():
        # Only the head is read, nothing is decoded: many pixels are nothing to be warned of.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data)) as picture:
                return picture.size
        except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError):
            return None
