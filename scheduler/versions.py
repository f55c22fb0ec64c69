"""Images made fit for a platform: made once, kept in the media store beside the file that they were
made from, and found again by its key and the recipe."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tortoise.exceptions import IntegrityError

from publishers import Media, get
from scheduler.fitting import Fit, Recipe, fit
from scheduler.measure import Facts, measure
from scheduler.media import version_key
from scheduler.models import MediaFile, MediaVersion
from scheduler.runtime import Runtime


@dataclass(frozen=True)
class Versions:
    """Those versions of some files that exist."""

    runtime: Runtime
    rows: dict[tuple[str, str], MediaVersion]

    def best(self, media: Media, platform: str) -> Media:
        """The file as it goes to a platform; as it is when its version was not made yet."""
        how = fitted(media, platform)
        row = self.rows.get((media.key, str(how.recipe)))
        return _as_media(self.runtime, row, how) if row else media


def fitted(media: Media, platform: str) -> Fit:
    """How a file is made fit for a platform."""
    publisher = get(platform)
    return fit(media, publisher.intake.get(media.kind), publisher.label)


async def known(runtime: Runtime, keys: Collection[str]) -> Versions:
    """The versions that were made of these files."""
    rows = await MediaVersion.filter(source__in=list(set(keys))) if keys else []
    return Versions(runtime, {(row.source, row.recipe): row for row in rows})


async def mime_of(key: str) -> str | None:
    """The type of a file that a post has, or of a version of it; `None` for any other."""
    row = await MediaFile.filter(key=key).first() or await MediaVersion.filter(key=key).first()
    return row.mime if row else None


async def make_all(runtime: Runtime, files: Sequence[Media], platform: str) -> tuple[Media, ...]:
    """These files as they go to a platform; what is missing is made. Raises `ConversionFailed`,
    `ShelfFailed`, and `FileNotFoundError` when a file is gone."""
    return tuple([await _make(runtime, media, fitted(media, platform)) for media in files])


async def _make(runtime: Runtime, media: Media, how: Fit) -> Media:
    if how.recipe is None:
        return media
    row = await _row(media.key, how.recipe)
    if row is None:
        row = await _make_row(runtime, media, how.recipe)
    return _as_media(runtime, row, how)


async def _row(key: str, recipe: Recipe) -> MediaVersion | None:
    return await MediaVersion.get_or_none(source=key, recipe=str(recipe))


async def _make_row(runtime: Runtime, media: Media, recipe: Recipe) -> MediaVersion:
    descriptor, path = runtime.media.scratch()
    os.close(descriptor)
    try:
        async with runtime.media.at_hand([media]):
            await runtime.converter.make(media.path, path, recipe)
        digest, facts = await asyncio.to_thread(_measured, path, media.name)
        key, size = version_key(media.key, digest), path.stat().st_size
        await runtime.media.shelf.put(key, path)
    finally:
        path.unlink(missing_ok=True)
    # Another process may have made it at the same time, in other bytes: the first row counts.
    with contextlib.suppress(IntegrityError):
        await MediaVersion.create(
            source=media.key,
            recipe=str(recipe),
            key=key,
            mime=facts.mime,
            size=size,
            sha256=digest,
            width=facts.width,
            height=facts.height,
            made_at=runtime.clock.now(),
        )
    return await MediaVersion.get(source=media.key, recipe=str(recipe))


def _measured(path: Path, name: str) -> tuple[str, Facts]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), measure(path, name)


def _as_media(runtime: Runtime, row: MediaVersion, how: Fit) -> Media:
    """Facts as they were planned, but for what is known better now."""
    return replace(
        how.media,
        path=runtime.media.path(row.key),
        mime=row.mime,
        size=row.size,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        url=runtime.media.addresses.of(row.key),
        key=row.key,
    )
