"""The deliveries that this process holds: takes them, attempts them, gives them back.

A message ends when its rows are claimed; from then on the rows say who is responsible, not the
queue. So a slow platform keeps no worker thread busy, and a retry never stands in the way of a
fresh post.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

import structlog

from scheduler import attempt, breaker, circuits, contents, states
from scheduler.claims import Claim
from scheduler.deliveries import Step, stage_due
from scheduler.missed import is_overdue, miss_overdue
from scheduler.models import Account, Delivery
from scheduler.posts import PRIORITIES
from scheduler.runtime import Runtime
from scheduler.states import State

log = structlog.get_logger(__name__)

# More than that at once and a process would be late for all of them; the rest waits in the queue.
MOST_IN_FLIGHT = 2_000
# How far ahead of its instant an attempt is committed; an edit or cancel wins until then.
SHORTEST_BEGIN = timedelta(milliseconds=50)
BEGIN_EACH = timedelta(microseconds=400)
LONGEST_BEGIN = timedelta(seconds=1)


class Deliverer:
    """Attempts deliveries on the event loop of its process.

    `hand_over(delivery id, attempts used, delay)` sends the message of the next attempt; it may
    block and is called on a thread.
    """

    def __init__(
        self, runtime: Runtime, hand_over: Callable[[int, int, timedelta], object]
    ) -> None:
        self._runtime = runtime
        self._hand_over = hand_over
        # By delivery and fence: after an edit, an attempt with a lost claim and a new one of the
        # same delivery exist for a while.
        self._held: dict[tuple[int, int], tuple[Claim, asyncio.Task[None]]] = {}
        self._room = asyncio.Condition()
        self._closing = False

    @property
    def in_flight(self) -> frozenset[int]:
        """The deliveries that this process works on."""
        return frozenset(delivery_id for delivery_id, _ in self._held)

    async def execute(self, ids: Collection[int]) -> None:
        """Takes those of `ids` that are queued and begins their attempts."""
        await self._wait_for_room()
        await self._take(ids, State.QUEUED)

    async def retry(self, delivery_id: int) -> timedelta | None:
        """Takes a delivery whose next attempt has come and begins it; otherwise tells how long it
        has to wait yet. `None` as well when there is nothing to do any more."""
        row = await Delivery.get_or_none(id=delivery_id)
        if row is None or row.state is not State.RETRYING or row.next_attempt_at is None:
            return None
        wait = row.next_attempt_at - self._runtime.clock.now()
        if wait > timedelta():
            return wait
        await self._wait_for_room()
        await self._take([delivery_id], State.RETRYING)
        return None

    async def probe(self) -> None:
        """Tests, with one parked delivery each, the platforms that are down and whose time for it
        has come."""
        for circuit in await breaker.due_probes(self._runtime, self.in_flight):
            chosen = None if self._closing else await breaker.begin_probe(self._runtime, circuit)
            if chosen is not None and not await self._take([chosen], State.PARKED, probing=True):
                await breaker.end_probe(self._runtime, chosen)

    async def execute_without_queue(self) -> None:
        """Takes what is due straight from the database, for as long as the queue is away."""
        await miss_overdue(self._runtime)
        now = self._runtime.clock.now()
        standing = await circuits.standing()
        if standing:
            await breaker.park_due(self._runtime, standing, now)
            rows = await breaker.release(self._runtime, standing, timedelta())
            await self.execute([row["id"] for row in rows])
        for source in (State.SCHEDULED, State.PROCESSING, State.RETRYING):
            for priority in PRIORITIES:
                rows = await stage_due(
                    source=source, priority=priority, before=now, limit=100, lease=now, now=now
                )
                await self.execute([row["id"] for row in rows])

    async def give_up(self, delivery_id: int) -> None:
        """The queue says that the retries are used up: makes sure that the row says so too, should
        fewer be allowed now than when the last attempt failed."""
        row = await Delivery.get_or_none(id=delivery_id)
        allowed = len(self._runtime.settings.retry_delays)
        if row is None or row.state is not State.RETRYING or row.attempts <= allowed:
            return
        said = {"cause": row.cause, "kind": row.kind, "reason": row.reason}
        values = {"next_attempt_at": None, "attempts": row.attempts, **said}
        step = Step(move=states.FAIL, id=row.id, fence=row.fence, values=values, actor="worker")
        await self._runtime.ledger.move(step)

    async def drain(self, grace: float) -> None:
        """Ends well: what has not begun to publish is given back, what has may finish within
        `grace` seconds. Nothing new is taken."""
        self._closing = True
        waiting = [task for claim, task in self._held.values() if not claim.publishing]
        for task in waiting:
            task.cancel()
        tasks = [task for _, task in self._held.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=grace)

    async def sweep(self) -> None:
        """Recovers rows that bear this process's name but that it does not work on, as after a
        commit whose answer was lost."""
        us = self._runtime.owner.id
        owned = await Delivery.filter(owner=us).values_list("id", flat=True)
        orphans = {int(str(id_)) for id_ in owned} - self.in_flight
        if orphans:
            await asyncio.sleep(1)
            ids = orphans - self.in_flight
            await recover(self._runtime, ids, owners=[us], reason="This process lost track of it.")

    async def _take(
        self, ids: Collection[int], source: State, *, probing: bool = False
    ) -> list[Claim]:
        if self._closing or not ids:
            return []
        claims = await _claim(self._runtime, ids, source, probing=probing)
        for claim in claims:
            if self._closing:
                await self._give_back(claim)
                continue
            claim.begin_ahead = self._begin_ahead(len(claims))
            task = asyncio.create_task(self._attempt(claim))
            self._held[claim.id, claim.fence] = (claim, task)
        return claims

    def _begin_ahead(self, more: int) -> timedelta:
        """How long the commit of all that may begin at the same instant takes, generously."""
        together = len(self._held) + more
        return min(LONGEST_BEGIN, SHORTEST_BEGIN + together * BEGIN_EACH)

    async def _attempt(self, claim: Claim) -> None:
        try:
            retry_at = await attempt.run(self._runtime, claim)
        except asyncio.CancelledError:
            await self._give_back(claim)
            raise
        finally:
            self._held.pop((claim.id, claim.fence), None)
            async with self._room:
                self._room.notify_all()
        if claim.probing:
            await self._end_probe(claim)
        if retry_at is not None:
            delay = max(timedelta(), retry_at - self._runtime.clock.now())
            await self._send_next(claim, delay)

    async def _end_probe(self, claim: Claim) -> None:
        """Ends a probe that came to no verdict, as after a cancel."""
        try:
            await breaker.end_probe(self._runtime, claim.id)
        except Exception as error:
            # `probe` finds that the right to it is ours and the delivery is not.
            log.warning("probe not ended yet", delivery=claim.id, error=repr(error))

    async def _send_next(self, claim: Claim, delay: timedelta) -> None:
        try:
            await asyncio.to_thread(self._hand_over, claim.id, claim.attempts, delay)
        except Exception as error:
            # The dispatcher sends again whatever is overdue.
            log.warning("retry message not sent", delivery=claim.id, error=repr(error))

    async def _give_back(self, claim: Claim) -> None:
        now = self._runtime.clock.now()
        step = Step(
            move=states.GIVE_BACK,
            id=claim.id,
            fence=claim.fence,
            values={"next_attempt_at": now},
            actor="worker",
        )
        await self._runtime.ledger.move(step)

    async def _wait_for_room(self) -> None:
        async with self._room:
            await self._room.wait_for(lambda: len(self._held) < MOST_IN_FLIGHT)


async def recover(
    runtime: Runtime, ids: Collection[int], *, owners: Collection[int], reason: str
) -> None:
    """Takes back those deliveries that `owners` still hold: what was only prepared begins again,
    what may have been sent becomes unconfirmed. The caller knows that no attempt of them runs."""
    now = runtime.clock.now()
    rows = await Delivery.filter(
        id__in=list(ids), owner__in=list(owners), state__in=list(states.OWNED)
    )
    settle = now + timedelta(seconds=runtime.settings.settle)
    steps = [
        Step(
            move=states.HOLD_UNCONFIRMED,
            id=row.id,
            fence=row.fence,
            values={
                "next_attempt_at": settle,
                "cause": "network",
                "kind": "interrupted",
                "reason": "Postbot was interrupted while sending, so the post may be out.",
                "looks": 0,
            },
            attempt={"started_at": now, "ended_at": now, "outcome": "interrupted"},
            actor="rescuer",
            data={"why": reason},
        )
        if row.state is State.PUBLISHING
        else Step(
            move=states.GIVE_BACK,
            id=row.id,
            fence=row.fence,
            # Not now: what lay there through a long downtime is asked about.
            values={"next_attempt_at": row.since},
            actor="rescuer",
            data={"why": reason},
        )
        for row in rows
    ]
    if steps:
        moved = await runtime.ledger.move_all(steps)
        log.warning("recovered", deliveries=sorted(moved), reason=reason)


async def _claim(
    runtime: Runtime, ids: Collection[int], source: State, *, probing: bool
) -> list[Claim]:
    found = await Delivery.filter(id__in=list(ids), state=source)
    # A message may outlive a long downtime; the dispatcher asks the author then.
    rows = [row for row in found if not is_overdue(runtime, row)]
    if not probing:
        rows = await breaker.admit(runtime, rows)
    owner = runtime.owner.id
    steps = [
        Step(
            move=states.CLAIM,
            id=row.id,
            fence=row.fence,
            values={"owner": owner, "next_attempt_at": None},
            actor="worker",
        )
        for row in rows
    ]
    moved = await runtime.ledger.move_all(steps)
    taken = [row for row in rows if row.id in moved]
    return await _load(runtime, taken, owner, probing=probing)


async def _load(
    runtime: Runtime, rows: Sequence[Delivery], owner: int, *, probing: bool
) -> list[Claim]:
    said = await contents.load(runtime, rows)
    accounts = await Account.filter(id__in=list({row.account_id for row in rows}))
    names = {account.id: account.username for account in accounts}
    return [
        Claim(
            id=row.id,
            post_id=row.post_id,
            account_id=row.account_id,
            username=names[row.account_id],
            platform=row.platform,
            # The claim itself raised it.
            fence=row.fence + 1,
            owner=owner,
            due_at=row.due_at,
            attempts=row.attempts,
            kind=row.kind,
            content=said[row.id],
            checkpoint=row.checkpoint,
            probing=probing,
        )
        for row in rows
    ]
