"""A platform that is down is noticed, and what is due at it waits without using attempts up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler import accounts, breaker, circuits, posts, reconcile, states
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.database import transaction
from scheduler.deliveries import Step
from scheduler.models import Account, Circuit, Delivery, Event
from scheduler.states import State
from tests.scheduler.down import SECOND, come_back, look_after, park, platform, states_of, take_down
from tests.scheduler.engine import Desk, Engine, attempts_of, events_of, on_sqlite
from tests.world import World, accounts_like, connect, picture, settings_for, until

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int) -> Settings:
    return settings_for(database_url, tmp_path, x_port, POSTBOT_REQUEST_TIMEOUT=0.5)


@on_sqlite
@pytest.mark.parametrize("mode", ["outage", "fail_before", "reset_before", "timeout_before"])
@pytest.mark.parametrize("apply_to", ["create", "media", "token"])
async def test_five_failures_in_a_row_mean_that_a_platform_is_down(
    world: World, engine: Engine, clock: FrozenClock, mode: str, apply_to: str
) -> None:
    file = await picture(world.runtime)
    await world.x.switch(mode=mode, apply_to=apply_to)
    expired = {"expires_at": clock.instant - HOUR} if apply_to == "token" else {}
    await Account.all().update(token_version=1, **expired)

    for number in range(5):
        before = await Circuit.get_or_none(key="platform:x", state=circuits.OPEN)
        await world.schedule(f"Post {number}", media=(file,))
        await engine.run()

    assert before is None
    assert (await platform()).state == circuits.OPEN


@on_sqlite
async def test_a_platform_that_refuses_connections_is_down(world: World, engine: Engine) -> None:
    await world.x.server.close()
    for number in range(5):
        await world.schedule(f"Post {number}")

    await engine.run()

    assert (await platform()).state == circuits.OPEN


@on_sqlite
@pytest.mark.parametrize(
    "mode",
    ["not_permitted", "rate_limit", "unauthorized", "duplicate", "credits", "garbage", "truncated"],
)
async def test_an_unwelcome_answer_is_an_answer(world: World, engine: Engine, mode: str) -> None:
    await world.x.switch(mode=mode)

    for number in range(8):
        await world.schedule(f"Post {number}")
        await engine.run()

    assert not await Circuit.filter(key="platform:x", state=circuits.OPEN).exists()


async def test_an_answer_in_between_begins_the_count_anew(world: World, engine: Engine) -> None:
    for mode, number in [("fail_before", 4), ("not_permitted", 1), ("fail_before", 4)]:
        await world.x.switch(mode=mode)
        for index in range(number):
            await world.schedule(f"{mode} {index} {number}")
            await engine.run()

    circuit = await platform()
    assert (circuit.state, sum(circuit.failures.values())) == (circuits.CLOSED, 4)


@on_sqlite
async def test_a_post_that_the_platform_chokes_on_does_not_stop_the_others(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule(media=(await picture(world.runtime),))
    await world.x.switch(mode="fail_before", apply_to="media")

    for _ in range(4):
        await engine.run()
        clock.move_to(clock.instant + HOUR / 3)
        await engine.deliverer.retry(delivery.id)
        await engine.finish()

    assert (await world.fresh(delivery)).state is State.FAILED
    assert (await platform()).state == circuits.CLOSED


async def use_up_attempts(engine: Engine, clock: FrozenClock, delivery: Delivery) -> None:
    await engine.run()
    for _ in range(3):
        clock.move_to(clock.instant + HOUR / 3)
        await engine.deliverer.retry(delivery.id)
        await engine.finish()


async def test_a_lone_post_whose_attempts_are_used_up_waits_for_a_silent_platform(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule()
    await world.x.server.close()

    await use_up_attempts(engine, clock, delivery)

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts, fresh.next_attempt_at) == (State.PARKED, 0, None)
    assert fresh.reason == "Waits because X is down. It goes out by itself when X is back."
    assert (await platform()).state == circuits.OPEN
    assert (await events_of(delivery))[-1] == (delivery.id, "delivery.stranded", "person")
    assert [attempt.outcome for attempt in await attempts_of(delivery)] == [
        *["retry_later"] * 3,
        "strand",
    ]


@on_sqlite
async def test_a_lone_post_goes_out_when_the_platform_is_back(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule(media=(await picture(world.runtime),))
    await world.x.switch(mode="outage")
    await use_up_attempts(engine, clock, delivery)
    while_down = (await world.fresh(delivery)).state

    await come_back(world, engine, clock)

    assert (while_down, (await world.fresh(delivery)).state) == (State.PARKED, State.PUBLISHED)
    assert len(world.x.accepted()) == 1


async def test_a_retry_of_what_waits_tests_the_platform_at_once(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    (waiting,) = await park(world, engine, 1)
    await world.x.switch(mode="ok")

    await posts.publish_now(world.runtime, world.ref(waiting), [waiting.id])
    await engine.stage()
    parked = (await world.fresh(waiting)).state
    await engine.deliverer.probe()
    await engine.finish()

    assert parked is State.PARKED
    assert (await platform()).state == circuits.RAMPING
    assert (await world.fresh(waiting)).state is State.PUBLISHED


async def test_what_becomes_due_while_a_platform_is_down_waits_and_is_not_attempted(
    world: World, engine: Engine
) -> None:
    await take_down(world, engine)
    delivery = await world.schedule("Waits")

    sent = await engine.stage()

    fresh = await world.fresh(delivery)
    assert sent == []
    assert (fresh.state, fresh.attempts, fresh.next_attempt_at) == (State.PARKED, 0, None)
    assert fresh.reason == "Waits because X is down. It goes out by itself when X is back."
    assert fresh.cause == "platform"
    assert await attempts_of(delivery) == []
    assert await events_of(delivery) == [(delivery.id, "delivery.parked", "card")]


async def test_what_failed_because_of_the_outage_gets_its_attempts_back(
    world: World, engine: Engine
) -> None:
    file = await picture(world.runtime)
    await world.x.switch(mode="outage")
    rows = [await world.schedule(f"Post {number}", media=(file,)) for number in range(5)]
    await engine.run()
    used = {(await world.fresh(row)).attempts for row in rows}

    await engine.stage()
    await world.schedule("Wakes the tick")
    await engine.stage()

    fresh = [await world.fresh(row) for row in rows]
    assert used == {1}
    assert {(row.state, row.attempts) for row in fresh} == {(State.PARKED, 0)}


@pytest.mark.parametrize("state", [State.QUEUED, State.RETRYING])
async def test_a_message_that_comes_while_a_platform_is_down_parks_what_it_is_about(
    world: World, engine: Engine, state: State
) -> None:
    await take_down(world, engine)
    delivery = await world.schedule("Was handed over before")
    await Delivery.filter(id=delivery.id).update(state=state, attempts=1)

    await engine.deliverer.execute([delivery.id])
    await engine.deliverer.retry(delivery.id)

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts, fresh.owner) == (State.PARKED, 1, None)
    assert world.x.accepted() == []


async def test_what_waits_for_its_instant_when_a_platform_goes_down_is_not_sent(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule("In two seconds", seconds=2)
    await engine.begin()
    await until(lambda: Delivery.filter(state=State.PREPARING).exists())
    other = Engine(world.runtime)
    await take_down(world, other)

    clock.move_to(clock.instant + 2 * SECOND)
    await engine.finish()

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts, fresh.owner) == (State.PARKED, 0, None)
    (attempt,) = await attempts_of(delivery)
    assert (attempt.outcome, attempt.left_at) == ("park", None)


async def test_nothing_begins_to_publish_while_its_circuit_is_open_but_the_probe(
    desk: Desk,
) -> None:
    waits, probe = await desk.put([State.PREPARING] * 2)
    now = desk.runtime.clock.now()
    await Circuit.create(key="platform:x", state=circuits.OPEN, since=now, probe_id=probe.id)
    steps = [
        Step(
            move=states.BEGIN_PUBLISHING,
            id=row.id,
            fence=row.fence,
            values={"next_attempt_at": None},
            attempt={"started_at": now},
        )
        for row in (waits, probe)
    ]

    moved = await desk.runtime.ledger.move_all(steps)

    assert moved == {probe.id}


async def test_an_outage_is_no_downtime_of_ours(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    (delivery,) = await park(world, engine, 1)

    clock.move_to(clock.instant + 10 * HOUR)
    await engine.stage()
    await look_after(world.runtime)

    assert (await world.fresh(delivery)).state is State.PARKED


@pytest.mark.parametrize("cause", ["platform", "authentication"])
async def test_after_a_day_its_author_decides(
    world: World, engine: Engine, clock: FrozenClock, cause: str
) -> None:
    await take_down(world, engine)
    (delivery,) = await park(world, engine, 1)
    await Delivery.filter(id=delivery.id).update(cause=cause)

    clock.move_to(clock.instant + 24 * HOUR + SECOND)
    await look_after(world.runtime)

    fresh = await world.fresh(delivery)
    assert fresh.state is State.MISSED
    assert "too late to post it unasked" in fresh.reason
    assert (await events_of(delivery))[-1] == (delivery.id, "delivery.missed", "person")


async def test_what_waited_too_long_does_not_go_out_before_its_author_is_asked(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    (late, fresh) = await park(world, engine, 2)
    await Delivery.filter(id=late.id).update(due_at=clock.instant - 24 * HOUR)

    await come_back(world, engine, clock)
    await engine.run()

    assert [post["text"] for post in world.x.accepted()] == ["Waits 1"]
    assert await states_of(late, fresh) == [State.PARKED, State.PUBLISHED]


async def test_people_may_do_with_a_waiting_post_what_they_may_with_any(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    called_off, moved, changed, hurried, by_hand = await park(world, engine, 5)
    runtime = world.runtime

    await posts.cancel(runtime, world.ref(called_off))
    await posts.reschedule(runtime, world.ref(moved), clock.instant + HOUR, "UTC")
    await posts.edit(runtime, world.ref(changed), Words(text="Better"))
    await posts.publish_now(runtime, world.ref(hurried))
    await posts.mark_posted(runtime, world.ref(by_hand), by_hand.id, "https://x.com/i/status/1")
    await engine.stage()

    assert await states_of(called_off, moved, changed, hurried, by_hand) == [
        State.CANCELLED,
        State.SCHEDULED,
        State.PARKED,
        State.PARKED,
        State.POSTED_MANUALLY,
    ]


async def test_what_is_parked_for_no_reason_that_still_stands_goes_out(
    world: World, engine: Engine
) -> None:
    delivery = await world.schedule()
    await Delivery.filter(id=delivery.id).update(state=State.PARKED, next_attempt_at=None)

    await look_after(world.runtime)
    await engine.run()

    assert (await world.fresh(delivery)).state is State.PUBLISHED


async def test_while_the_queue_is_away_an_outage_is_kept_to_as_well(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    delivery = await world.schedule("Waits")

    await engine.deliverer.execute_without_queue()
    while_down = (await world.fresh(delivery)).state
    second = await world.schedule("Probes")
    await Delivery.filter(id=second.id).update(due_at=clock.instant - HOUR)
    await engine.deliverer.execute_without_queue()
    await come_back(world, engine, clock)
    await engine.deliverer.execute_without_queue()
    await engine.finish()

    assert while_down is State.PARKED
    assert await states_of(second, delivery) == [State.PUBLISHED] * 2
    assert len(world.x.accepted()) == 2


async def test_an_unconfirmed_post_is_not_asked_about_while_the_platform_is_down(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    rows = await take_down(world, engine)

    for _ in range(12):
        clock.move_to(clock.instant + timedelta(minutes=6))
        await reconcile.tick(world.runtime)

    fresh = [await world.fresh(row) for row in rows]
    assert {(row.state, row.asked_at, row.looks) for row in fresh} == {(State.UNCONFIRMED, None, 0)}


async def test_of_two_who_change_a_circuit_at_once_one_is_too_late(desk: Desk) -> None:
    now = desk.runtime.clock.now()
    await Circuit.create(key="platform:x", since=now)
    first, second = await Circuit.get(key="platform:x"), await Circuit.get(key="platform:x")

    won = await circuits.guarded(first, circuits.ramping("", now))
    lost = await circuits.guarded(second, {"failures": {"1": 1}})

    assert (won, lost) == (True, False)
    assert (await platform()).state == circuits.RAMPING


class TestADeadToken:
    async def broken(self, world: World) -> None:
        async with transaction() as connection:
            await Account.filter(id=world.account.id).using_db(connection).update(health="broken")
            await breaker.open_account(connection, world.account.id, world.runtime.clock.now())

    async def test_holds_what_is_due_at_its_account(self, world: World, engine: Engine) -> None:
        await self.broken(world)
        delivery = await world.schedule()

        await engine.run()

        fresh = await world.fresh(delivery)
        assert (fresh.state, fresh.attempts) == (State.PARKED, 0)
        assert "@acme" in fresh.reason
        assert "/schedule-post accounts" in fresh.reason
        assert await events_of(delivery) == [(delivery.id, "delivery.parked", "card")]

    async def test_that_nobody_noted_is_noted_by_the_first_to_find_it(
        self, world: World, engine: Engine
    ) -> None:
        await Account.all().update(health="broken")
        first = await world.schedule("First")
        await engine.run()
        second = await world.schedule("Second")

        sent = await engine.stage()

        assert sent == []
        assert await states_of(first, second) == [State.PARKED] * 2

    async def test_leaves_other_accounts_alone(self, world: World, engine: Engine) -> None:
        await self.broken(world)
        other = await another_account(world)
        delivery = await world.schedule(account_ids=(other.id,))

        await engine.run()

        assert (await world.fresh(delivery)).state is State.PUBLISHED

    async def test_that_was_replaced_lets_go_what_waited(
        self, world: World, engine: Engine, clock: FrozenClock
    ) -> None:
        await self.broken(world)
        rows = [await world.schedule(f"Waits {number}") for number in range(3)]
        await engine.run()

        await connect(world.runtime, world.workspace)
        for _ in range(4):
            await engine.run()
            clock.move_to(clock.instant + SECOND)

        assert await states_of(*rows) == [State.PUBLISHED] * 3
        assert {row.attempts for row in await Delivery.all()} == {0}

    async def test_does_not_hold_posts_for_ever_when_nobody_said_that_it_works_again(
        self, world: World, engine: Engine
    ) -> None:
        await self.broken(world)
        delivery = await world.schedule()
        await engine.run()

        await Account.all().update(health="connected")
        await look_after(world.runtime)
        await engine.run()

        assert (await world.fresh(delivery)).state is State.PUBLISHED

    async def test_that_was_replaced_meanwhile_holds_nothing(
        self, world: World, engine: Engine
    ) -> None:
        account = await Account.get(id=world.account.id)
        await Account.all().update(token_version=account.token_version + 1)

        await accounts.mark_broken(
            world.runtime, account.id, account.token_version, reason="Refused."
        )

        assert (await Account.get(id=account.id)).health == accounts.CONNECTED
        assert await circuits.standing() == []

    async def test_of_an_account_that_is_then_disconnected_fails_its_posts_with_a_sentence(
        self, world: World, engine: Engine
    ) -> None:
        await self.broken(world)
        delivery = await world.schedule()
        await engine.run()

        await accounts.disconnect(
            world.runtime, workspace_id=world.workspace.id, account_id=world.account.id
        )
        await look_after(world.runtime)
        await engine.run()

        fresh = await world.fresh(delivery)
        assert fresh.state is State.FAILED
        assert fresh.reason.startswith("@acme was disconnected.")

    async def test_does_not_keep_its_platform_from_being_tested(
        self, world: World, engine: Engine, clock: FrozenClock
    ) -> None:
        await take_down(world, engine)
        held = await world.schedule("Held for both")
        other = await another_account(world)
        delivery = await world.schedule("Waits for X", account_ids=(other.id,))
        await engine.stage()
        await self.broken(world)

        await come_back(world, engine, clock)
        await engine.run()
        await look_after(world.runtime)

        assert await states_of(held, delivery) == [State.PARKED, State.PUBLISHED]


async def another_account(world: World) -> Account:
    """A second account with tokens that work."""
    (account,) = await accounts_like(world.runtime, world.account, 1)
    account.health = "connected"
    await account.save(update_fields=["health"])
    return account


async def test_every_change_of_a_circuit_raises_its_version(world: World, engine: Engine) -> None:
    await take_down(world, engine)
    before = (await platform()).version
    await park(world, engine, 1)

    await breaker.begin_probe(world.runtime, await platform())

    assert (await platform()).version == before + 1


async def test_events_of_an_outage_are_in_the_history_of_the_post(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await take_down(world, engine)
    _, delivery = await park(world, engine, 2)

    await come_back(world, engine, clock)
    await engine.run()

    kinds = (
        await Event.filter(delivery_id=delivery.id).order_by("id").values_list("kind", flat=True)
    )
    assert kinds == [
        "delivery.parked",
        "delivery.released",
        "delivery.preparing",
        "delivery.publishing",
        "delivery.published",
    ]
