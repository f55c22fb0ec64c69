"""Opening and migrating the database: SQLite by default, PostgreSQL when the URL says so."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import fcntl
import functools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connections
from tortoise.context import TortoiseContext, get_current_context
from tortoise.exceptions import TransactionManagementError
from tortoise.migrations.api import migrate as run_migrations
from tortoise.transactions import in_transaction

# More than the notifier uses at once, so that somebody who presses a button need not wait for it.
CONNECTIONS = 12
# Any number that no other program on the same server uses for its own advisory locks.
_MIGRATION_LOCK = 0x706F7374626F74


class WrongDatabaseUrl(ValueError):
    """The URL names a database that Postbot cannot use."""


def is_sqlite(url: str) -> bool:
    """True for `sqlite:///path`. Raises `WrongDatabaseUrl` for neither SQLite nor PostgreSQL."""
    scheme = urlsplit(url).scheme
    if scheme in ("postgres", "postgresql"):
        return False
    if scheme == "sqlite" and sqlite_path(url).name:
        return True
    raise WrongDatabaseUrl(
        "must look like sqlite:///path/to/postbot.sqlite3 or postgres://user:password@host/name"
    )


def sqlite_path(url: str) -> Path:
    """The file of an SQLite URL; `sqlite:///x` is absolute, `sqlite://x` relative."""
    return Path(url.removeprefix("sqlite://").partition("?")[0])


def config(url: str, *, connections: int = CONNECTIONS) -> dict[str, Any]:
    """Tortoise's configuration. The connection label differs per dialect because Tortoise caches
    prepared SQL by label."""
    label = "sqlite" if is_sqlite(url) else "postgres"
    if label == "sqlite":
        connection: dict[str, Any] = {
            "engine": "tortoise.backends.sqlite",
            "credentials": {
                "file_path": str(sqlite_path(url)),
                "journal_mode": "WAL",
                # What is committed before an irreversible request must survive a power cut.
                "synchronous": "FULL",
                "busy_timeout": 10_000,
                "foreign_keys": "ON",
                "journal_size_limit": 64_000_000,
            },
        }
    else:
        connection = expand_db_url(url.replace("postgresql://", "postgres://", 1))
        connection["credentials"] |= {"minsize": 1, "maxsize": connections}
    app = {
        "models": ["scheduler.models"],
        "default_connection": label,
        "migrations": "scheduler.migrations",
    }
    return {"connections": {label: connection}, "apps": {"models": app}, "use_tz": True}


@contextlib.asynccontextmanager
async def opened(url: str, *, connections: int = CONNECTIONS) -> AsyncIterator[TortoiseContext]:
    """A database context for the running event loop; one for each loop, never shared."""
    async with TortoiseContext() as context:
        await context.init(config(url, connections=connections))
        try:
            yield context
        finally:
            await context.connections.close_all()


def get_connection() -> BaseDBAsyncClient:
    """The connection pool of the running context, for single statements."""
    context = get_current_context()
    assert context is not None
    return context.db()


@contextlib.asynccontextmanager
async def transaction() -> AsyncIterator[BaseDBAsyncClient]:
    """A transaction. Its first statement must write: on SQLite one that reads first fails under
    load. Never create a task inside it: the task would inherit its connection."""
    opening = in_transaction()
    try:
        connection = await opening.__aenter__()
    except BaseException:
        if hasattr(opening, "token"):
            # Tortoise would keep the connection for ever. It leaves after this error without a
            # rollback.
            await _leave(opening, TransactionManagementError, None, None)
        raise
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_exit(functools.partial(_leave, opening))
        yield connection


async def _leave(opening: Any, *error: Any) -> None:
    try:
        await opening.__aexit__(*error)
    except BaseException:
        # Tortoise would give the broken transaction to whatever this task does next.
        with contextlib.suppress(ValueError):
            get_connections().reset(opening.token)
        raise


def migrate(url: str) -> None:
    """Brings the tables up to date. Safe to call from several processes at once: one migrates,
    the others wait and find nothing to do."""
    if is_sqlite(url):
        path = sqlite_path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _file_lock(path.with_name(path.name + ".migrate-lock")):
            _in_own_loop(_migrate(url))
    else:
        _in_own_loop(_migrate_locked(url))


async def _migrate_locked(url: str) -> None:
    # A connection of its own, because the lock belongs to the session that took it.
    import asyncpg

    connection = await asyncpg.connect(url.replace("postgresql://", "postgres://", 1))
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        await _migrate(url)
    finally:
        await connection.close()


async def _migrate(url: str) -> None:
    async with TortoiseContext() as context:
        try:
            await run_migrations(config=config(url))
        finally:
            await context.connections.close_all()


def _in_own_loop(work: Any) -> None:
    """Tortoise's migration tool sets process-wide state, so it gets a context of its own."""
    contextvars.copy_context().run(asyncio.run, work)


@contextlib.contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# Read by Tortoise's command line: `tortoise -c scheduler.database.FOR_MAKING_MIGRATIONS …`.
FOR_MAKING_MIGRATIONS = config("sqlite:///tmp/postbot-migrations.sqlite3")
