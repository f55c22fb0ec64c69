"""How a delivery changes state: one guarded UPDATE, one event row, one transaction.

Many deliveries that make the same move at the same time travel in one statement. Whoever finds
that a row did not move was too late: somebody else acted first, and the caller stops.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient

from scheduler import circuits, events, quotas, states
from scheduler.circuits import Heard
from scheduler.clock import Clock
from scheduler.database import get_connection, transaction
from scheduler.models import Delivery
from scheduler.sql import Row, fetch, is_postgres, rows_parameter, rows_source
from scheduler.states import Move, State

log = structlog.get_logger(__name__)

_TYPES = {
    "owner": "bigint",
    "next_attempt_at": "timestamptz",
    "due_at": "timestamptz",
    "asked_at": "timestamptz",
    "published_at": "timestamptz",
    "attempts": "smallint",
    "looks": "smallint",
    "priority": "smallint",
    "cause": "text",
    "kind": "text",
    "reason": "text",
    "remote_id": "text",
    "permalink": "text",
}
_ATTEMPT_TYPES = {
    "delivery_id": "bigint",
    "fence": "int",
    "digest": "text",
    "started_at": "timestamptz",
    "left_at": "timestamptz",
    "ended_at": "timestamptz",
    "outcome": "text",
    "cause": "text",
    "kind": "text",
    "code": "text",
    "reason": "text",
    "remote_id": "text",
    "permalink": "text",
}
# What a part of a post has in common with the part before it.
_INHERITED = ("workspace_id", "post_id", "account_id", "platform", "place")
#: The circuits of a delivery `d`, as `c`.
ITS_CIRCUITS = "c.key IN ('platform:' || d.platform, 'account:' || d.account_id)"
_OPEN_CIRCUIT = (
    f"SELECT 1 FROM circuit AS c WHERE {ITS_CIRCUITS} AND c.state = 'open'"
    " AND (c.probe_id IS NULL OR c.probe_id <> d.id)"
)
# A statement that PostgreSQL ended to resolve a deadlock, or that a lost connection cut, is tried
# again: the guard makes that harmless.
_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Step:
    """One delivery that shall make one move.

    `values` are the columns that the move takes; `attempt` is the row of the attempt to write with
    it (without delivery id and fence); `data` goes into the event; `successor` holds the columns
    in which the part that follows a published one differs from it; `heard` is what the attempt
    learnt of its platform and account.
    """

    move: Move
    id: int
    fence: int
    values: dict[str, Any] = field(default_factory=dict)
    attempt: dict[str, Any] | None = None
    data: dict[str, Any] = field(default_factory=dict)
    actor: str = ""
    successor: dict[str, Any] | None = None
    heard: Heard | None = None


async def apply(connection: BaseDBAsyncClient, steps: Sequence[Step], now: datetime) -> set[int]:
    """Makes the moves inside the caller's transaction; returns the ids that moved. All steps of
    one call must be for different deliveries."""
    moved: set[int] = set()
    groups = _by_move(steps)
    if len(groups) > 1 and is_postgres(connection):
        await _lock(connection, [step.id for step in steps])
    for group in groups:
        rows = await _update(connection, group, now)
        await _note(connection, group, rows, now)
        moved |= {row["id"] for row in rows}
    made = [step for step in steps if step.id in moved]
    await _store_successors(connection, made, now)
    await _learn(connection, [(step.id, step.heard) for step in made if step.heard], now)
    return moved


async def lock(connection: BaseDBAsyncClient, ids: Sequence[int]) -> None:
    """Locks deliveries ahead of their post, for a caller that must read before it moves them. On
    SQLite the first write of a transaction locks everything."""
    if is_postgres(connection):
        await _lock(connection, ids)


class Ledger:
    """Makes moves for callers that do not have a transaction of their own.

    Moves that are asked for while a transaction runs share the next one (group commit): 500
    deliveries that begin to publish at the same instant cost one commit, not 500.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[tuple[Step, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def move(self, step: Step) -> bool:
        """Makes one move durably; False when the delivery was not where the move begins."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((step, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await done

    async def move_all(self, steps: Iterable[Step]) -> set[int]:
        """Makes moves of different deliveries together; returns the ids that moved."""
        steps = list(steps)
        results = await asyncio.gather(*(self.move(step) for step in steps))
        return {step.id for step, moved in zip(steps, results, strict=True) if moved}

    async def _write(self) -> None:
        try:
            # Lets every task that wakes at the same instant join before the transaction begins.
            await asyncio.sleep(0)
            while self._waiting:
                batch, self._waiting = self._take()
                await self._commit(batch)
        finally:
            self._writer = None

    def _take(
        self,
    ) -> tuple[list[tuple[Step, asyncio.Future[bool]]], list[tuple[Step, asyncio.Future[bool]]]]:
        batch: dict[int, tuple[Step, asyncio.Future[bool]]] = {}
        later = []
        for item in self._waiting:
            if item[0].id in batch or len(batch) >= 1000:
                later.append(item)
            else:
                batch[item[0].id] = item
        return list(batch.values()), later

    async def _commit(self, batch: list[tuple[Step, asyncio.Future[bool]]]) -> None:
        try:
            moved = await _apply_alone([step for step, _ in batch], self._clock.now())
        except Exception as error:
            if len(batch) > 1:
                # One bad row must not take the others with it.
                for item in batch:
                    await self._commit([item])
                return
            step, done = batch[0]
            log.warning("move failed", move=step.move.name, delivery=step.id, error=repr(error))
            if not done.done():
                done.set_exception(error)
            return
        for step, done in batch:
            if not done.done():
                done.set_result(step.id in moved)


async def _apply_alone(steps: Sequence[Step], now: datetime) -> set[int]:
    for left in reversed(range(_TRIES)):
        try:
            async with transaction() as connection:
                return await apply(connection, steps, now)
        except Exception:
            if not left:
                raise
            await asyncio.sleep(0.05 * (_TRIES - left))
    raise AssertionError


def _by_move(steps: Sequence[Step]) -> list[list[Step]]:
    groups: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        groups[step.move.name].append(step)
    return list(groups.values())


async def _lock(connection: BaseDBAsyncClient, ids: Sequence[int]) -> None:
    """Locks rows in the order of their ids, where more than one statement will change them: two
    transactions that lock in different orders would wait for each other."""
    await fetch(
        connection,
        "SELECT id FROM delivery WHERE id = ANY(?1::bigint[]) ORDER BY id FOR UPDATE",
        [list(ids)],
    )


async def _update(
    connection: BaseDBAsyncClient, steps: Sequence[Step], now: datetime
) -> list[dict[str, Any]]:
    move = steps[0].move
    rows = [{"id": step.id, "fence": step.fence, **step.values} for step in steps]
    return await fetch(connection, update_statement(connection, move), [rows_parameter(rows), now])


def update_statement(connection: BaseDBAsyncClient, move: Move) -> str:
    """The guarded UPDATE of a move: the state it begins in, the fence where it counts, and the new
    values. Rows are locked in the order of their ids, so that two batches never deadlock."""
    columns = {"id": "bigint", "fence": "int", **{name: _TYPES[name] for name in move.takes}}
    source = rows_source(connection, columns, alias="r")
    states_in = ", ".join(f"'{state}'" for state in sorted(move.sources))
    sets = [f"state = '{move.target}'", "since = ?2", *(f"{c} = v.{c}" for c in move.takes)]
    if move.bump_fence:
        sets.append("fence = d.fence + 1")
    if move.release:
        sets.append("owner = NULL")
    guard = " AND d.fence = v.fence" if move.guard_fence else ""
    if move.guard_circuit:
        guard += f" AND NOT EXISTS ({_OPEN_CIRCUIT})"
    locked = (
        f"(SELECT r.* FROM {source} JOIN delivery AS l ON l.id = r.id ORDER BY l.id"
        " FOR UPDATE OF l) AS v"
        if is_postgres(connection)
        else rows_source(connection, columns, alias="v")
    )
    prefix = "d." if is_postgres(connection) else ""
    returned = ", ".join(prefix + name for name in ("id", "fence", "post_id", "workspace_id"))
    return (
        f"UPDATE delivery AS d SET {', '.join(sets)} FROM {locked}"
        f" WHERE d.id = v.id AND d.state IN ({states_in}){guard} RETURNING {returned}"
    )


async def _note(
    connection: BaseDBAsyncClient,
    steps: Sequence[Step],
    rows: Sequence[dict[str, Any]],
    now: datetime,
) -> None:
    by_id = {step.id: step for step in steps}
    await events.record(connection, (_event(by_id[row["id"]], row, now) for row in rows))
    attempts = [
        {
            "delivery_id": row["id"],
            "fence": by_id[row["id"]].fence,
            **(by_id[row["id"]].attempt or {}),
        }
        for row in rows
        if by_id[row["id"]].attempt is not None
    ]
    if attempts:
        await _write_attempts(connection, attempts)
    for row in rows:
        _log(by_id[row["id"]].move, row)


async def _store_successors(
    connection: BaseDBAsyncClient, steps: Sequence[Step], now: datetime
) -> None:
    followed = {step.id: step.successor for step in steps if step.successor is not None}
    if not followed:
        return
    before = await Delivery.filter(id__in=list(followed)).using_db(connection)
    rows = [
        Delivery(
            **{name: getattr(row, name) for name in _INHERITED}, since=now, **followed[row.id] or {}
        )
        for row in before
    ]
    await Delivery.bulk_create(rows, using_db=connection)


async def _learn(
    connection: BaseDBAsyncClient, heard: Sequence[tuple[int, Heard]], now: datetime
) -> None:
    """Last in its transaction: whoever holds a circuit waits for no delivery."""
    if heard:
        await circuits.learn(connection, heard, now)
        budgets = [(one.account_id, one.budget) for _, one in heard if one.budget]
        await quotas.learn(connection, budgets, now)


def _log(move: Move, row: Row) -> None:
    # What happens to every delivery is for debugging; what people hear of is for operators.
    say = log.info if move.notice else log.debug
    say(move.event, delivery=row["id"], post=row["post_id"], to=move.target.value)


async def anything_due(
    sources: Iterable[State], priorities: Iterable[int], before: datetime
) -> bool:
    """Whether anything must be looked at before `before`."""
    return (await at_a_glance(sources, priorities, before))[0]


async def at_a_glance(
    sources: Iterable[State], priorities: Iterable[int], before: datetime
) -> tuple[bool, bool]:
    """Whether anything must be looked at before `before`, and whether any circuit is not closed:
    one statement that probes the index, for the many ticks in which there is nothing to do."""
    # The earliest of each, because for "is there one before …" PostgreSQL plans a scan.
    probes = " UNION ALL ".join(
        "SELECT * FROM (SELECT next_attempt_at AS first FROM delivery"
        f" WHERE state = '{source}' AND priority = {priority} AND next_attempt_at IS NOT NULL"
        " ORDER BY next_attempt_at LIMIT 1) AS one"
        for source in sources
        for priority in priorities
    )
    statement = (
        f"SELECT count(*) AS due, (SELECT count(*) FROM circuit WHERE state <> 'closed') AS held"
        f" FROM ({probes}) AS probe WHERE first <= ?1"
    )
    rows = await fetch(get_connection(), statement, [before])
    return bool(rows[0]["due"]), bool(rows[0]["held"])


async def stage_due(
    *, source: State, priority: int, before: datetime, limit: int, lease: datetime, now: datetime
) -> list[dict[str, Any]]:
    """Moves what must be looked at before `before` to `queued` and returns id, due_at and
    next_attempt_at of each. Several dispatchers get disjoint rows. `lease` is when the rescuer
    may think that the message was lost."""
    async with transaction() as connection:
        return await take_due(
            connection,
            states.STAGE,
            sets="next_attempt_at = ?3",
            chosen="SELECT d.id FROM delivery AS d WHERE d.state = ?4 AND d.priority = ?5"
            " AND d.next_attempt_at <= ?6 ORDER BY d.next_attempt_at",
            parameters=[now, limit, lease, source.value, priority, before],
        )


async def miss_late(
    *,
    source: State,
    priority: int,
    due_before: datetime,
    limit: int,
    reason: str,
    now: datetime,
) -> int:
    """Moves deliveries that were due before `due_before`, and that nobody looked at since then, to
    `missed`; returns how many."""
    async with transaction() as connection:
        rows = await take_due(
            connection,
            states.MISS,
            sets="next_attempt_at = NULL, reason = ?3",
            chosen="SELECT d.id FROM delivery AS d WHERE d.state = ?4 AND d.priority = ?5"
            " AND d.next_attempt_at <= ?6 AND d.due_at <= ?6 ORDER BY d.next_attempt_at",
            parameters=[now, limit, reason, source.value, priority, due_before],
        )
        return len(rows)


async def take_due(
    connection: BaseDBAsyncClient, move: Move, *, sets: str, chosen: str, parameters: list[Any]
) -> list[dict[str, Any]]:
    """Makes a move with many deliveries in the caller's transaction, with their events, and returns
    what they are. `chosen` selects their ids from `delivery AS d`, in order, and may bring further
    columns that `sets` reads from `v`. The first two parameters are the present instant and the
    largest number of deliveries. Rows that another process has in hand are left out."""
    postgres = is_postgres(connection)
    skip = " FOR UPDATE OF d SKIP LOCKED" if postgres else ""
    prefix = "d." if postgres else ""
    names = ("id", "post_id", "workspace_id", "due_at", "priority", "attempts")
    states_in = ", ".join(f"'{state}'" for state in sorted(move.sources))
    # Materialized, because PostgreSQL may run a subquery again for every row, and then the limit
    # holds for none.
    statement = (
        f"WITH v AS MATERIALIZED ({chosen} LIMIT ?2{skip})"
        f" UPDATE delivery AS d SET state = '{move.target}', since = ?1, owner = NULL,"
        f" fence = d.fence + 1, {sets} FROM v"
        f" WHERE d.id = v.id AND d.state IN ({states_in})"
        f" RETURNING {', '.join(prefix + name for name in names)}"
    )
    rows = await fetch(connection, statement, parameters)
    now: datetime = parameters[0]
    await events.record(connection, (_batch_event(move, row, now) for row in rows))
    return rows


def _batch_event(move: Move, row: Row, now: datetime) -> dict[str, Any]:
    return {
        "workspace_id": row["workspace_id"],
        "post_id": row["post_id"],
        "delivery_id": row["id"],
        "kind": move.event,
        "actor": "dispatcher",
        "at": now,
        "notice": move.notice,
    }


async def note_late_result(delivery_id: int, fence: int, attempt: Row) -> None:
    """Keeps what an attempt brought whose claim was taken over meanwhile, as evidence."""
    async with transaction() as connection:
        row = {"delivery_id": delivery_id, "fence": fence, **attempt}
        await _write_attempts(connection, [row])
        if attempt.get("outcome") == states.PUBLISH.name:
            # It answers the question that the author may have been asked meanwhile.
            asked = Delivery.filter(id=delivery_id, state=State.UNCONFIRMED)
            await asked.using_db(connection).update(next_attempt_at=attempt["started_at"])


class LostClaim(Exception):
    """Somebody else took, changed or cancelled the delivery meanwhile; whoever held it stops."""


async def save_checkpoint(delivery_id: int, fence: int, checkpoint: dict[str, Any]) -> None:
    """Stores what a publisher saved, durably, if the claim still holds; else `LostClaim`."""
    changed = await Delivery.filter(id=delivery_id, fence=fence, state=State.PREPARING).update(
        checkpoint=checkpoint
    )
    if not changed:
        raise LostClaim


def _event(step: Step, row: Row, now: datetime) -> dict[str, Any]:
    return {
        "workspace_id": row["workspace_id"],
        "post_id": row["post_id"],
        "delivery_id": row["id"],
        "kind": step.move.event,
        "actor": step.actor,
        "data": step.data,
        "at": now,
        "notice": step.move.notice,
    }


async def _write_attempts(connection: BaseDBAsyncClient, attempts: Sequence[Row]) -> None:
    texts = dict.fromkeys(
        ("digest", "outcome", "cause", "kind", "code", "reason", "remote_id", "permalink"), ""
    )
    complete = [{**texts, **attempt} for attempt in attempts]
    names = ", ".join(_ATTEMPT_TYPES)
    source = rows_source(connection, _ATTEMPT_TYPES, alias="v")
    news = ", ".join(
        f"{name} = excluded.{name}"
        for name in (
            "ended_at",
            "outcome",
            "cause",
            "kind",
            "code",
            "reason",
            "remote_id",
            "permalink",
        )
    )
    await fetch(
        connection,
        f"INSERT INTO attempt ({names}) SELECT {names} FROM {source} WHERE TRUE"
        f" ON CONFLICT (delivery_id, fence) DO UPDATE SET {news},"
        " left_at = COALESCE(excluded.left_at, attempt.left_at)",
        [rows_parameter(complete)],
    )
