"""Finds out whether an unconfirmed delivery is live: looks on the platform, several times with
growing gaps, and asks the author where looking proves nothing. Only reads; whoever acts first wins.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import structlog
from tortoise.exceptions import IntegrityError

from publishers import (
    NotPublished,
    Published,
    PublishError,
    RateLimited,
    TemporaryFailure,
    Unsure,
    get,
)
from scheduler import accounts, circuits, contents, states
from scheduler.backoff import next_attempt_at, next_look_at
from scheduler.claims import Claim, SavedSteps
from scheduler.deliveries import Step
from scheduler.models import Attempt, Delivery
from scheduler.posts import PRIORITY_NOW
from scheduler.runtime import Runtime
from scheduler.states import Move, State

log = structlog.get_logger(__name__)

# One look may cost money and takes a second; a few at a time are enough.
_AT_ONCE = 8
# A platform that cannot be asked for so long leaves the question to the author.
LONGEST_BLIND = timedelta(minutes=15)
_ANOTHERS = "The only matching post belongs to another post of yours."


async def tick(runtime: Runtime, *, limit: int = 100) -> int:
    """Looks for all unconfirmed deliveries whose time for it has come; returns how many."""
    now = runtime.clock.now()
    rows = (
        await Delivery.filter(state=State.UNCONFIRMED, next_attempt_at__lte=now)
        .order_by("next_attempt_at")
        .limit(limit)
    )
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(row: Delivery) -> None:
        async with gate:
            if await _reserve(runtime, row):
                await look(runtime, row)

    await asyncio.gather(*(one(row) for row in rows))
    return len(rows)


async def look(runtime: Runtime, row: Delivery) -> None:
    """One look for one delivery, and what follows from it."""
    try:
        verdict = await _verdict(runtime, row)
    except PublishError as error:
        reason = f"Postbot could not look for it: {error.sentence}"
        if isinstance(error, TemporaryFailure | RateLimited) and await _may_wait(runtime, row):
            # A look that failed proves nothing and is not counted.
            await runtime.ledger.move(_step(row, *_look_later(runtime, row, reason)))
            return
        verdict = Unsure(reason=reason)
    except Exception:
        log.exception("look broke", delivery=row.id)
        verdict = Unsure(reason="Postbot could not find out because of an internal error.")
    move, values = await _consequence(runtime, row, verdict)
    followed = None
    if move is states.CONFIRM:
        followed = await contents.successor(runtime, row, runtime.clock.now())
    try:
        await runtime.ledger.move(_step(row, move, values, followed))
    except IntegrityError:
        # Another delivery was found to be the same live post at the same moment.
        await runtime.ledger.move(_step(row, *_unsure(runtime, row, _ANOTHERS)))


async def _may_wait(runtime: Runtime, row: Delivery) -> bool:
    """Whether the question can wait until the platform can be asked again, as in an outage."""
    is_down = await circuits.open_one(row.platform, row.account_id)
    longest = runtime.settings.park_for if is_down else LONGEST_BLIND
    return runtime.clock.now() - await _began_at(row) < longest


async def _began_at(row: Delivery) -> datetime:
    first = await Attempt.filter(delivery_id=row.id, digest__not="").order_by("-id").first()
    return first.started_at if first is not None else row.due_at


def _look_later(runtime: Runtime, row: Delivery, reason: str) -> tuple[Move, dict[str, Any]]:
    again = runtime.clock.now() + timedelta(seconds=runtime.settings.look_gaps[-1])
    return states.LOOK_AGAIN, {"next_attempt_at": again, "looks": row.looks, "reason": reason}


async def _reserve(runtime: Runtime, row: Delivery) -> bool:
    """Keeps other processes from looking at the same time; a look lost with its process comes
    again."""
    later = runtime.clock.now() + timedelta(seconds=2 * runtime.settings.request_timeout)
    changed = await Delivery.filter(
        id=row.id,
        state=State.UNCONFIRMED,
        fence=row.fence,
        next_attempt_at=row.next_attempt_at,
    ).update(next_attempt_at=later)
    return bool(changed)


async def _verdict(runtime: Runtime, row: Delivery) -> Published | NotPublished | Unsure:
    known = await _evidence(row)
    if known is not None:
        return known
    claim = _as_claim(row, (await contents.load(runtime, [row]))[row.id])
    credentials, _ = await accounts.credentials(runtime, row.account_id)
    publisher = accounts.publisher(runtime, row.platform)
    return await publisher.reconcile(
        credentials, claim.content, SavedSteps(claim), await _began_at(row)
    )


async def _evidence(row: Delivery) -> Published | None:
    """What an attempt learnt whose claim was taken over before it could say so."""
    told = await Attempt.filter(delivery_id=row.id, outcome=states.PUBLISH.name).first()
    if told is None:
        return None
    return Published(remote_id=told.remote_id, permalink=told.permalink)


async def _consequence(
    runtime: Runtime, row: Delivery, verdict: Published | NotPublished | Unsure
) -> tuple[Move, dict[str, Any]]:
    now = runtime.clock.now()
    if isinstance(verdict, Published) and await _belongs_to_another(row, verdict.remote_id):
        verdict = Unsure(reason=_ANOTHERS)
    match verdict:
        case Published(remote_id=remote_id, permalink=permalink):
            return states.CONFIRM, {
                "remote_id": remote_id,
                "permalink": permalink,
                "published_at": now,
                "next_attempt_at": None,
            }
        case NotPublished():
            return await _not_out(runtime, row)
        case Unsure(reason=reason):
            return _unsure(runtime, row, reason)


async def _not_out(runtime: Runtime, row: Delivery) -> tuple[Move, dict[str, Any]]:
    """It did not go out, so this was an attempt like any other that failed."""
    now, used = runtime.clock.now(), row.attempts + 1
    began, delays = await _began_at(row), runtime.settings.retry_delays
    again = next_attempt_at(began, used=used, delays=delays)
    if again is None:
        reason = f"{get(row.platform).label} did not publish this: Postbot looked, it is not there."
        said = {"cause": row.cause, "kind": row.kind, "reason": reason}
        return states.FAIL, {**said, "next_attempt_at": None, "attempts": used}
    return states.DENY, {
        "due_at": row.due_at,
        "next_attempt_at": max(now, again),
        "attempts": used,
        "priority": PRIORITY_NOW,
    }


def _unsure(runtime: Runtime, row: Delivery, reason: str) -> tuple[Move, dict[str, Any]]:
    now, looks = runtime.clock.now(), row.looks + 1
    again = next_look_at(now, looks=looks, gaps=runtime.settings.look_gaps)
    if again is None:
        return states.ASK, {
            "next_attempt_at": None,
            "asked_at": now,
            "looks": looks,
            "reason": reason,
        }
    return states.LOOK_AGAIN, {"next_attempt_at": again, "looks": looks, "reason": reason}


def _step(
    row: Delivery, move: Move, values: dict[str, Any], successor: dict[str, Any] | None = None
) -> Step:
    return Step(
        move=move,
        id=row.id,
        fence=row.fence,
        values=values,
        actor="reconciler",
        successor=successor,
    )


async def _belongs_to_another(row: Delivery, remote_id: str) -> bool:
    return (
        await Delivery.filter(account_id=row.account_id, remote_id=remote_id)
        .exclude(id=row.id)
        .exists()
    )


def _as_claim(row: Delivery, content: Any) -> Claim:
    return Claim(
        id=row.id,
        post_id=row.post_id,
        account_id=row.account_id,
        username="",
        platform=row.platform,
        fence=row.fence,
        owner=0,
        due_at=row.due_at,
        attempts=row.attempts,
        kind=row.kind,
        content=content,
        checkpoint=row.checkpoint,
    )
