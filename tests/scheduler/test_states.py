from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scheduler import states
from scheduler.deliveries import Step
from scheduler.models import Delivery
from scheduler.states import MOVES, Move, PostState, State, Summary, summarize
from tests.scheduler.engine import Desk, events_of

LATER = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
NEWS: dict[str, Any] = {
    "owner": 77,
    "next_attempt_at": LATER,
    "due_at": LATER,
    "asked_at": LATER,
    "published_at": LATER,
    "attempts": 2,
    "looks": 3,
    "priority": 9,
    "cause": "network",
    "kind": "interrupted",
    "reason": "It broke — “so” it did 🙂.",
    "permalink": "https://x.com/i/web/status/1",
}
PAIRS = [(move, state) for move in MOVES for state in State]


def news(move: Move, remote_id: str) -> dict[str, Any]:
    """A value for each column that the move takes."""
    return {name: ({**NEWS, "remote_id": remote_id})[name] for name in move.takes}


def columns(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in (*NEWS, "remote_id", "state", "fence")}


def moved(move: Move, before: Delivery) -> dict[str, Any]:
    """What the table promises of a delivery that makes this move."""
    owner = {"owner": None} if move.release else {}
    return {
        **columns(before),
        **owner,
        **news(move, f"r{before.id}"),
        "state": move.target,
        "fence": before.fence + move.bump_fence,
    }


async def one_for_each_pair(desk: Desk) -> dict[tuple[str, State], tuple[Move, Delivery]]:
    rows = await desk.put([state for _, state in PAIRS], fence=5, owner=42)
    return {(move.name, state): (move, row) for (move, state), row in zip(PAIRS, rows, strict=True)}


def steps(pairs: dict[tuple[str, State], tuple[Move, Delivery]], *, fence: int) -> list[Step]:
    return [
        Step(move=move, id=row.id, fence=fence, values=news(move, f"r{row.id}"))
        for move, row in pairs.values()
    ]


async def outcome(pairs: dict[tuple[str, State], tuple[Move, Delivery]]) -> dict[Any, Any]:
    fresh = {row.id: columns(row) for row in await Delivery.all()}
    return {pair: fresh[row.id] for pair, (_, row) in pairs.items()}


async def test_a_move_takes_a_delivery_from_where_it_begins_and_from_nowhere_else(
    desk: Desk,
) -> None:
    pairs = await one_for_each_pair(desk)
    allowed = {pair: one for pair, one in pairs.items() if pair[1] in one[0].sources}

    ids = await desk.runtime.ledger.move_all(steps(pairs, fence=5))

    assert ids == {row.id for _, row in allowed.values()}
    assert await outcome(pairs) == {
        pair: moved(move, row) if pair in allowed else columns(row)
        for pair, (move, row) in pairs.items()
    }
    assert sorted(await events_of(*(row for _, row in pairs.values()))) == sorted(
        (row.id, move.event, move.notice) for move, row in allowed.values()
    )


@pytest.mark.parametrize("fence", [4, 6], ids=["older", "newer"])
async def test_a_claim_with_another_fence_moves_nothing_that_the_fence_guards(
    desk: Desk, fence: int
) -> None:
    pairs = await one_for_each_pair(desk)
    unguarded = {
        pair: one
        for pair, one in pairs.items()
        if pair[1] in one[0].sources and not one[0].guard_fence
    }

    ids = await desk.runtime.ledger.move_all(steps(pairs, fence=fence))

    assert ids == {row.id for _, row in unguarded.values()}
    assert await outcome(pairs) == {
        pair: moved(move, row) if pair in unguarded else columns(row)
        for pair, (move, row) in pairs.items()
    }


async def test_a_delivery_that_does_not_exist_does_not_move(desk: Desk) -> None:
    step = Step(move=states.CANCEL, id=10**9, fence=0, values={"next_attempt_at": None})

    assert not await desk.runtime.ledger.move(step)


def test_every_state_has_a_sentence() -> None:
    assert set(states.SENTENCES) == set(State)
    assert all(sentence.endswith(".") for sentence in states.SENTENCES.values())


def test_only_unguarded_moves_are_those_of_people_and_of_missing() -> None:
    unguarded = {move.name for move in MOVES if not move.guard_fence}

    assert unguarded == {"miss", "hold", "rearm", "cancel", "post_manually"}


def test_a_person_can_change_nothing_that_may_be_out() -> None:
    assert not states.CHANGEABLE & {State.PUBLISHING, State.UNCONFIRMED, *states.TERMINAL}


def test_whatever_takes_a_row_from_its_holder_raises_the_fence() -> None:
    takes_away = {
        move.name for move in MOVES if move.sources & states.OWNED and not move.guard_fence
    }

    assert {move.name for move in MOVES if move.name in takes_away and not move.bump_fence} == set()


P, F, M, C, H, A = (
    State.PUBLISHED,
    State.FAILED,
    State.MISSED,
    State.CANCELLED,
    State.POSTED_MANUALLY,
    State.HELD,
)


@pytest.mark.parametrize(
    ("deliveries", "word"),
    [
        ([], Summary.DRAFT),
        ([P], Summary.PUBLISHED),
        ([H], Summary.PUBLISHED),
        ([P, H], Summary.PUBLISHED),
        ([P, F], Summary.PARTLY_PUBLISHED),
        ([P, M], Summary.PARTLY_PUBLISHED),
        ([P, C], Summary.PARTLY_PUBLISHED),
        ([F], Summary.FAILED),
        ([M], Summary.FAILED),
        ([F, C], Summary.FAILED),
        ([C], Summary.CANCELLED),
        ([C, C], Summary.CANCELLED),
        ([A], Summary.SUBMITTED),
        ([P, A], Summary.SUBMITTED),
        *(
            ([*others, state], Summary.PENDING)
            for others in ([], [P], [F], [C])
            for state in sorted(set(State) - states.TERMINAL - states.NEEDS_PERSON - {A})
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else value.value,
)
def test_a_post_is_summed_up_in_one_word(deliveries: list[State], word: Summary) -> None:
    assert summarize(PostState.SCHEDULED, deliveries) is word


def test_a_post_that_was_given_back_says_so() -> None:
    assert summarize(PostState.RETURNED, [State.HELD]) is Summary.RETURNED


def test_only_approvers_lead_from_held_to_where_a_worker_may_take_it() -> None:
    ways_out = {move.name: move.target for move in MOVES if State.HELD in move.sources}

    assert ways_out == {
        "hold": State.HELD,
        "approve": State.SCHEDULED,
        "cancel": State.CANCELLED,
        "post_manually": State.POSTED_MANUALLY,
    }


def test_a_cancelled_draft_is_cancelled() -> None:
    assert summarize(PostState.CANCELLED, []) is Summary.CANCELLED
