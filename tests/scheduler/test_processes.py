from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis

from scheduler import circuits, processes
from scheduler.actors import EXECUTION_QUEUE, RETRY_QUEUE
from scheduler.broker import Loop
from scheduler.broker import redis_client as connect_redis
from scheduler.config import Settings
from scheduler.models import Circuit, Delivery
from scheduler.processes import LoopHands, Queue, open_queue
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.scheduler.engine import attempts_of, on_sqlite
from tests.world import World, picture, settings_for, until


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int) -> Settings:
    short = {"POSTBOT_RETRY_DELAYS": "0.2,0.4,0.6"}
    return settings_for(database_url, tmp_path, x_port, **short)


@contextlib.asynccontextmanager
async def running(runtime: Runtime, client: redis.Redis) -> AsyncIterator[Queue]:
    """A worker and a dispatcher in this process; at the end both stop as by SIGTERM."""
    stop, hands = asyncio.Event(), LoopHands(Loop())
    queue = open_queue(runtime, client, hands)
    async with asyncio.TaskGroup() as group:
        group.create_task(processes.run_dispatcher(runtime, queue, stop))
        group.create_task(processes.run_worker(runtime, queue, hands, stop))
        try:
            yield queue
        finally:
            stop.set()


async def published(number: int) -> None:
    async def all_live() -> bool:
        return await Delivery.filter(state=State.PUBLISHED).count() == number

    await until(all_live, seconds=30, what="published")


async def test_a_post_goes_out_on_time_through_the_queue(
    world: World, redis_client: redis.Redis
) -> None:
    async with running(world.runtime, redis_client):
        delivery = await world.schedule("Good morning", seconds=0.7)
        await published(1)

    (live,) = world.x.accepted()
    assert live["text"] == "Good morning"
    assert live["received_at"] >= (await world.fresh(delivery)).due_at.timestamp()
    assert [one.outcome for one in await attempts_of(delivery)] == ["publish"]


async def test_a_platform_that_goes_down_and_comes_back_gets_every_post_once(
    world: World, redis_client: redis.Redis
) -> None:
    await world.x.switch(mode="outage")
    async with running(world.runtime, redis_client):
        for number in range(5):
            await world.schedule(f"Finds out {number}")
        await until(lambda: Circuit.filter(state=circuits.OPEN).exists())
        waiting = [await world.schedule(f"Waits {number}") for number in range(4)]
        await until(lambda: all_parked(len(waiting)))
        await world.x.switch(mode="ok")
        await Circuit.all().update(probe_at=world.runtime.clock.now())
        await published(len(waiting))

    texts = sorted(post["text"] for post in world.x.accepted())
    assert texts == [f"Waits {number}" for number in range(4)]
    assert {(await world.fresh(row)).attempts for row in waiting} == {0}


async def all_parked(number: int) -> bool:
    return await Delivery.filter(state=State.PARKED).count() == number


@on_sqlite
async def test_attempts_follow_each_other_after_the_set_delays_and_then_it_failed(
    world: World, redis_client: redis.Redis
) -> None:
    await world.x.switch(mode="fail_before", apply_to="media")
    async with running(world.runtime, redis_client):
        delivery = await world.schedule(media=(await picture(world.runtime),))
        await until(lambda: Delivery.filter(state=State.FAILED).exists())

    fresh = await world.fresh(delivery)
    tries = await attempts_of(delivery)
    gaps = [
        (after.started_at - before.ended_at).total_seconds()
        for before, after in itertools.pairwise(tries)
    ]
    assert fresh.attempts == 4
    assert [one.outcome for one in tries] == ["retry_later"] * 3 + ["fail"]
    assert [gap >= wait for gap, wait in zip(gaps, (0.2, 0.4, 0.6), strict=True)] == [True] * 3
    kinds = await world.kinds(delivery)
    assert kinds.count("delivery.preparing") == 4
    assert "delivery.queued" not in kinds[kinds.index("delivery.preparing") :]


@on_sqlite
async def test_a_message_whose_retries_are_used_up_lies_with_the_dead_of_its_queue(
    world: World, redis_client: redis.Redis
) -> None:
    delivery = await world.schedule()
    far = world.runtime.clock.now().replace(year=2090)
    async with running(world.runtime, redis_client) as queue:
        await Delivery.filter(id=delivery.id).update(
            state=State.RETRYING, attempts=9, next_attempt_at=far, reason="It broke."
        )
        queue.actors.send_retry(delivery.id, 3, world.runtime.settings.late_by)
        await until(lambda: Delivery.filter(state=State.FAILED).exists())
        await until(lambda: asyncio.sleep(0, redis_client.zcard(f"dramatiq:{RETRY_QUEUE}.XQ")))

    assert (await world.fresh(delivery)).reason == "It broke."


async def test_a_queue_that_is_emptied_loses_and_doubles_nothing(
    world: World, redis_client: redis.Redis
) -> None:
    await world.x.switch(limits=False)
    for number in range(30):
        await world.schedule(f"Post {number}", seconds=0.4 + 0.03 * number)

    async with running(world.runtime, redis_client):
        for _ in range(8):
            redis_client.flushdb()
            await asyncio.sleep(0.15)
        await published(30)

    texts = sorted(post["text"] for post in world.x.accepted())
    assert texts == sorted(f"Post {number}" for number in range(30))


@on_sqlite
async def test_the_queue_carries_ids_and_nothing_else(
    world: World, redis_client: redis.Redis
) -> None:
    queue = open_queue(world.runtime, redis_client)

    queue.actors.send([1, 2, 3])

    (message,) = redis_client.hvals(f"dramatiq:{EXECUTION_QUEUE}.msgs")
    assert b'"args":[[1,2,3]],"kwargs":{}' in message


@on_sqlite
async def test_a_process_that_only_sends_works_on_nothing(
    world: World, redis_client: redis.Redis
) -> None:
    queue = open_queue(world.runtime, redis_client)

    with pytest.raises(RuntimeError, match="does not work on them"):
        queue.broker.get_actor("execute").fn([1])


async def test_a_stop_gives_back_what_waits_and_finishes_what_goes_out(
    world: World, redis_client: redis.Redis
) -> None:
    waiting = await world.schedule("Waits", seconds=2.9)
    going = await world.schedule("Goes")
    await world.x.switch(delay_seconds=0.7)

    async with running(world.runtime, redis_client):
        await until(lambda: Delivery.filter(id=going.id, state=State.PUBLISHING).exists())
        await until(lambda: Delivery.filter(id=waiting.id, state=State.PREPARING).exists())

    assert (await world.fresh(going)).state is State.PUBLISHED
    assert (await world.fresh(waiting)).state is State.SCHEDULED
    assert (await world.fresh(waiting)).owner is None


@on_sqlite
async def test_posts_go_out_while_the_queue_is_away(world: World) -> None:
    nowhere = connect_redis("redis://127.0.0.1:1")

    async with running(world.runtime, nowhere):
        await world.schedule("All the same")
        await published(1)

    assert [post["text"] for post in world.x.accepted()] == ["All the same"]


@on_sqlite
async def test_an_open_question_is_looked_into_by_itself(
    world: World, redis_client: redis.Redis
) -> None:
    await world.x.switch(mode="reset_after", mode_times=1)

    async with running(world.runtime, redis_client):
        delivery = await world.schedule()
        await published(1)

    assert "delivery.confirmed" in await world.kinds(delivery)
    assert len(world.x.accepted()) == 1
