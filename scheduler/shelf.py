"""Where the bytes of the media store lie: a folder of this machine, or a bucket (`scheduler.s3`).

A file is put under its key once and never changes.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AbstractAsyncContextManager
from itertools import islice
from pathlib import Path
from typing import Protocol

_BATCH = 500


class ShelfFailed(Exception):
    """The place of the files cannot be reached or refuses us. The message is for an operator."""


class Shelf(Protocol):
    """A place for files. All but `path` may raise `ShelfFailed`."""

    #: A folder for files that are still being written.
    incoming: Path

    def path(self, key: str) -> Path:
        """Where a file lies on this machine while it is at hand."""

    async def put(self, key: str, file: Path) -> None:
        """Takes over a file of the folder for incoming ones; on the disk when it returns."""

    def at_hand(self, keys: Collection[str]) -> AbstractAsyncContextManager[None]:
        """Keeps files readable at their paths. Raises `FileNotFoundError`."""

    def batches(self) -> AsyncIterator[list[str]]:
        """The keys of all files, some at a time."""

    async def remove(self, keys: Collection[str]) -> None:
        """Removes files; those that are gone already are no error."""

    async def check(self) -> None:
        """Puts, reads and removes a small file."""


class Folder:
    """A folder of this machine, shared by all processes on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.incoming = folder / "incoming"

    def path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    async def put(self, key: str, file: Path) -> None:
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        _flush(file)
        file.replace(target)
        _flush(target.parent)

    @contextlib.asynccontextmanager
    async def at_hand(self, keys: Collection[str]) -> AsyncIterator[None]:
        missing = [key for key in keys if not self.path(key).exists()]
        if missing:
            raise FileNotFoundError(missing[0])
        yield

    async def batches(self) -> AsyncIterator[list[str]]:
        found = self._found()
        while batch := list(islice(found, _BATCH)):
            yield batch

    async def remove(self, keys: Collection[str]) -> None:
        for key in keys:
            self.path(key).unlink(missing_ok=True)

    async def check(self) -> None:
        try:
            self.incoming.mkdir(parents=True, exist_ok=True)
            probe = self.incoming / f"check-{os.getpid()}"
            probe.write_bytes(b"postbot")
            probe.unlink()
        except OSError as error:
            raise ShelfFailed(f"{self._folder} cannot be written ({error.strerror})") from error

    def _found(self) -> Iterator[str]:
        for path in self._folder.glob("??/*"):
            yield path.name


def _flush(path: Path) -> None:
    """What a post refers to must survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
