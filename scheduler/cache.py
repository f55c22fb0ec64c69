"""Files of a bucket on this machine: as many as fit, shared by all processes on it.

A file that somebody works with is locked (`flock`, which the system frees when a process dies), so
that another process which needs room takes a file that nobody works with.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO
from weakref import WeakValueDictionary

# A download that was not finished after so long was begun by a process that died.
_ABANDONED_SECONDS = 24 * 3600.0


class Cache:
    """Holds up to `most_bytes`, or what is being worked with where that is more."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._bringing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.incoming = folder / "incoming"

    def path(self, key: str) -> Path:
        """Where a file lies while it is held."""
        return self._folder / key[:2] / key

    @contextlib.asynccontextmanager
    async def hold(self, key: str, bring: Callable[[Path], Awaitable[None]]) -> AsyncIterator[None]:
        """Keeps a file at its path. `bring` writes it into a file when it is not here yet."""
        file = await self._held(key, bring)
        try:
            yield
        finally:
            file.close()

    async def adopt(self, key: str, file: Path) -> None:
        """Keeps a file that is here anyway; the file itself is gone afterwards."""
        self._place(file, self.path(key))
        await asyncio.to_thread(self.make_room)

    def make_room(self) -> None:
        """Removes what was not used for the longest time, until the rest fits."""
        files = sorted(self._files(), key=lambda found: found[1].st_mtime)
        total = sum(about.st_size for _, about in files)
        for path, about in files:
            if total <= self._most_bytes:
                break
            if _remove_unless_locked(path):
                total -= about.st_size
        remove_abandoned(self.incoming)

    async def _held(self, key: str, bring: Callable[[Path], Awaitable[None]]) -> BinaryIO:
        lock = self._bringing.setdefault(key, asyncio.Lock())
        async with lock:
            while (file := _locked(self.path(key))) is None:
                await self._bring(key, bring)
        await asyncio.to_thread(self.make_room)
        return file

    async def _bring(self, key: str, bring: Callable[[Path], Awaitable[None]]) -> None:
        self.incoming.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self.incoming)
        os.close(descriptor)
        try:
            await bring(Path(name))
            self._place(Path(name), self.path(key))
        finally:
            Path(name).unlink(missing_ok=True)

    def _place(self, file: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        # A link never takes the place of a file that somebody holds.
        with contextlib.suppress(FileExistsError):
            os.link(file, target)
        file.unlink()

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        return list(_described(self._folder.glob("??/*")))


def remove_abandoned(folder: Path) -> None:
    """Removes files that a process began to write and did not live to finish."""
    for path, about in _described(folder.glob("*")):
        if time.time() - about.st_mtime > _ABANDONED_SECONDS:
            path.unlink(missing_ok=True)


def _described(paths: Iterable[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    """Files with their size and age; other processes may remove some meanwhile."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            yield path, path.stat()


def _locked(path: Path) -> BinaryIO | None:
    """The file, open and locked; `None` when it is not here or is being removed."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    fcntl.flock(file, fcntl.LOCK_SH)
    if os.fstat(file.fileno()).st_nlink == 0:
        file.close()
        return None
    os.utime(file.fileno())
    return file


def _remove_unless_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True
