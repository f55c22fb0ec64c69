"""What an outage does to deliveries: they are parked instead of attempted, one at a time tests
whether the platform is back, and then they go out bit by bit. Nothing of it uses attempts up.

Several workers and dispatchers may do all of this at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog

from publishers import Cause, get
from scheduler import circuits, parking, quotas, states
from scheduler.backoff import ramp
from scheduler.circuits import CLOSED, OPEN, PROBE_LIFE, RAMPING, account_key, guarded, named
from scheduler.circuits import close_account as close_account
from scheduler.circuits import open_account as open_account
from scheduler.database import get_connection, transaction
from scheduler.deliveries import Step
from scheduler.models import Account, Circuit, Delivery
from scheduler.posts import PRIORITIES
from scheduler.quotas import Wait
from scheduler.runtime import Runtime
from scheduler.states import State

log = structlog.get_logger(__name__)

_WAITING = (State.SCHEDULED, State.PROCESSING, State.RETRYING)
_AT_ONCE = 500


async def admit(runtime: Runtime, rows: Collection[Delivery]) -> list[Delivery]:
    """Those of these queued or retrying deliveries that may be attempted now. The others are parked
    for an open circuit, or snoozed until their account may post again."""
    now = runtime.clock.now()
    held = await circuits.holding(rows)
    holders = {row.id: circuit for row in rows if (circuit := _holder(row, held))}
    free = [row for row in rows if row.id not in holders]
    waits = await quotas.reserve(free, now)
    steps = [park_step(row, holders[row.id]) for row in rows if row.id in holders]
    steps += [_wait_step(runtime, row, waits[row.id]) for row in free if row.id in waits]
    await runtime.ledger.move_all(steps)
    return [row for row in free if row.id not in waits]


def _holder(row: Delivery, held: dict[str, Circuit]) -> Circuit | None:
    """The circuit that stops a delivery. What was released while it ramps comes as `queued`."""
    for key in (account_key(row.account_id), circuits.platform_key(row.platform)):
        circuit = held.get(key)
        if circuit and (circuit.state == OPEN or row.state is State.RETRYING):
            return circuit
    return None


def park_step(row: Delivery, circuit: Circuit) -> Step:
    """Parks a delivery. What it failed because of the outage is given back to it."""
    failures = circuit.failures.get(str(row.id), 0) if row.state is State.RETRYING else 0
    return Step(
        move=states.PARK,
        id=row.id,
        fence=row.fence,
        values={
            "next_attempt_at": None,
            "attempts": max(0, row.attempts - failures),
            "cause": circuit.cause,
            "kind": row.kind,
            "reason": circuit.reason,
        },
        actor="breaker",
    )


def _wait_step(runtime: Runtime, row: Delivery, wait: Wait) -> Step:
    if wait.until - row.due_at > runtime.settings.park_for:
        reason = f"{wait.reason} There was no room for it in time, so it was not posted unasked."
        values: dict[str, Any] = {"next_attempt_at": None, "reason": reason}
        return Step(move=states.MISS, id=row.id, fence=row.fence, values=values, actor="breaker")
    values = {
        "next_attempt_at": wait.until,
        "cause": Cause.RATE_LIMIT.value,
        "kind": row.kind,
        "reason": f"{wait.reason} This one waits until there is room for it.",
    }
    return Step(move=states.SNOOZE, id=row.id, fence=row.fence, values=values, actor="breaker")


async def park_due(runtime: Runtime, standing: Iterable[Circuit], before: datetime) -> None:
    """Parks whatever becomes due before `before` at a platform or account whose circuit is not
    closed."""
    await _park_failed(runtime, standing)
    now = runtime.clock.now()
    for source in _WAITING:
        for priority in PRIORITIES:
            parked = _AT_ONCE
            while parked == _AT_ONCE:
                parked = await parking.park_due(
                    source=source, priority=priority, before=before, limit=_AT_ONCE, now=now
                )


async def _park_failed(runtime: Runtime, standing: Iterable[Circuit]) -> None:
    """Those whose failures opened a circuit do not wait for their next attempt to be parked."""
    for circuit in standing:
        if circuit.state == OPEN and circuit.failures:
            ids = [int(id_) for id_ in circuit.failures]
            rows = await Delivery.filter(id__in=ids, state=State.RETRYING)
            await runtime.ledger.move_all(park_step(row, circuit) for row in rows)


async def release(
    runtime: Runtime, standing: Collection[Circuit], lease: timedelta
) -> list[dict[str, Any]]:
    """Queues what waited and whose turn has come, and returns what `deliveries.stage_due` does.
    Who changes the circuit first releases; the others find nothing."""
    down = {name for kind, name in (named(one.key) for one in standing) if kind == "platform"}
    released = []
    for circuit in standing:
        if circuit.state == RAMPING and not await _waits_for(circuit, down):
            released += await _release(runtime, circuit, lease)
    return released


async def _waits_for(circuit: Circuit, down: Collection[str]) -> bool:
    """An account that is back waits until its platform is, with whose turns it goes then."""
    kind, name = named(circuit.key)
    return (
        bool(down)
        and kind == "account"
        and await Account.filter(id=int(name), platform__in=list(down)).exists()
    )


async def _release(runtime: Runtime, circuit: Circuit, lease: timedelta) -> list[dict[str, Any]]:
    now = runtime.clock.now()
    count, at = ramp(circuit.released, circuit.release_at or now, now)
    if not count:
        return []
    async with transaction() as connection:
        turn = {"released": circuit.released + count, "release_at": at}
        if not await guarded(circuit, turn, connection):
            return []
        rows = await parking.release(
            connection,
            circuit,
            limit=count,
            due_after=now - runtime.settings.park_for,
            lease=now + lease,
            now=now,
        )
        if len(rows) < count:
            await guarded(circuit, {"state": CLOSED, "since": now, "release_at": None}, connection)
    return sorted(rows, key=lambda row: (row["due_at"], row["id"]))


async def due_probes(runtime: Runtime, in_flight: Collection[int]) -> list[Circuit]:
    """The open circuits of platforms that may be tested now: nobody does, or whoever did is dead
    or lost track of it."""
    now, us = runtime.clock.now(), runtime.owner.id
    rows = await Circuit.filter(state=OPEN, key__startswith="platform:")
    others = {row.probe_owner for row in rows if row.probe_owner not in (None, us)}
    dead = await runtime.owner.dead(others) if others else set()
    return [
        row
        for row in rows
        if (row.probe_at is not None and row.probe_at <= now)
        or row.probe_owner in dead
        or (row.probe_owner == us and row.probe_id not in in_flight)
    ]


async def begin_probe(runtime: Runtime, circuit: Circuit) -> int | None:
    """Takes the right to test a platform, and returns the delivery to do it with: the earliest of
    those that were least often a probe. `None` when there is none, or somebody else was first."""
    now = runtime.clock.now()
    ids = await parking.candidates(
        named(circuit.key)[1],
        due_after=now - runtime.settings.park_for,
        now=now,
        limit=len(circuit.probed) + 1,
    )
    if not ids:
        return None
    chosen = min(ids, key=circuit.probed.count)
    right = {"probe_owner": runtime.owner.id, "probe_id": chosen, "probe_at": now + PROBE_LIFE}
    return chosen if await guarded(circuit, right) else None


async def end_probe(runtime: Runtime, delivery_id: int) -> None:
    """Gives back the right to test of a delivery that came to no verdict, if it still has it."""
    circuit = await Circuit.get_or_none(
        state=OPEN, probe_id=delivery_id, probe_owner=runtime.owner.id
    )
    if circuit is not None:
        now = runtime.clock.now()
        await guarded(circuit, circuits.probe_ended(circuit, now, is_failure=False))


async def mend(runtime: Runtime) -> None:
    """Puts right what a crash or a race left: circuits of accounts that work again, and parked
    deliveries for which nothing stands in the way; and asks about what waited too long."""
    await _close_mended(runtime)
    now = runtime.clock.now()
    for account_id in await parking.strays():
        log.warning("parked without a reason", account=account_id)
        await circuits.let_go(get_connection(), account_id, now)
    await _miss_overdue(runtime)


async def _close_mended(runtime: Runtime) -> None:
    rows = await Circuit.filter(state=OPEN, key__startswith="account:")
    ids = [int(named(row.key)[1]) for row in rows]
    mended = await Account.filter(id__in=ids).exclude(health="broken") if ids else []
    for account in mended:
        await close_account(get_connection(), account.id, runtime.clock.now())


async def _miss_overdue(runtime: Runtime) -> None:
    now = runtime.clock.now()
    before = now - runtime.settings.park_for
    for platform, cause in await parking.overdue(before):
        why = f"{get(platform).label} was down for too long"
        if cause == Cause.AUTHENTICATION.value:
            why = "The account was not connected again in time"
        missed = _AT_ONCE
        while missed == _AT_ONCE:
            missed = await parking.miss_parked(
                platform=platform,
                cause=cause,
                due_before=before,
                limit=_AT_ONCE,
                reason=f"{why}, and it is now too late to post it unasked.",
                now=now,
            )
