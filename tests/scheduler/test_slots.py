"""Slots of the week: what people type, what is read back, and which instants they are."""

from __future__ import annotations

import time as stopwatch
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.slots import MOST_SLOTS, Slot, WrongSlots, coming, next_free, parse, said

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"]
slots = st.lists(
    st.builds(Slot, st.integers(0, 6), st.times().map(lambda t: time(t.hour, t.minute))),
    max_size=20,
    unique=True,
).map(lambda found: tuple(sorted(found)))
instants = st.datetimes(
    datetime.fromisoformat("2020-01-01"),
    datetime.fromisoformat("2035-01-01"),
    timezones=st.just(UTC),
)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Tue, Thu 09:00", "Tue, Thu 09:00"),
        ("Mon-Fri 09:00, Sat 11:30", "Mon-Fri 09:00, Sat 11:30"),
        ("mon–fri 9, 17:30", "Mon-Fri 09:00, Mon-Fri 17:30"),
        ("Fri-Mon 8pm", "Mon, Fri-Sun 20:00"),
        ("daily 7am; tuesdays 12 pm", "Mon, Wed-Sun 07:00, Tue 07:00, Tue 12:00"),
        ("every day 00:00", "Mon-Sun 00:00"),
        ("weekdays 9.15\nweekends 12am", "Mon-Fri 09:15, Sat, Sun 00:00"),
        ("Tue and Thu 9:00", "Tue, Thu 09:00"),
        ("wed 9, wed 9:00", "Wed 09:00"),
        ("", ""),
        (" , ; ", ""),
    ],
)
def test_what_is_typed_is_read_back(typed: str, read: str) -> None:
    assert said(parse(typed)) == read


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("Mon", "“Mon” has no time"),
        ("09:00", "names no day"),
        ("Mon 25:00", "“25:00” is no time"),
        ("Mon 9:60", "“9:60” is no time"),
        ("Mon 13pm", "“13pm” is no time"),
        ("Mo 9:00", "“mo” is no day"),
        ("Someday 9:00", "“someday” is no day"),
        ("Mon-Xyz 9:00", "“xyz” is no day"),
        ("Mon 9:00 sharp", "is no day"),
        ("🎄", "is no day"),
        ("Mon ٩:٠٠", "is no day"),
    ],
)
def test_what_names_no_slot_is_refused_with_what_to_type(typed: str, told: str) -> None:
    with pytest.raises(WrongSlots, match=told) as refused:
        parse(typed)

    assert "Mon-Fri 09:00" in str(refused.value)


def test_more_slots_than_anybody_needs_are_refused() -> None:
    with pytest.raises(WrongSlots, match=f"at most {MOST_SLOTS}"):
        parse(", ".join(f"daily {hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)))


@settings(max_examples=300, deadline=None)
@given(slots)
def test_what_is_read_back_can_be_typed_again(chosen: tuple[Slot, ...]) -> None:
    assert parse(said(chosen)) == chosen


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_anything_that_is_typed_is_understood_or_refused_at_once(text: str) -> None:
    began = stopwatch.monotonic()
    try:
        found = parse(text)
    except WrongSlots:
        found = ()

    assert parse(said(found)) == found
    assert stopwatch.monotonic() - began < 1


@settings(max_examples=150, deadline=None)
@given(slots, st.sampled_from(ZONES), instants)
def test_slots_come_later_and_later_and_at_their_time_unless_clocks_skip_it(
    chosen: tuple[Slot, ...], zone: str, after: datetime
) -> None:
    found = list(islice(coming(chosen, zone, after), 50))

    assert found == sorted(set(found))
    assert all(at > after for at in found)
    assert len(found) == (50 if chosen else 0)
    local = [at.astimezone(ZoneInfo(zone)) for at in found]
    odd = [at for at in local if Slot(at.weekday(), at.time()) not in chosen]
    assert all(_follows_a_gap(at) for at in odd)


def _follows_a_gap(local: datetime) -> bool:
    before = (local.astimezone(UTC) - timedelta(minutes=1)).astimezone(local.tzinfo)
    return before.utcoffset() != local.utcoffset()


@pytest.mark.parametrize(
    ("typed", "zone", "after", "instant"),
    [
        ("Sun 02:30", "Europe/Berlin", "2027-03-27 12:00+00:00", "2027-03-28 01:00+00:00"),
        ("Sun 02:30", "Europe/Berlin", "2026-10-24 12:00+00:00", "2026-10-25 00:30+00:00"),
        ("Sun 02:30", "Europe/Berlin", "2026-10-25 00:30+00:00", "2026-11-01 01:30+00:00"),
        ("Wed 13:00", "Europe/Berlin", "2026-11-25 12:00+00:00", "2026-12-02 12:00+00:00"),
        ("Wed 13:01", "Europe/Berlin", "2026-11-25 12:00+00:00", "2026-11-25 12:01+00:00"),
    ],
    ids=["skipped", "twice: the first", "twice: once only", "now is over", "a minute later"],
)
def test_the_next_slot(typed: str, zone: str, after: str, instant: str) -> None:
    found = next(coming(parse(typed), zone, datetime.fromisoformat(after)))

    assert found == datetime.fromisoformat(instant)


def test_a_slot_that_is_taken_is_passed_over_even_when_its_post_is_some_seconds_late() -> None:
    nine = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)

    found = next_free(parse("daily 9:00"), "UTC", NOON, [nine + timedelta(seconds=30)])

    assert found == nine + timedelta(days=1)


def test_a_year_of_taken_slots_has_no_free_one() -> None:
    taken = list(coming(parse("daily 9:00"), "UTC", NOON))

    assert next_free(parse("daily 9:00"), "UTC", NOON, taken) is None


def test_without_slots_there_is_no_free_one() -> None:
    assert next_free((), "UTC", NOON, []) is None
