"""One delivery at a time tests whether a platform is back, and whoever tests may die of it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler import breaker, circuits, posts
from scheduler.backoff import probe_gap
from scheduler.circuits import PROBE_LIFE
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.models import Circuit, Delivery
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.scheduler.down import SECOND, come_back, look_after, park, platform, states_of, take_down
from tests.scheduler.engine import Engine, another_process, attempts_of
from tests.world import World, settings_for, until


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int) -> Settings:
    return settings_for(database_url, tmp_path, x_port, POSTBOT_REQUEST_TIMEOUT=1)


async def to_probe(clock: FrozenClock) -> None:
    """The moment of the next probe."""
    clock.move_to((await platform()).probe_at or clock.instant)


async def probed(world: World, *rows: Delivery) -> list[int]:
    """How many attempts each delivery had."""
    return [len(await attempts_of(row)) for row in rows]


async def test_nothing_is_tried_before_its_time(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    rows = await park(world, engine, 2)
    clock.move_to(clock.instant + probe_gap(0) - SECOND)

    await engine.deliverer.probe()
    await engine.finish()

    assert await probed(world, *rows) == [0, 0]


async def test_one_delivery_tests_whether_the_platform_is_back_and_goes_out_with_it(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    first, second = await park(world, engine, 2)
    await world.x.switch(mode="ok")
    await to_probe(clock)

    await engine.deliverer.probe()
    await engine.finish()

    assert await states_of(first, second) == [State.PUBLISHED, State.PARKED]
    assert [post["text"] for post in world.x.accepted()] == ["Waits 0"]
    assert (await world.fresh(first)).attempts == 0
    circuit = await platform()
    assert (circuit.state, circuit.probe_id, circuit.probe_owner) == (circuits.RAMPING, None, None)


async def test_a_platform_that_is_still_down_is_asked_something_harmless_and_gets_no_post(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    (delivery,) = await park(world, engine, 1)
    await to_probe(clock)

    await engine.deliverer.probe()
    await engine.finish()

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts) == (State.PARKED, 0)
    (attempt,) = await attempts_of(delivery)
    assert (attempt.outcome, attempt.left_at) == ("park", None)
    assert (await platform()).state == circuits.OPEN


async def test_the_next_probe_comes_later_each_time_and_is_another_delivery(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    rows = await park(world, engine, 3)

    waits, order = [], []
    for _ in range(4):
        await to_probe(clock)
        await engine.deliverer.probe()
        await engine.finish()
        circuit = await platform()
        waits.append((circuit.probe_at or clock.instant) - clock.instant)
        order.append(circuit.probed[-1])

    assert [wait.total_seconds() for wait in waits] == [60, 120, 240, 300]
    assert order == [rows[0].id, rows[1].id, rows[2].id, rows[0].id]


async def test_a_post_that_was_sent_into_the_outage_may_be_out_and_is_not_tried_again(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    first, second = await park(world, engine, 2)
    await world.x.switch(mode="fail_after", apply_to="create")
    await to_probe(clock)

    await engine.deliverer.probe()
    await engine.finish()

    assert await states_of(first, second) == [State.UNCONFIRMED, State.PARKED]
    circuit = await platform()
    assert (circuit.state, circuit.probe_id) == (circuits.OPEN, None)


async def test_an_unwelcome_answer_means_that_the_platform_is_back(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    (delivery,) = await park(world, engine, 1)
    await world.x.switch(mode="not_permitted")
    await to_probe(clock)

    await engine.deliverer.probe()
    await engine.finish()

    assert (await world.fresh(delivery)).state is State.FAILED
    assert (await platform()).state == circuits.RAMPING


async def test_of_several_workers_one_tests_at_a_time(
    world: World, engine: Engine, clock: FrozenClock, settings: Settings
) -> None:
    await take_down(world, engine)
    rows = await park(world, engine, 5)
    await world.x.switch(mode="timeout_before", apply_to="all")
    await to_probe(clock)

    async def work(runtime: Runtime) -> None:
        other = Engine(runtime)
        await asyncio.gather(*(other.deliverer.probe() for _ in range(3)))
        await other.finish()

    async with (
        another_process(settings, clock) as second,
        another_process(settings, clock) as third,
    ):
        await asyncio.gather(work(world.runtime), second.run(work), third.run(work))

    assert sum(await probed(world, *rows)) == 1
    assert len((await platform()).probed) == 1


async def test_a_probe_that_was_called_off_makes_room_for_the_next(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    first, second = await park(world, engine, 2)
    await world.x.switch(mode="ok", delay_seconds=0.2)
    await to_probe(clock)
    chosen = await breaker.begin_probe(world.runtime, await platform())
    assert chosen == first.id

    await posts.cancel(world.runtime, world.ref(first))
    await engine.deliverer.probe()
    await engine.finish()

    assert await states_of(first, second) == [State.CANCELLED, State.PUBLISHED]


async def test_a_right_that_its_own_process_lost_track_of_is_taken_anew(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    first, second = await park(world, engine, 2)
    await world.x.switch(mode="ok")
    await to_probe(clock)
    await breaker.begin_probe(world.runtime, await platform())

    await engine.deliverer.probe()
    await engine.finish()

    assert await states_of(first, second) == [State.PUBLISHED, State.PARKED]


async def test_a_probe_that_takes_too_long_counts_as_lost(
    world: World, engine: Engine, clock: FrozenClock, settings: Settings
) -> None:
    await take_down(world, engine)
    await park(world, engine, 2)
    await to_probe(clock)

    async def hold(runtime: Runtime) -> int | None:
        return await breaker.begin_probe(runtime, await platform())

    async with another_process(settings, clock) as other:
        await other.run(hold)
        clock.move_to(clock.instant + PROBE_LIFE - SECOND)
        before = await breaker.due_probes(world.runtime, frozenset())
        clock.move_to(clock.instant + SECOND)
        after = await breaker.due_probes(world.runtime, frozenset())

    assert [len(before), len(after)] == [0, 1]


@contextmanager
def prober(settings: Settings, x_port: int) -> Iterator[subprocess.Popen[bytes]]:
    arguments = [settings.database_url, settings.data_dir, x_port]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.scheduler.prober", *map(str, arguments)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def test_the_right_of_a_killed_process_is_free_and_that_of_a_stopped_one_is_not(
    world: World, engine: Engine, clock: FrozenClock, settings: Settings, x_port: int
) -> None:
    await take_down(world, engine)
    first, second = await park(world, engine, 2)
    await world.x.switch(mode="timeout_before", apply_to="all")
    await Circuit.filter(key="platform:x").update(probe_at=clock.instant)
    clock.move_to(clock.instant + SECOND)

    with prober(settings, x_port) as process:
        await until(lambda: Delivery.filter(id=first.id, state=State.PREPARING).exists())
        process.send_signal(signal.SIGSTOP)
        while_stopped = await breaker.due_probes(world.runtime, frozenset())
        process.kill()
        process.wait()
    await world.x.switch(mode="ok")
    await until(lambda: breaker.due_probes(world.runtime, frozenset()), what="the right is free")
    await engine.deliverer.probe()
    await engine.finish()
    await until(lambda: rescued(world.runtime, first), what="its delivery is free")
    await until(lambda: everything_out(engine, clock, first, second), what="both are out")

    assert while_stopped == []
    assert sorted(post["text"] for post in world.x.accepted()) == ["Waits 0", "Waits 1"]


async def rescued(runtime: Runtime, row: Delivery) -> bool:
    await look_after(runtime)
    return (await Delivery.get(id=row.id)).owner is None


async def everything_out(engine: Engine, clock: FrozenClock, *rows: Delivery) -> bool:
    await engine.run()
    clock.move_to(clock.instant + SECOND)
    return set(await states_of(*rows)) == {State.PUBLISHED}


async def test_what_was_asked_before_a_platform_came_back_says_nothing_about_it_now(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    await park(world, engine, 1)
    before = clock.instant
    await come_back(world, engine, clock)
    told = [
        (
            id_,
            circuits.Heard(platform="x", account_id=1, answered=False, since=before),
        )
        for id_ in range(1, 9)
    ]

    news = circuits.after(await platform(), told=told, label="X", now=clock.instant)

    assert news is None
