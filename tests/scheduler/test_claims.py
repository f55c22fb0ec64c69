from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from scheduler import accounts, posts
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.dispatcher import Dispatcher
from scheduler.models import Account, Delivery
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.scheduler.engine import Desk, Engine, another_process, attempts_of, on_sqlite
from tests.world import World, until


async def tick(runtime: Runtime) -> list[int]:
    sent: list[int] = []
    await Dispatcher(runtime, send=sent.extend, lost_memory=lambda: False).tick()
    return sent


async def test_several_dispatchers_hand_each_delivery_over_once(
    desk: Desk, settings: Settings
) -> None:
    rows = await desk.put([State.SCHEDULED] * 200)
    async with another_process(settings) as second, another_process(settings) as third:
        handed = await asyncio.gather(
            tick(desk.runtime), second.run(tick), third.run(tick), second.run(tick)
        )

    counts = Counter(id_ for part in handed for id_ in part)
    assert counts == Counter({row.id: 1 for row in rows})


async def test_two_workers_with_the_same_messages_attempt_each_delivery_once(
    world: World, engine: Engine, settings: Settings
) -> None:
    await world.x.switch(limits=False)
    new = [world.new_post(f"Post {number}") for number in range(40)]
    for one in new:
        await posts.schedule(world.runtime, one)
    ids = await engine.stage()

    async def work(runtime: Runtime) -> None:
        other = Engine(runtime)
        await asyncio.gather(other.deliverer.execute(ids), other.deliverer.execute(ids[::-1]))
        await other.finish()

    async with another_process(settings) as second:
        await asyncio.gather(engine.deliverer.execute(ids), second.run(work))
        await engine.finish()

    texts = Counter(post["text"] for post in world.x.accepted())
    assert texts == Counter(one.words.text for one in new)
    assert {row.state for row in await Delivery.all()} == {State.PUBLISHED}
    assert {len(await attempts_of(row)) for row in await Delivery.all()} == {1}


async def test_late_and_doubled_messages_do_nothing(world: World, engine: Engine) -> None:
    delivery = await world.schedule()
    ids = await engine.stage()
    await engine.deliverer.execute(ids)
    await engine.finish()

    await engine.deliverer.execute([*ids, *ids, 10**9])
    await engine.deliverer.retry(delivery.id)
    await engine.deliverer.retry(10**9)
    await engine.deliverer.give_up(delivery.id)
    await engine.finish()

    assert (await world.fresh(delivery)).state is State.PUBLISHED
    assert len(world.x.accepted()) == 1


async def test_a_message_moves_no_delivery_that_was_not_handed_over(
    desk: Desk, engine: Engine
) -> None:
    others = set(State) - {State.QUEUED}
    rows = await desk.put(others)

    await engine.deliverer.execute([row.id for row in rows])

    assert engine.deliverer.in_flight == frozenset()
    assert {row.state for row in await Delivery.all()} == others


async def test_a_text_edited_at_the_last_moment_goes_out_as_edited_and_only_that(
    world: World, engine: Engine
) -> None:
    delivery = await world.schedule("Frist", seconds=1.2)
    await engine.begin()

    await posts.edit(world.runtime, world.ref(delivery), Words(text="First"))
    await engine.run()

    assert [post["text"] for post in world.x.accepted()] == ["First"]
    assert (await world.fresh(delivery)).state is State.PUBLISHED


@on_sqlite
async def test_a_post_called_off_at_the_last_moment_stays_in(world: World, engine: Engine) -> None:
    delivery = await world.schedule(seconds=1)
    await engine.begin()

    await posts.cancel(world.runtime, world.ref(delivery))
    await engine.finish()

    assert world.x.accepted() == []
    assert (await world.fresh(delivery)).state is State.CANCELLED


@on_sqlite
async def test_a_post_put_off_at_the_last_moment_stays_in_until_then(
    world: World, engine: Engine
) -> None:
    delivery = await world.schedule(seconds=1)
    await engine.begin()
    later = world.runtime.clock.now() + timedelta(hours=1)

    await posts.reschedule(world.runtime, world.ref(delivery), later, "UTC")
    await engine.run()

    fresh = await world.fresh(delivery)
    assert world.x.accepted() == []
    assert (fresh.state, fresh.due_at) == (State.SCHEDULED, later)


@on_sqlite
async def test_once_it_goes_out_it_can_neither_be_edited_nor_called_off(
    world: World, engine: Engine
) -> None:
    delivery = await world.schedule("Out")
    await world.x.switch(delay_seconds=0.4)
    await engine.begin()
    await until(lambda: Delivery.filter(state=State.PUBLISHING).exists())

    with pytest.raises(posts.TooLate, match="already be out"):
        await posts.cancel(world.runtime, world.ref(delivery))
    with pytest.raises(posts.TooLate):
        await posts.edit(world.runtime, world.ref(delivery), Words(text="Other"))
    await engine.finish()

    assert [post["text"] for post in world.x.accepted()] == ["Out"]
    assert (await posts.find(world.workspace.id, delivery.post_id)).post.text == "Out"


@on_sqlite
async def test_an_attempt_that_lost_its_claim_does_not_hide_the_one_that_has_it(
    world: World, engine: Engine
) -> None:
    delivery = await world.schedule("Frist", seconds=0.8)
    await world.x.switch(delay_seconds=0.6)
    await engine.begin()
    await posts.edit(world.runtime, world.ref(delivery), Words(text="First"))
    await engine.begin()
    await until(lambda: Delivery.filter(state=State.PUBLISHING).exists())
    await until(lambda: asyncio.sleep(0, len(engine.deliverer._held) == 1))

    await engine.deliverer.sweep()

    assert (await world.fresh(delivery)).state in (State.PUBLISHING, State.PUBLISHED)
    await engine.finish()
    assert (await world.fresh(delivery)).state is State.PUBLISHED


async def test_an_account_disconnected_while_its_post_waits_gets_nothing(
    world: World, engine: Engine
) -> None:
    delivery = await world.schedule(seconds=0.5)
    await engine.begin()

    await accounts.disconnect(
        world.runtime, workspace_id=world.workspace.id, account_id=world.account.id
    )
    await engine.run()

    fresh = await world.fresh(delivery)
    assert world.x.accepted() == []
    assert fresh.state is State.FAILED
    assert "was disconnected" in fresh.reason
    assert (await Account.get(id=world.account.id)).secrets == ""


@on_sqlite
async def test_an_account_disconnected_while_its_platform_is_away_gets_nothing_either(
    world: World, engine: Engine
) -> None:
    delivery = await world.schedule(seconds=0.7)
    await engine.begin()
    await world.x.switch(mode="fail_before", apply_to="token")

    await accounts.disconnect(
        world.runtime, workspace_id=world.workspace.id, account_id=world.account.id
    )
    await engine.run()

    assert world.x.accepted() == []
    assert (await world.fresh(delivery)).state is State.FAILED


@on_sqlite
async def test_a_stopping_worker_gives_back_what_waits_and_finishes_what_goes_out(
    world: World, engine: Engine
) -> None:
    waiting = await world.schedule("Waits", seconds=2.5)
    going = await world.schedule("Goes")
    await world.x.switch(delay_seconds=0.4)
    await engine.begin()
    await until(lambda: Delivery.filter(state=State.PUBLISHING).exists())

    await engine.deliverer.drain(5)

    assert (await world.fresh(waiting)).state is State.SCHEDULED
    assert (await world.fresh(going)).state is State.PUBLISHED
    await engine.begin()
    assert (await world.fresh(waiting)).state is State.QUEUED


@on_sqlite
async def test_retries_used_up_say_nothing_of_a_post_that_is_going_out(
    world: World, engine: Engine
) -> None:
    delivery = await world.schedule()
    await world.x.switch(delay_seconds=0.4)
    await Delivery.all().update(attempts=9)
    await engine.begin()
    await until(lambda: Delivery.filter(state=State.PUBLISHING).exists())

    await engine.deliverer.give_up(delivery.id)
    await engine.finish()

    assert (await world.fresh(delivery)).state is State.PUBLISHED


@on_sqlite
async def test_retries_used_up_fail_a_post_that_still_waits_for_one(
    desk: Desk, engine: Engine
) -> None:
    (row,) = await desk.put([State.RETRYING], attempts=9, reason="It broke.")

    await engine.deliverer.give_up(row.id)

    fresh = await Delivery.get(id=row.id)
    assert (fresh.state, fresh.reason) == (State.FAILED, "It broke.")
