"""What an attempt ends with: its move, the columns that this takes, and what is noted of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from publishers import Cause, OutcomeUnknown, Published, PublishError, TemporaryFailure
from scheduler import contents, states
from scheduler.claims import Claim
from scheduler.deliveries import Step
from scheduler.runtime import Runtime
from scheduler.states import Move


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The move that ends an attempt, and when the next one is due, if there is one."""

    move: Move
    values: dict[str, Any]
    attempt: dict[str, Any]
    retry_at: datetime | None = None
    successor: dict[str, Any] | None = None


def published(runtime: Runtime, claim: Claim, live: Published) -> Outcome:
    """It is live; the part that follows it is stored with that."""
    found = {"remote_id": live.remote_id[:255], "permalink": live.permalink}
    now = runtime.clock.now()
    return Outcome(
        move=states.PUBLISH,
        values={**found, "published_at": now},
        attempt={"outcome": states.PUBLISH.name, **found},
        successor=contents.next_part(claim.id, claim.content, claim.platform, now),
    )


def parked(
    claim: Claim, *, move: Move = states.PARK, attempts: int | None = None, **said: str
) -> Outcome:
    """It waits for its platform or account, and `attempts` are used up; by default no more than
    before."""
    attempts = claim.attempts if attempts is None else attempts
    return Outcome(
        move=move,
        values={**said, "next_attempt_at": None, "attempts": attempts},
        attempt={**said, "outcome": move.name},
    )


def snooze(until: datetime, error: PublishError, *, kind: str | None = None) -> Outcome:
    """It waits until then, which uses no attempt up."""
    return failure(states.SNOOZE, error, kind=kind, next_attempt_at=until)


def failure(move: Move, error: PublishError, *, kind: str | None = None, **values: Any) -> Outcome:
    """A move with what went wrong, as its author reads it."""
    said = {
        "cause": error.cause.value,
        "kind": (error.kind if kind is None else kind)[:16],
        "reason": error.sentence,
    }
    retry_at = (
        values.get("next_attempt_at") if move in (states.RETRY_LATER, states.SNOOZE) else None
    )
    return Outcome(
        move=move,
        values={**said, **values},
        attempt={**said, "outcome": move.name, "code": error.code[:64]},
        retry_at=retry_at,
    )


def internal(claim: Claim, error: Exception) -> PublishError:
    """An error that no publisher explained: a fault of ours, said as such."""
    sentence = f"Postbot hit an internal error ({type(error).__name__})."
    if claim.publishing:
        return OutcomeUnknown(sentence, cause=Cause.PLATFORM, kind="internal")
    return TemporaryFailure(sentence, kind="internal")


def doubtful(runtime: Runtime, step: Step) -> Step:
    """In place of a step that says it is live under the id of another post."""
    again = runtime.clock.now() + timedelta(seconds=runtime.settings.settle)
    said = {
        "cause": Cause.PLATFORM.value,
        "kind": "internal",
        "reason": "The platform answered with the id of another post.",
    }
    return replace(
        step,
        move=states.HOLD_UNCONFIRMED,
        values={**said, "next_attempt_at": again, "looks": 0},
        attempt={**(step.attempt or {}), **said, "outcome": states.HOLD_UNCONFIRMED.name},
        successor=None,
    )
