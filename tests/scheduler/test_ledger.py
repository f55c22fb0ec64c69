from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

from scheduler import states
from scheduler.deliveries import Step, note_late_result
from scheduler.models import Attempt, Delivery, Event
from scheduler.states import State
from tests.scheduler.engine import Desk, attempts_of, events_of, on_postgres
from tests.world import until

SAID = {"cause": "platform", "kind": "", "looks": 0, "next_attempt_at": None}
NOT_FOUND = {"remote_id": "", "permalink": "", "published_at": None}


def claim(row: Delivery, *, fence: int = 0, owner: int = 7) -> Step:
    values = {"owner": owner, "next_attempt_at": None}
    return Step(move=states.CLAIM, id=row.id, fence=fence, values=values)


def begin(row: Delivery, **attempt: Any) -> Step:
    return Step(
        move=states.BEGIN_PUBLISHING,
        id=row.id,
        fence=row.fence,
        values={"next_attempt_at": None},
        attempt={"digest": "d", **attempt},
    )


def publish(row: Delivery, remote_id: str) -> Step:
    values = {**NOT_FOUND, "remote_id": remote_id}
    return Step(move=states.PUBLISH, id=row.id, fence=row.fence, values=values)


async def states_now() -> dict[int, State]:
    return {row.id: row.state for row in await Delivery.all()}


async def test_moves_of_the_same_instant_share_a_few_transactions(desk: Desk) -> None:
    rows = await desk.put([State.QUEUED] * 200)

    moved = await asyncio.gather(*(desk.runtime.ledger.move(claim(row)) for row in rows))

    assert moved == [True] * 200
    assert set((await states_now()).values()) == {State.PREPARING}
    instants = await Event.filter(kind="delivery.preparing").values_list("at", flat=True)
    assert len(instants) == 200
    assert len(set(instants)) <= 3


async def test_a_move_that_cannot_be_stored_leaves_the_others_of_its_batch_alone(
    desk: Desk,
) -> None:
    taken, *rows = await desk.put([State.PUBLISHING] * 21)
    assert await desk.runtime.ledger.move(publish(taken, "r1"))
    remote_ids = ["r1", *(f"other {row.id}" for row in rows[1:])]

    results = await asyncio.gather(
        *(
            desk.runtime.ledger.move(publish(row, remote_id))
            for row, remote_id in zip(rows, remote_ids, strict=True)
        ),
        return_exceptions=True,
    )

    assert isinstance(results[0], IntegrityError)
    assert results[1:] == [True] * 19
    assert (await states_now())[rows[0].id] is State.PUBLISHING
    assert await events_of(rows[0]) == []


async def test_two_moves_of_one_delivery_happen_one_after_the_other(desk: Desk) -> None:
    (row,) = await desk.put([State.QUEUED])
    steps = [
        claim(row),
        Step(move=states.BEGIN_PUBLISHING, id=row.id, fence=1, values={"next_attempt_at": None}),
        Step(move=states.PUBLISH, id=row.id, fence=1, values={**NOT_FOUND, "remote_id": "1"}),
    ]

    moved = await asyncio.gather(*(desk.runtime.ledger.move(step) for step in steps))

    assert moved == [True, True, True]
    assert (await states_now())[row.id] is State.PUBLISHED


@on_postgres
async def test_a_batch_of_different_moves_waits_for_a_row_without_holding_a_later_one(
    desk: Desk, database_url: str
) -> None:
    first, second = await desk.put([State.PREPARING, State.QUEUED])
    other = await asyncpg.connect(database_url)
    lock = "SELECT id FROM delivery WHERE id = $1 FOR UPDATE"
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"

    async with other.transaction():
        await other.execute(lock, first.id)
        batch = asyncio.gather(
            *(
                desk.runtime.ledger.move(step)
                for step in (claim(second), begin(first, started_at=desk.runtime.clock.now()))
            )
        )
        await until(lambda: other.fetchval(waiting), what="the batch waits")
        await other.execute(f"{lock} NOWAIT", second.id)
    await other.close()

    assert await batch == [True, True]


async def test_of_two_claims_of_one_delivery_one_wins(desk: Desk) -> None:
    (row,) = await desk.put([State.QUEUED])

    moved = await asyncio.gather(
        desk.runtime.ledger.move(claim(row, owner=7)), desk.runtime.ledger.move(claim(row, owner=8))
    )

    assert sorted(moved) == [False, True]
    assert (await Delivery.get(id=row.id)).fence == 1


async def test_a_change_its_event_and_its_attempt_happen_together_or_not_at_all(
    desk: Desk,
) -> None:
    (row,) = await desk.put([State.PREPARING])

    with pytest.raises(IntegrityError):
        await desk.runtime.ledger.move(begin(row, started_at=None))

    assert (await states_now())[row.id] is State.PREPARING
    assert await events_of(row) == []
    assert await attempts_of(row) == []


async def test_an_event_that_cannot_be_stored_takes_the_change_back(desk: Desk) -> None:
    (row,) = await desk.put([State.QUEUED])
    step = Step(
        move=states.CLAIM,
        id=row.id,
        fence=0,
        values={"owner": 7, "next_attempt_at": None},
        data={"not": {"plain"}},
    )

    with pytest.raises(TypeError):
        await desk.runtime.ledger.move(step)

    assert (await states_now())[row.id] is State.QUEUED
    assert await desk.runtime.ledger.move(claim(row))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\x00b", "ab"),
        ("lone \ud83d surrogate", "lone ? surrogate"),
        (r"a backslash \u0000 and \ud83d", r"a backslash \u0000 and \ud83d"),
        ("\\", "\\"),
        ("quotes ' \" and 🙂 “Ωß”\n\t", "quotes ' \" and 🙂 “Ωß”\n\t"),
    ],
    ids=["nul", "surrogate", "escapes", "backslash", "signs"],
)
async def test_a_reason_is_kept_as_far_as_databases_can(
    desk: Desk, written: str, read: str
) -> None:
    (row,) = await desk.put([State.PUBLISHING])
    step = Step(
        move=states.HOLD_UNCONFIRMED,
        id=row.id,
        fence=0,
        values={**SAID, "reason": written},
        attempt={"started_at": row.due_at, "reason": written},
        data={"reason": written},
    )

    assert await desk.runtime.ledger.move(step)

    assert (await Delivery.get(id=row.id)).reason == read
    assert (await Event.get(delivery_id=row.id)).data == {"reason": read}
    assert (await Attempt.get(delivery_id=row.id)).reason == read


async def test_a_late_result_is_written_to_its_own_attempt_and_nowhere_else(desk: Desk) -> None:
    (row,) = await desk.put([State.PREPARING])
    await desk.runtime.ledger.move(begin(row, started_at=row.due_at))
    step = Step(move=states.HOLD_UNCONFIRMED, id=row.id, fence=0, values={**SAID, "reason": ""})
    await desk.runtime.ledger.move(step)

    await note_late_result(
        row.id, row.fence, {"started_at": row.due_at, "outcome": "publish", "remote_id": "9"}
    )

    (attempt,) = await attempts_of(row)
    assert (attempt.outcome, attempt.remote_id, attempt.digest) == ("publish", "9", "d")
    assert (await Delivery.get(id=row.id)).remote_id == ""


async def _terminate_connections(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()


async def _reads_again() -> bool:
    try:
        await Delivery.all().count()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        return False
    return True


@on_postgres
async def test_moves_around_a_lost_database_connection_happen_whole_or_not_at_all(
    desk: Desk, database_url: str
) -> None:
    rows = await desk.put([State.QUEUED] * 300)
    ledger = desk.runtime.ledger

    async def some(part: list[Delivery]) -> list[bool | BaseException]:
        return await asyncio.gather(
            *(ledger.move(claim(row)) for row in part), return_exceptions=True
        )

    results: list[bool | BaseException] = []
    for start in range(0, 300, 30):
        part, _ = await asyncio.gather(
            some(rows[start : start + 30]), _terminate_connections(database_url)
        )
        results += part

    await until(_reads_again)
    assert [one for one in results if isinstance(one, BaseException)] == []
    after = await states_now()
    heard = [id_ for id_, _, _ in await events_of(*rows)]
    assert sorted(heard) == sorted(id_ for id_, state in after.items() if state is State.PREPARING)
    assert {row.id for row, moved in zip(rows, results, strict=True) if moved is True} <= set(heard)


@on_postgres
async def test_the_ledger_works_again_after_the_database_was_away(
    desk: Desk, database_url: str
) -> None:
    (row,) = await desk.put([State.QUEUED])
    await _terminate_connections(database_url)

    assert await desk.runtime.ledger.move(claim(row))
