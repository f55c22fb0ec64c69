"""The schedule as iCalendar: true, well formed, and for whoever knows the secret."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from scheduler import feeds, members, posts
from scheduler.clock import Clock, FrozenClock
from scheduler.models import Account, Delivery, Feed, Member
from scheduler.states import State
from tests.world import ALICE, World

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return FrozenClock(NOW)


@pytest.fixture
async def alice(world: World) -> Member:
    return await members.remember_member(
        world.runtime, world.workspace.id, ALICE, name="Alice", timezone="UTC", is_admin=False
    )


async def written(world: World, member: Member) -> bytes:
    return feeds.written(await feeds.timetable(world.runtime, member))


async def test_a_secret_leads_to_its_member_until_the_next_one(world: World, alice: Member) -> None:
    first = await feeds.renew(world.runtime, alice)
    before = await feeds.owner(first)
    second = await feeds.renew(world.runtime, alice)

    assert before == alice
    assert (await feeds.owner(first), await feeds.owner(second)) == (None, alice)
    assert len(second) >= 43
    assert second not in (await Feed.get()).digest


async def test_two_renewals_at_once_leave_one_address(world: World, alice: Member) -> None:
    await feeds.renew(world.runtime, alice)

    made = await asyncio.gather(*(feeds.renew(world.runtime, alice) for _ in range(4)))

    owners = [await feeds.owner(secret) for secret in made]
    assert owners.count(alice) == 1


async def test_an_address_ends_when_it_is_turned_off_and_with_its_member(
    world: World, alice: Member
) -> None:
    secret = await feeds.renew(world.runtime, alice)
    await feeds.revoke(alice)
    off = await feeds.owner(secret)
    again = await feeds.renew(world.runtime, alice)
    await alice.delete()

    assert (off, await feeds.owner(again)) == (None, None)


@pytest.mark.parametrize("secret", ["", "nonsense", "\ud800"])
async def test_a_wrong_secret_leads_nowhere(world: World, alice: Member, secret: str) -> None:
    await feeds.renew(world.runtime, alice)

    assert await feeds.owner(secret) is None


async def test_a_post_stands_in_the_calendar_at_its_time_with_its_state(
    world: World, alice: Member
) -> None:
    row = await world.schedule("We open at nine; bring\ncoffee, cake", seconds=3600)
    await Delivery.filter(id=row.id).update(
        state=State.PUBLISHED, permalink="https://x.com/acme/status/1"
    )

    event = Calendar.from_ical(await written(world, alice)).walk("VEVENT")[0]

    assert event["UID"] == f"{row.post_id}@postbot"
    assert event["DTSTART"].dt == NOW + timedelta(hours=1)
    assert event["SUMMARY"] == "Published: We open at nine; bring coffee, cake"
    assert "We open at nine; bring\ncoffee, cake" in event["DESCRIPTION"]
    assert "X @acme: published" in event["DESCRIPTION"]
    assert event["URL"] == "https://x.com/acme/status/1"


async def test_no_line_is_longer_than_75_octets_and_no_letter_is_cut(
    world: World, alice: Member
) -> None:
    text = "日本語のとても長い文章 👩‍👩‍👧 " * 12
    await world.schedule(text, seconds=3600)

    content = await written(world, alice)

    lines = content.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert [line.decode() for line in lines]
    event = Calendar.from_ical(content).walk("VEVENT")[0]
    assert event["DESCRIPTION"].startswith(text.strip()[:40])


async def test_what_was_called_off_or_lies_far_away_stays_out(world: World, alice: Member) -> None:
    off = await world.schedule("Called off", seconds=3600)
    await posts.cancel(world.runtime, world.ref(off))
    await world.schedule("Far", seconds=400 * 86400)

    assert (await feeds.timetable(world.runtime, alice)).posts == ()
    assert not Calendar.from_ical(await written(world, alice)).walk("VEVENT")


async def test_the_mark_changes_with_what_is_said_and_with_nothing_else(
    world: World, alice: Member
) -> None:
    row = await world.schedule("Hello", seconds=3600)

    async def mark() -> str:
        return (await feeds.timetable(world.runtime, alice)).mark

    first, same = await mark(), await mark()
    await Delivery.filter(id=row.id).update(state=State.QUEUED)
    moved = await mark()
    await Account.filter(id=world.account.id).update(username="acme2")

    assert first == same
    assert len({first, moved, await mark()}) == 3
