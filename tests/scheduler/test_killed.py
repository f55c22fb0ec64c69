"""A worker process killed with SIGKILL around the irreversible request of each platform: in the end
there is one post, or its author was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.web import media
from bot.web.keys import RUNTIME
from scheduler import members, posts, reconcile, states
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.models import Delivery
from scheduler.rescuer import Rescuer
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.scheduler.engine import Engine, attempts_of, on_sqlite
from tests.scheduler.holder import holder, rescued
from tests.scheduler.platforms import FACEBOOK, INSTAGRAM, PINTEREST, PLATFORMS, File, Platform, X
from tests.world import StandIn, World, connect, picture, settings_for, until

pytestmark = [
    on_sqlite,
    # A connection that breaks while aiohttp opens a file leaves closing it to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SETTLE, GAP = 45, 15


def of(*platforms: Platform) -> pytest.MarkDecorator:
    """Runs a test once for each of these platforms."""
    return pytest.mark.parametrize("platform", platforms, ids=lambda platform: platform.name)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
async def stand_in(platform: Platform, tmp_path: Path) -> AsyncIterator[StandIn]:
    async with platform.run(tmp_path) as running:
        yield running


@pytest.fixture
def media_port(unused_tcp_port_factory: Callable[[], int]) -> int:
    return unused_tcp_port_factory()


@pytest.fixture
def settings(
    database_url: str,
    tmp_path: Path,
    x_port: int,
    platform: Platform,
    stand_in: StandIn,
    media_port: int,
) -> Settings:
    changes = {
        "POSTBOT_PUBLIC_URL": f"http://127.0.0.1:{media_port}",
        "POSTBOT_REQUEST_TIMEOUT": 10,
        "POSTBOT_SETTLE": SETTLE,
        "POSTBOT_LOOK_GAPS": f"{GAP}",
        **platform.settings(stand_in),
    }
    return settings_for(database_url, tmp_path, x_port, **changes)


@pytest.fixture
async def files(runtime: Runtime, media_port: int) -> AsyncIterator[None]:
    """The web server where platforms fetch the files of posts."""
    app = web.Application()
    app[RUNTIME] = runtime
    media.add_routes(app)
    async with TestServer(app, port=media_port):
        yield


@pytest.fixture
async def world(runtime: Runtime, stand_in: StandIn, platform: Platform, files: None) -> World:
    """Alice's workspace with one connected account of the platform."""
    workspace = await members.workspace(runtime, "T0SANDBOX", name="Acme")
    account = await connect(runtime, workspace, platform.person, platform=platform.name)
    return World(runtime, stand_in, workspace, account)


@dataclass(frozen=True)
class Worker:
    """A worker process with a short life: it takes a delivery, is killed, and what it held is taken
    back."""

    world: World
    engine: Engine
    settings: Settings

    async def die_during(self, call: str, mode: str, delivery: Delivery) -> Delivery:
        """Killed while the platform owes it the answer to this call."""
        await self.world.x.switch(mode=mode, mode_times=1, apply_to=call)

        async def is_owed() -> bool:
            return (await self.world.x.switches())["mode"] == "ok"

        return await self.die_at(is_owed, delivery)

    async def die_at(self, moment: Callable[[], Awaitable[bool]], delivery: Delivery) -> Delivery:
        with holder(self.settings, await self.engine.stage()) as process:
            await until(moment, what="the moment at which to kill")
            process.kill()
            process.wait()
        rescuer = Rescuer(self.world.runtime)
        await until(lambda: rescued(rescuer, delivery), what="the lock of the dead process is free")
        return await self.world.fresh(delivery)


@pytest.fixture
def worker(world: World, engine: Engine, settings: Settings) -> Worker:
    return Worker(world, engine, settings)


async def schedule(world: World, platform: Platform, file: File = picture) -> Delivery:
    return await world.schedule(
        words=Words(text="Spring sale"),
        media=(await file(world.runtime),),
        places={world.account.id: platform.place} if platform.place else {},
    )


async def pass_time(world: World, engine: Engine, clock: FrozenClock) -> None:
    """All the looks that a doubtful post gets, and all attempts that follow without a person."""
    for seconds in (SETTLE, GAP, 60, 10):
        clock.move_to(clock.instant + timedelta(seconds=seconds))
        await reconcile.tick(world.runtime)
        await engine.run()


async def assert_one_post(world: World, delivery: Delivery) -> None:
    fresh = await world.fresh(delivery)
    assert fresh.state is State.PUBLISHED, fresh.reason
    assert [post["id"] for post in world.x.accepted()] == [fresh.remote_id]


@of(*PLATFORMS)
@pytest.mark.parametrize("mode", ["timeout_before", "timeout_after"], ids=["lost", "carried_out"])
async def test_killed_while_preparing_a_post_goes_out_once(
    world: World, worker: Worker, engine: Engine, clock: FrozenClock, platform: Platform, mode: str
) -> None:
    delivery = await schedule(world, platform, platform.prepared)

    given_back = await worker.die_during(platform.preparing, mode, delivery)
    await pass_time(world, engine, clock)

    assert (given_back.state, given_back.attempts) == (State.SCHEDULED, 0)
    await assert_one_post(world, delivery)


@of(FACEBOOK, INSTAGRAM)
async def test_killed_before_its_request_was_accepted_a_post_goes_out_once_without_a_person(
    world: World, worker: Worker, engine: Engine, clock: FrozenClock, platform: Platform
) -> None:
    delivery = await schedule(world, platform)

    doubtful = await worker.die_during(platform.publishing, "timeout_before", delivery)
    accepted = world.x.accepted()
    await pass_time(world, engine, clock)

    assert (doubtful.state, accepted) == (State.UNCONFIRMED, [])
    assert "delivery.asked" not in await world.kinds(delivery)
    await assert_one_post(world, delivery)


@of(PINTEREST, X)
async def test_killed_before_its_request_was_accepted_a_post_waits_for_its_author(
    world: World, worker: Worker, engine: Engine, clock: FrozenClock, platform: Platform
) -> None:
    delivery = await schedule(world, platform)
    doubtful = await worker.die_during(platform.publishing, "timeout_before", delivery)
    await pass_time(world, engine, clock)
    asked, kinds = await world.fresh(delivery), await world.kinds(delivery)
    accepted = world.x.accepted()

    await posts.deny_live(world.runtime, world.ref(delivery), delivery.id)
    await pass_time(world, engine, clock)

    assert (doubtful.state, asked.state, accepted) == (State.UNCONFIRMED, State.UNCONFIRMED, [])
    assert kinds[-1] == "delivery.asked"
    await assert_one_post(world, delivery)


@of(*PLATFORMS)
async def test_killed_after_its_request_was_accepted_a_post_is_found_without_a_person(
    world: World, worker: Worker, engine: Engine, clock: FrozenClock, platform: Platform
) -> None:
    delivery = await schedule(world, platform)
    await world.x.switch(mode="timeout_after", mode_times=1, apply_to=platform.publishing)

    async def is_accepted() -> bool:
        return bool(world.x.accepted())

    doubtful = await worker.die_at(is_accepted, delivery)
    await pass_time(world, engine, clock)

    assert doubtful.state is State.UNCONFIRMED
    assert "delivery.asked" not in await world.kinds(delivery)
    await assert_one_post(world, delivery)


@of(*PLATFORMS)
async def test_killed_after_its_outcome_was_stored_a_post_stays_as_it_is(
    world: World, worker: Worker, engine: Engine, clock: FrozenClock, platform: Platform
) -> None:
    delivery = await schedule(world, platform)

    async def is_stored() -> bool:
        return (await world.fresh(delivery)).state is State.PUBLISHED

    stored = await worker.die_at(is_stored, delivery)
    await pass_time(world, engine, clock)

    assert [one.outcome for one in await attempts_of(delivery)] == [states.PUBLISH.name]
    assert (await world.fresh(delivery)).fence == stored.fence
    await assert_one_post(world, delivery)
