"""Has people told of an outage: whoever has posts that wait hears once that a platform is down, and
once that it is back. The notices are events, written in the transaction in which the circuit notes
whom they are for, so that none is lost or written twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from scheduler import circuits, events
from scheduler.circuits import OPEN, guarded, named
from scheduler.database import get_connection, transaction
from scheduler.models import Circuit
from scheduler.runtime import Runtime
from scheduler.sql import fetch

DOWN, BACK = "platform.down", "platform.back"
# Nobody is told of a hiccup: a post must have waited that long, a platform worked that long.
TOLD_AFTER = timedelta(seconds=60)
BACK_AFTER = timedelta(seconds=5)

_Person = tuple[int, str]


async def announce(runtime: Runtime) -> None:
    """Writes the notices that are due now."""
    now = runtime.clock.now()
    for circuit in await Circuit.filter(key__startswith="platform:"):
        if circuit.state == OPEN:
            await _announce_down(circuit, now)
        elif circuit.told and (
            circuit.state == circuits.CLOSED or now - circuit.since >= BACK_AFTER
        ):
            await _announce_back(circuit, now)


async def _announce_down(circuit: Circuit, now: datetime) -> None:
    waiting = await _waiting(circuit, before=now)
    told = _people(circuit)
    if not waiting and circuit.probe_id is None:
        # Whoever was told has called off what waited, or dealt with it; the next are told anew.
        fresh, known = {}, []
    else:
        long = await _waiting(circuit, before=now - TOLD_AFTER)
        fresh = {person: waiting[person] for person in long.keys() - told if person in waiting}
        known = [*told, *fresh]
        for person in await _told_below_their_cards(circuit) if fresh else ():
            fresh.pop(person, None)
    if fresh or len(known) != len(told):
        await _tell(circuit, DOWN, fresh, known, now)


async def _announce_back(circuit: Circuit, now: datetime) -> None:
    waiting = await _waiting(circuit, before=now)
    counts = {person: waiting.get(person, 0) for person in _people(circuit)}
    await _tell(circuit, BACK, counts, [], now)


async def _waiting(circuit: Circuit, *, before: datetime) -> dict[_Person, int]:
    """How many posts of each author wait for a platform since `before`."""
    rows = await fetch(
        get_connection(),
        "SELECT p.workspace_id, p.author, count(DISTINCT p.id) AS posts FROM delivery AS d"
        " JOIN post AS p ON p.id = d.post_id WHERE d.state = 'parked' AND d.platform = ?1"
        " AND d.cause <> 'authentication' AND d.since <= ?2 GROUP BY p.workspace_id, p.author",
        [named(circuit.key)[1], before],
    )
    return {(row["workspace_id"], row["author"]): row["posts"] for row in rows}


async def _told_below_their_cards(circuit: Circuit) -> list[_Person]:
    """Those who heard that it is down because a post of theirs had no more attempts."""
    rows = await fetch(
        get_connection(),
        "SELECT DISTINCT p.workspace_id, p.author FROM delivery AS d"
        " JOIN post AS p ON p.id = d.post_id"
        " JOIN event AS e ON e.post_id = d.post_id AND e.delivery_id = d.id"
        " WHERE d.state = 'parked' AND d.platform = ?1"
        " AND e.kind = 'delivery.stranded' AND e.at >= ?2",
        [named(circuit.key)[1], circuit.since],
    )
    return [(row["workspace_id"], row["author"]) for row in rows]


def _people(circuit: Circuit) -> set[_Person]:
    return {(int(workspace), str(author)) for workspace, author in circuit.told}


async def _tell(
    circuit: Circuit, kind: str, posts: dict[_Person, int], told: list[_Person], now: datetime
) -> None:
    platform = named(circuit.key)[1]
    rows: list[dict[str, Any]] = [
        {
            "workspace_id": workspace_id,
            "post_id": "",
            "kind": kind,
            "actor": "breaker",
            "data": {"platform": platform, "member": author, "posts": number},
            "at": now,
            "notice": "member",
        }
        for (workspace_id, author), number in sorted(posts.items())
    ]
    async with transaction() as connection:
        if await guarded(circuit, {"told": sorted(told)}, connection):
            await events.record(connection, rows)
