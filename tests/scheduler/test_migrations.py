from __future__ import annotations

import asyncio
import multiprocessing
from pathlib import Path

import pytest
from tortoise.context import get_current_context
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AlterModelOptions

from scheduler import database
from scheduler.config import Settings
from scheduler.database import WrongDatabaseUrl, get_connection
from scheduler.models import Attempt, Delivery, Event
from scheduler.runtime import open_runtime
from scheduler.states import State
from tests.scheduler.engine import Desk

INDEXES = {
    "sqlite": "SELECT name, COALESCE(sql, '') AS sql FROM sqlite_master WHERE type = 'index'",
    "postgres": "SELECT indexname AS name, indexdef AS sql FROM pg_indexes"
    " WHERE schemaname = 'public'",
}


async def indexes() -> list[tuple[str, str]]:
    connection = get_connection()
    rows = await connection.execute_query_dict(INDEXES[connection.capabilities.dialect])
    return sorted((row["name"], row["sql"]) for row in rows)


async def test_a_repeated_migration_keeps_every_row_and_index(settings: Settings) -> None:
    async with open_runtime(settings) as runtime:
        desk = await Desk.build(runtime)
        await desk.put(list(State))
        before = [await Delivery.all().order_by("id").values(), await indexes()]

    await asyncio.to_thread(database.migrate, settings.database)

    async with open_runtime(settings):
        assert [await Delivery.all().order_by("id").values(), await indexes()] == before


async def test_the_indexes_that_the_schedule_lives_on_are_there(desk: Desk) -> None:
    found = dict(await indexes())

    assert {
        "idx_delivery_next",
        "idx_delivery_owner",
        "idx_event_notice",
        "uid_delivery_remote",
        "uid_delivery_parent",
    } <= set(found)
    assert "UNIQUE" in found["uid_delivery_remote"]


def migrate(url: str) -> None:
    database.migrate(url)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_several_processes_may_migrate_at_once(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite://{tmp_path / 'fresh' / 'postbot.sqlite3'}"
    if kind == "postgres":
        url = request.getfixturevalue("empty_postgres_url")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=migrate, args=(url,)) for _ in range(3)]

    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0] * 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_migrations_make_what_the_models_say(desk: Desk, settings: Settings) -> None:
    context = get_current_context()
    assert context is not None
    assert context.apps is not None

    missing = MigrationAutodetector(context.apps, database.config(settings.database)["apps"])

    # Options say how Tortoise finds a table and what it is for; they change no table.
    assert [
        vars(operation)
        for change in await missing.changes()
        for operation in change.operations
        if not isinstance(operation, AlterModelOptions)
    ] == []


@pytest.mark.parametrize("url", ["mysql://h/d", "sqlite://", "", "postbot.sqlite3", "sqlite:///"])
def test_a_database_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(WrongDatabaseUrl, match="sqlite:///path"):
        database.is_sqlite(url)


async def test_a_post_that_is_deleted_takes_its_deliveries_and_attempts_along(desk: Desk) -> None:
    (row,) = await desk.put([State.PUBLISHED])
    await Attempt.create(delivery=row, fence=1, started_at=row.due_at)

    await row.post.delete()

    assert [await Delivery.all().count(), await Attempt.all().count()] == [0, 0]
    assert await Event.all().count() == 0


async def test_what_was_committed_is_on_disk(desk: Desk) -> None:
    connection = get_connection()
    statement = {"sqlite": "PRAGMA synchronous", "postgres": "SHOW synchronous_commit"}
    rows = await connection.execute_query_dict(statement[connection.capabilities.dialect])

    assert list(rows[0].values()) in ([2], ["on"])
