from __future__ import annotations

import asyncio
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

from scheduler import epoch, markers
from scheduler.config import Settings
from scheduler.database import sqlite_path
from scheduler.dispatcher import Dispatcher
from scheduler.epoch import Epoch
from scheduler.models import Delivery
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.scheduler.engine import Desk, Engine, another_process, events_of, on_sqlite
from tests.world import StandIn, World, until

ALL_STATES = [
    State.SCHEDULED,
    State.QUEUED,
    State.PREPARING,
    State.PROCESSING,
    State.RETRYING,
    State.PUBLISHING,
    State.UNCONFIRMED,
    State.FAILED,
    State.PUBLISHED,
]


async def start(runtime: Runtime) -> list[int]:
    """What a dispatcher that starts now hands over at first."""
    sent: list[int] = []
    stop = asyncio.Event()
    dispatcher = Dispatcher(runtime, send=sent.extend, lost_memory=lambda: False)
    before = await markers.read(markers.DISPATCHER)
    running = asyncio.create_task(dispatcher.run(stop))

    async def has_ticked() -> bool:
        after = await markers.read(markers.DISPATCHER)
        return after is not None and (before is None or after[1] > before[1])

    await until(has_ticked)
    await dispatcher.tick()
    stop.set()
    await running
    return sent


async def test_of_a_database_that_was_restored_nothing_due_goes_out_unasked(desk: Desk) -> None:
    await Epoch(desk.runtime).advance()
    await Epoch(desk.runtime).advance()
    rows = await desk.put(ALL_STATES)
    later = desk.runtime.clock.now() + timedelta(hours=1)
    (future,) = await desk.put([State.SCHEDULED], due_at=later, next_attempt_at=later)
    await markers.write(markers.DISPATCHER, {"epoch": 1}, desk.runtime.clock.now())

    sent = await start(desk.runtime)

    assert sent == []
    found = {row.id: row for row in await Delivery.all()}
    assert [found[row.id].state for row in rows] == [
        *[State.MISSED] * 5,
        State.UNCONFIRMED,
        State.UNCONFIRMED,
        State.FAILED,
        State.PUBLISHED,
    ]
    assert found[future.id].state is State.SCHEDULED
    assert "restored from a backup" in found[rows[0].id].reason
    assert (await events_of(rows[0]))[-1][1:] == ("delivery.missed", "person")


@on_sqlite
async def test_after_an_ordinary_restart_everything_goes_on(desk: Desk) -> None:
    await Epoch(desk.runtime).advance()
    await desk.put([State.SCHEDULED])

    assert len(await start(desk.runtime)) == 1


@on_sqlite
async def test_a_crash_between_database_and_file_does_not_look_like_a_restore(
    desk: Desk,
) -> None:
    await Epoch(desk.runtime).advance()
    await markers.write(markers.DISPATCHER, {"epoch": 2}, desk.runtime.clock.now())
    await desk.put([State.SCHEDULED])

    assert len(await start(desk.runtime)) == 1


async def test_a_restore_is_noticed_once(desk: Desk) -> None:
    await Epoch(desk.runtime).advance()
    await markers.write(markers.DISPATCHER, {"epoch": 0}, desk.runtime.clock.now())
    await epoch.guard(desk.runtime, asyncio.Event())
    await desk.put([State.SCHEDULED])

    assert len(await start(desk.runtime)) == 1


@on_sqlite
async def test_a_damaged_file_beside_the_database_stops_nothing(
    desk: Desk, settings: Settings
) -> None:
    (settings.data_dir / "epoch").write_text("not a number")
    await desk.put([State.SCHEDULED])

    assert len(await start(desk.runtime)) == 1
    assert int((settings.data_dir / "epoch").read_text()) >= 1


def copy_of(url: str, target: Path) -> Path:
    with sqlite3.connect(sqlite_path(url)) as connection:
        connection.execute("VACUUM INTO ?", [str(target)])
    connection.close()
    return target


def put_back(copy: Path, url: str) -> None:
    path = sqlite_path(url)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, path)


@on_sqlite
async def test_a_copied_back_database_file_publishes_nothing_twice(
    settings: Settings, x: StandIn, tmp_path: Path
) -> None:
    async with another_process(settings) as before:
        copy = await before.run(lambda runtime: _publish_after_a_backup(runtime, x, tmp_path))
    put_back(copy, settings.database_url)
    async with another_process(settings) as after:
        states = await after.run(_start_all)

    assert states == [State.MISSED]
    assert len(x.accepted()) == 1


async def _publish_after_a_backup(runtime: Runtime, x: StandIn, folder: Path) -> Path:
    world = await World.build(runtime, x)
    engine = Engine(runtime)
    await Epoch(runtime).advance()
    await world.schedule()
    copy = copy_of(runtime.settings.database_url, folder / "backup.sqlite3")
    await engine.run()
    await Epoch(runtime).advance()
    return copy


async def _start_all(runtime: Runtime) -> list[State]:
    sent = await start(runtime)
    engine = Engine(runtime)
    await engine.deliverer.execute(sent)
    await engine.deliverer.execute_without_queue()
    await engine.finish()
    return [row.state for row in await Delivery.all()]
