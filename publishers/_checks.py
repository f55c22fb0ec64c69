"""Problems that every platform words alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

from publishers._base import Limits
from publishers._values import Intake, Media, MediaKind, Problem

MB = 1024 * 1024
_NAMES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "video/mp4": "MP4",
    "video/quicktime": "MOV",
}
_CODECS = {"h264": "H.264", "hevc": "HEVC (H.265)", "av1": "AV1", "vp9": "VP9"}
# How far numbers that were rounded on their way may be off.
_ROUNDING = 0.005


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
    intake = Intake(mimes=mimes[media.kind], size=_size_limit(limits, media.kind))
    yield from intake_problems(label, intake, media)
    yield from alt_text_problems(label, limits.alt_text, media)


def alt_text_problems(label: str, limit: int, media: Media) -> Iterator[Problem]:
    """Whether the description of a file is too long."""
    excess = len(media.alt_text) - limit
    if excess > 0:
        yield _of_media(
            f"The description of {media.name} has {len(media.alt_text):,} characters; the limit "
            f"of {label} is {limit:,}. Shorten it by {excess:,}."
        )


def intake_problems(label: str, intake: Intake, media: Media) -> Iterator[Problem]:
    """Whether a file, as it would be sent, is something that the platform does not take. What
    nobody knows of a file is no problem."""
    if media.mime not in intake.mimes:
        yield _of_media(f"{label} does not take {media.name} ({media.mime}). {_use(intake)}.")
    if media.size > intake.size:
        yield _of_media(
            f"{media.name} has {ceil(media.size / MB * 10) / 10:,} MB; the limit of {label} for "
            f"this kind of file is {intake.size // MB} MB. Make it smaller."
        )
    yield from _shape_problems(label, intake, media)
    yield from _film_problems(label, intake, media)


def _use(intake: Intake) -> str:
    *most, last = [_NAMES[mime] for mime in intake.mimes]
    return f"Use {', '.join(most)} or {last}" if most else f"Use {last}"


def _shape_problems(label: str, intake: Intake, media: Media) -> Iterator[Problem]:
    if not media.width or not media.height:
        return
    if media.width > (intake.width or media.width) or media.height > (
        intake.height or media.height
    ):
        yield _of_media(
            f"{media.name} has {media.width} × {media.height} pixels; {label} takes up to "
            f"{_most(intake.width)} × {_most(intake.height)}. Scale it down."
        )
    narrowest, widest = intake.ratio or (0.0, float("inf"))
    ratio = media.width / media.height
    if ratio > widest + _ROUNDING:
        yield _of_media(
            f"{media.name} is too wide for {label}: {_shape(ratio)}, where at most "
            f"{_shape(widest)} fits. Crop it and add it again."
        )
    if ratio < narrowest - _ROUNDING:
        yield _of_media(
            f"{media.name} is too tall for {label}: {_shape(ratio)}, where at least "
            f"{_shape(narrowest)} is needed. Crop it and add it again."
        )


def _film_problems(label: str, intake: Intake, media: Media) -> Iterator[Problem]:
    shortest, longest = intake.duration or (0.0, None)
    if media.duration is not None and media.duration < shortest - _ROUNDING:
        yield _of_media(
            f"{media.name} lasts {media.duration:.1f} seconds; {label} takes videos from "
            f"{shortest:g} seconds on. Use a longer one."
        )
    if media.duration is not None and longest and media.duration > longest + _ROUNDING:
        yield _of_media(
            f"{media.name} lasts {media.duration:.1f} seconds; {label} takes up to {longest:g}. "
            "Cut it."
        )
    slowest, fastest = intake.frame_rate or (0.0, float("inf"))
    if media.frame_rate is not None and not (
        slowest - _ROUNDING <= media.frame_rate <= fastest + _ROUNDING
    ):
        range_ = f"{slowest:g} to {fastest:g}" if slowest else f"up to {fastest:g}"
        yield _of_media(
            f"{media.name} has {media.frame_rate:.4g} frames a second; {label} takes {range_}. "
            "Save it with another frame rate."
        )
    if media.codec and intake.codecs and media.codec not in intake.codecs:
        known = " or ".join(_CODECS.get(codec, codec) for codec in intake.codecs)
        yield _of_media(
            f"{media.name} is encoded as {_CODECS.get(media.codec, media.codec)}; {label} takes "
            f"{known}. Save it as that."
        )


def _of_media(text: str) -> Problem:
    return Problem(field="media", text=text)


def _most(pixels: int | None) -> str:
    return str(pixels) if pixels else "any"


def _shape(ratio: float) -> str:
    """A shape as people write it, such as `1.91:1`, or `1:2` for something tall."""
    return f"{ratio:.3g}:1" if ratio >= 1 else f"1:{1 / ratio:.3g}"


def _size_limit(limits: Limits, kind: MediaKind) -> int:
    sizes = {
        "image": limits.image_bytes,
        "gif": limits.gif_bytes,
        "video": limits.video_bytes,
    }
    return sizes[kind]
