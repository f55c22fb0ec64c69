from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler import breaker, circuits, database, reconcile, states, stats
from scheduler.clock import FrozenClock
from scheduler.dispatcher import AHEAD, LEASE, Dispatcher
from scheduler.models import Circuit, Delivery, Event
from scheduler.posts import PRIORITY_BULK, PRIORITY_NOW, PRIORITY_SCHEDULED
from scheduler.rescuer import Rescuer
from scheduler.states import State
from tests.scheduler.engine import Desk, Engine, events_of
from tests.world import World

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def dispatcher(engine: Engine) -> Dispatcher:
    return engine.dispatcher


class Queue:
    """A queue that is away until it is told to come back."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.calls_left = 0
        self.forgot = False

    def send(self, ids: list[int]) -> None:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise ConnectionError("away")
        self.sent += ids

    def lost_memory(self) -> bool:
        if self.calls_left < 1:
            raise ConnectionError("away")
        forgot, self.forgot = self.forgot, False
        return forgot


async def states_of(*rows: Delivery) -> list[State]:
    found = {row.id: row.state for row in await Delivery.all()}
    return [found[row.id] for row in rows]


async def test_what_is_due_within_seconds_is_handed_over_and_what_is_later_is_not(
    desk: Desk, engine: Engine, clock: FrozenClock
) -> None:
    times = [clock.instant + delta for delta in (-SECOND, AHEAD, AHEAD + SECOND / 1000, HOUR)]
    past, edge, later, much_later = [
        (await desk.put([State.SCHEDULED], due_at=at, next_attempt_at=at))[0] for at in times
    ]

    sent = await engine.stage()

    assert sent == [past.id, edge.id]
    assert await states_of(past, edge, later, much_later) == [
        State.QUEUED,
        State.QUEUED,
        State.SCHEDULED,
        State.SCHEDULED,
    ]
    assert (await Delivery.get(id=past.id)).next_attempt_at == clock.instant + LEASE
    assert await events_of(past) == [(past.id, "delivery.queued", None)]


async def test_a_second_tick_hands_nothing_over_again(desk: Desk, engine: Engine) -> None:
    await desk.put([State.SCHEDULED] * 3)
    first = await engine.stage()

    second = await engine.stage()

    assert (len(first), second) == (3, [])


async def test_posts_of_people_who_wait_go_first_and_imports_last(
    desk: Desk, engine: Engine, clock: FrozenClock
) -> None:
    earlier = clock.instant - HOUR / 2
    (bulk,) = await desk.put([State.SCHEDULED], priority=PRIORITY_BULK, next_attempt_at=earlier)
    (planned,) = await desk.put([State.SCHEDULED], priority=PRIORITY_SCHEDULED)
    (at_once,) = await desk.put([State.SCHEDULED], priority=PRIORITY_NOW)

    assert await engine.stage() == [at_once.id, planned.id, bulk.id]


async def test_a_retry_that_its_message_missed_is_handed_over_after_a_grace(
    desk: Desk, engine: Engine, clock: FrozenClock
) -> None:
    (row,) = await desk.put([State.RETRYING], attempts=1)
    at_once = await engine.stage()
    clock.move_to(clock.instant + 2 * SECOND)

    after_a_while = await engine.stage()

    assert (at_once, after_a_while) == ([], [row.id])
    assert (await Delivery.get(id=row.id)).attempts == 1


@pytest.mark.parametrize("state", [State.SCHEDULED, State.RETRYING, State.PROCESSING])
async def test_what_came_due_while_nobody_looked_is_missed_and_told_once(
    desk: Desk, engine: Engine, clock: FrozenClock, state: State
) -> None:
    rows = await desk.put([state] * 3)
    clock.move_to(clock.instant + HOUR)

    sent = await engine.stage() + await engine.stage()

    assert sent == []
    assert await states_of(*rows) == [State.MISSED] * 3
    assert await events_of(*rows) == [(row.id, "delivery.missed", "person") for row in rows]
    assert "too late" in (await Delivery.get(id=rows[0].id)).reason


async def test_what_is_late_within_the_window_goes_out(
    desk: Desk, engine: Engine, clock: FrozenClock
) -> None:
    (row,) = await desk.put([State.SCHEDULED])
    clock.move_to(clock.instant + HOUR - SECOND)

    assert await engine.stage() == [row.id]


async def test_however_many_were_missed_none_goes_out_unasked(
    desk: Desk, engine: Engine, clock: FrozenClock
) -> None:
    rows = await desk.put([State.SCHEDULED] * 1201)
    clock.move_to(clock.instant + 2 * HOUR)

    assert await engine.stage() == []

    assert set(await states_of(*rows)) == {State.MISSED}


async def test_a_snooze_longer_than_the_window_is_not_missed(
    desk: Desk, engine: Engine, clock: FrozenClock
) -> None:
    (row,) = await desk.put([State.RETRYING], due_at=clock.instant - 15 * HOUR)
    clock.move_to(clock.instant + 3 * SECOND)

    assert await engine.stage() == [row.id]


@pytest.mark.parametrize("owner", [None, 1], ids=["queued", "preparing"])
async def test_what_a_crash_left_lying_for_hours_is_missed_too(
    desk: Desk, engine: Engine, clock: FrozenClock, owner: int | None
) -> None:
    state = State.QUEUED if owner is None else State.PREPARING
    (row,) = await desk.put([state], owner=owner)
    clock.move_to(clock.instant + 8 * HOUR)
    await Rescuer(desk.runtime).tick()

    assert await engine.stage() == []

    assert await states_of(row) == [State.MISSED]


@pytest.mark.parametrize("state", [State.QUEUED, State.RETRYING])
async def test_a_message_that_outlived_a_long_downtime_publishes_nothing(
    world: World, engine: Engine, clock: FrozenClock, state: State
) -> None:
    delivery = await world.schedule()
    await Delivery.all().update(state=state)
    clock.move_to(clock.instant + 8 * HOUR)

    await engine.deliverer.execute([delivery.id])
    await engine.deliverer.retry(delivery.id)
    await engine.finish()

    assert (await world.fresh(delivery)).state is state
    assert world.x.accepted() == []


async def test_a_worker_without_a_queue_asks_about_what_is_too_late(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    missed = await world.schedule("Too late")
    clock.move_to(clock.instant + 2 * HOUR)
    fresh = await world.schedule("In time")

    await engine.deliverer.execute_without_queue()
    await engine.finish()

    assert [post["text"] for post in world.x.accepted()] == ["In time"]
    assert await states_of(missed, fresh) == [State.MISSED, State.PUBLISHED]


async def test_while_the_queue_is_away_nothing_stays_behind_as_queued(
    desk: Desk, clock: FrozenClock
) -> None:
    rows = await desk.put([State.SCHEDULED] * 350)
    queue = Queue()
    queue.calls_left = 1
    dispatcher = Dispatcher(desk.runtime, send=queue.send, lost_memory=queue.lost_memory)

    with pytest.raises(ConnectionError):
        await dispatcher.tick()
    with pytest.raises(ConnectionError):
        await dispatcher.tick()

    left = [row for row in rows if row.id not in queue.sent]
    assert len(queue.sent) == 100
    assert set(await states_of(*left)) == {State.SCHEDULED}


async def test_when_the_queue_is_back_everything_is_handed_over(desk: Desk) -> None:
    rows = await desk.put([State.SCHEDULED] * 3)
    queue = Queue()
    dispatcher = Dispatcher(desk.runtime, send=queue.send, lost_memory=queue.lost_memory)
    with pytest.raises(ConnectionError):
        await dispatcher.tick()
    queue.calls_left = 10

    await dispatcher.tick()

    assert sorted(queue.sent) == [row.id for row in rows]


async def test_a_queue_that_comes_back_empty_gets_again_what_it_had(
    desk: Desk, clock: FrozenClock
) -> None:
    (had,) = await desk.put([State.SCHEDULED])
    queue = Queue()
    queue.calls_left = 1
    dispatcher = Dispatcher(desk.runtime, send=queue.send, lost_memory=queue.lost_memory)
    await dispatcher.tick()
    (waiting,) = await desk.put([State.SCHEDULED])
    with pytest.raises(ConnectionError):
        await dispatcher.tick()
    queue.sent, queue.calls_left, queue.forgot = [], 10, True

    await dispatcher.tick()

    assert sorted(queue.sent) == [had.id, waiting.id]


async def test_a_queue_that_forgot_everything_gets_it_again(desk: Desk, engine: Engine) -> None:
    rows = await desk.put([State.SCHEDULED] * 3)
    queue = Queue()
    queue.forgot, queue.calls_left = True, 10
    sent = await engine.stage()
    dispatcher = Dispatcher(desk.runtime, send=queue.send, lost_memory=queue.lost_memory)

    await dispatcher._notice_lost_memory()
    await dispatcher.tick()

    assert sorted(sent) == sorted(queue.sent) == [row.id for row in rows]


async def pile_up(row: Delivery, number: int) -> None:
    """Many more deliveries like this one."""
    names = ", ".join(sorted({*Delivery._meta.fields_db_projection.values()} - {"id"}))
    connection = database.get_connection()
    await connection.execute_script(
        f"INSERT INTO delivery ({names}) SELECT {names} FROM delivery, (WITH RECURSIVE n(i) AS"
        f" (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number}) SELECT i FROM n) AS n"
        f" WHERE id = {row.id}"
    )
    await connection.execute_script("ANALYZE")


async def plan(statement: str, parameters: list[Any]) -> str:
    connection = database.get_connection()
    explain = "EXPLAIN QUERY PLAN " if connection.capabilities.dialect == "sqlite" else "EXPLAIN "
    rows = await connection.execute_query_dict(explain + statement, parameters)
    return "\n".join(str(row.get("detail") or row.get("QUERY PLAN")) for row in rows)


@pytest.mark.parametrize("circuit", [circuits.CLOSED, circuits.OPEN, circuits.RAMPING])
async def test_no_statement_of_a_tick_reads_what_is_only_pending(
    desk: Desk,
    engine: Engine,
    clock: FrozenClock,
    caplog: pytest.LogCaptureFixture,
    circuit: str,
) -> None:
    later = clock.instant + 1000 * HOUR
    (pending,) = await desk.put([State.SCHEDULED], due_at=later, next_attempt_at=later)
    await pile_up(pending, 50_000)
    late = clock.instant - 2 * HOUR
    await desk.put([State.SCHEDULED], due_at=late, next_attempt_at=late)
    await desk.put([State.SCHEDULED, State.RETRYING, State.PROCESSING, State.UNCONFIRMED])
    await desk.put([State.PARKED, State.PARKED], next_attempt_at=None)
    now = clock.instant
    await Circuit.create(
        key="platform:x", state=circuit, since=now, probe_at=now, release_at=now, failures={"1": 5}
    )
    caplog.set_level("DEBUG", "tortoise.db_client")

    await engine.begin()
    await Rescuer(desk.runtime).tick()
    await breaker.due_probes(desk.runtime, frozenset())
    await breaker.begin_probe(desk.runtime, await Circuit.get(key="platform:x"))
    await stats.seconds_late(clock.instant)
    await stats.down()
    await reconcile.tick(desk.runtime)

    statements = [
        (str(record.args[0]), list(record.args[1] or []))
        for record in caplog.records
        if record.args and "delivery" in str(record.args[0]) and isinstance(record.args, tuple)
    ]
    plans = [(one[0], await plan(*one)) for one in statements if not one[0].startswith("INSERT")]
    assert len(plans) > 10
    assert any("idx_delivery_next" in found for _, found in plans)
    scan = r"Seq Scan on delivery|SCAN (d|delivery)\b(?!.* USING )"
    assert [statement for statement, found in plans if re.search(scan, found)] == []


async def test_people_hear_of_nothing_that_is_only_handed_over(desk: Desk, engine: Engine) -> None:
    await desk.put([State.SCHEDULED] * 3)

    await engine.stage()

    assert await Event.filter(notice__isnull=False).count() == 0
    assert states.STAGE.notice is None
