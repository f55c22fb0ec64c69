"""The slots of an account: fixed times of the week at which its posts go out, on the clock of a
zone. Pure arithmetic; `scheduler.free_slots` knows which of them are taken."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from scheduler.walltime import Repeated, Skipped, resolve

#: As people write them, Monday first.
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EXAMPLE = "Mon-Fri 09:00, Sat 11:30"
MOST_SLOTS = 100
# How far ahead a free slot is looked for.
HORIZON = timedelta(days=366)

_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_RUNS = {"daily": range(7), "every day": range(7), "weekdays": range(5), "weekends": range(5, 7)}
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*(am|pm)?", re.IGNORECASE | re.ASCII)
_CLOCK = r"\d{1,2}(?::\d{2})?\s*(?:am|pm)?"
_PART = re.compile(rf"(?P<days>[a-z \t–—-]*?)\s*(?P<time>{_CLOCK})", re.IGNORECASE | re.ASCII)
_DASH = re.compile(r"\s*[-–—]\s*")


class WrongSlots(ValueError):
    """What somebody typed names no slots. The text says what to type."""


@dataclass(frozen=True, order=True)
class Slot:
    """A time of the week; `weekday` 0 is Monday."""

    weekday: int
    at: time


def parse(text: str) -> tuple[Slot, ...]:
    """The slots that somebody typed, in the order of the week; none for an empty text. Raises
    `WrongSlots`.

    >>> said(parse("tue, thu 9:00; Sat 11.30"))
    'Tue, Thu 09:00, Sat 11:30'
    """
    parts = [each.strip() for each in re.split(r"[,;\n]", text.replace(".", ":")) if each.strip()]
    found: set[Slot] = set()
    waiting: list[str] = []
    days: list[int] = []
    for part in parts:
        match = _PART.fullmatch(part)
        if match is None:
            # Days without a time belong to the next time: "Tue, Thu 09:00".
            waiting.append(part)
            continue
        named = [*waiting, match["days"]] if match["days"].strip() else waiting
        days = [day for each in named for day in _days(each)] or days
        waiting = []
        if not days:
            raise WrongSlots(f"“{part}” names no day. Write it like this: {EXAMPLE}.")
        found |= {Slot(day, _time(match["time"])) for day in days}
    if waiting:
        for each in waiting:
            _days(each)
        raise WrongSlots(f"“{waiting[-1]}” has no time. Write it like this: {EXAMPLE}.")
    if len(found) > MOST_SLOTS:
        raise WrongSlots(f"These are {len(found)} slots a week; at most {MOST_SLOTS} are kept.")
    return tuple(sorted(found))


def said(slots: Sequence[Slot]) -> str:
    """Slots as `parse` reads them, short: days with the same times stand together.

    >>> said(parse("mon 9, tue 9, wed 9, sun 9"))
    'Mon-Wed, Sun 09:00'
    """
    days_by_times: dict[tuple[time, ...], list[int]] = {}
    for day in range(7):
        times = tuple(slot.at for slot in slots if slot.weekday == day)
        if times:
            days_by_times.setdefault(times, []).append(day)
    groups = []
    for times, days in days_by_times.items():
        groups += [f"{_span(days)} {at:%H:%M}" for at in times]
    return ", ".join(groups)


def coming(slots: Sequence[Slot], zone: str, after: datetime) -> Iterator[datetime]:
    """The instants of the slots later than `after`, soonest first, for a year. Where clocks skip a
    slot it is at the first moment that they show again; where they show it twice, at the first."""
    if not slots:
        return
    first = after.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    last = after
    for ahead in range(HORIZON.days + 2):
        try:
            day = first + timedelta(days=ahead)
        except OverflowError:
            return
        found = [_instant(day, slot.at, zone) for slot in slots if slot.weekday == day.weekday()]
        # A skipped hour may bring two slots to the same moment.
        for instant in sorted(set(found)):
            if instant > last:
                yield instant
                last = instant


def next_free(
    slots: Sequence[Slot], zone: str, now: datetime, taken: Collection[datetime]
) -> datetime | None:
    """The first slot later than `now` of which no minute is `taken`; `None` when there is none
    within a year."""
    minutes = {_minute(each) for each in taken}
    return next((at for at in coming(slots, zone, now) if _minute(at) not in minutes), None)


def _minute(instant: datetime) -> int:
    return int(instant.timestamp()) // 60


def _instant(day: date, at: time, zone: str) -> datetime:
    match resolve(datetime.combine(day, at), zone):
        case Skipped(after=after):
            return after.astimezone(UTC)
        case Repeated(first=first):
            return first
        case instant:
            return instant


def _days(text: str) -> list[int]:
    words = " ".join(_DASH.sub("-", text).lower().split())
    if words in _RUNS:
        return list(_RUNS[words])
    return [day for word in words.replace(" and ", " ").split() for day in _run(word)]


def _run(word: str) -> list[int]:
    first, dash, last = word.partition("-")
    start = _day(first)
    end = _day(last) if dash else start
    return [(start + ahead) % 7 for ahead in range((end - start) % 7 + 1)]


def _day(word: str) -> int:
    fitting = [n for n, name in enumerate(_FULL) if len(word) >= 3 and name.startswith(word)]
    plural = [n for n, name in enumerate(_FULL) if word == f"{name}s"]
    if found := fitting or plural:
        return found[0]
    raise WrongSlots(f"“{word}” is no day. Write days and times like this: {EXAMPLE}.")


def _time(text: str) -> time:
    match = _TIME.fullmatch(text.strip())
    assert match is not None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()
    if half and not 1 <= hour <= 12:
        raise WrongSlots(f"“{text.strip()}” is no time. Write it like this: {EXAMPLE}.")
    hour = hour % 12 + 12 * (half == "pm") if half else hour
    if hour > 23 or minute > 59:
        raise WrongSlots(f"“{text.strip()}” is no time. Write it like this: {EXAMPLE}.")
    return time(hour, minute)


def _span(days: Sequence[int]) -> str:
    """`Mon-Wed, Sun` for sorted days; two neighbours are named apart."""
    runs: list[list[int]] = [[days[0]]]
    for before, day in pairwise(days):
        if day == before + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    named = []
    for run in runs:
        if len(run) > 2:
            named.append(f"{DAYS[run[0]]}-{DAYS[run[-1]]}")
        else:
            named += [DAYS[day] for day in run]
    return ", ".join(named)
