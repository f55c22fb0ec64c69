from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler import events, markers, stats
from scheduler.clock import FrozenClock
from scheduler.models import Attempt, Circuit, Delivery, Event, Seen
from scheduler.retention import SEEN_FOR, Retention
from scheduler.states import State
from tests.scheduler.engine import Desk

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC).replace(microsecond=0))


async def note(desk: Desk, at: datetime, **more: Any) -> int:
    event = await Event.create(
        workspace_id=desk.workspace.id, post_id="p", kind="post.edited", at=at, **more
    )
    return event.id


async def test_old_events_go_unless_people_were_not_told_yet(
    desk: Desk, clock: FrozenClock
) -> None:
    old = clock.instant - 91 * DAY
    await note(desk, old)
    untold = await note(desk, old, notice="person")
    young = await note(desk, clock.instant - 89 * DAY)

    await Retention(desk.runtime).tick(clock.instant)

    assert sorted(await Event.all().values_list("id", flat=True)) == sorted([untold, young])


async def test_old_attempts_go_when_their_delivery_moves_no_more(
    desk: Desk, clock: FrozenClock
) -> None:
    old = clock.instant - 91 * DAY
    rows = await desk.put(State)
    for row in rows:
        await Attempt.create(delivery=row, fence=1, started_at=old)
        await Attempt.create(delivery=row, fence=2, started_at=clock.instant)

    await Retention(desk.runtime).tick(clock.instant)

    kept = await Attempt.filter(fence=1).values_list("delivery__state", flat=True)
    settled = {
        State.PUBLISHED,
        State.FAILED,
        State.MISSED,
        State.CANCELLED,
        State.POSTED_MANUALLY,
    }
    assert set(kept) == set(State) - settled
    assert await Attempt.filter(fence=2).count() == len(State)
    assert await Delivery.all().count() == len(State)


async def test_old_records_of_handled_requests_go(desk: Desk, clock: FrozenClock) -> None:
    await Seen.create(key="old", at=clock.instant - SEEN_FOR - SECOND)
    await Seen.create(key="young", at=clock.instant - SEEN_FOR + SECOND)

    await Retention(desk.runtime).tick(clock.instant)

    assert await Seen.all().values_list("key", flat=True) == ["young"]


async def test_the_figures_count_deliveries_by_state(desk: Desk) -> None:
    await desk.put([*State, State.FAILED])

    figures = await stats.collect(desk.runtime)

    assert {name: figures[name] for name in State} == {
        state: 2 if state is State.FAILED else 1 for state in State
    }


async def test_an_empty_schedule_is_not_late_and_never_ticked(desk: Desk) -> None:
    figures = await stats.collect(desk.runtime)

    assert (figures["seconds_late"], figures["seconds_since_tick"]) == (0.0, None)
    assert {figures[name] for name in State} == {0}


async def test_the_figures_name_what_is_down_and_how_much_waits_for_it(
    desk: Desk, clock: FrozenClock
) -> None:
    since = datetime(2026, 11, 24, 14, 3, tzinfo=UTC)
    await desk.put([State.PARKED, State.PARKED])
    account = f"account:{desk.account.id}"
    for key, state in [("platform:x", "ramping"), (account, "open"), ("platform:y", "closed")]:
        await Circuit.create(key=key, state=state, since=since)

    figures = await stats.collect(desk.runtime)

    assert figures["down"] == [
        "X is back and catches up since 2026-11-24 14:03 UTC, 2 waiting",
        "X @acme must be connected again since 2026-11-24 14:03 UTC, 2 waiting",
    ]


@pytest.mark.parametrize(
    ("state", "owner", "late"),
    [
        (State.SCHEDULED, None, 90.0),
        (State.PREPARING, 7, 90.0),
        (State.FAILED, None, 0.0),
        (State.PUBLISHED, None, 0.0),
    ],
    ids=["scheduled", "preparing", "failed", "published"],
)
async def test_the_longest_overdue_delivery_says_how_late_the_schedule_is(
    desk: Desk, clock: FrozenClock, state: State, owner: int | None, late: float
) -> None:
    due = clock.instant - 90 * SECOND
    await desk.put([state], due_at=due, next_attempt_at=due, owner=owner)
    await desk.put([State.SCHEDULED], due_at=clock.instant + DAY)

    assert await stats.seconds_late(clock.instant) == late


async def test_the_last_tick_is_remembered(desk: Desk, clock: FrozenClock) -> None:
    await markers.write(markers.DISPATCHER, {"epoch": 1}, clock.instant - 5 * SECOND)
    await markers.write(markers.DISPATCHER, {"epoch": 2}, clock.instant - 3 * SECOND)

    assert await stats.seconds_since_tick(clock.instant) == 3.0
    assert await markers.read("other") is None


async def test_what_people_must_hear_waits_until_they_were_told(
    desk: Desk, clock: FrozenClock
) -> None:
    await note(desk, clock.instant)
    await note(desk, clock.instant, notice="card")
    await note(desk, clock.instant, notice="person")

    waiting = await events.pending_notices("p")
    posts_before = await events.untold(10)
    await events.begin_telling(waiting[1], clock.instant)
    await events.told(waiting)

    assert [event.notice for event in waiting] == ["card", "person"]
    assert posts_before == ["p"]
    assert await events.untold(10) == []
    assert [event.kind for event in await events.history("p")] == ["post.edited"] * 3
