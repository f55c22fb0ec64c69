from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from pathlib import Path

import asyncpg

from scheduler.config import Settings
from scheduler.deliverer import recover
from scheduler.models import Delivery
from scheduler.owners import AdvisoryOwnership, FileOwnership, Ownership, ownership
from scheduler.rescuer import Rescuer
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.scheduler.engine import Desk, Engine, another_process, attempts_of, on_postgres
from tests.scheduler.holder import holder, rescued
from tests.world import World, until


async def test_a_killed_process_loses_what_it_held_and_a_stopped_one_does_not(
    world: World, engine: Engine, settings: Settings
) -> None:
    preparing, publishing = await world.schedule("One"), await world.schedule("Two")
    ids = await engine.stage()
    later = world.runtime.clock.now() + timedelta(hours=1)
    await Delivery.filter(id=preparing.id).update(due_at=later)
    await world.x.switch(mode="timeout_before")
    rescuer = Rescuer(world.runtime)

    with holder(settings, ids) as process:
        await until(lambda: Delivery.filter(id=preparing.id, state=State.PREPARING).exists())
        await until(lambda: Delivery.filter(id=publishing.id, state=State.PUBLISHING).exists())
        process.send_signal(signal.SIGSTOP)
        await rescuer.tick()
        while_stopped = [(await world.fresh(row)).state for row in (preparing, publishing)]
        process.kill()
        process.wait()
    await until(lambda: rescued(rescuer, preparing), what="the lock of the dead process is free")

    assert while_stopped == [State.PREPARING, State.PUBLISHING]
    given_back, unconfirmed = await world.fresh(preparing), await world.fresh(publishing)
    assert (given_back.state, given_back.owner, given_back.attempts) == (State.SCHEDULED, None, 0)
    assert (unconfirmed.state, unconfirmed.owner) == (State.UNCONFIRMED, None)
    assert unconfirmed.next_attempt_at is not None
    assert unconfirmed.next_attempt_at > world.runtime.clock.now()
    assert "interrupted" in unconfirmed.reason
    assert [one.outcome for one in await attempts_of(publishing)] == ["interrupted"]
    assert (await world.kinds(publishing))[-1] == "delivery.unconfirmed"
    assert world.x.accepted() == []


async def test_what_no_worker_took_in_time_is_given_back(desk: Desk, engine: Engine) -> None:
    fresh, stale = await desk.put([State.QUEUED] * 2)
    now = desk.runtime.clock.now()
    await Delivery.filter(id=fresh.id).update(next_attempt_at=now + timedelta(seconds=30))

    await Rescuer(desk.runtime).tick()

    found = {row.id: row for row in await Delivery.all()}
    assert found[fresh.id].state is State.QUEUED
    assert (found[stale.id].state, found[stale.id].fence) == (State.SCHEDULED, stale.fence + 1)
    assert await engine.stage() == [stale.id]


async def test_what_a_living_process_took_meanwhile_stays_with_it(desk: Desk) -> None:
    rows = await desk.put([State.PREPARING, State.PUBLISHING], owner=2)

    await recover(desk.runtime, [row.id for row in rows], owners=[1], reason="dead")

    assert {row.state for row in await Delivery.all()} == {State.PREPARING, State.PUBLISHING}


async def test_a_process_knows_who_lives_and_who_is_dead(desk: Desk, settings: Settings) -> None:
    us = desk.runtime.owner
    async with another_process(settings) as other:
        them = other.runtime.owner.id
        while_alive = await us.dead({us.id, them, 12345})
        seen_by_them = await other.runtime.owner.dead({us.id, them, 12345})

    assert while_alive == seen_by_them == {12345}
    assert await us.dead({us.id, them}) == {them}


async def test_two_rescuers_rescue_once(desk: Desk) -> None:
    rows = await desk.put([State.PREPARING] * 20, owner=12345)

    await Rescuer(desk.runtime).tick()
    await Rescuer(desk.runtime).tick()

    assert {(row.state, row.fence) for row in await Delivery.all()} == {(State.SCHEDULED, 1)}
    assert len(rows) == 20


async def test_a_row_that_this_process_lost_track_of_is_recovered(
    desk: Desk, engine: Engine
) -> None:
    (row,) = await desk.put([State.PREPARING], owner=desk.runtime.owner.id)

    await engine.deliverer.sweep()

    assert (await Delivery.get(id=row.id)).state is State.SCHEDULED


async def _cut(owner: Ownership, settings: Settings) -> None:
    assert isinstance(owner, AdvisoryOwnership)
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute("SELECT pg_terminate_backend($1)", owner._connection.get_server_pid())
    await connection.close()


@on_postgres
async def test_a_process_that_lost_its_lock_begins_nothing_that_it_claimed_before(
    world: World, engine: Engine, settings: Settings
) -> None:
    delivery = await world.schedule(seconds=0.6)
    await engine.begin()
    owner = world.runtime.owner
    old = owner.id
    await _cut(owner, settings)

    kept = await owner.ensure()
    await engine.finish()
    held = await world.fresh(delivery)
    await Rescuer(world.runtime).tick()
    await engine.run()

    assert not kept
    assert owner.id != old
    assert (held.state, held.owner) == (State.PREPARING, old)
    assert (await world.fresh(delivery)).state is State.PUBLISHED
    assert len(world.x.accepted()) == 1


async def test_a_process_whose_lock_file_was_deleted_takes_another(tmp_path: Path) -> None:
    us = FileOwnership(tmp_path)
    await us.acquire()
    old = us.id
    (tmp_path / f"{old}.lock").unlink()

    kept = (await us.ensure(), await us.ensure())

    assert kept == (False, True)
    assert us.id != old
    await us.release()


@on_postgres
async def test_a_lock_that_is_still_there_is_kept(desk: Desk) -> None:
    before = desk.runtime.owner.id

    assert await desk.runtime.owner.ensure()

    assert desk.runtime.owner.id == before


async def test_the_lock_of_a_process_that_ended_well_is_free(tmp_path: Path) -> None:
    us, them = FileOwnership(tmp_path), FileOwnership(tmp_path)
    await us.acquire()
    await them.acquire()

    await them.release()

    assert await us.dead({us.id, them.id}) == {them.id}
    assert [path.name for path in tmp_path.iterdir()] == [f"{us.id}.lock"]
    await us.release()


def test_the_lock_fits_the_database(tmp_path: Path) -> None:
    on_sqlite = ownership(f"sqlite://{tmp_path}/postbot.sqlite3", tmp_path)
    on_postgres = ownership("postgresql://localhost/postbot", tmp_path)

    assert isinstance(on_sqlite, FileOwnership)
    assert isinstance(on_postgres, AdvisoryOwnership)


async def test_a_process_may_ask_about_its_lock_and_about_others_at_the_same_time(
    runtime: Runtime,
) -> None:
    before = runtime.owner.id

    answers = await asyncio.gather(
        *(runtime.owner.ensure() for _ in range(20)), *(runtime.owner.dead([7]) for _ in range(20))
    )

    assert answers == [True] * 20 + [{7}] * 20
    assert runtime.owner.id == before
