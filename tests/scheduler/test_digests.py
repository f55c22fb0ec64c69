"""The digest of a member's day is written once for each day, at the hour of their own clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from scheduler import digests, members
from scheduler.clock import FrozenClock
from scheduler.models import Delivery, Event, Member
from scheduler.posts import PostError
from scheduler.states import State
from scheduler.timewords import NotUnderstood
from tests.world import ALICE, World

# 07:00 in Berlin.
EARLY = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(EARLY)


async def alice(world: World, hour: str = "8:30", zone: str = "Europe/Berlin") -> Member:
    member = await members.remember_member(
        world.runtime, world.workspace.id, ALICE, name="Alice", timezone=zone, is_admin=False
    )
    return await digests.set_hour(world.runtime, member, hour)


async def at(world: World, clock: FrozenClock, *instants: datetime) -> list[str]:
    """The days of the digests that were written after looking at these instants."""
    for instant in instants:
        clock.move_to(instant)
        await digests.tick(world.runtime)
    return [event.data["day"] for event in await Event.filter(kind="member.digest").order_by("id")]


async def test_it_is_written_at_the_hour_and_not_before(world: World, clock: FrozenClock) -> None:
    await alice(world)

    before = await at(world, clock, EARLY + timedelta(minutes=89))
    then = await at(world, clock, EARLY + timedelta(minutes=90))

    assert (before, then) == ([], ["2026-11-25"])
    event = await Event.get(kind="member.digest")
    assert (event.notice, event.data["member"]) == ("member", ALICE)


async def test_it_is_written_once_a_day_however_often_somebody_looks(
    world: World, clock: FrozenClock
) -> None:
    await alice(world)

    hours = [EARLY + timedelta(hours=hour) for hour in range(72)]

    assert await at(world, clock, *hours) == ["2026-11-25", "2026-11-26", "2026-11-27"]


async def test_many_dispatchers_at_once_write_one(world: World, clock: FrozenClock) -> None:
    await alice(world)
    clock.move_to(EARLY + timedelta(hours=2))

    await asyncio.gather(*(digests.tick(world.runtime) for _ in range(8)))

    assert await Event.filter(kind="member.digest").count() == 1


async def test_nobody_gets_one_unasked_and_off_ends_it(world: World, clock: FrozenClock) -> None:
    await alice(world, "off")
    unasked = await at(world, clock, EARLY + timedelta(hours=5))
    member = await alice(world, "8:30")
    await digests.set_hour(world.runtime, member, " OFF ")

    assert unasked == []
    assert await at(world, clock, EARLY + DAY, EARLY + 2 * DAY) == []


async def test_an_hour_that_has_passed_begins_tomorrow(world: World, clock: FrozenClock) -> None:
    clock.move_to(EARLY + timedelta(hours=8))
    await alice(world)

    assert await at(world, clock, EARLY + timedelta(hours=9)) == []
    assert await at(world, clock, EARLY + DAY + timedelta(hours=2)) == ["2026-11-26"]


async def test_another_hour_on_the_same_day_brings_no_second_one(
    world: World, clock: FrozenClock
) -> None:
    member = await alice(world)
    await at(world, clock, EARLY + timedelta(hours=2))
    await digests.set_hour(world.runtime, await Member.get(id=member.id), "18:00")

    assert await at(world, clock, EARLY + timedelta(hours=12)) == ["2026-11-25"]


async def test_an_hour_that_clocks_skip_is_made_up_for_and_one_that_comes_twice_counts_once(
    world: World, clock: FrozenClock
) -> None:
    await alice(world, "2:30")
    spring = datetime(2027, 3, 28, 0, 0, tzinfo=UTC)
    autumn = datetime(2027, 10, 31, 0, 0, tzinfo=UTC)
    minutes = [timedelta(minutes=10 * number) for number in range(15)]

    skipped = await at(world, clock, *(spring + each for each in minutes))
    twice = await at(world, clock, *(autumn + each for each in minutes))

    assert skipped == ["2027-03-28"]
    assert twice[len(skipped) :] == ["2027-10-31"]


@pytest.mark.parametrize("typed", ["soon", "25:00", "8", "8:30 or so", "tomorrow 8:30", ""])
async def test_what_is_no_hour_is_refused(world: World, typed: str) -> None:
    with pytest.raises(NotUnderstood):
        await alice(world, typed)

    assert (await Member.get()).digest_at == ""


async def test_of_a_stranger_nothing_is_said_to_be_stored(world: World) -> None:
    stranger = await members.stranger(world.runtime, world.workspace.id, "U0WHO")

    with pytest.raises(PostError, match="Try again"):
        await digests.set_hour(world.runtime, stranger, "8:30")


async def test_it_tells_what_goes_out_today_and_what_failed_yesterday(
    world: World, clock: FrozenClock
) -> None:
    member = await alice(world)
    today = await world.schedule("Today", seconds=3600)
    await world.schedule("Tomorrow", seconds=20 * 3600)
    failed = await world.schedule("Failed", seconds=60)
    await Delivery.filter(id=failed.id).update(
        state=State.FAILED, due_at=EARLY - DAY, since=EARLY - DAY
    )
    long_ago = await world.schedule("Long ago", seconds=61)
    await Delivery.filter(id=long_ago.id).update(state=State.FAILED, since=EARLY - 3 * DAY)
    await world.schedule("Of somebody else", seconds=3600, author="U0BOB")

    found = await digests.of(member, date(2026, 11, 25))

    assert today.post_id in [each.post.id for each in found.today]
    assert "Tomorrow" not in [each.post.text for each in found.today]
    assert [each.post.text for each in found.failed] == ["Failed"]
    assert {each.post.text for each in found.waiting} == {"Failed", "Long ago"}
    texts = [each.post.text for part in (found.today, found.waiting, found.failed) for each in part]
    assert "Of somebody else" not in texts
