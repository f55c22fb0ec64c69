from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.backoff import next_attempt_at, next_look_at, stage_at
from scheduler.clock import Clock, FrozenClock
from scheduler.walltime import Repeated, Skipped, known_zone, resolve, shown

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ZONES = sorted(available_timezones() - {"localtime", "posixrules"})
INSTANTS = st.datetimes(
    min_value=datetime.fromisoformat("1970-01-02"),
    max_value=datetime.fromisoformat("2037-01-01"),
    timezones=st.just(UTC),
)


@settings(max_examples=600, deadline=None)
@given(instant=INSTANTS, zone=st.sampled_from(ZONES))
def test_the_time_that_a_clock_shows_leads_back_to_its_instant(
    instant: datetime, zone: str
) -> None:
    wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)

    found = resolve(wall, zone)

    assert instant in ({found.first, found.second} if isinstance(found, Repeated) else {found})


def changes(zone: str, year: int) -> list[datetime]:
    """The hours of a year at whose end a zone's clocks are set."""
    local, start = ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=hour) for hour in range(366 * 24)]
    return [
        before
        for before, after in pairwise(hours)
        if before.astimezone(local).utcoffset() != after.astimezone(local).utcoffset()
    ]


@pytest.mark.parametrize(
    "zone",
    [
        "America/New_York",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "America/St_Johns",
        "Africa/Casablanca",
        "Asia/Tehran",
        "America/Santiago",
        "Antarctica/Troll",
    ],
)
def test_every_minute_around_a_change_of_the_clocks_is_shown_not_at_all_once_or_twice(
    zone: str,
) -> None:
    local = ZoneInfo(zone)
    minutes = [
        (change.astimezone(local).replace(tzinfo=None, fold=0) + timedelta(minutes=minute))
        for change in changes(zone, 2022)
        for minute in range(-180, 240)
    ]

    assert [wall for wall in minutes if instants(resolve(wall, zone)) != showing(wall, local)] == []


def instants(found: datetime | Skipped | Repeated) -> set[datetime]:
    if isinstance(found, Repeated):
        return {found.first, found.second}
    return {found} if isinstance(found, datetime) else set()


def showing(wall: datetime, zone: ZoneInfo) -> set[datetime]:
    """All instants at which a clock in the zone shows this time, by trying every offset."""
    around = [
        wall.replace(tzinfo=UTC) + timedelta(minutes=minutes)
        for minutes in range(-16 * 60, 16 * 60 + 1, 15)
    ]
    return {
        instant
        for instant in around
        if instant.astimezone(zone).replace(tzinfo=None, fold=0) == wall
    }


@pytest.mark.parametrize(
    ("wall", "zone", "before", "after"),
    [
        ("2027-03-14 02:30", "America/New_York", "01:59", "03:00"),
        ("2026-03-29 02:00", "Europe/Berlin", "01:59", "03:00"),
        ("2026-10-04 02:10", "Australia/Lord_Howe", "01:59", "02:30"),
    ],
)
def test_a_time_that_is_skipped_has_two_neighbours(
    wall: str, zone: str, before: str, after: str
) -> None:
    found = resolve(datetime.fromisoformat(wall), zone)

    assert isinstance(found, Skipped)
    assert (f"{found.before:%H:%M}", f"{found.after:%H:%M}") == (before, after)


def test_a_day_that_is_skipped_has_two_neighbours() -> None:
    found = resolve(datetime.fromisoformat("2011-12-30 12:00"), "Pacific/Apia")

    assert isinstance(found, Skipped)
    assert (f"{found.before:%d %H:%M}", f"{found.after:%d %H:%M}") == ("29 23:59", "31 00:00")


def test_a_time_that_comes_twice_has_two_instants() -> None:
    found = resolve(datetime.fromisoformat("2026-11-01 01:30"), "America/New_York")

    assert found == Repeated(
        first=datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        second=datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "name", ["Nowhere/Atlantis", "", "../etc/passwd", "Europe", "\0", "x" * 500]
)
def test_a_zone_that_does_not_exist_is_not_known(name: str) -> None:
    assert not known_zone(name)


def test_an_instant_is_shown_as_people_write_it() -> None:
    assert shown(NOON, "Europe/Berlin") == "Tue 24 Nov 2026, 13:00 (Europe/Berlin)"


@pytest.mark.parametrize(("used", "seconds"), [(1, 60), (2, 300), (3, 900), (4, None), (5, None)])
def test_the_next_attempt_comes_after_its_delay_or_not_at_all(
    used: int, seconds: float | None
) -> None:
    wanted = None if seconds is None else NOON + timedelta(seconds=seconds)

    assert next_attempt_at(NOON, used=used, delays=(60, 300, 900)) == wanted


@pytest.mark.parametrize(("looks", "seconds"), [(1, 15), (2, 60), (3, None)])
def test_looks_come_at_growing_gaps_and_end(looks: int, seconds: float | None) -> None:
    wanted = None if seconds is None else NOON + timedelta(seconds=seconds)

    assert next_look_at(NOON, looks=looks, gaps=(15, 60)) == wanted


@pytest.mark.parametrize(
    ("kinds", "minutes"),
    [([], 0), (["image"] * 4, 1), (["video"], 10), (["gif"], 10), (["image", "video"], 10)],
    ids=["text", "images", "video", "gif", "mix"],
)
def test_work_begins_early_enough_to_upload(kinds: list[str], minutes: int) -> None:
    assert stage_at(NOON, kinds) == NOON - timedelta(minutes=minutes)


async def test_a_frozen_clock_wakes_those_whose_instant_has_come() -> None:
    clock = FrozenClock(NOON)
    waits = [
        asyncio.create_task(clock.sleep_until(NOON + timedelta(seconds=seconds)))
        for seconds in (0, 1, 2, 3)
    ]
    await asyncio.sleep(0)

    clock.move_to(NOON + timedelta(seconds=1))
    await asyncio.sleep(0)
    clock.move_to(NOON + timedelta(seconds=2))
    await asyncio.gather(*waits[:3])

    assert [wait.done() for wait in waits] == [True, True, True, False]
    waits[3].cancel()


async def test_nothing_waits_for_an_instant_that_has_passed() -> None:
    clock = Clock()

    await asyncio.wait_for(clock.sleep_until(clock.now() - timedelta(days=1)), 5)

    assert clock.now().tzinfo is UTC
