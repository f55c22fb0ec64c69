"""The media store: files of posts, named by their content, with what platforms must know of them.

A key is the hash of the content and the day (UTC) on which it was added. So the same file is kept
once a day, a key is written on its day only, and a file that no post refers to can be removed later
without a look at anybody who adds the same one at that moment.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from publishers import Media
from scheduler.addresses import Addresses
from scheduler.clock import Clock
from scheduler.measure import Facts, measure
from scheduler.measure import UnusableMedia as UnusableMedia
from scheduler.shelf import Shelf

# X's limit for video, the largest of all.
MAX_BYTES = 512_000_000
# Hash and day, and of a version the beginning of its own hash.
_KEY = re.compile(r"([0-9a-f]{64}-([0-9]{8}))(?:-[0-9a-f]{16})?")


@dataclass(frozen=True, kw_only=True)
class StoredMedia(Facts):
    """A file in the store; its size in bytes."""

    name: str
    key: str
    size: int
    sha256: str
    alt_text: str = ""
    slack_file_id: str = ""


class MediaStore:
    """Adds files to a shelf and finds them again."""

    def __init__(self, shelf: Shelf, addresses: Addresses, clock: Clock) -> None:
        self.shelf = shelf
        self.addresses = addresses
        self._clock = clock

    async def add(self, chunks: AsyncIterator[bytes], *, name: str) -> StoredMedia:
        """Stores a file and measures it. Raises `UnusableMedia`, and `ShelfFailed`; nothing is
        kept then."""
        descriptor, path = self.scratch()
        try:
            with os.fdopen(descriptor, "wb") as file:
                digest, size = await _copy(chunks, file, name)
            facts = await asyncio.to_thread(measure, path, name)
            key = f"{digest}-{self._clock.now():%Y%m%d}"
            await self.shelf.put(key, path)
        finally:
            path.unlink(missing_ok=True)
        return StoredMedia(name=name, key=key, size=size, sha256=digest, **asdict(facts))

    def scratch(self) -> tuple[int, Path]:
        """An empty file, open for writing, that the shelf can take over; the caller removes it."""
        self.shelf.incoming.mkdir(parents=True, exist_ok=True)
        descriptor, path = tempfile.mkstemp(dir=self.shelf.incoming)
        return descriptor, Path(path)

    def path(self, key: str) -> Path:
        """Where the file of a key lies while it is at hand."""
        return self.shelf.path(key)

    def at_hand(self, files: Iterable[Media]) -> AbstractAsyncContextManager[None]:
        """Keeps files readable at their paths. Raises `FileNotFoundError`, `ShelfFailed`."""
        return self.shelf.at_hand([media.key for media in files])

    def media(self, stored: StoredMedia) -> Media:
        """A stored file as publishers see it. One that was only announced has no address."""
        return Media(
            name=stored.name,
            path=self.path(stored.key),
            size=stored.size,
            sha256=stored.sha256,
            alt_text=stored.alt_text,
            url=self.addresses.of(stored.key) if stored.key else "",
            key=stored.key,
            **facts_of(stored),
        )


def facts_of(file: Facts) -> dict[str, Any]:
    """What a file is, by name of the fact."""
    return {each.name: getattr(file, each.name) for each in fields(Facts)}


def day_of(key: str) -> date | None:
    """The day on which a file was added; `None` for what is not ours."""
    found = _KEY.fullmatch(key)
    return datetime.strptime(found[2], "%Y%m%d").replace(tzinfo=UTC).date() if found else None


def version_key(source: str, digest: str) -> str:
    """The key of a file that was made from another one."""
    return f"{source}-{digest[:16]}"


def source_of(key: str) -> str:
    """The key of the file that a version was made from; of any other file its own."""
    found = _KEY.fullmatch(key)
    return found[1] if found else key


async def _copy(chunks: AsyncIterator[bytes], file: BinaryIO, name: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    async for chunk in chunks:
        size += len(chunk)
        if size > MAX_BYTES:
            raise UnusableMedia(
                f"“{name}” is larger than {MAX_BYTES // 1_000_000} MB, the most that any platform "
                "takes. Make it smaller and upload it again."
            )
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest(), size
