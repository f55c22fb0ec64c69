"""Moves many deliveries at once to where a circuit wants them: parked, released in their turn, or
missed when the wait was too long. A circuit is closed, open or ramping (`scheduler.circuits`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from scheduler import states
from scheduler.circuits import named
from scheduler.database import get_connection, transaction
from scheduler.deliveries import ITS_CIRCUITS, take_due
from scheduler.models import Circuit
from scheduler.sql import fetch
from scheduler.states import State

# Accounts whose circuit is open stay behind when their platform is back.
_USABLE = (
    "NOT EXISTS (SELECT 1 FROM circuit AS c WHERE c.key = 'account:' || d.account_id"
    " AND c.state = 'open')"
)
_UNHELD = f"NOT EXISTS (SELECT 1 FROM circuit AS c WHERE {ITS_CIRCUITS} AND c.state <> 'closed')"


async def park_due(
    *, source: State, priority: int, before: datetime, limit: int, now: datetime
) -> int:
    """Parks what is due before `before` at a platform or account whose circuit is not closed;
    returns how many."""
    async with transaction() as connection:
        rows = await take_due(
            connection,
            states.PARK,
            sets="next_attempt_at = NULL, cause = v.cause, reason = v.reason",
            chosen="SELECT d.id, c.cause, c.reason FROM delivery AS d JOIN circuit AS c"
            f" ON {ITS_CIRCUITS} AND c.state <> 'closed' WHERE d.state = ?3 AND d.priority = ?4"
            " AND d.next_attempt_at <= ?5 ORDER BY d.next_attempt_at",
            parameters=[now, limit, source.value, priority, before],
        )
        return len(rows)


async def release(
    connection: BaseDBAsyncClient,
    circuit: Circuit,
    *,
    limit: int,
    due_after: datetime,
    lease: datetime,
    now: datetime,
) -> list[dict[str, Any]]:
    """Queues what waited for a platform or an account and was due after `due_after`, earliest due
    first, in the caller's transaction; returns what `deliveries.stage_due` returns."""
    kind, name = named(circuit.key)
    which = "d.account_id = ?5" if kind == "account" else f"d.platform = ?5 AND {_USABLE}"
    return await take_due(
        connection,
        states.RELEASE,
        sets="next_attempt_at = ?3",
        chosen="SELECT d.id FROM delivery AS d WHERE d.state = 'parked' AND d.due_at > ?4"
        f" AND {which} ORDER BY d.due_at",
        parameters=[now, limit, lease, due_after, int(name) if kind == "account" else name],
    )


async def miss_parked(
    *, platform: str, cause: str, due_before: datetime, limit: int, reason: str, now: datetime
) -> int:
    """Moves what was due before `due_before` and is still parked for a cause to `missed`; returns
    how many."""
    async with transaction() as connection:
        rows = await take_due(
            connection,
            states.MISS,
            sets="reason = ?3",
            chosen="SELECT d.id FROM delivery AS d WHERE d.state = 'parked' AND d.platform = ?4"
            " AND d.due_at <= ?5 AND d.cause = ?6 ORDER BY d.due_at",
            parameters=[now, limit, reason, platform, due_before, cause],
        )
        return len(rows)


async def overdue(due_before: datetime) -> list[tuple[str, str]]:
    """Platforms, each with a cause, for which something is parked that was due before then."""
    statement = (
        "SELECT DISTINCT d.platform, d.cause FROM delivery AS d"
        " WHERE d.state = 'parked' AND d.due_at <= ?1"
    )
    rows = await fetch(get_connection(), statement, [due_before])
    return [(row["platform"], row["cause"]) for row in rows]


async def count(circuit: Circuit) -> int:
    """How many deliveries wait for a platform or an account."""
    kind, name = named(circuit.key)
    which = "d.account_id" if kind == "account" else "d.platform"
    statement = f"SELECT count(*) AS n FROM delivery AS d WHERE d.state = 'parked' AND {which} = ?1"
    value = int(name) if kind == "account" else name
    rows = await fetch(get_connection(), statement, [value])
    return int(rows[0]["n"])


async def strays() -> list[int]:
    """The accounts with parked deliveries for which nothing stands in the way any more."""
    statement = (
        "SELECT DISTINCT d.account_id FROM delivery AS d"
        f" WHERE d.state = 'parked' AND {_UNHELD} ORDER BY 1"
    )
    return [row["account_id"] for row in await fetch(get_connection(), statement, [])]


async def candidates(platform: str, *, due_after: datetime, now: datetime, limit: int) -> list[int]:
    """The ids of deliveries with which a platform may be tested, earliest due first: parked, due
    after `due_after`, at an account that can be used."""
    statement = (
        "SELECT d.id FROM delivery AS d WHERE d.state = 'parked' AND d.platform = ?1"
        f" AND d.due_at <= ?2 AND d.due_at > ?3 AND {_USABLE} ORDER BY d.due_at LIMIT ?4"
    )
    rows = await fetch(get_connection(), statement, [platform, now, due_after, limit])
    return [row["id"] for row in rows]
