"""How an image is made fit for a platform that does not take it as it is. Pure: no file is opened.

Only what changes nothing that people see in it is done: another format, fewer pixels, fewer bytes,
upright, without the place. Nothing is cropped, and a video or moving GIF stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from publishers import Intake, Media

MB = 1024 * 1024
# Part of every recipe: raised when the same recipe would make another file than before.
_METHOD = 1
_NAMES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP"}
JPEG, PNG, WEBP = _NAMES
GIF = "image/gif"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to make of an image: its format, at most so many bytes, and its pixels where they
    change. It is made upright and without what a camera notes in any case."""

    mime: str
    size: int
    width: int | None = None
    height: int | None = None

    def __str__(self) -> str:
        pixels = f"{self.width}x{self.height}" if self.width else "same"
        return f"{_METHOD}:{self.mime.removeprefix('image/')}:{pixels}:{self.size}"


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A file as it will be: its facts (the size is the most that it can be), how it is made, and a
    sentence for each change. Without a recipe it goes as it is."""

    media: Media
    recipe: Recipe | None = None
    changes: tuple[str, ...] = ()


def fit(media: Media, intake: Intake | None, label: str) -> Fit:
    """How a file is made fit for what the platform called `label` takes."""
    mime = _format(media, intake) if intake and media.kind == "image" else None
    if intake is None or mime is None:
        return Fit(media=media)
    pixels = _fewer_pixels(media, intake)
    changes = tuple(_changes(media, intake, mime, pixels, label))
    if not changes:
        return Fit(media=media)
    width, height = pixels or (None, None)
    recipe = Recipe(mime=mime, size=intake.size, width=width, height=height)
    return Fit(media=_made(media, recipe), recipe=recipe, changes=changes)


def _format(media: Media, intake: Intake) -> str | None:
    """The format that it will have; `None` when it is none that we read, or the platform takes none
    that we make."""
    if media.mime not in (*_NAMES, GIF):
        return None
    keeps = media.mime in intake.mimes and media.mime in _NAMES
    # A PNG can be made smaller only by taking pixels away; as a JPEG it keeps them.
    shrinks = media.size > intake.size and JPEG in intake.mimes
    if keeps and not shrinks:
        return media.mime
    best = (PNG, JPEG, WEBP) if media.mime == GIF and not shrinks else (JPEG, PNG, WEBP)
    return next((mime for mime in best if mime in intake.mimes), None)


def _fewer_pixels(media: Media, intake: Intake) -> tuple[int, int] | None:
    if not media.width or not media.height:
        return None
    narrower = (intake.width or media.width) / media.width
    lower = (intake.height or media.height) / media.height
    scale = min(narrower, lower)
    if scale >= 1:
        return None
    return max(1, round(media.width * scale)), max(1, round(media.height * scale))


def _changes(
    media: Media, intake: Intake, mime: str, pixels: tuple[int, int] | None, label: str
) -> Iterator[str]:
    name, limit = media.name, f"{intake.size / MB:g} MB"
    too_large = media.size > intake.size
    if mime != media.mime and too_large:
        yield f"{name} is larger than the {limit} that {label} takes, so it becomes a JPEG."
    elif mime != media.mime:
        yield f"{name} becomes a {_NAMES[mime]} for {label}."
    elif too_large:
        yield f"{name} is compressed to the {limit} that {label} takes."
    if media.is_transparent and mime == JPEG:
        yield f"Where {name} is transparent, it becomes white."
    if pixels:
        yield f"{name} is scaled down to {pixels[0]} × {pixels[1]} pixels for {label}."
    if media.orientation != 1:
        yield f"{name} is turned upright for {label}."
    if media.is_located:
        yield f"{name} goes to {label} without the place where it was taken."


def _made(media: Media, recipe: Recipe) -> Media:
    return replace(
        media,
        mime=recipe.mime,
        size=min(media.size, recipe.size),
        width=recipe.width or media.width,
        height=recipe.height or media.height,
        orientation=1,
        is_located=False,
        is_transparent=media.is_transparent and recipe.mime != JPEG,
    )
