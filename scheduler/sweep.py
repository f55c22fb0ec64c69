"""Removes files that no post refers to: of forms that were refused, of edited posts, of what was
deleted.

A file that is saved at this moment is never among them: a key bears the day on which it was added,
nothing is written under it later, and only keys of days that are long over are looked at. Whoever
lets a post refer to a file must have added it within the last day, or take it from another post.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from scheduler.file_cache import remove_abandoned
from scheduler.media import day_of, source_of
from scheduler.models import MediaFile, MediaVersion, Series
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# No form is filled in and no upload used later than this after its file was added.
KEPT_FOR = timedelta(days=1)


async def sweep(runtime: Runtime, now: datetime) -> int:
    """Removes what has been without a post for longer than a day; returns how many files. Several
    processes may do so at once. Raises `ShelfFailed`."""
    await asyncio.to_thread(remove_abandoned, runtime.media.shelf.incoming)
    before, removed = (now - KEPT_FOR).date(), 0
    async for batch in runtime.media.shelf.batches():
        old = [key for key in batch if (day := day_of(key)) and day < before]
        unused = await _unused(old)
        # First what leads to a file, then the file.
        await MediaVersion.filter(source__in=list({source_of(key) for key in unused})).delete()
        await runtime.media.shelf.remove(unused)
        removed += len(unused)
    if removed:
        log.info("files without a post removed", count=removed)
    return removed


async def _unused(keys: Collection[str]) -> list[str]:
    """Those to which, or to the file that they were made from, no post and no series refers."""
    sources = list({source_of(key) for key in keys})
    if not sources:
        return []
    used = {file.key for file in await MediaFile.filter(key__in=sources).only("key")}
    used |= {
        str(file["key"])
        for series in await Series.filter(ended_at__isnull=True).only("media")
        for file in series.media
    }
    return [key for key in keys if source_of(key) not in used]
