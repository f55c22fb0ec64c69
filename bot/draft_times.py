"""When a post that somebody writes is meant to go out, and what is wrong with that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.view_state import choice, entry
from bot.views import ids
from scheduler import admission, posts
from scheduler.timewords import MOST_TYPED, NotUnderstood, understand
from scheduler.walltime import Repeated, Skipped, away, resolve, shown

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class When:
    """The time fields of a form as they stand. `way` is one of `ids.COMPOSER_LATER`, `_NOW`,
    `_SLOT` and `_REPEAT`. `words` are a typed time and count before `date` and `time`, which are
    `YYYY-MM-DD` and `HH:MM` on the clock of `zone`; `fold` is `first` or `second` where a time
    happens twice. `seen` marks the slots or the meaning of the words that the form showed.

    The rest is for what is repeated: `how` as `bot.draft_rules` has it, `weekdays` as digits (0 is
    Monday), `until` (`YYYY-MM-DD`), and `times`.
    """

    zone: str
    way: str = ids.COMPOSER_LATER
    words: str = ""
    date: str = ""
    time: str = ""
    fold: str = ""
    seen: str = ""
    how: str = "week:1"
    weekdays: str = ""
    until: str = ""
    times: str = ""

    @property
    def repeats(self) -> bool:
        return self.way == ids.COMPOSER_REPEAT

    @property
    def is_now(self) -> bool:
        return self.way == ids.COMPOSER_NOW

    @property
    def has_clock(self) -> bool:
        """Whether the form asks for one date and time."""
        return self.way == ids.COMPOSER_LATER


def proposed(zone: str, now: datetime) -> When:
    """The full hour after next: soon, but with time to write."""
    soon = (now + timedelta(hours=1)).astimezone(ZoneInfo(zone)).replace(minute=0) + timedelta(
        hours=1
    )
    return When(zone=zone, date=f"{soon:%Y-%m-%d}", time=f"{soon:%H:%M}")


def at(instant: datetime, zone: str) -> When:
    """The fields filled with an instant."""
    local = instant.astimezone(ZoneInfo(zone))
    return When(zone=zone, date=f"{local:%Y-%m-%d}", time=f"{local:%H:%M}")


def read(values: Json, memory: Json) -> When:
    """The time fields of a form that Slack sent with what it remembers. Fields that the form did
    not show are as they were."""
    way = choice(values, ids.COMPOSER_WHEN) or ids.COMPOSER_LATER
    kept = memory.get("when") or {}
    date = _field(values, ids.COMPOSER_DATE, "selected_date", kept.get("date"))
    return When(
        zone=memory.get("zone") or "UTC",
        way=way,
        words=_field(values, ids.COMPOSER_WORDS, "value", kept.get("words")).strip(),
        date=date,
        time=_field(values, ids.COMPOSER_TIME, "selected_time", kept.get("time")),
        fold=choice(values, ids.COMPOSER_FOLD),
        seen=str(kept.get("seen") or ""),
        how=choice(values, ids.COMPOSER_HOW) or str(kept.get("how") or "week:1"),
        weekdays=_weekdays(values, kept, date),
        until=_field(values, ids.COMPOSER_UNTIL, "selected_date", kept.get("until")),
        times=_field(values, ids.COMPOSER_TIMES, "value", kept.get("times")).strip(),
    )


def memory(when: When) -> Json:
    """What a form must remember of its time beside its fields."""
    names = ("words", "date", "time", "seen", "weekdays", "until", "times")
    kept: Json = {name: value for name in names if (value := getattr(when, name))}
    kept |= {"how": when.how} if when.how != "week:1" else {}
    return {"zone": when.zone, **({"when": kept} if kept else {})}


def kept(when: When, now: datetime) -> Json:
    """The time fields as a stored draft keeps them. Words such as "tomorrow" become the date that
    they mean today."""
    due = planned(when, now)
    if due is not None and when.words and instant(meant := at(due, when.zone), now) == due:
        return asdict(meant)
    return {**asdict(when), "seen": ""}


def again(stored: Mapping[str, Any], zone: str) -> When:
    """The time fields of a stored draft; what another release kept and this one does not know is
    left out."""
    known = {each.name for each in fields(When)}
    return When(**{"zone": zone, **{name: stored[name] for name in known & stored.keys()}})


def mark(slots: Mapping[int, datetime]) -> str:
    """By which the same slots of the same accounts are known again."""
    told = ";".join(f"{id_}@{at.timestamp():.0f}" for id_, at in sorted(slots.items()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def instant(when: When, now: datetime) -> datetime | Repeated | Skipped | None:
    """When it is due: an instant (UTC), or why the clock does not say one. `None` for now, and for
    what takes a slot. Words mean what the form showed that they mean. Raises `WrongTime` for a time
    that is missing, not understood, or beyond all calendars."""
    if not when.has_clock:
        return None
    if (shown_before := _shown_before(when)) is not None:
        return shown_before
    if not when.words and not (when.date and when.time):
        missing = "date" if not when.date else "time"
        raise posts.WrongTime(f"Choose a {missing}, or choose to publish now.")
    found = _resolved(when, now)
    if isinstance(found, Repeated) and when.fold:
        return found.first if when.fold == ids.COMPOSER_FIRST else found.second
    return found


def planned(when: When, now: datetime) -> datetime | None:
    """The instant that the fields say, as far as they say one."""
    try:
        found = instant(when, now)
    except posts.WrongTime:
        return None
    return found if isinstance(found, datetime) else None


def repeated(when: When, now: datetime) -> Repeated | None:
    """Both instants when the clock shows this time twice, whether or not one was chosen."""
    if not when.has_clock or not (when.words or (when.date and when.time)):
        return None
    try:
        found = _resolved(when, now)
    except posts.WrongTime:
        return None
    return found if isinstance(found, Repeated) else None


def problems(when: When, now: datetime) -> dict[str, list[str]]:
    """Why a time cannot be stored, by the field that it belongs to: it is wrong, or nobody was
    shown yet what its words mean."""
    found = wrong(when, now)
    if found or not when.words or not when.has_clock or _shown_before(when) is not None:
        return found
    return {ids.COMPOSER_WORDS: [f"{meaning(when, now)} Send the form again if that is right."]}


def wrong(when: When, now: datetime) -> dict[str, list[str]]:
    """What is wrong with a time, by the field that it belongs to."""
    of_words = bool(when.words) and when.has_clock
    try:
        match instant(when, now):
            case datetime() as due:
                admission.check_time(due, now)
            case Skipped() as skipped:
                place = ids.COMPOSER_WORDS if of_words else ids.COMPOSER_TIME
                return {place: [skipped_sentence(when, skipped)]}
            case Repeated() as twice:
                return {ids.COMPOSER_FOLD: [repeated_sentence(when, twice)]}
    except posts.WrongTime as error:
        if of_words:
            return {ids.COMPOSER_WORDS: [str(error)]}
        today = f"{now.astimezone(ZoneInfo(when.zone)):%Y-%m-%d}"
        about_the_time = when.date == today or (when.date and not when.time)
        return {ids.COMPOSER_TIME if about_the_time else ids.COMPOSER_DATE: [str(error)]}
    return {}


def meaning(when: When, now: datetime) -> str:
    """What a time without a problem means, as a sentence."""
    due = instant(when, now)
    if not isinstance(due, datetime):
        return ""
    return f"It goes out on {shown(due, when.zone)}, {away(due, now)}."


def read_back(when: When, now: datetime) -> When:
    """The same, with a note that the form shows what its words mean."""
    if not when.words or not when.has_clock or wrong(when, now):
        return when
    due = instant(when, now)
    assert isinstance(due, datetime)
    return replace(when, seen=f"{due.timestamp():.0f}{_key(when)}")


def _shown_before(when: When) -> datetime | None:
    """The instant that the form showed for these words, if it did."""
    if not when.words or not when.seen.endswith(_key(when)):
        return None
    seconds = when.seen.removesuffix(_key(when))
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else None


def _key(when: When) -> str:
    return f" {when.fold} {when.words[:MOST_TYPED]}"


def skipped_sentence(when: When, skipped: Skipped) -> str:
    return (
        f"{_clock(when)} does not exist on that day: clocks in {when.zone} jump ahead. The nearest "
        f"times are {skipped.before:%H:%M} and {skipped.after:%H:%M}."
    )


def repeated_sentence(when: When, twice: Repeated) -> str:
    said = f"{twice.first.astimezone(ZoneInfo(when.zone)):%H:%M}"
    return (
        f"{said} happens twice on that day: clocks in {when.zone} are set back. Choose which of "
        "the two you mean."
    )


def _clock(when: When) -> str:
    return f"“{when.words}”" if when.words else when.time


def _weekdays(values: Json, kept: Json, first: str) -> str:
    """The days that are chosen; where nobody was asked yet, that of the first date."""
    if ids.COMPOSER_WEEKDAYS in values:
        chosen = entry(values, ids.COMPOSER_WEEKDAYS, "selected_options") or []
        return "".join(sorted(str(each["value"]) for each in chosen))
    if kept.get("weekdays") or not first:
        return str(kept.get("weekdays") or "")
    return str(datetime.fromisoformat(first).weekday())


def _field(values: Json, block: str, name: str, kept: Any) -> str:
    return str((entry(values, block, name) if block in values else kept) or "")


def _resolved(when: When, now: datetime) -> datetime | Repeated | Skipped:
    try:
        wall = (
            understand(when.words, when.zone, now)
            if when.words
            else datetime.fromisoformat(f"{when.date}T{when.time}")
        )
    except NotUnderstood as error:
        raise posts.WrongTime(str(error)) from error
    if wall.tzinfo is not None:
        return wall
    try:
        return resolve(wall, when.zone)
    except OverflowError:
        what = "more than five years away" if wall.year > 5000 else "long past"
        raise posts.WrongTime(f"That is {what}. Choose another date.") from None
