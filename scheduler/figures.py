"""How many posts went out and how many failed, day by day, for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.database import get_connection
from scheduler.sql import fetch, is_postgres

DAYS = 30
# As the partial indexes say it.
_LIVE = "published_at IS NOT NULL"
_STOPPED = "state IN ('failed', 'missed', 'unconfirmed')"


@dataclass(frozen=True, kw_only=True)
class Day:
    """What happened on a day: deliveries that went out, and those that failed and still wait."""

    day: date
    published: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class Month:
    """The last days, oldest first, and what went out by platform and by cause of failure."""

    days: Sequence[Day]
    by_platform: dict[str, int]
    by_cause: dict[str, int]

    @property
    def published(self) -> int:
        return sum(day.published for day in self.days)

    @property
    def failed(self) -> int:
        return sum(day.failed for day in self.days)


async def last_days(workspace_id: int, now: datetime, zone: str) -> Month:
    """The last 30 days in a zone, today included. Days are cut by the zone's present offset from
    UTC, so that in the weeks around a change of clocks an hour may count for the day beside it."""
    local = now.astimezone(ZoneInfo(zone))
    first = datetime.combine(local.date() - timedelta(days=DAYS - 1), datetime.min.time())
    offset = local.utcoffset() or timedelta()
    since = first.replace(tzinfo=now.tzinfo) - offset
    live = await _counted(workspace_id, _LIVE, "published_at", "platform", since, offset)
    dead = await _counted(
        workspace_id, f"{_STOPPED} AND state <> 'unconfirmed'", "since", "cause", since, offset
    )
    days = [first.date() + timedelta(days=number) for number in range(DAYS)]
    return Month(
        days=[
            Day(day=day, published=_of_day(live, day), failed=_of_day(dead, day)) for day in days
        ],
        by_platform=_by_word(live),
        by_cause=_by_word(dead),
    )


_Counts = dict[tuple[str, str], int]


async def _counted(
    workspace_id: int, where: str, column: str, word: str, since: datetime, offset: timedelta
) -> _Counts:
    """How many deliveries by day and word."""
    connection = get_connection()
    if is_postgres(connection):
        moved = f"({column} AT TIME ZONE 'UTC') + make_interval(secs => ?3::float8)"
        day, shift = f"to_char({moved}, 'YYYY-MM-DD')", offset.total_seconds()
    else:
        day, shift = f"date({column}, ?3 || ' seconds')", int(offset.total_seconds())
    rows = await fetch(
        connection,
        f"SELECT {day} AS day, {word} AS word, COUNT(*) AS n FROM delivery"
        f" WHERE workspace_id = ?1 AND {where} AND {column} >= ?2 AND role <> 'comment'"
        f" GROUP BY 1, 2",
        [workspace_id, since, shift],
    )
    return {(str(row["day"]), str(row["word"])): int(row["n"]) for row in rows}


def _of_day(counts: _Counts, day: date) -> int:
    return sum(n for (at, _), n in counts.items() if at == day.isoformat())


def _by_word(counts: _Counts) -> dict[str, int]:
    words: dict[str, int] = {}
    for (_, word), n in counts.items():
        words[word] = words.get(word, 0) + n
    return dict(sorted(words.items(), key=lambda each: (-each[1], each[0])))
