"""From what a clock on the wall shows to the instant that is meant, and back.

Twice a year a zone skips an hour or has one twice. Nothing is guessed then: the caller gets both
candidates and asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Skipped:
    """No clock shows this time on that day; the nearest instants before and after, local."""

    before: datetime
    after: datetime


@dataclass(frozen=True)
class Repeated:
    """Clocks show this time twice on that day; both instants, in UTC."""

    first: datetime
    second: datetime


def known_zone(name: str) -> bool:
    """True for an IANA zone of the installed time zone data."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def resolve(wall: datetime, zone: str) -> datetime | Skipped | Repeated:
    """The instant (UTC) at which a clock in `zone` shows the naive `wall`."""
    local = ZoneInfo(zone)
    first, second = (wall.replace(tzinfo=local, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(local).replace(tzinfo=None, fold=0) == wall:
        return Repeated(first=first.astimezone(UTC), second=second.astimezone(UTC))
    # Inside the gap, fold 0 uses the offset before it and fold 1 the one after it.
    edge = _first_instant_after_gap(second.astimezone(UTC), first.astimezone(UTC), local)
    return Skipped(
        before=(edge - timedelta(minutes=1)).astimezone(local), after=edge.astimezone(local)
    )


def _first_instant_after_gap(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The instant between `low` and `high` (UTC) from which on the new offset holds."""
    new = high.astimezone(zone).utcoffset()
    before, after = int(low.timestamp()), int(high.timestamp())
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == new:
            after = middle
        else:
            before = middle
    return datetime.fromtimestamp(after, UTC)


def shown(instant: datetime, zone: str) -> str:
    """An instant as people in a zone write it, such as `Tue 24 Nov 2026, 15:30 (Europe/Berlin)`."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} ({zone})"


def away(instant: datetime, now: datetime) -> str:
    """How far away a later instant is, in at most two units.

    >>> from datetime import datetime, timedelta, UTC
    >>> now = datetime(2026, 11, 25, tzinfo=UTC)
    >>> [away(now + timedelta(minutes=each), now) for each in (0, 1, 61, 1500, 9000)]
    ['in less than a minute', 'in 1 minute', 'in 1 hour 1 minute', 'in 1 day 1 hour', 'in 6 days']
    """
    minutes = int((instant - now).total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    units = [(days, "day"), (rest // 60, "hour"), (rest % 60, "minute")]
    first = next((index for index, (number, _) in enumerate(units) if number), None)
    if first is None:
        return "in less than a minute"
    most = 1 if days > 3 else 2
    told = [each for each in units[first : first + most] if each[0]]
    return "in " + " ".join(f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in told)
