"""Whoever has posts that wait is told of an outage: once when it lasts, once when it is over."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler import circuits, states
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.deliveries import Step
from scheduler.models import Circuit, Delivery, Event, Post
from scheduler.outages import announce
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.scheduler.down import SECOND
from tests.scheduler.engine import Desk, another_process

MINUTE = timedelta(minutes=1)
BOB = "U0BOB"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


async def down(desk: Desk) -> Circuit:
    now = desk.runtime.clock.now()
    return await Circuit.create(key="platform:x", state=circuits.OPEN, since=now, cause="platform")


async def back(desk: Desk) -> None:
    circuit = await Circuit.get(key="platform:x")
    assert await circuits.guarded(circuit, circuits.ramping("", desk.runtime.clock.now()))


async def waits(desk: Desk, *, author: str = "U0ALICE", **columns: Any) -> Delivery:
    (row,) = await desk.put([State.PARKED], cause="platform", **columns)
    await Post.filter(id=row.post_id).update(author=author)
    return row


async def notices() -> list[tuple[str, str, int]]:
    """Kind, member and number of posts of every notice that was ever written."""
    events = await Event.filter(post_id="").order_by("id")
    assert {event.notice for event in events} <= {"member"}
    return [(event.kind, event.data["member"], event.data["posts"]) for event in events]


async def pass_by(desk: Desk, clock: FrozenClock, length: timedelta) -> None:
    """A rescuer looks every two seconds."""
    end = clock.instant + length
    while clock.instant < end:
        await announce(desk.runtime)
        clock.move_to(clock.instant + 2 * SECOND)


async def test_each_author_hears_once_that_it_is_down_and_once_that_it_is_back(
    desk: Desk, clock: FrozenClock
) -> None:
    await down(desk)
    await waits(desk)
    await waits(desk)
    await waits(desk, author=BOB)
    await pass_by(desk, clock, 5 * MINUTE)
    while_down = await notices()
    await waits(desk)

    await back(desk)
    await pass_by(desk, clock, MINUTE)

    assert while_down == [("platform.down", "U0ALICE", 2), ("platform.down", BOB, 1)]
    assert (await notices())[2:] == [("platform.back", "U0ALICE", 3), ("platform.back", BOB, 1)]


async def test_whoever_heard_of_it_below_a_card_hears_only_that_it_is_back(
    desk: Desk, clock: FrozenClock
) -> None:
    await down(desk)
    (row,) = await desk.put([State.PREPARING])
    said = {"cause": "platform", "kind": "", "reason": "X is down."}
    values = {"next_attempt_at": None, "attempts": 0, **said}
    step = Step(move=states.STRAND, id=row.id, fence=row.fence, values=values)
    assert await desk.runtime.ledger.move(step)
    await waits(desk, author=BOB)
    await pass_by(desk, clock, 5 * MINUTE)

    await back(desk)
    await pass_by(desk, clock, MINUTE)

    assert await notices() == [
        ("platform.down", BOB, 1),
        ("platform.back", "U0ALICE", 1),
        ("platform.back", BOB, 1),
    ]


async def test_nobody_hears_of_a_hiccup(desk: Desk, clock: FrozenClock) -> None:
    await down(desk)
    await waits(desk)
    await pass_by(desk, clock, MINUTE - 2 * SECOND)

    await back(desk)
    await pass_by(desk, clock, MINUTE)

    assert await notices() == []


async def test_who_has_nothing_that_waits_hears_nothing(desk: Desk, clock: FrozenClock) -> None:
    await down(desk)
    row = await waits(desk, author=BOB)
    await Delivery.filter(id=row.id).update(cause="authentication")
    await desk.put([State.SCHEDULED, State.FAILED])

    await pass_by(desk, clock, 2 * MINUTE)

    assert await notices() == []


async def test_an_author_whose_first_post_waits_later_hears_of_it_then(
    desk: Desk, clock: FrozenClock
) -> None:
    await down(desk)
    await waits(desk)
    await pass_by(desk, clock, 2 * MINUTE)
    await waits(desk, author=BOB, since=clock.instant)

    await pass_by(desk, clock, MINUTE + 4 * SECOND)

    assert [who for _, who, _ in await notices()] == ["U0ALICE", BOB]


async def test_a_platform_that_is_back_for_a_moment_is_not_said_to_be_back(
    desk: Desk, clock: FrozenClock
) -> None:
    circuit = await down(desk)
    await waits(desk)
    await pass_by(desk, clock, 2 * MINUTE)
    await back(desk)
    await pass_by(desk, clock, 4 * SECOND)
    await Circuit.filter(key=circuit.key).update(state=circuits.OPEN, since=clock.instant)

    await pass_by(desk, clock, 2 * MINUTE)

    assert await notices() == [("platform.down", "U0ALICE", 1)]


async def test_who_called_off_what_waited_hears_no_more(desk: Desk, clock: FrozenClock) -> None:
    await down(desk)
    row = await waits(desk)
    await pass_by(desk, clock, 2 * MINUTE)
    await Delivery.filter(id=row.id).update(state=State.CANCELLED)
    await pass_by(desk, clock, 4 * SECOND)

    await back(desk)
    await pass_by(desk, clock, MINUTE)

    assert await notices() == [("platform.down", "U0ALICE", 1)]


async def test_several_processes_write_each_notice_once(
    desk: Desk, clock: FrozenClock, settings: Settings
) -> None:
    await down(desk)
    await waits(desk)
    clock.move_to(clock.instant + 2 * MINUTE)

    async def look(runtime: Runtime) -> None:
        await asyncio.gather(announce(runtime), announce(runtime))

    async with (
        another_process(settings, clock) as second,
        another_process(settings, clock) as third,
    ):
        await asyncio.gather(look(desk.runtime), second.run(look), third.run(look))
        await back(desk)
        clock.move_to(clock.instant + MINUTE)
        await asyncio.gather(look(desk.runtime), second.run(look), third.run(look))

    assert await notices() == [("platform.down", "U0ALICE", 1), ("platform.back", "U0ALICE", 1)]
