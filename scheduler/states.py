"""Every state of a post and of a delivery with its sentence, and the table of allowed moves.

A move is the only way a delivery changes state. `scheduler.deliveries` turns each into one guarded
UPDATE; whatever is not in the table cannot happen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class PostState(StrEnum):
    """Where the text stands with the people who write it."""

    DRAFT = "draft"  # Somebody still writes.
    SUBMITTED = "submitted"  # Waits for approvals.
    RETURNED = "returned"  # An approver asked for changes.
    APPROVED = "approved"  # Approved, without a time.
    SCHEDULED = "scheduled"  # Has accounts and a time.
    CANCELLED = "cancelled"  # Called off by a person.


class State(StrEnum):
    """Where one post to one account stands."""

    HELD = "held"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    PREPARING = "preparing"
    PROCESSING = "processing"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    RETRYING = "retrying"
    PARKED = "parked"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"
    MISSED = "missed"
    CANCELLED = "cancelled"
    POSTED_MANUALLY = "posted_manually"


class Role(StrEnum):
    """What a delivery is of its post."""

    POST = "post"  # The post itself.
    THREAD = "thread"  # A further part of a thread.
    COMMENT = "comment"  # The first comment; its failure never fails the post.


SENTENCES: dict[State, str] = {
    State.HELD: "Waits for approvals; whatever its time, nothing goes out before.",
    State.SCHEDULED: "Waits for its time.",
    State.QUEUED: "Handed to a worker, a few seconds ahead of its time.",
    State.PREPARING: "A worker checks it and uploads its media; nothing is out yet.",
    State.PROCESSING: "The platform still works on the media; nothing is out yet.",
    State.PUBLISHING: "The request that cannot be taken back may be on its way.",
    State.PUBLISHED: "It is live.",
    State.RETRYING: "An attempt failed; the next one has its time.",
    State.PARKED: "Held while the platform or the account is down; goes out by itself.",
    State.UNCONFIRMED: "It may be live; we look, and ask where looking proves nothing.",
    State.FAILED: "It did not go out and nothing more happens by itself.",
    State.MISSED: "Its time passed while Postbot was away; the author decides.",
    State.CANCELLED: "Called off by a person.",
    State.POSTED_MANUALLY: "A person posted it by hand.",
}

TERMINAL = frozenset({State.PUBLISHED, State.CANCELLED, State.POSTED_MANUALLY})
# Waits for a person; nothing happens by itself any more.
NEEDS_PERSON = frozenset({State.FAILED, State.MISSED})
# A process owns the row.
OWNED = frozenset({State.PREPARING, State.PUBLISHING})
# Nothing irreversible has begun, so a person may still change or cancel it.
CHANGEABLE = frozenset(
    {
        State.HELD,
        State.SCHEDULED,
        State.QUEUED,
        State.PREPARING,
        State.PROCESSING,
        State.RETRYING,
        State.PARKED,
        State.FAILED,
        State.MISSED,
    }
)


@dataclass(frozen=True, kw_only=True)
class Move:
    """One allowed transition.

    `takes` are the columns whose new values the caller gives; `guard_fence` makes a claim that was
    taken over powerless; `guard_circuit` lets only the probe pass while the circuit of its platform
    or account is open; `bump_fence` makes all earlier claims powerless; `release` clears the owner;
    `notice` tells how far people must hear of it: not at all, on the card, or by a message too.
    """

    name: str
    sources: frozenset[State]
    target: State
    event: str
    takes: tuple[str, ...] = ()
    guard_fence: bool = True
    guard_circuit: bool = False
    bump_fence: bool = False
    release: bool = False
    notice: str | None = None


def _move(name: str, sources: Iterable[State], target: State, event: str, **more: object) -> Move:
    return Move(name=name, sources=frozenset(sources), target=target, event=event, **more)  # type: ignore[arg-type]


S = State
_FAILURE = ("next_attempt_at", "attempts", "cause", "kind", "reason")

#: dispatcher: due soon, a message carries it to a worker
STAGE = _move(
    "stage",
    (S.SCHEDULED, S.RETRYING, S.PROCESSING),
    S.QUEUED,
    "delivery.queued",
    takes=("next_attempt_at",),
    bump_fence=True,
    release=True,
)
#: dispatcher: later than the window allows, the author decides
MISS = _move(
    "miss",
    (S.SCHEDULED, S.QUEUED, S.PREPARING, S.PROCESSING, S.RETRYING, S.PARKED),
    S.MISSED,
    "delivery.missed",
    takes=("next_attempt_at", "reason"),
    guard_fence=False,
    bump_fence=True,
    release=True,
    notice="person",
)
#: dispatcher, worker or owner: the platform or the account is down and surely nothing was sent
PARK = _move(
    "park",
    (S.SCHEDULED, S.QUEUED, S.PREPARING, S.PROCESSING, S.PUBLISHING, S.RETRYING),
    S.PARKED,
    "delivery.parked",
    takes=_FAILURE,
    bump_fence=True,
    release=True,
    notice="card",
)
#: owner: its retries have run out, and it is the platform that does not answer; it waits as well
STRAND = _move(
    "strand",
    (S.PREPARING, S.PUBLISHING),
    S.PARKED,
    "delivery.stranded",
    takes=_FAILURE,
    bump_fence=True,
    release=True,
    notice="person",
)
#: dispatcher: it is back; a message carries the delivery to a worker when its turn comes
RELEASE = _move(
    "release",
    (S.PARKED,),
    S.QUEUED,
    "delivery.released",
    takes=("next_attempt_at",),
    bump_fence=True,
    release=True,
)
#: worker: takes the row; from here its fence is the only one that counts. From `parked` only the
#: one that tests whether the platform is back.
CLAIM = _move(
    "claim",
    (S.QUEUED, S.RETRYING, S.PROCESSING, S.PARKED),
    S.PREPARING,
    "delivery.preparing",
    takes=("owner", "next_attempt_at"),
    bump_fence=True,
)
#: owner or rescuer: nothing was sent, somebody else may begin again
GIVE_BACK = _move(
    "give_back",
    (S.QUEUED, S.PREPARING, S.PROCESSING),
    S.SCHEDULED,
    "delivery.given_back",
    takes=("next_attempt_at",),
    bump_fence=True,
    release=True,
)
#: owner: the platform works on the media
HOLD_PROCESSING = _move(
    "hold_processing",
    (S.PREPARING,),
    S.PROCESSING,
    "delivery.processing",
    takes=("next_attempt_at", "kind"),
    release=True,
    notice="card",
)
#: owner: committed before the request that cannot be taken back
BEGIN_PUBLISHING = _move(
    "begin_publishing",
    (S.PREPARING,),
    S.PUBLISHING,
    "delivery.publishing",
    takes=("next_attempt_at",),
    guard_circuit=True,
)
#: owner: the platform said yes
PUBLISH = _move(
    "publish",
    (S.PUBLISHING,),
    S.PUBLISHED,
    "delivery.published",
    takes=("remote_id", "permalink", "published_at"),
    release=True,
    notice="card",
)
#: owner: failed before or certainly without publishing; one attempt is used up
RETRY_LATER = _move(
    "retry_later",
    (S.PREPARING, S.PUBLISHING),
    S.RETRYING,
    "delivery.retrying",
    takes=_FAILURE,
    release=True,
    notice="card",
)
#: owner, or worker before it takes the row: must wait, no attempt is used up
SNOOZE = _move(
    "snooze",
    (S.QUEUED, S.PREPARING, S.PUBLISHING, S.RETRYING),
    S.RETRYING,
    "delivery.snoozed",
    takes=("next_attempt_at", "cause", "kind", "reason"),
    release=True,
    notice="card",
)
#: owner or reconciler: a definite no, or no attempts left
FAIL = _move(
    "fail",
    (S.PREPARING, S.PUBLISHING, S.RETRYING, S.UNCONFIRMED),
    S.FAILED,
    "delivery.failed",
    takes=_FAILURE,
    release=True,
    notice="person",
)
#: owner or rescuer: it may be out there; while it is prepared, because of an earlier attempt
HOLD_UNCONFIRMED = _move(
    "hold_unconfirmed",
    (S.PREPARING, S.PUBLISHING),
    S.UNCONFIRMED,
    "delivery.unconfirmed",
    takes=("next_attempt_at", "cause", "kind", "reason", "looks"),
    bump_fence=True,
    release=True,
    notice="card",
)
#: reconciler: looked, found nothing that proves anything, looks again later
LOOK_AGAIN = _move(
    "look_again",
    (S.UNCONFIRMED,),
    S.UNCONFIRMED,
    "delivery.looked_for",
    takes=("next_attempt_at", "looks", "reason"),
)
#: reconciler: only a person can tell
ASK = _move(
    "ask",
    (S.UNCONFIRMED,),
    S.UNCONFIRMED,
    "delivery.asked",
    takes=("next_attempt_at", "asked_at", "looks", "reason"),
    notice="person",
)
#: reconciler or person: it is live after all
CONFIRM = _move(
    "confirm",
    (S.UNCONFIRMED,),
    S.PUBLISHED,
    "delivery.confirmed",
    takes=("remote_id", "permalink", "published_at", "next_attempt_at"),
    bump_fence=True,
    notice="card",
)
#: reconciler with proof, or a person who looked: it is not out, publish it
DENY = _move(
    "deny",
    (S.UNCONFIRMED,),
    S.SCHEDULED,
    "delivery.denied",
    takes=("due_at", "next_attempt_at", "attempts", "priority"),
    bump_fence=True,
    notice="card",
)
#: person: leave an unconfirmed delivery as it is
SKIP = _move(
    "skip",
    (S.UNCONFIRMED,),
    S.CANCELLED,
    "delivery.skipped",
    takes=("next_attempt_at",),
    bump_fence=True,
    notice="card",
)
#: person who may not publish it alone: another time or another text, for which approvers are asked
HOLD = _move(
    "hold",
    CHANGEABLE,
    S.HELD,
    "delivery.held",
    takes=("due_at", "next_attempt_at", "attempts", "priority", "kind"),
    guard_fence=False,
    bump_fence=True,
    release=True,
    notice="card",
)
#: approvers: enough of them said yes
APPROVE = _move(
    "approve",
    (S.HELD,),
    S.SCHEDULED,
    "delivery.approved",
    takes=("due_at", "next_attempt_at", "attempts", "priority", "kind"),
    bump_fence=True,
    notice="card",
)
#: person: another time, another text, or now. What is held is released by approvers alone.
REARM = _move(
    "rearm",
    CHANGEABLE - {S.HELD},
    S.SCHEDULED,
    "delivery.rescheduled",
    takes=("due_at", "next_attempt_at", "attempts", "priority", "kind"),
    guard_fence=False,
    bump_fence=True,
    release=True,
    notice="card",
)
#: person: call it off
CANCEL = _move(
    "cancel",
    CHANGEABLE,
    S.CANCELLED,
    "delivery.cancelled",
    takes=("next_attempt_at",),
    guard_fence=False,
    bump_fence=True,
    release=True,
    notice="card",
)
#: person: posted it by hand
POST_MANUALLY = _move(
    "post_manually",
    CHANGEABLE,
    S.POSTED_MANUALLY,
    "delivery.posted_manually",
    takes=("permalink", "published_at", "next_attempt_at"),
    guard_fence=False,
    bump_fence=True,
    release=True,
    notice="card",
)

MOVES: tuple[Move, ...] = (
    STAGE,
    MISS,
    PARK,
    STRAND,
    RELEASE,
    CLAIM,
    GIVE_BACK,
    HOLD_PROCESSING,
    BEGIN_PUBLISHING,
    PUBLISH,
    RETRY_LATER,
    SNOOZE,
    FAIL,
    HOLD_UNCONFIRMED,
    LOOK_AGAIN,
    ASK,
    CONFIRM,
    DENY,
    SKIP,
    HOLD,
    APPROVE,
    REARM,
    CANCEL,
    POST_MANUALLY,
)


class Summary(StrEnum):
    """What people read of a whole post, computed from its deliveries and stored nowhere."""

    DRAFT = "draft"
    SUBMITTED = "waiting for approval"
    RETURNED = "changes requested"
    PENDING = "pending"
    PUBLISHED = "published"
    PARTLY_PUBLISHED = "partly published"
    FAILED = "failed"
    CANCELLED = "cancelled"


def summarize(post: PostState, deliveries: Iterable[State]) -> Summary:
    """One word for a post: pending while anything may still happen, then how it ended.

    >>> summarize(PostState.SCHEDULED, [State.PUBLISHED, State.FAILED]).value
    'partly published'
    """
    states = set(deliveries)
    live = states & {State.PUBLISHED, State.POSTED_MANUALLY}
    stopped = states & {State.FAILED, State.MISSED}
    if not states:
        return Summary.CANCELLED if post is PostState.CANCELLED else Summary.DRAFT
    if State.HELD in states:
        return Summary.RETURNED if post is PostState.RETURNED else Summary.SUBMITTED
    if states - TERMINAL - NEEDS_PERSON:
        return Summary.PENDING
    if live:
        return Summary.PARTLY_PUBLISHED if states - live else Summary.PUBLISHED
    return Summary.FAILED if stopped else Summary.CANCELLED
