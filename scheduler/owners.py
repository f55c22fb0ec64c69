"""Which process holds a delivery, and whether that process is dead.

A lease that ends by time alone publishes twice when a process is paused. So a delivery is taken
from its owner only when the owner is provably dead: it holds a lock that the operating system or
PostgreSQL gives free the moment the process ends, and keeps while it is only stopped.
"""

from __future__ import annotations

import asyncio
import fcntl
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import structlog

from scheduler.database import is_sqlite

log = structlog.get_logger(__name__)


class Ownership(ABC):
    """The identity of this process, and the knowledge about others. `id` changes when the lock
    had to be taken anew; claims made under an old id are then no longer ours."""

    id: int

    @abstractmethod
    async def acquire(self) -> None:
        """Takes an identity and its lock."""

    @abstractmethod
    async def ensure(self) -> bool:
        """False when the lock was lost; a new identity was taken then."""

    @abstractmethod
    async def dead(self, owners: Iterable[int]) -> set[int]:
        """Those of `owners` whose process is provably gone."""

    @abstractmethod
    async def others(self) -> set[int]:
        """The other processes that live and share this database."""

    @abstractmethod
    async def release(self) -> None:
        """Gives the lock free, at the end."""


def ownership(database_url: str, data_dir: Path) -> Ownership:
    """The kind of lock that fits the database: files on SQLite, whose processes share a host, and
    advisory locks on PostgreSQL."""
    if is_sqlite(database_url):
        return FileOwnership(data_dir / "owners")
    return AdvisoryOwnership(database_url)


def _new_id() -> int:
    return secrets.randbits(62) + 1


class FileOwnership(Ownership):
    """One locked file for each process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[str] | None = None

    async def acquire(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        identity = _new_id()
        self._file = self._path(identity).open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.id = identity

    async def ensure(self) -> bool:
        if self._path(self.id).exists():
            return True
        log.warning("ownership lock lost", error="its file was deleted")
        await self.release()
        await self.acquire()
        return False

    async def dead(self, owners: Iterable[int]) -> set[int]:
        return {owner for owner in owners if owner != self.id and self._is_free(owner)}

    async def others(self) -> set[int]:
        known = {int(path.stem) for path in self._folder.glob("*.lock")} - {self.id}
        return known - await self.dead(known)

    async def release(self) -> None:
        if self._file is not None:
            self._path(self.id).unlink(missing_ok=True)
            self._file.close()
            self._file = None

    def _path(self, owner: int) -> Path:
        return self._folder / f"{owner}.lock"

    def _is_free(self, owner: int) -> bool:
        try:
            with self._path(owner).open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        self._path(owner).unlink(missing_ok=True)
        return True


class AdvisoryOwnership(Ownership):
    """One session-level advisory lock on a connection of its own. Needs a direct connection: a
    pooler in transaction mode would share the session."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql://", "postgres://", 1)
        self._connection: Any = None
        # Worker and rescuer of one process ask at the same time; a connection answers one.
        self._turn = asyncio.Lock()

    async def acquire(self) -> None:
        import asyncpg

        identity = _new_id()
        # A server that does not answer must not keep the rescuer waiting for ever.
        connection = await asyncpg.connect(self._url, timeout=10, command_timeout=10)
        await connection.execute("SELECT pg_advisory_lock($1)", identity)
        self._connection, self.id = connection, identity

    async def ensure(self) -> bool:
        import asyncpg

        lost = (
            OSError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        )
        async with self._turn:
            try:
                await self._connection.execute("SELECT 1")
            except lost as error:
                log.warning("ownership lock lost", error=repr(error))
                self._connection.terminate()
                await self.acquire()
                return False
        return True

    async def dead(self, owners: Iterable[int]) -> set[int]:
        asked = {owner for owner in owners if owner != self.id}
        return asked - await self.others() if asked else set()

    async def others(self) -> set[int]:
        async with self._turn:
            rows = await self._connection.fetch(
                "SELECT (classid::bigint << 32) | objid::bigint AS owner FROM pg_locks"
                " WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        return {row["owner"] for row in rows} - {self.id}

    async def release(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
