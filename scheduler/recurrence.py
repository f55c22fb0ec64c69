"""When a series of posts goes out: a rule on the wall clock of a zone, and the occurrences that
follow from it. Pure arithmetic."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.slots import DAYS
from scheduler.walltime import Repeated, Skipped, known_zone, resolve

#: The day of a month that is its last.
LAST = -1
MOST_TIMES = 1000
MOST_INTERVAL = 100
# No rule is followed further than this from its first day.
_HORIZON_YEARS = 50


class WrongRule(ValueError):
    """A rule that says nothing, or of which nothing would ever happen. The text says why."""


class Every(StrEnum):
    """What a rule counts in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """On every `interval`th day, week, month or year from `first` on, at `at` on the clock of
    `zone`. A week begins on Monday. `weekdays` (0 is Monday) are for weeks, `day` (or `LAST`) for
    months and years, `month` for years; months without that day are left out. Where clocks skip or
    repeat the time, `later` takes the moment after the gap or the second of two, else the moment
    before it or the first. It ends after `until` or after `times` occurrences, if given."""

    every: Every
    first: date
    at: time
    zone: str
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    day: int = 0
    month: int = 0
    later: bool = False
    until: date | None = None
    times: int | None = None

    def column(self) -> dict[str, Any]:
        """The rule as JSON."""
        values = asdict(self)
        for name in ("first", "at", "until"):
            values[name] = values[name] and values[name].isoformat()
        return {**values, "at": f"{self.at:%H:%M}", "weekdays": list(self.weekdays)}

    @classmethod
    def of(cls, column: dict[str, Any]) -> Rule:
        """The rule that `column` wrote."""
        return cls(
            **{
                **column,
                "every": Every(column["every"]),
                "first": date.fromisoformat(column["first"]),
                "at": time.fromisoformat(column["at"]),
                "weekdays": tuple(column["weekdays"]),
                "until": date.fromisoformat(column["until"]) if column["until"] else None,
            }
        )


@dataclass(frozen=True)
class Occurrence:
    """One of a series: its day, by which it is known, its instant (UTC), and why the clock does not
    show the rule's time then, if it does not."""

    day: date
    at: datetime
    odd: Skipped | Repeated | None = None


def check(rule: Rule, now: datetime) -> None:
    """Raises `WrongRule` for a rule that cannot be followed, or has no occurrence after `now`."""
    if not known_zone(rule.zone):
        raise WrongRule(f"There is no time zone called {rule.zone}.")
    if not 1 <= rule.interval <= MOST_INTERVAL:
        raise WrongRule(f"Repeat at least every {MOST_INTERVAL} {rule.every}s.")
    if rule.times is not None and not 1 <= rule.times <= MOST_TIMES:
        raise WrongRule(f"Repeat it once at least, and {MOST_TIMES:,} times at most.")
    if rule.every is Every.WEEK and not rule.weekdays:
        raise WrongRule("Choose at least one day of the week.")
    if any(not 0 <= day <= 6 for day in rule.weekdays):
        raise WrongRule("A week has seven days. Choose some of them.")
    if rule.every in (Every.MONTH, Every.YEAR):
        _check_day(rule)
    if rule.until is not None and rule.until < rule.first:
        raise WrongRule("The last day is before the first one. Choose a later last day.")
    if next_after(rule, now) is None:
        raise WrongRule(_never(rule))


def next_after(rule: Rule, instant: datetime) -> Occurrence | None:
    """The first occurrence later than `instant`."""
    return next(occurrences(rule, after=instant), None)


def first_few(rule: Rule, after: datetime, number: int = 3) -> list[Occurrence]:
    """The first occurrences later than `after`."""
    return list(islice(occurrences(rule, after=after), number))


def occurrences(rule: Rule, *, after: datetime) -> Iterator[Occurrence]:
    """All occurrences later than `after`, soonest first."""
    start = after.astimezone(ZoneInfo(rule.zone)).date() - timedelta(days=1)
    for day in _days(rule, start):
        found = _occurrence(rule, day)
        if found is not None and found.at > after:
            yield found


def on(rule: Rule, day: date) -> Occurrence | None:
    """The occurrence of a day, if the rule has one."""
    found = next(_days(rule, day), None)
    return _occurrence(rule, day) if found == day else None


def said(rule: Rule) -> str:
    """A rule in words, such as `every week on Tue and Thu at 09:00 (Europe/Berlin)`."""
    many = f"every {rule.interval} {rule.every}s" if rule.interval > 1 else f"every {rule.every}"
    match rule.every:
        case Every.WEEK:
            on_days = f" on {_listed([DAYS[day] for day in sorted(rule.weekdays)])}"
        case Every.MONTH:
            on_days = " on the last day" if rule.day == LAST else f" on day {rule.day}"
        case Every.YEAR:
            name = calendar.month_name[rule.month]
            last = rule.day == LAST
            on_days = f" on the last day of {name}" if last else f" on {rule.day} {name}"
        case Every.DAY:
            on_days = ""
    until = f", until {_dated(rule.until)}" if rule.until else ""
    times = f", {rule.times} times" if rule.times else ""
    return f"{many}{on_days} at {rule.at:%H:%M} ({rule.zone}){until}{times}"


def _check_day(rule: Rule) -> None:
    if rule.every is Every.YEAR and not 1 <= rule.month <= 12:
        raise WrongRule("A year has twelve months. Choose one of them.")
    if rule.day != LAST and not 1 <= rule.day <= 31:
        raise WrongRule("Choose a day of the month from 1 to 31, or the last one.")
    if rule.every is Every.YEAR and rule.day > calendar.monthrange(2024, rule.month)[1]:
        raise WrongRule(
            f"{calendar.month_name[rule.month]} never has {rule.day} days. Choose another day."
        )


def _never(rule: Rule) -> str:
    if next(_days(rule, rule.first), None) is None:
        return f"No day is “{said(rule)}”. Choose another rule."
    return "All of these days have passed. Choose a later first or last day."


def _occurrence(rule: Rule, day: date) -> Occurrence | None:
    """`None` for a day that a zone skipped as a whole."""
    match resolve(datetime.combine(day, rule.at), rule.zone):
        case Skipped() as skipped:
            if skipped.before.date() < day < skipped.after.date():
                return None
            chosen = skipped.after if rule.later else skipped.before
            return Occurrence(day, chosen.astimezone(UTC), skipped)
        case Repeated() as twice:
            return Occurrence(day, twice.second if rule.later else twice.first, twice)
        case instant:
            return Occurrence(day, instant)


def _days(rule: Rule, start: date) -> Iterator[date]:
    """The days of a rule from `start` on. Counted ones are counted from the first."""
    end = rule.until or date.max
    horizon = date(min(rule.first.year + _HORIZON_YEARS, 9998), 1, 1)
    begin = rule.first if rule.times is not None else max(start, rule.first)
    found = _endless(rule, begin, min(end, horizon))
    for day in islice(found, rule.times):
        if day > end:
            return
        if day >= start:
            yield day


def _endless(rule: Rule, begin: date, end: date) -> Iterator[date]:
    match rule.every:
        case Every.DAY:
            yield from _every_day(rule, begin, end)
        case Every.WEEK:
            yield from _every_week(rule, begin, end)
        case Every.MONTH:
            yield from _every_month(rule, begin, end, step=rule.interval, month=rule.first.month)
        case Every.YEAR:
            yield from _every_month(rule, begin, end, step=rule.interval * 12, month=rule.month)


def _every_day(rule: Rule, begin: date, end: date) -> Iterator[date]:
    behind = (begin - rule.first).days % rule.interval
    day = begin + timedelta(days=(rule.interval - behind) % rule.interval)
    while day <= end:
        yield day
        day += timedelta(days=rule.interval)


def _every_week(rule: Rule, begin: date, end: date) -> Iterator[date]:
    monday = rule.first - timedelta(days=rule.first.weekday())
    monday += timedelta(weeks=(begin - monday).days // 7 // rule.interval * rule.interval)
    while monday <= end:
        for weekday in sorted(set(rule.weekdays)):
            day = monday + timedelta(days=weekday)
            if begin <= day <= end:
                yield day
        monday += timedelta(weeks=rule.interval)


def _every_month(rule: Rule, begin: date, end: date, *, step: int, month: int) -> Iterator[date]:
    first = rule.first.year * 12 + month - 1
    number = first + max(0, (begin.year * 12 + begin.month - 1 - first) // step) * step
    while number <= end.year * 12 + end.month - 1:
        day = _in_month(*divmod(number, 12), rule.day)
        if day is not None and begin <= day <= end:
            yield day
        number += step


def _in_month(year: int, month: int, day: int) -> date | None:
    length = calendar.monthrange(year, month + 1)[1]
    if day > length:
        return None
    return date(year, month + 1, length if day == LAST else day)


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _dated(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
