"""When a post that somebody writes is meant to go out, and what is wrong with that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.view_state import choice, entry
from bot.views import ids
from scheduler import admission, posts
from scheduler.walltime import Repeated, Skipped, resolve

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class When:
    """The time fields of a form as they stand. `way` is one of `ids.COMPOSER_LATER`, `_NOW` and
    `_SLOT`. `date` and `time` are `YYYY-MM-DD` and `HH:MM` on the clock of `zone`; `fold` is
    `first` or `second` where a time happens twice. `seen` is the mark of the slots that the form
    showed."""

    zone: str
    way: str = ids.COMPOSER_LATER
    date: str = ""
    time: str = ""
    fold: str = ""
    seen: str = ""

    @property
    def is_now(self) -> bool:
        return self.way == ids.COMPOSER_NOW

    @property
    def has_clock(self) -> bool:
        """Whether the form asks for a date and a time."""
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
    return When(
        zone=memory.get("zone") or "UTC",
        way=way,
        date=_field(values, ids.COMPOSER_DATE, "selected_date", kept.get("date")),
        time=_field(values, ids.COMPOSER_TIME, "selected_time", kept.get("time")),
        fold=choice(values, ids.COMPOSER_FOLD),
        seen=str(kept.get("seen") or ""),
    )


def memory(when: When) -> Json:
    """What a form must remember of its time beside its fields."""
    kept: Json = {} if when.has_clock else {"date": when.date, "time": when.time}
    kept |= {"seen": when.seen} if when.seen else {}
    return {"zone": when.zone, **({"when": kept} if kept else {})}


def mark(slots: Mapping[int, datetime]) -> str:
    """By which the same slots of the same accounts are known again."""
    told = ";".join(f"{id_}@{at.timestamp():.0f}" for id_, at in sorted(slots.items()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def instant(when: When) -> datetime | Repeated | Skipped | None:
    """When it is due: an instant (UTC), or why the clock does not say one. `None` for now, and for
    what takes a slot. Raises `WrongTime` for a time that is missing or beyond all calendars."""
    if not when.has_clock:
        return None
    if not when.date or not when.time:
        missing = "date" if not when.date else "time"
        raise posts.WrongTime(f"Choose a {missing}, or choose to publish now.")
    found = _resolved(when)
    if isinstance(found, Repeated) and when.fold:
        return found.first if when.fold == ids.COMPOSER_FIRST else found.second
    return found


def repeated(when: When) -> Repeated | None:
    """Both instants when the clock shows this time twice, whether or not one was chosen."""
    if not when.has_clock or not when.date or not when.time:
        return None
    try:
        found = _resolved(when)
    except posts.WrongTime:
        return None
    return found if isinstance(found, Repeated) else None


def problems(when: When, now: datetime) -> dict[str, list[str]]:
    """What is wrong with a time, by the field that it belongs to."""
    try:
        match instant(when):
            case datetime() as due:
                admission.check_time(due, now)
            case Skipped() as skipped:
                return {ids.COMPOSER_TIME: [skipped_sentence(when, skipped)]}
            case Repeated():
                return {ids.COMPOSER_FOLD: [repeated_sentence(when)]}
    except posts.WrongTime as error:
        today = f"{now.astimezone(ZoneInfo(when.zone)):%Y-%m-%d}"
        about_the_time = when.date == today or (when.date and not when.time)
        return {ids.COMPOSER_TIME if about_the_time else ids.COMPOSER_DATE: [str(error)]}
    return {}


def skipped_sentence(when: When, skipped: Skipped) -> str:
    return (
        f"{when.time} does not exist on that day: clocks in {when.zone} jump ahead. The nearest "
        f"times are {skipped.before:%H:%M} and {skipped.after:%H:%M}."
    )


def repeated_sentence(when: When) -> str:
    return (
        f"{when.time} happens twice on that day: clocks in {when.zone} are set back. Choose "
        "which of the two you mean."
    )


def _field(values: Json, block: str, name: str, kept: Any) -> str:
    return str((entry(values, block, name) if block in values else kept) or "")


def _resolved(when: When) -> datetime | Repeated | Skipped:
    wall = datetime.fromisoformat(f"{when.date}T{when.time}")
    try:
        return resolve(wall, when.zone)
    except OverflowError:
        what = "more than five years away" if wall.year > 5000 else "long past"
        raise posts.WrongTime(f"That is {what}. Choose another date.") from None
