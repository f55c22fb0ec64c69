"""Problems that every platform words alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

from publishers._base import Limits
from publishers._values import Media, MediaKind, Problem

MB = 1024 * 1024
_NAMES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "video/mp4": "MP4",
    "video/quicktime": "MOV",
}


def text_problems(label: str, limit: int, length: int) -> Iterator[Problem]:
    """Whether a text of this length, in the platform's own counting, is too long."""
    if length > limit:
        yield Problem(
            field="text",
            text=f"This text counts {length:,} on {label}; the limit is {limit:,}. "
            f"Shorten it by {length - limit:,}.",
        )


def file_problems(
    label: str, limits: Limits, mimes: Mapping[MediaKind, tuple[str, ...]], media: Media
) -> Iterator[Problem]:
    """Whether one file has a format, size or description that the platform does not take."""
    if media.mime not in mimes[media.kind]:
        *most, last = [_NAMES[mime] for mime in mimes[media.kind]]
        formats = f"{', '.join(most)} or {last}" if most else last
        yield _of_media(f"{label} does not take {media.name} ({media.mime}). Use {formats}.")
    limit = _size_limit(limits, media.kind)
    if media.size > limit:
        yield _of_media(
            f"{media.name} has {ceil(media.size / MB * 10) / 10:,} MB; the limit of {label} for "
            f"this kind of file is {limit // MB} MB. Make it smaller."
        )
    excess = len(media.alt_text) - limits.alt_text
    if excess > 0:
        yield _of_media(
            f"The description of {media.name} has {len(media.alt_text):,} characters; the limit "
            f"of {label} is {limits.alt_text:,}. Shorten it by {excess:,}."
        )


def _of_media(text: str) -> Problem:
    return Problem(field="media", text=text)


def _size_limit(limits: Limits, kind: MediaKind) -> int:
    sizes = {
        "image": limits.image_bytes,
        "gif": limits.gif_bytes,
        "video": limits.video_bytes,
    }
    return sizes[kind]
