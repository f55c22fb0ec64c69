from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publishers import NotPublished, OutcomeUnknown, Ready
from publishers.x import X
from scheduler import accounts, deliveries, posts, reconcile, states
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.deliveries import Step
from scheduler.models import Attempt, Delivery, Event
from scheduler.states import State
from tests.scheduler.engine import Engine, on_sqlite
from tests.world import World, settings_for, until

SETTLE, GAPS = timedelta(seconds=45), (timedelta(seconds=15), timedelta(seconds=60))
AFTER_ALL = timedelta(minutes=10)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int) -> Settings:
    short = {
        "POSTBOT_REQUEST_TIMEOUT": 0.5,
        "POSTBOT_SETTLE": 45,
        "POSTBOT_LOOK_GAPS": "15,60",
    }
    return settings_for(database_url, tmp_path, x_port, **short)


async def leave_open(world: World, engine: Engine, mode: str, text: str = "Hello") -> Delivery:
    """A delivery of whose request the outcome is not known."""
    delivery = await world.schedule(text)
    await world.x.switch(mode=mode, mode_times=1)
    await engine.run()
    fresh = await world.fresh(delivery)
    assert fresh.state is State.UNCONFIRMED
    return fresh


async def look(world: World, clock: FrozenClock, after: timedelta) -> int:
    clock.move_to(clock.instant + after)
    return await reconcile.tick(world.runtime)


async def look_until_asked(world: World, clock: FrozenClock) -> None:
    for gap in (SETTLE, *GAPS):
        await look(world, clock, gap)


async def test_a_post_that_is_live_is_confirmed_by_one_look(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_after")
    too_early = await look(world, clock, SETTLE - timedelta(seconds=1))

    in_time = await look(world, clock, timedelta(seconds=1))

    (live,) = world.x.accepted()
    fresh = await world.fresh(delivery)
    assert (too_early, in_time) == (0, 1)
    assert (fresh.state, fresh.remote_id) == (State.PUBLISHED, live["id"])
    assert live["id"] in fresh.permalink
    assert (fresh.published_at, fresh.next_attempt_at) == (clock.instant, None)
    assert (await world.kinds(delivery))[-1] == "delivery.confirmed"


async def test_a_post_that_is_not_found_is_asked_about_when_the_looks_are_used_up(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_before")

    await look_until_asked(world, clock)
    later = await look(world, clock, AFTER_ALL)

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.looks, fresh.asked_at) == (
        State.UNCONFIRMED,
        3,
        clock.instant - AFTER_ALL,
    )
    assert later == 0
    assert (await world.kinds(delivery))[-3:] == [
        "delivery.looked_for",
        "delivery.looked_for",
        "delivery.asked",
    ]
    assert await Event.filter(delivery_id=delivery.id, notice="person").count() == 1
    assert world.x.accepted() == []


async def test_a_post_that_its_author_did_not_find_is_published_once(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_before")
    await look_until_asked(world, clock)

    await posts.deny_live(world.runtime, world.ref(delivery), delivery.id)
    with pytest.raises(posts.TooLate):
        await posts.deny_live(world.runtime, world.ref(delivery), delivery.id)
    await engine.run()
    await engine.run()

    assert len(world.x.accepted()) == 1
    assert (await world.fresh(delivery)).state is State.PUBLISHED


@on_sqlite
async def test_an_answer_is_final_even_while_we_still_look(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_after")

    await posts.skip_unconfirmed(world.runtime, world.ref(delivery), delivery.id)
    looked = await look(world, clock, AFTER_ALL)

    assert looked == 0
    assert (await world.fresh(delivery)).state is State.CANCELLED


async def test_two_posts_with_the_same_text_never_get_the_same_live_post(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await world.x.switch(duplicates=False)
    first = await leave_open(world, engine, "reset_after", "Twins")
    second = await leave_open(world, engine, "reset_before", "Twins")

    await look_until_asked(world, clock)

    found = [await world.fresh(first), await world.fresh(second)]
    assert sorted(row.state for row in found) == [State.PUBLISHED, State.UNCONFIRMED]
    assert [row.remote_id for row in found if row.remote_id] == [world.x.accepted()[0]["id"]]


@on_sqlite
async def test_two_posts_that_look_alike_are_asked_about(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await world.x.switch(duplicates=False)
    rows = [await leave_open(world, engine, "reset_after", "Twins") for _ in range(2)]

    await look_until_asked(world, clock)

    found = [await world.fresh(row) for row in rows]
    assert [row.state for row in found] == [State.UNCONFIRMED] * 2
    assert "2 posts" in found[0].reason


@on_sqlite
async def test_a_platform_that_cannot_be_asked_proves_nothing(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_after")
    await world.x.switch(mode="outage")
    await look(world, clock, SETTLE)
    during = await world.fresh(delivery)
    await world.x.switch(mode="ok")

    await look(world, clock, GAPS[1])

    assert (during.state, during.looks) == (State.UNCONFIRMED, 0)
    assert "could not look" in during.reason
    assert (await world.fresh(delivery)).state is State.PUBLISHED


@on_sqlite
async def test_an_author_is_asked_when_a_platform_cannot_be_asked_for_long(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_after")
    await world.x.switch(mode="outage")
    await look(world, clock, reconcile.LONGEST_BLIND)

    await look_until_asked(world, clock)

    assert (await world.fresh(delivery)).asked_at is not None


@on_sqlite
async def test_a_post_of_a_disconnected_account_is_asked_about(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_after")
    await accounts.disconnect(
        world.runtime, workspace_id=world.workspace.id, account_id=world.account.id
    )

    await look_until_asked(world, clock)

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.asked_at) == (State.UNCONFIRMED, clock.instant)


@on_sqlite
async def test_what_a_taken_over_attempt_learnt_decides_without_asking_the_platform(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_before")
    attempt = await Attempt.get(delivery_id=delivery.id)
    told = {"started_at": attempt.started_at, "outcome": "publish", "remote_id": "77"}
    await deliveries.note_late_result(delivery.id, attempt.fence, told)
    await world.x.switch(mode="outage")

    await look(world, clock, SETTLE)

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.remote_id) == (State.PUBLISHED, "77")


async def test_what_an_attempt_learnt_after_we_asked_answers_the_question(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_before")
    await look_until_asked(world, clock)
    attempt = await Attempt.get(delivery_id=delivery.id)
    told = {"started_at": attempt.started_at, "outcome": "publish", "remote_id": "77"}

    await deliveries.note_late_result(delivery.id, attempt.fence, told)
    await look(world, clock, AFTER_ALL)

    assert (await world.fresh(delivery)).state is State.PUBLISHED


async def test_an_attempt_that_lost_its_claim_while_sending_says_what_it_learnt(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule()
    await world.x.switch(delay_seconds=0.4)
    await engine.begin()
    held = await engine_publishing(delivery)
    values = {"cause": "", "kind": "", "reason": "", "looks": 0, "next_attempt_at": clock.instant}
    step = Step(move=states.HOLD_UNCONFIRMED, id=held.id, fence=held.fence, values=values)
    assert await world.runtime.ledger.move(step)
    await engine.finish()
    await world.x.switch(mode="outage")

    await reconcile.tick(world.runtime)

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.remote_id) == (State.PUBLISHED, world.x.accepted()[0]["id"])
    assert engine.retries == []


async def engine_publishing(delivery: Delivery) -> Delivery:
    return await until(lambda: Delivery.filter(id=delivery.id, state=State.PUBLISHING).first())


@on_sqlite
async def test_looks_of_two_processes_at_the_same_time_count_once(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_before")
    clock.move_to(clock.instant + SETTLE)
    row = await world.fresh(delivery)

    first = await reconcile._reserve(world.runtime, row)
    second = await reconcile._reserve(world.runtime, row)

    assert (first, second) == (True, False)


@on_sqlite
async def test_a_post_that_appears_late_in_the_list_is_found_by_a_later_look(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_after")
    await world.x.switch(listing_lag_seconds=3600)
    await look(world, clock, SETTLE)
    await world.x.switch(listing_lag_seconds=0)

    await look(world, clock, GAPS[0])

    fresh = await world.fresh(delivery)
    assert (fresh.state, len(world.x.accepted())) == (State.PUBLISHED, 1)


@on_sqlite
async def test_a_refused_duplicate_is_taken_as_a_sign_that_it_is_out(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    published = await world.schedule("Twins")
    await engine.run()
    second = await world.schedule("Twins")
    await engine.run()

    await look_until_asked(world, clock)

    fresh = await world.fresh(second)
    assert (await world.fresh(published)).state is State.PUBLISHED
    assert (fresh.state, fresh.remote_id) == (State.UNCONFIRMED, "")
    assert "another post of yours" in fresh.reason
    assert len(world.x.accepted()) == 1


@pytest.fixture
def absence_is_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """X as a platform that always knows what is not out."""

    async def never_out(*_: object) -> NotPublished:
        return NotPublished()

    monkeypatch.setattr(X, "reconcile", never_out)


@on_sqlite
@pytest.mark.usefixtures("absence_is_proof")
async def test_a_post_that_is_provably_not_out_is_published_again_when_its_next_attempt_is_due(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_before")

    await look(world, clock, SETTLE)
    await engine.run()
    too_early = world.x.accepted()
    clock.move_to(clock.instant + timedelta(seconds=15))
    await engine.run()

    fresh = await world.fresh(delivery)
    assert too_early == []
    assert len(world.x.accepted()) == 1
    assert (fresh.state, fresh.attempts) == (State.PUBLISHED, 1)


@on_sqlite
@pytest.mark.usefixtures("absence_is_proof")
async def test_a_post_that_provably_never_goes_out_fails_like_any_other(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await leave_open(world, engine, "reset_before")
    await world.x.switch(mode="reset_before", mode_times=0)

    for _ in world.runtime.settings.retry_delays:
        await look(world, clock, SETTLE)
        clock.move_to(clock.instant + timedelta(minutes=20))
        await engine.run()
    await look(world, clock, SETTLE)

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts, fresh.next_attempt_at) == (State.FAILED, 4, None)
    assert fresh.reason == "X did not publish this: Postbot looked, it is not there."
    assert await Event.filter(delivery_id=delivery.id, notice="person").count() == 1
    assert world.x.accepted() == []


@on_sqlite
async def test_a_post_that_turns_out_to_be_live_while_it_is_prepared_is_looked_for(
    world: World, engine: Engine, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_out(*_: object) -> Ready:
        raise OutcomeUnknown("X says that this is out already.", likely_live=True)

    delivery = await leave_open(world, engine, "reset_after")
    await posts.deny_live(world.runtime, world.ref(delivery), delivery.id)
    monkeypatch.setattr(X, "prepare", is_out)

    await engine.run()
    held = await world.fresh(delivery)
    await look(world, clock, SETTLE)

    assert (held.state, held.reason) == (State.UNCONFIRMED, "X says that this is out already.")
    assert (await world.fresh(delivery)).state is State.PUBLISHED
    assert len(world.x.accepted()) == 1
