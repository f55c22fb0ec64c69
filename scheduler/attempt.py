"""One attempt of one delivery, from the claim to its outcome. The only caller of `publish`.

prepare  everything that may be done twice: tokens, checks, uploads
wait     for the instant, in the event loop
begin    the attempt is committed; from here nothing is done blindly again
publish  the one request that cannot be taken back
record   what came of it
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from tortoise.exceptions import IntegrityError

from publishers import (
    Cause,
    Credentials,
    CredentialsExpired,
    Http,
    OutcomeUnknown,
    Processing,
    Publisher,
    PublishError,
    RateLimited,
    Rejected,
    TemporaryFailure,
    boottime,
    get,
)
from scheduler import accounts, circuits, contents, deliveries, hearing, outcomes, spending, states
from scheduler.backoff import next_attempt_at
from scheduler.circuits import Heard
from scheduler.claims import Claim, SavedSteps
from scheduler.deliveries import LostClaim, Step
from scheduler.models import Circuit
from scheduler.outcomes import Outcome
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# After that a platform that always says "later" counts as a failure.
LONGEST_SNOOZE = timedelta(hours=24)
# How long a platform may work on media before the attempt counts as failed.
LONGEST_PROCESSING = timedelta(minutes=30)
# The connection of the irreversible request is opened this long ahead of its instant.
CONNECT_AHEAD = timedelta(seconds=1)
# Tokens and rights are looked at again after a wait that is longer.
FRESH_FOR = timedelta(seconds=30)

_REFRESHED = "refreshed"
_PROCESSING_SINCE = "processing_since"


class Held(Exception):
    """Its platform or account went down while it waited for its instant; nothing was sent."""

    def __init__(self, circuit: Circuit) -> None:
        super().__init__(circuit.key)
        self.circuit = circuit


async def run(runtime: Runtime, claim: Claim) -> datetime | None:
    """Makes one attempt and records its outcome; returns when the next attempt is due."""
    started = claim.asked_at = runtime.clock.now()
    http = Http(runtime.http, timeout=runtime.settings.request_timeout)
    failure: PublishError | None = None
    try:
        try:
            async with contents.at_hand(runtime, claim.content, claim.platform) as claim.content:
                outcome = await _attempt(runtime, claim, http)
        except PublishError as error:
            failure = error
            outcome = await _failed(runtime, claim, error, is_down=hearing.is_down(error, http))
    except Held as held:
        circuit = held.circuit
        outcome = outcomes.parked(
            claim, cause=circuit.cause, kind=claim.kind, reason=circuit.reason
        )
    except LostClaim:
        log.info("claim lost", delivery=claim.id, fence=claim.fence)
        return None
    except Exception as error:
        log.exception("attempt broke", delivery=claim.id, post=claim.post_id)
        outcome = await _failed(runtime, claim, outcomes.internal(claim, error))
    times = {"started_at": started, "left_at": http.left_at, "ended_at": runtime.clock.now()}
    heard = hearing.heard(
        platform=claim.platform,
        account_id=claim.account_id,
        since=claim.asked_at,
        http=http,
        failure=failure,
        is_published=outcome.move is states.PUBLISH,
        is_certain=outcome.move is states.STRAND,
        now=runtime.clock.now(),
    )
    return await _record(runtime, claim, outcome, times, heard)


async def _attempt(runtime: Runtime, claim: Claim, http: Http) -> Outcome:
    publisher = accounts.publisher(runtime, claim.platform, http)
    unfit = publisher.check(claim.content)
    if unfit:
        raise Rejected(" ".join(problem.text for problem in unfit))
    await _check_budget(runtime, claim)
    credentials, version = await accounts.credentials(runtime, claim.account_id)
    checkpoint = SavedSteps(claim)
    try:
        if claim.probing:
            await _ask_first(publisher, http, credentials)
        ready = await publisher.prepare(credentials, claim.content, checkpoint)
        if isinstance(ready, Processing):
            return await _still_processing(runtime, claim, checkpoint, ready)
        if claim.due_at - runtime.clock.now() > FRESH_FOR:
            await runtime.clock.sleep_until(claim.due_at - FRESH_FOR)
            credentials, version = await accounts.credentials(runtime, claim.account_id)
        await runtime.clock.sleep_until(claim.due_at - CONNECT_AHEAD)
        http.gate = partial(_gate, runtime, claim, http)
        published = await publisher.publish(credentials, claim.content, checkpoint)
    except CredentialsExpired as error:
        return await _renew(runtime, claim, version, error)
    return outcomes.published(runtime, claim, published)


async def _check_budget(runtime: Runtime, claim: Claim) -> None:
    """The budget may have been lowered, or used up by others, since the post was made."""
    budget, cost = spending.budget(runtime, claim.platform), 0
    if budget and not claim.content.part:
        cost = spending.price(claim.platform, claim.content)
    if cost and (await spending.month(runtime, claim.platform, claim.due_at)).spent + cost > budget:
        raise Rejected(
            f"This month's budget of {spending.dollars(budget)} for posts there is used up. Ask "
            f"whoever runs Postbot to raise {claim.platform.upper()}_MONTHLY_BUDGET, then retry.",
            cause=Cause.AUTHENTICATION,
            kind="billing",
        )


async def _ask_first(publisher: Publisher, http: Http, credentials: Credentials) -> None:
    """A platform that was down is asked something harmless before it gets a post: should it still
    be down, nobody has to wonder whether the post is out."""
    try:
        await publisher.audit(credentials)
    except PublishError as error:
        if hearing.is_down(error, http):
            raise


async def _still_processing(
    runtime: Runtime, claim: Claim, checkpoint: SavedSteps, processing: Processing
) -> Outcome:
    now = runtime.clock.now()
    since = checkpoint.saved.get(_PROCESSING_SINCE)
    if since is None:
        await checkpoint.save(**{_PROCESSING_SINCE: now.isoformat()})
    elif now - datetime.fromisoformat(since) > LONGEST_PROCESSING:
        await checkpoint.save(**{_PROCESSING_SINCE: None})
        raise TemporaryFailure("The platform did not finish working on the media.")
    again = now + timedelta(seconds=max(1.0, processing.seconds))
    return Outcome(
        move=states.HOLD_PROCESSING,
        # What the last attempt failed of is dealt with: these uploads are kept.
        values={"next_attempt_at": again, "kind": ""},
        attempt={"outcome": states.HOLD_PROCESSING.name},
    )


async def _gate(runtime: Runtime, claim: Claim, http: Http) -> None:
    """Holds the irreversible request until its instant has come and its attempt is committed."""
    await runtime.clock.sleep_until(claim.due_at - claim.begin_ahead)
    http.send_by = await _begin(runtime, claim)
    await runtime.clock.sleep_until(claim.due_at)
    claim.asked_at = runtime.clock.now()


async def _begin(runtime: Runtime, claim: Claim) -> float:
    """Commits the attempt; returns the moment after which its request may no longer leave, counted
    from before the commit, so that a pause in between counts too."""
    send_by = boottime() + runtime.settings.send_budget
    if runtime.owner.id != claim.owner:
        raise LostClaim
    claim.publishing = True
    step = Step(
        move=states.BEGIN_PUBLISHING,
        id=claim.id,
        fence=claim.fence,
        values={"next_attempt_at": None},
        attempt={"started_at": runtime.clock.now(), "digest": claim.content.digest},
    )
    if not await runtime.ledger.move(step):
        claim.publishing = False
        circuit = await circuits.open_one(claim.platform, claim.account_id, but_for=claim.id)
        raise LostClaim if circuit is None else Held(circuit)
    return send_by


async def _renew(
    runtime: Runtime, claim: Claim, version: int, error: CredentialsExpired
) -> Outcome:
    """A refused token is renewed once and the attempt repeated at once; refused again, the account
    must be connected anew."""
    if claim.kind == _REFRESHED:
        await accounts.mark_broken(runtime, claim.account_id, version, reason=error.sentence)
        raise accounts.NeedsReconnect(claim.username, code=error.code) from error
    await accounts.credentials(runtime, claim.account_id, not_version=version)
    return outcomes.snooze(runtime.clock.now(), error, kind=_REFRESHED)


async def _failed(
    runtime: Runtime, claim: Claim, error: PublishError, *, is_down: bool = False
) -> Outcome:
    now = runtime.clock.now()
    match error:
        case OutcomeUnknown():
            again = now + timedelta(seconds=runtime.settings.settle)
            return outcomes.failure(states.HOLD_UNCONFIRMED, error, next_attempt_at=again, looks=0)
        case RateLimited() if now - claim.due_at < LONGEST_SNOOZE:
            return outcomes.snooze(hearing.allowed_at(error, now), error)
        case accounts.NeedsReconnect():
            reason = circuits.broken_reason(claim.platform, claim.username)
            # After the reconnect a first refusal is renewed again.
            return outcomes.parked(claim, cause=error.cause.value, kind="", reason=reason)
        case Rejected():
            return outcomes.failure(
                states.FAIL, error, next_attempt_at=None, attempts=claim.attempts + 1
            )
    circuit = await circuits.open_one(claim.platform, claim.account_id) if is_down else None
    if circuit is not None:
        return outcomes.parked(claim, cause=circuit.cause, kind=claim.kind, reason=circuit.reason)
    used = claim.attempts + 1
    retry_at = next_attempt_at(now, used=used, delays=runtime.settings.retry_delays)
    if retry_at is None and is_down and not await _answers(runtime, claim):
        return await _stranded(claim)
    move = states.FAIL if retry_at is None else states.RETRY_LATER
    return outcomes.failure(move, error, next_attempt_at=retry_at, attempts=used)


async def _answers(runtime: Runtime, claim: Claim) -> bool:
    """Whether the platform answers something harmless: a post that it chokes on is the post's
    failure, silence to everything is the platform's."""
    http = Http(runtime.http, timeout=runtime.settings.request_timeout)
    publisher = accounts.publisher(runtime, claim.platform, http)
    try:
        credentials, _ = await accounts.credentials(runtime, claim.account_id)
        await publisher.audit(credentials)
    except PublishError as error:
        return not hearing.is_down(error, http)
    return True


async def _stranded(claim: Claim) -> Outcome:
    """It waits for its platform, with the attempts that the outage took, and its author hears."""
    said = {
        "cause": Cause.PLATFORM.value,
        "kind": claim.kind,
        "reason": circuits.down_reason(get(claim.platform).label),
    }
    kept = claim.attempts - await circuits.given_back(claim.platform, claim.id)
    return outcomes.parked(claim, move=states.STRAND, attempts=max(0, kept), **said)


async def _record(
    runtime: Runtime, claim: Claim, outcome: Outcome, times: dict[str, Any], heard: Heard
) -> datetime | None:
    """Writes the outcome, as often as it takes: what the platform did must not be forgotten
    because the database was away for a while."""
    attempt = {**times, **outcome.attempt}
    step = Step(
        move=outcome.move,
        id=claim.id,
        fence=claim.fence,
        values=outcome.values,
        attempt=attempt,
        data={key: str(value) for key, value in outcome.attempt.items() if value},
        actor="worker",
        successor=outcome.successor,
        heard=heard,
    )
    pause = 0.1
    while True:
        try:
            if await runtime.ledger.move(step):
                return outcome.retry_at
            # Either the claim was taken over, or an earlier try was committed without an answer.
            await deliveries.note_late_result(claim.id, claim.fence, attempt)
            return None
        except IntegrityError:
            # The platform answered with the id of a post that another delivery already has.
            step = outcomes.doubtful(runtime, step)
        except Exception as error:
            log.warning("outcome not stored yet", delivery=claim.id, error=repr(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
