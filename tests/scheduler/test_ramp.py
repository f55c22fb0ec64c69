"""What waited goes out bit by bit when a platform is back, earliest first, each once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from scheduler import circuits
from scheduler.backoff import ramp
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.database import transaction
from scheduler.dispatcher import LEASE, Dispatcher
from scheduler.models import Circuit, Delivery
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.scheduler.down import SECOND, come_back, look_after, park, platform, states_of, take_down
from tests.scheduler.engine import Desk, Engine, another_process, on_postgres, on_sqlite
from tests.world import World

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


def total(seconds: float, *, every: float = 0.25) -> int:
    """How many are released in so long a time by a dispatcher that looks so often."""
    released, release_at, now = 0, NOON, NOON
    while now <= NOON + timedelta(seconds=seconds):
        count, release_at = ramp(released, release_at, now)
        released += count
        now += timedelta(seconds=every)
    return released


@pytest.mark.parametrize(
    ("seconds", "number"), [(0, 1), (5, 6), (9, 10), (14, 20), (19, 30), (29, 70), (60, 630)]
)
def test_the_rate_doubles_until_it_is_32_a_second(seconds: int, number: int) -> None:
    assert total(seconds) == pytest.approx(number, abs=4)


@pytest.mark.parametrize("every", [0.05, 0.25, 1.0])
def test_how_often_somebody_looks_changes_nothing(every: float) -> None:
    assert total(30, every=every) == pytest.approx(total(30), abs=8)


def test_after_a_long_pause_there_is_no_flood() -> None:
    count, release_at = ramp(20, NOON, NOON + timedelta(hours=1))

    assert count <= 5
    assert release_at > NOON + timedelta(hours=1)


async def ramping(desk: Desk) -> Circuit:
    now = desk.runtime.clock.now()
    news = circuits.ramping("X is back. ", now)
    return await Circuit.create(key="platform:x", **news)


async def tick(runtime: Runtime) -> list[int]:
    sent: list[int] = []
    await Dispatcher(runtime, send=sent.extend, lost_memory=lambda: False).tick()
    return sent


async def parked(desk: Desk, number: int, **columns: object) -> list[Delivery]:
    """Parked deliveries, the last one due first."""
    now = desk.runtime.clock.now()
    rows = await desk.put([State.PARKED] * number, next_attempt_at=None, **columns)
    for index, row in enumerate(rows):
        await Delivery.filter(id=row.id).update(due_at=now - index * SECOND)
    return rows


async def test_what_waited_goes_out_earliest_first_and_within_the_rate(
    desk: Desk, engine: Engine, clock: FrozenClock
) -> None:
    rows = await parked(desk, 40)
    await ramping(desk)

    sent = []
    for _ in range(20):
        sent.append(await engine.stage())
        clock.move_to(clock.instant + SECOND)

    assert [id_ for batch in sent for id_ in batch][:25] == [row.id for row in rows[::-1]][:25]
    assert max(len(batch) for batch in sent[:10]) <= 2
    assert sum(len(batch) for batch in sent) == pytest.approx(total(19, every=1), abs=1)


async def test_when_nothing_waits_any_more_everything_is_as_before(
    desk: Desk, engine: Engine, clock: FrozenClock
) -> None:
    await parked(desk, 3)
    await ramping(desk)
    for _ in range(4):
        await engine.stage()
        clock.move_to(clock.instant + SECOND)
    rows = await desk.put([State.SCHEDULED] * 50)

    sent = await engine.stage()

    assert (await platform()).state == circuits.CLOSED
    assert sorted(sent) == [row.id for row in rows]


async def test_several_dispatchers_release_each_once_and_together_within_the_rate(
    desk: Desk, clock: FrozenClock, settings: Settings
) -> None:
    rows = await parked(desk, 60)
    await ramping(desk)

    sent: list[int] = []
    async with (
        another_process(settings, clock) as second,
        another_process(settings, clock) as third,
    ):
        for _ in range(15):
            ticks = [tick(desk.runtime), second.run(tick), third.run(tick), second.run(tick)]
            sent += [id_ for batch in await asyncio.gather(*ticks) for id_ in batch]
            clock.move_to(clock.instant + SECOND)

    assert set(Counter(sent).values()) == {1}
    assert len(sent) <= total(15, every=1)
    assert len(sent) >= 15
    assert set(sent) <= {row.id for row in rows}


async def test_what_becomes_due_meanwhile_queues_behind(
    desk: Desk, engine: Engine, clock: FrozenClock
) -> None:
    waited = await parked(desk, 5)
    await ramping(desk)
    (fresh,) = await desk.put([State.SCHEDULED], due_at=clock.instant + SECOND)

    sent = []
    for _ in range(8):
        sent += await engine.stage()
        clock.move_to(clock.instant + SECOND)

    assert sent == [*(row.id for row in waited[::-1]), fresh.id]


@on_sqlite
async def test_a_retry_queues_behind_too(desk: Desk, engine: Engine, clock: FrozenClock) -> None:
    await parked(desk, 5)
    await ramping(desk)
    (row,) = await desk.put([State.RETRYING], attempts=2)

    await engine.deliverer.retry(row.id)

    fresh = await Delivery.get(id=row.id)
    assert (fresh.state, fresh.attempts) == (State.PARKED, 2)


async def test_two_failures_while_it_comes_back_mean_that_it_is_down_again(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    rows = await park(world, engine, 8)
    await come_back(world, engine, clock)
    await world.x.switch(mode="outage")

    for _ in range(6):
        await engine.run()
        clock.move_to(clock.instant + SECOND)

    assert (await platform()).state == circuits.OPEN
    assert Counter(await states_of(*rows)) == {
        State.PUBLISHED: 1,
        State.UNCONFIRMED: 2,
        State.PARKED: 5,
    }


async def test_a_released_delivery_whose_message_is_lost_is_released_again(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    rows = await park(world, engine, 3)
    await come_back(world, engine, clock)
    lost = await engine.stage()

    for _ in range(2):
        clock.move_to(clock.instant + LEASE)
        await look_after(world.runtime)
        for _ in range(4):
            await engine.run()
            clock.move_to(clock.instant + SECOND)

    assert len(lost) == 1
    assert await states_of(*rows) == [State.PUBLISHED] * 3
    texts = Counter(post["text"] for post in world.x.accepted())
    assert texts == {"Waits 0": 1, "Waits 1": 1, "Waits 2": 1}


async def test_an_account_that_is_back_waits_for_its_platform(
    desk: Desk, engine: Engine, clock: FrozenClock
) -> None:
    now = clock.instant
    await parked(desk, 2)
    await Circuit.create(key="platform:x", state=circuits.OPEN, since=now)
    await Circuit.create(key=f"account:{desk.account.id}", **circuits.ramping("", now))

    sent = await engine.stage()

    assert sent == []


async def test_a_crash_between_release_and_message_loses_nothing(
    desk: Desk, engine: Engine, clock: FrozenClock
) -> None:
    (row,) = await parked(desk, 1)
    await ramping(desk)

    def die(ids: list[int]) -> None:
        raise ConnectionError("away")

    dispatcher = Dispatcher(desk.runtime, send=die, lost_memory=lambda: False)
    with pytest.raises(ConnectionError):
        await dispatcher.tick()

    after = (await Delivery.get(id=row.id)).state
    sent = await engine.stage()
    clock.move_to(clock.instant + SECOND)
    sent += await engine.stage()
    assert after is State.SCHEDULED
    assert sent == [row.id]


@on_postgres
async def test_a_row_that_somebody_has_in_hand_is_not_waited_for(
    desk: Desk, engine: Engine, clock: FrozenClock, settings: Settings
) -> None:
    rows = await parked(desk, 2)
    await ramping(desk)
    held = rows[-1]

    async with another_process(settings, clock) as other:
        async with transaction() as connection:
            await Delivery.filter(id=held.id).using_db(connection).update(reason="In hand.")
            sent = await asyncio.wait_for(other.run(tick), 5)

    assert sent == [rows[0].id]
