"""What people type for a time: understood as one thing, or refused with what to type."""

from __future__ import annotations

import time as stopwatch
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.timewords import NotUnderstood, understand

BERLIN = "Europe/Berlin"
# A Wednesday, 13:00 in Berlin.
NOW = datetime(2026, 11, 25, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "wall"),
    [
        ("tomorrow 9am", "2026-11-26 09:00"),
        ("Tomorrow at 9:00", "2026-11-26 09:00"),
        ("9am tomorrow", "2026-11-26 09:00"),
        ("at 9:30 pm on Friday", "2026-11-27 21:30"),
        ("next Tuesday 14:30", "2026-12-01 14:30"),
        ("next tue at 14:30", "2026-12-01 14:30"),
        ("tuesday 14:30", "2026-12-01 14:30"),
        ("on tue. 14:30", "2026-12-01 14:30"),
        ("this friday noon", "2026-11-27 12:00"),
        ("next Wednesday 9:00", "2026-12-02 09:00"),
        ("Thursday 12am", "2026-11-26 00:00"),
        ("25 Dec 18:00", "2026-12-25 18:00"),
        ("25 December 2027, 18:00", "2027-12-25 18:00"),
        ("the 25th of December at 6pm", "2026-12-25 18:00"),
        ("Dec 25 18:00", "2026-12-25 18:00"),
        ("December 25th, 2026 6 pm", "2026-12-25 18:00"),
        ("25. Dec 18:00", "2026-12-25 18:00"),
        ("Fri 25 Dec 18:00", "2026-12-25 18:00"),
        ("sept 1 9:00", "2027-09-01 09:00"),
        ("2026-12-24 9:00", "2026-12-24 09:00"),
        ("2026-12-24T09:00", "2026-12-24 09:00"),
        ("2026-12-24 09:00:00", "2026-12-24 09:00"),
        ("9:00 2026-12-24", "2026-12-24 09:00"),
        ("2026/12/24 9:00", "2026-12-24 09:00"),
        ("24.12. 9:00", "2026-12-24 09:00"),
        ("24.12.2027 9:00", "2027-12-24 09:00"),
        ("03.04. 9:00", "2027-04-03 09:00"),
        ("12/24 9:00", "2026-12-24 09:00"),
        ("24/12/2026 9:00", "2026-12-24 09:00"),
        ("12/12 9:00", "2026-12-12 09:00"),
        ("5 Jan 9:00", "2027-01-05 09:00"),
        ("14:30", "2026-11-25 14:30"),
        ("today 14:30", "2026-11-25 14:30"),
        ("the day after tomorrow 9:00", "2026-11-27 09:00"),
        ("in 3 days 9:00", "2026-11-28 09:00"),
        ("9:00 in two weeks", "2026-12-09 09:00"),
        ("12pm tomorrow", "2026-11-26 12:00"),
        ("tomorrow 9 p.m.", "2026-11-26 21:00"),
        ("tomorrow 9 o'clock", "2026-11-26 09:00"),
    ],
)
def test_what_is_typed_is_understood_on_the_clock_of_the_zone(typed: str, wall: str) -> None:
    assert understand(typed, BERLIN, NOW) == datetime.fromisoformat(wall)


@pytest.mark.parametrize(
    ("typed", "span"),
    [
        ("in 2 hours", timedelta(hours=2)),
        ("in an hour", timedelta(hours=1)),
        ("in half an hour", timedelta(minutes=30)),
        ("in 90 minutes", timedelta(minutes=90)),
        ("in 1h 30m", timedelta(minutes=90)),
        ("in 1 hour and 15 min", timedelta(minutes=75)),
        ("In 2 Hours.", timedelta(hours=2)),
    ],
)
def test_spans_count_from_now_whatever_the_clock_shows(typed: str, span: timedelta) -> None:
    assert understand(typed, BERLIN, NOW) == NOW.replace(second=0) + span


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Type when"),
        ("soon", "“soon” is not understood"),
        ("tomorrow", "Add one, for example “tomorrow 9:00”"),
        ("in 3 days", "has no time"),
        ("25 Dec", "has no time"),
        ("tue 9", "“9” may be an hour or a day"),
        ("tomorrow at 5", "Type the time as “5:00”, “5am” or “5pm”"),
        ("9", "may be an hour or a day"),
        ("3/4 9:00", "may be 3 Apr or 4 Mar"),
        ("3/4/2027 9:00", "may be 3 Apr 2027 or 4 Mar 2027"),
        ("13/14 9:00", "no such day"),
        ("31 Feb 9:00", "no such day"),
        ("30.02.2027 9:00", "no such day"),
        ("2026-13-01 9:00", "no such day"),
        ("29 Feb 2027 9:00", "no such day"),
        ("25:00", "no time of the day"),
        ("tomorrow 9:75", "no time of the day"),
        ("tomorrow 13pm", "no time of the day"),
        ("tomorrow 0am", "no time of the day"),
        ("9:00", "has passed today. Type “tomorrow 09:00”"),
        ("today 9:00", "has passed today"),
        ("13:00", "has passed today"),
        ("25 Dec 2025 9:00", "Thu 25 Dec 2025 has passed"),
        ("24 Nov 9:00", "has passed this year. For 2027, type “24 Nov 2027”"),
        ("wednesday 14:30", "Today is Wednesday"),
        ("next friday 14:30", "may be Fri 27 Nov 2026 or Fri 4 Dec 2026"),
        ("Mon 25 Dec 18:00", "Fri 25 Dec 2026 is no Monday"),
        ("tonight", "may be several times"),
        ("tomorrow morning", "“morning” may be several times"),
        ("midnight", "may be several times"),
        ("tomorrow 9:00 CET", "Times are in Europe/Berlin here"),
        ("tomorrow 9:00 9:30", "is not understood"),
        ("tomorrow 25 Dec 9:00", "is not understood"),
        ("monday in two weeks 9:00", "is no Monday"),
        ("every tuesday 9:00", "is not understood"),
        ("next week", "is not understood"),
        ("in 2 fortnights", "is not understood"),
        ("in 0 minutes", "publish now"),
        ("now", "publish now"),
        ("morgen 9:00", "“morgen” is not understood"),
        ("9:00 " * 40, "too long"),
        ("٢٥ Dec 18:00", "is not understood"),
    ],
)
def test_what_means_nothing_or_two_things_is_refused_with_what_to_type(
    typed: str, told: str
) -> None:
    with pytest.raises(NotUnderstood, match=told) as refused:
        understand(typed, BERLIN, NOW)

    assert str(refused.value).endswith(".")


@settings(max_examples=300, deadline=None)
@given(
    st.datetimes(datetime.fromisoformat("2026-11-26"), datetime.fromisoformat("2099-12-31")),
    st.sampled_from(
        ["{:%Y-%m-%d %H:%M}", "{0.day} {0:%B %Y %H:%M}", "{0:%b} {0.day}, {0:%Y %I:%M%p}"]
    ),
)
def test_every_full_date_is_understood_in_every_form(wall: datetime, form: str) -> None:
    wall = wall.replace(second=0, microsecond=0)

    assert understand(form.format(wall), BERLIN, NOW) == wall


WORDS = ["next", "tuesday", "25", "dec", "9", ":", "00", "am", "in", "2", "hours", "/", ".", "at"]


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS)).map(" ".join)))
def test_anything_is_understood_as_a_time_to_come_or_refused_at_once(text: str) -> None:
    began = stopwatch.monotonic()
    try:
        found = understand(text, BERLIN, NOW)
    except NotUnderstood:
        found = NOW + timedelta(days=1)

    wall_now = NOW.astimezone(ZoneInfo(BERLIN)).replace(tzinfo=None)
    assert found > (wall_now if found.tzinfo is None else NOW.replace(second=0))
    assert stopwatch.monotonic() - began < 1
