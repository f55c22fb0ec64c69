"""Rules of series: which days they have, at which instants, and which rules are refused."""

from __future__ import annotations

import calendar
import time as stopwatch
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.recurrence import (
    LAST,
    Every,
    Rule,
    WrongRule,
    check,
    first_few,
    next_after,
    occurrences,
    on,
    said,
)
from scheduler.walltime import Repeated, Skipped

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def rule(every: str = "day", **values: Any) -> Rule:
    given = {"first": date(2026, 11, 1), "at": time(9), "zone": "UTC", **values}
    return Rule(every=Every(every), **given)


@pytest.mark.parametrize(
    ("made", "days"),
    [
        (rule(), "2026-11-26 2026-11-27 2026-11-28"),
        (rule(interval=3), "2026-11-28 2026-12-01 2026-12-04"),
        (rule("week", weekdays=(1, 3)), "2026-11-26 2026-12-01 2026-12-03"),
        (rule("week", weekdays=(6,), interval=2), "2026-11-29 2026-12-13 2026-12-27"),
        (rule("week", weekdays=(0, 6), interval=2), "2026-11-29 2026-12-07 2026-12-13"),
        (rule("month", day=15), "2026-12-15 2027-01-15 2027-02-15"),
        (rule("month", day=31), "2026-12-31 2027-01-31 2027-03-31"),
        (rule("month", day=LAST), "2026-11-30 2026-12-31 2027-01-31"),
        (rule("month", day=30, interval=3), "2026-11-30 2027-05-30 2027-08-30"),
        (rule("year", day=25, month=12), "2026-12-25 2027-12-25 2028-12-25"),
        (rule("year", day=29, month=2), "2028-02-29 2032-02-29 2036-02-29"),
        (rule("year", day=LAST, month=2), "2027-02-28 2028-02-29 2029-02-28"),
        (rule("year", day=1, month=2), "2027-02-01 2028-02-01 2029-02-01"),
        (rule(until=date(2026, 11, 27)), "2026-11-26 2026-11-27"),
        (rule(times=27), "2026-11-26 2026-11-27"),
        (rule(times=25), ""),
        (rule(first=date(2027, 5, 1)), "2027-05-01 2027-05-02 2027-05-03"),
    ],
)
def test_the_next_three_days_of_a_rule(made: Rule, days: str) -> None:
    assert " ".join(str(each.day) for each in first_few(made, NOW)) == days


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (rule("year", day=31, month=2), "February never has 31 days"),
        (rule("year", day=30, month=2), "February never has 30 days"),
        (rule("year", day=31, month=4), "April never has 31 days"),
        (rule("month", day=31, interval=12, first=date(2026, 2, 1)), "No day is"),
        (rule("month", day=30, interval=12, first=date(2026, 2, 1)), "No day is"),
        (rule("year", day=29, month=2, interval=2, first=date(2027, 1, 1)), "No day is"),
        (rule("month", day=0), "from 1 to 31"),
        (rule("month", day=32), "from 1 to 31"),
        (rule("year", day=1, month=13), "twelve months"),
        (rule("week"), "at least one day of the week"),
        (rule("week", weekdays=(7,)), "seven days"),
        (rule(interval=0), "at least every"),
        (rule(interval=10**9), "at least every"),
        (rule(times=0), "once at least"),
        (rule(times=10**9), "1,000 times at most"),
        (rule(until=date(2026, 10, 1)), "before the first one"),
        (rule(until=date(2026, 11, 25)), "All of these days have passed"),
        (rule(times=3), "All of these days have passed"),
        (rule(zone="Mars/Olympus"), "no time zone called"),
    ],
)
def test_a_rule_of_which_nothing_would_happen_is_refused_at_once(made: Rule, told: str) -> None:
    began = stopwatch.monotonic()

    with pytest.raises(WrongRule, match=told):
        check(made, NOW)

    assert stopwatch.monotonic() - began < 0.5


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (rule(), "every day at 09:00 (UTC)"),
        (rule("week", weekdays=(3, 1)), "every week on Tue and Thu at 09:00 (UTC)"),
        (rule("month", day=LAST, times=3), "every month on the last day at 09:00 (UTC), 3 times"),
        (rule("month", day=15, interval=2), "every 2 months on day 15 at 09:00 (UTC)"),
        (
            rule("year", day=25, month=12, until=date(2030, 1, 1)),
            "every year on 25 December at 09:00 (UTC), until 1 Jan 2030",
        ),
    ],
)
def test_a_rule_in_words(made: Rule, words: str) -> None:
    assert said(made) == words


@pytest.mark.parametrize(
    ("later", "spring", "autumn"),
    [
        (False, "2027-03-28 00:59", "2027-10-31 00:30"),
        (True, "2027-03-28 01:00", "2027-10-31 01:30"),
    ],
    ids=["the earlier", "the later"],
)
def test_a_time_that_clocks_skip_or_repeat_is_the_one_that_was_chosen(
    later: bool, spring: str, autumn: str
) -> None:
    made = rule(at=time(2, 30), zone=BERLIN, later=later)

    skipped, twice = on(made, date(2027, 3, 28)), on(made, date(2027, 10, 31))

    assert skipped is not None
    assert twice is not None
    assert isinstance(skipped.odd, Skipped)
    assert isinstance(twice.odd, Repeated)
    assert f"{skipped.at:%Y-%m-%d %H:%M}" == spring
    assert f"{twice.at:%Y-%m-%d %H:%M}" == autumn


def test_a_series_keeps_its_time_on_the_wall_over_a_change_of_the_clocks() -> None:
    made = rule("week", weekdays=(0,), zone=BERLIN, first=date(2027, 3, 1))

    found = islice(occurrences(made, after=datetime(2027, 3, 20, tzinfo=UTC)), 2)

    assert [f"{each.at:%m-%d %H:%M}" for each in found] == ["03-22 08:00", "03-29 07:00"]


def test_a_day_that_a_zone_skipped_has_no_occurrence() -> None:
    made = rule(zone="Pacific/Apia", first=date(2011, 12, 28))

    found = first_few(made, datetime(2011, 12, 28, 0, 0, tzinfo=UTC), 4)

    assert [each.day.day for each in found] == [28, 29, 31, 1]


rules = st.builds(
    Rule,
    every=st.sampled_from(Every),
    first=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    at=st.sampled_from([time(0), time(2, 30), time(9), time(23, 59)]),
    zone=st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe"]),
    interval=st.integers(1, 5),
    weekdays=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    day=st.sampled_from([LAST, 1, 15, 28, 29, 30, 31]),
    month=st.integers(1, 12),
    later=st.booleans(),
    until=st.none() | st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    times=st.none() | st.integers(1, 40),
)


def belongs(made: Rule, day: date) -> bool:
    """The same rule, asked of one day."""
    last = calendar.monthrange(day.year, day.month)[1]
    months = (day.year - made.first.year) * 12 + day.month - made.first.month
    fits = day.day == (last if made.day == LAST else made.day)
    match made.every:
        case Every.DAY:
            return (day - made.first).days % made.interval == 0
        case Every.WEEK:
            monday = made.first - timedelta(days=made.first.weekday())
            return day.weekday() in made.weekdays and (day - monday).days // 7 % made.interval == 0
        case Every.MONTH:
            return fits and months % made.interval == 0
        case Every.YEAR:
            years = day.year - made.first.year
            return fits and day.month == made.month and years % made.interval == 0


@settings(max_examples=200, deadline=None)
@given(rules, st.dates(date(2019, 1, 1), date(2033, 1, 1)))
def test_a_rule_has_exactly_the_days_that_belong_to_it(made: Rule, start: date) -> None:
    after = datetime(start.year, start.month, start.day, 12, tzinfo=UTC)
    horizon = start + timedelta(days=800)
    all_days = [made.first + timedelta(days=n) for n in range((horizon - made.first).days + 1)]
    counted = [day for day in all_days if belongs(made, day)][: made.times]
    wanted = [day for day in counted if not made.until or day <= made.until]

    found = [
        each.day
        for each in islice(occurrences(made, after=after), 1000)
        if start + timedelta(days=2) <= each.day <= horizon
    ]

    assert found == [day for day in wanted if day >= start + timedelta(days=2)]


@settings(max_examples=200, deadline=None)
@given(rules, st.dates(date(2019, 1, 1), date(2033, 1, 1)))
def test_occurrences_come_one_after_the_other_and_on_time(made: Rule, start: date) -> None:
    after = datetime(start.year, start.month, start.day, tzinfo=UTC)

    found = list(islice(occurrences(made, after=after), 30))

    assert all(a.at < b.at and a.day < b.day for a, b in pairwise([*found]))
    assert all(each.at > after for each in found)
    local = ZoneInfo(made.zone)
    assert all(each.at.astimezone(local).time() == made.at for each in found if not each.odd)
    assert all(on(made, each.day) == each for each in found)


@settings(max_examples=200, deadline=None)
@given(rules)
def test_a_rule_survives_its_storage(made: Rule) -> None:
    assert Rule.of(made.column()) == made


def test_a_rule_of_long_ago_answers_at_once() -> None:
    began = stopwatch.monotonic()

    found = next_after(rule(first=date(1990, 1, 1)), NOW)

    assert found is not None
    assert stopwatch.monotonic() - began < 0.1


def test_a_rule_at_the_end_of_all_calendars_ends() -> None:
    made = replace(rule(), first=date(9998, 12, 30))

    assert list(occurrences(made, after=NOW)) == []
