"""How a post that somebody writes is meant to be repeated, and what is wrong with that."""

from __future__ import annotations

from datetime import date, datetime, time
from itertools import islice
from typing import Any

from bot.draft_times import When
from bot.views import ids
from scheduler import admission, recurrence
from scheduler.post_errors import WrongTime
from scheduler.recurrence import LAST, Every, Occurrence, Rule, WrongRule
from scheduler.walltime import away, shown

Json = dict[str, Any]

#: What the form offers, by value: what it counts in, how many of them, and whether it is the last
#: day of a month.
WAYS: dict[str, tuple[str, Every, int, bool]] = {
    "day:1": ("Every day", Every.DAY, 1, False),
    "week:1": ("Every week, on the days below", Every.WEEK, 1, False),
    "week:2": ("Every other week, on the days below", Every.WEEK, 2, False),
    "month:1": ("Every month, on the day of the first date", Every.MONTH, 1, False),
    "month:1:last": ("Every month, on its last day", Every.MONTH, 1, True),
    "year:1": ("Every year, on the first date", Every.YEAR, 1, False),
}
# Clocks change twice a year; a rule that meets such a day does so within as many occurrences.
_LOOKED_AT = 800


def rule(when: When) -> Rule:
    """The rule that the fields say. Raises `WrongTime` for one that is missing, `WrongRule` for a
    number that is none."""
    if not when.date or not when.time:
        raise WrongTime(f"Choose a {'first day' if not when.date else 'time'}.")
    first = date.fromisoformat(when.date)
    _, every, interval, is_last = WAYS.get(when.how, WAYS["week:1"])
    day = LAST if is_last else first.day
    return Rule(
        every=every,
        interval=interval,
        first=first,
        at=time.fromisoformat(when.time),
        zone=when.zone,
        weekdays=tuple(int(each) for each in when.weekdays) if every is Every.WEEK else (),
        day=day if every in (Every.MONTH, Every.YEAR) else 0,
        month=first.month if every is Every.YEAR else 0,
        later=when.fold == ids.COMPOSER_SECOND,
        until=date.fromisoformat(when.until) if when.until else None,
        times=_number(when.times),
    )


def fields(made: Rule, when: When) -> When:
    """The fields that say a rule."""
    every, interval = made.every.value, made.interval
    how = f"{every}:{interval}{':last' if made.day == LAST else ''}"
    return When(
        zone=made.zone,
        way=ids.COMPOSER_REPEAT,
        date=made.first.isoformat(),
        time=f"{made.at:%H:%M}",
        fold=when.fold or (ids.COMPOSER_SECOND if made.later else ids.COMPOSER_FIRST),
        how=how if how in WAYS else when.how,
        weekdays="".join(str(day) for day in made.weekdays),
        until=made.until.isoformat() if made.until else "",
        times=str(made.times or ""),
    )


def problems(when: When, now: datetime) -> dict[str, list[str]]:
    """Why a repetition cannot be stored, by the field that it belongs to."""
    try:
        made = rule(when)
        recurrence.check(made, now)
        first = recurrence.next_after(made, now)
        assert first is not None
        admission.check_time(first.at, now)
    except WrongTime as error:
        return {ids.COMPOSER_DATE if not when.date else ids.COMPOSER_TIME: [str(error)]}
    except WrongRule as error:
        return {ids.COMPOSER_HOW: [str(error)]}
    if when.fold or (found := odd(when, now)) is None:
        return {}
    return {ids.COMPOSER_FOLD: [odd_sentence(when, found)]}


def note(when: When, now: datetime) -> str:
    """What a repetition means: its rule and the next three occurrences; or what is wrong."""
    wrong = problems(when, now)
    if wrong:
        return " ".join(sentence for sentences in wrong.values() for sentence in sentences)
    made = rule(when)
    coming = recurrence.first_few(made, now)
    told = [f"{shown(each.at, made.zone)}, {away(each.at, now)}{_odd(each)}" for each in coming]
    days = made.day if made.every is Every.MONTH else 0
    left_out = f"\nMonths without day {days} are left out." if days > 28 else ""
    return f"It goes out {recurrence.said(made)}:\n" + "\n".join(told) + left_out


def odd(when: When, now: datetime) -> Occurrence | None:
    """The first occurrence at whose time clocks jump ahead or are set back, if one is met."""
    try:
        made = rule(when)
        recurrence.check(made, now)
    except (WrongTime, WrongRule):
        return None
    coming = islice(recurrence.occurrences(made, after=now), _LOOKED_AT)
    return next((each for each in coming if each.odd), None)


def odd_sentence(when: When, found: Occurrence) -> str:
    day = f"{found.day:%a} {found.day.day} {found.day:%b %Y}"
    return (
        f"On {day} clocks in {when.zone} are changed, so {when.time} does not exist or happens "
        "twice. Choose which moment you mean on such days."
    )


def _odd(found: Occurrence) -> str:
    return " (clocks are changed on that day)" if found.odd else ""


def _number(typed: str) -> int | None:
    if not typed:
        return None
    if not typed.isascii() or not typed.isdecimal() or len(typed) > 6:
        raise WrongRule("Write how many times as a whole number, such as 10.")
    return int(typed)
