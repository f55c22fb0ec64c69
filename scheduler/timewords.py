"""What people type for a time, such as "tomorrow 9am", "next Tuesday 14:30" or "in 2 hours".
Whatever could mean two things is refused with what to type: nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EXAMPLES = "“tomorrow 9am”, “25 Dec 18:00” or “in 2 hours”"
MOST_TYPED = 100
# A date without a year that is further away has most likely just passed.
_FURTHEST_WITHOUT_YEAR = timedelta(days=300)

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_UNITS = {
    "m": "minutes",
    "min": "minutes",
    "mins": "minutes",
    "minute": "minutes",
    "minutes": "minutes",
    "h": "hours",
    "hr": "hours",
    "hrs": "hours",
    "hour": "hours",
    "hours": "hours",
    "day": "days",
    "days": "days",
    "week": "weeks",
    "weeks": "weeks",
}
_PARTS_OF_A_DAY = frozenset({"midnight", "tonight", "morning", "afternoon", "evening", "night"})
_ZONES = frozenset(
    {*("utc", "gmt", "z", "est", "edt", "et", "cst", "cdt", "ct", "mst", "mdt", "pst", "pdt", "pt")}
    | {*("bst", "ist", "cet", "cest", "eet", "eest", "jst", "aest", "aedt")}
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_YEAR = r"(?:,?\s*(?P<year>\d{4}))?"


class NotUnderstood(ValueError):
    """What was typed names no time, or more than one. The text says what to type."""


@dataclass(frozen=True, kw_only=True)
class _Read:
    """What was found so far in the words."""

    now: datetime
    rest: str
    day: date | None = None
    #: The words that named the day.
    named: str = ""
    at: time | None = None


def understand(text: str, zone: str, now: datetime) -> datetime:
    """The instant (UTC) that was meant, where the words count from now ("in 2 hours"), or else the
    time on the wall in `zone`, as a naive datetime. Raises `NotUnderstood`; whether the time is
    long past is not looked at.

    >>> now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    >>> f"{understand('next Tuesday 14:30', 'Europe/Berlin', now)}"
    '2026-12-01 14:30:00'
    """
    words = _tidy(text)
    if not words:
        raise NotUnderstood(f"Type when, for example {EXAMPLES}.")
    if len(words) > MOST_TYPED:
        raise NotUnderstood(f"That is too long. Type a time, for example {EXAMPLES}.")
    if (span := _span_from_now(words)) is not None:
        return now.astimezone(UTC).replace(second=0, microsecond=0) + span
    read = _Read(now=now.astimezone(ZoneInfo(zone)), rest=words)
    for look in (_iso_date, _dotted_date, _slashed_date, _month_date, _day_in, _clock, _day_word):
        read = look(read)
    return _whole(read, text.strip(), zone)


def clock_time(text: str) -> time:
    """A time of the day alone, such as `08:30` or `8am`. Raises `NotUnderstood`."""
    read = _clock(_Read(now=datetime.now(UTC), rest=_tidy(text)[:MOST_TYPED]))
    if read.at is None or read.rest:
        raise NotUnderstood(f"“{text.strip()[:60]}” is no time of the day. Type it as 8:30 or 8am.")
    return read.at


def _tidy(text: str) -> str:
    words = " ".join(text.strip().rstrip(".!").lower().replace(" o'clock", ":00").split())
    return re.sub(r"\ba\.m\b\.?", "am", re.sub(r"\bp\.m\b\.?", "pm", words))


def _span_from_now(words: str) -> timedelta | None:
    """Hours and minutes from now: `in 2 hours`, `in 1h 30m`, `in half an hour`."""
    if words in ("now", "right now", "immediately"):
        raise NotUnderstood("For now, choose to publish now instead.")
    if not words.startswith("in "):
        return None
    said = words.removeprefix("in ")
    if said == "half an hour":
        return timedelta(minutes=30)
    parts = re.findall(r"(\d{1,4}|[a-z]+)\s*([a-z]+)(?:\s+and)?(?:\s+|$)", said)
    whole = "".join(f"{number}{unit}" for number, unit in parts)
    if not parts or whole != re.sub(r"\s+(?:and\s+)?|\s+", "", said.replace(" and ", " ")):
        return None
    span = timedelta()
    for number, unit in parts:
        many = int(number) if number.isdecimal() else _NUMBERS.get(number)
        if many is None or _UNITS.get(unit) not in ("hours", "minutes"):
            return None
        span += timedelta(**{_UNITS[unit]: many})
    if not span:
        raise NotUnderstood("For now, choose to publish now instead.")
    return span


def _iso_date(read: _Read) -> _Read:
    return _take(
        read,
        r"(?P<year>\d{4})([-/])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?:t(?=\d))?",
        lambda found, _: _date(int(found["year"]), int(found["month"]), int(found["day"]), found),
    )


def _dotted_date(read: _Read) -> _Read:
    """`24.12.` and `24.12.2026`: with dots the day comes first everywhere."""
    pattern = r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})?(?=\s|$)"
    return _take(read, pattern, _numbered)


def _slashed_date(read: _Read) -> _Read:
    return _take(
        read, r"(?P<day>\d{1,2})/(?P<month>\d{1,2})(?:/(?P<year>\d{4}))?(?=\s|$)", _slashed
    )


def _slashed(found: re.Match[str], now: datetime) -> date:
    first, second = int(found["day"]), int(found["month"])
    if first == second or (first > 12) != (second > 12):
        day, month = (first, second) if first >= second else (second, first)
        return _in_year(found["year"], month, day, found, now)
    if first > 12:
        raise _no_date(found)
    year = f" {found['year']}" if found["year"] else ""
    either = f"{first} {_short(_MONTHS[second - 1])}{year}"
    other = f"{second} {_short(_MONTHS[first - 1])}{year}"
    raise NotUnderstood(f"“{found[0]}” may be {either} or {other}. Type one of these.")


def _month_date(read: _Read) -> _Read:
    """`25 Dec`, `the 25th of December 2026`, `Dec 25, 2026`."""
    month = "|".join(rf"{name[:3]}(?:{name[3:]})?" for name in _MONTHS).replace(
        "sep(?:tember)?", "sept?(?:ember)?"
    )
    named = rf"(?P<month>{month})\.?"
    forward = _take(read, rf"(?:the\s+)?{_DAY}\s*(?:of\s+)?{named}{_YEAR}(?![\w:])", _by_name)
    if forward.day is not None:
        return forward
    return _take(read, rf"{named}\s+(?:the\s+)?{_DAY}(?![\w:]){_YEAR}(?![\w:])", _by_name)


def _by_name(found: re.Match[str], now: datetime) -> date:
    month = next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(found["month"][:3]))
    return _in_year(found["year"], month, int(found["day"]), found, now)


def _numbered(found: re.Match[str], now: datetime) -> date:
    return _in_year(found["year"], int(found["month"]), int(found["day"]), found, now)


def _day_in(read: _Read) -> _Read:
    """`in 3 days`, `in two weeks`."""
    pattern = r"in\s+(?P<number>\d{1,4}|[a-z]+)\s*(?P<unit>days?|weeks?)(?!\w)"

    def day(found: re.Match[str], now: datetime) -> date:
        number = found["number"]
        many = int(number) if number.isdecimal() else _NUMBERS.get(number)
        if many is None:
            raise NotUnderstood(f"“{number}” is no number. Type for example “in 3 days 9:00”.")
        return now.date() + timedelta(**{_UNITS[found["unit"]]: many})

    return _take(read, pattern, day)


def _clock(read: _Read) -> _Read:
    """`9am`, `9:30 pm`, `14:30`, `noon`."""
    pattern = (
        r"(?:at\s+)?(?:(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>am|pm)(?!\w)"
        r"|(?P<hour24>\d{1,2}):(?P<minute24>\d{2})(?::00)?(?![\w:])|(?P<noon>noon)(?!\w))"
    )
    found = re.search(rf"(?a)(?<![\w:/-]){pattern}", read.rest)
    if found is None:
        return read
    return replace(read, rest=_without(read.rest, found), at=_time(found))


def _time(found: re.Match[str]) -> time:
    if found["noon"]:
        return time(12)
    hour, minute = int(found["hour"] or found["hour24"]), found["minute"] or found["minute24"]
    if found["half"]:
        if not 1 <= hour <= 12:
            raise _no_time(found[0])
        hour = hour % 12 + 12 * (found["half"] == "pm")
    if hour > 23 or int(minute or 0) > 59:
        raise _no_time(found[0])
    return time(hour, int(minute or 0))


def _day_word(read: _Read) -> _Read:
    """`today`, `tomorrow`, `Tuesday`, `next Tuesday`."""
    ahead = {"today": 0, "tomorrow": 1, "the day after tomorrow": 2, "day after tomorrow": 2}
    words = re.sub(r"^(?:on|this)\s+|,", "", read.rest).strip()
    words = re.sub(r"\s+on$", "", words)
    if words in ahead and read.day is None:
        day = read.now.date() + timedelta(days=ahead[words])
        return replace(read, rest="", day=day, named=words)
    is_next = words.startswith("next ")
    weekday = _weekday(words.removeprefix("next "))
    if weekday is None:
        return read
    if read.day is not None:
        # `Tue 1 Dec`: the weekday must be that of the date.
        if read.day.weekday() != weekday:
            raise NotUnderstood(
                f"{_said(read.day)} is no {_DAYS[weekday].capitalize()}. Leave out the weekday or "
                "change the date."
            )
        return replace(read, rest="")
    return replace(read, rest="", day=_coming(weekday, words, read, is_next), named=words)


def _coming(weekday: int, words: str, read: _Read, is_next: bool) -> date:
    today = read.now.date()
    ahead = (weekday - today.weekday()) % 7
    if not is_next:
        if not ahead:
            raise NotUnderstood(
                f"Today is {_DAYS[weekday].capitalize()}. Type “today” or "
                f"“{_short_date(today + timedelta(days=7))}” instead."
            )
        return today + timedelta(days=ahead)
    coming, after = today + timedelta(days=ahead or 7), today + timedelta(days=ahead + 7)
    if ahead and coming.isocalendar()[1] == today.isocalendar()[1]:
        # Some mean the coming one, some the one in the week after.
        raise NotUnderstood(
            f"“{words}” may be {_said(coming)} or {_said(after)}. Type "
            f"“{_short_date(coming)}” or “{_short_date(after)}”."
        )
    return coming


def _whole(read: _Read, typed: str, zone: str) -> datetime:
    rest = " ".join(re.sub(r"\b(?:on|at|the|and)\b|,", " ", read.rest).split())
    if rest:
        raise _unknown(rest, zone)
    if read.at is None:
        raise NotUnderstood(f"“{typed}” has no time. Add one, for example “{typed} 9:00”.")
    day = read.day or read.now.date()
    wall = datetime.combine(day, read.at)
    has_passed = wall <= read.now.replace(tzinfo=None)
    if has_passed and (read.day is None or day == read.now.date()):
        raise NotUnderstood(
            f"{read.at:%H:%M} has passed today. Type “tomorrow {read.at:%H:%M}” for tomorrow."
        )
    if has_passed:
        raise NotUnderstood(f"{_said(day)} has passed. Type a later date.")
    return wall


def _unknown(rest: str, zone: str) -> NotUnderstood:
    words = rest.split()
    numbers = [word for word in words if re.fullmatch(r"(?a)\d{1,2}", word)]
    if numbers and words[0] != "in":
        number = numbers[0]
        is_hour = 1 <= int(number) <= 12
        how = f"“{number}:00”, “{number}am” or “{number}pm”" if is_hour else "“18:00”"
        return NotUnderstood(f"“{number}” may be an hour or a day. Type the time as {how}.")
    if part := next((word for word in words if word in _PARTS_OF_A_DAY), ""):
        return NotUnderstood(
            f"“{part}” may be several times. Type the time, for example “today 20:00” or “tomorrow "
            "0:00”."
        )
    if any(word in _ZONES for word in words):
        return NotUnderstood(f"Times are in {zone} here. Type the time there, without a zone.")
    return NotUnderstood(f"“{rest[:60]}” is not understood. Type a time like {EXAMPLES}.")


def _take(read: _Read, pattern: str, day: Callable[[re.Match[str], datetime], date]) -> _Read:
    """Takes a day out of the words, if there is one and none was found before."""
    found = re.search(rf"(?a)(?<![\w:./-])(?:on\s+)?{pattern}", read.rest)
    if found is None or read.day is not None:
        return read
    try:
        named = day(found, read.now)
    except (ValueError, OverflowError) as error:
        if isinstance(error, NotUnderstood):
            raise
        raise _no_date(found) from error
    return replace(read, rest=_without(read.rest, found), day=named, named=found[0])


def _in_year(year: str | None, month: int, day: int, found: re.Match[str], now: datetime) -> date:
    """A date in its year, or the next one with this day and month."""
    if year:
        return _date(int(year), month, day, found)
    today = now.date()
    # 29 February may be as far away as eight years; no such date at all is no date.
    years = [each for each in range(today.year, today.year + 9) if _exists(each, month, day)]
    coming = next(
        (date(each, month, day) for each in years if date(each, month, day) >= today), None
    )
    if coming is None:
        raise _no_date(found)
    if coming - today > _FURTHEST_WITHOUT_YEAR:
        raise NotUnderstood(
            f"{day} {_short(_MONTHS[month - 1])} has passed this year. For {coming.year}, type "
            f"“{day} {_short(_MONTHS[month - 1])} {coming.year}”."
        )
    return coming


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _date(year: int, month: int, day: int, found: re.Match[str]) -> date:
    if not _exists(year, month, day):
        raise _no_date(found)
    return date(year, month, day)


def _no_date(found: re.Match[str]) -> NotUnderstood:
    return NotUnderstood(f"There is no such day as “{found[0].strip()}”. Type another date.")


def _no_time(said: str) -> NotUnderstood:
    return NotUnderstood(f"“{said}” is no time of the day. Type it as 9:30, 21:30 or 9:30pm.")


def _weekday(word: str) -> int | None:
    if len(word) < 3:
        return None
    fitting = [n for n, name in enumerate(_DAYS) if name.startswith(word.rstrip("."))]
    return fitting[0] if fitting else None


def _without(words: str, found: re.Match[str]) -> str:
    return " ".join(f"{words[: found.start()]} {words[found.end() :]}".split()).strip(" ,")


def _said(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _short_date(day: date) -> str:
    return f"{day.day} {day:%b}"


def _short(month: str) -> str:
    return month[:3].capitalize()
