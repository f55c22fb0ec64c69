"""Pins through the whole schedule, against Pinterest's stand-in: in the end there is one, or its
author was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler import members, posts, reconcile
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.media import StoredMedia
from scheduler.models import Delivery
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.scheduler.engine import Engine, on_sqlite
from tests.scheduler.platforms import PINTEREST, WALLS, film
from tests.world import StandIn, World, connect, picture, settings_for

pytestmark = on_sqlite

# A section of the board.
CORAL = "5196000001"
LOOKS = [timedelta(seconds=seconds) for seconds in (45, 15, 60)]
WORDS = Words(text="Spring sale", title="Doors", link="https://acme.example/doors")


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int, pinterest: StandIn) -> Settings:
    return settings_for(
        database_url,
        tmp_path,
        x_port,
        POSTBOT_REQUEST_TIMEOUT=0.5,
        POSTBOT_SETTLE=45,
        POSTBOT_LOOK_GAPS="15,60",
        **PINTEREST.settings(pinterest),
    )


@pytest.fixture
async def pinterest(tmp_path: Path) -> AsyncIterator[StandIn]:
    async with PINTEREST.run(tmp_path) as stand_in:
        yield stand_in


@pytest.fixture
async def world(runtime: Runtime, pinterest: StandIn) -> World:
    """Alice's workspace with one connected Pinterest account."""
    workspace = await members.workspace(runtime, "T0SANDBOX", name="Acme")
    account = await connect(runtime, workspace, platform="pinterest")
    return World(runtime, pinterest, workspace, account)


async def schedule(world: World, *media: StoredMedia, **changes: Any) -> Delivery:
    values = {"words": WORDS, "media": media, "places": {world.account.id: WALLS}, **changes}
    return await world.schedule(**values)


async def run(world: World, engine: Engine, clock: FrozenClock) -> None:
    """Attempts what is due, and again when the platform has worked on a video."""
    await engine.run()
    clock.move_to(clock.instant + timedelta(seconds=10))
    await engine.run()


async def look(world: World, clock: FrozenClock) -> None:
    """All the looks that a doubtful pin gets."""
    for gap in LOOKS:
        clock.move_to(clock.instant + gap)
        await reconcile.tick(world.runtime)


async def test_a_pin_goes_out_to_a_section_of_its_board(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    image = await picture(world.runtime)
    delivery = await schedule(world, image, places={world.account.id: f"{WALLS}/{CORAL}"})

    await engine.run()

    (pin,) = world.x.accepted()
    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.remote_id) == (State.PUBLISHED, pin["id"])
    assert fresh.permalink == f"https://www.pinterest.com/pin/{pin['id']}/"
    assert [pin[name] for name in ("title", "description", "link")] == [
        WORDS.title,
        WORDS.text,
        WORDS.link,
    ]
    assert (pin["board_id"], pin["board_section_id"]) == (WALLS, CORAL)


async def test_a_pin_without_a_board_is_not_scheduled(world: World) -> None:
    image = await picture(world.runtime)

    with pytest.raises(posts.Unfit, match="Choose a board"):
        await schedule(world, image, places={})


async def test_a_video_is_waited_for_and_goes_out_once(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await schedule(world, await film(world.runtime))
    await engine.run()
    meanwhile = await world.fresh(delivery)

    clock.move_to(clock.instant + timedelta(seconds=10))
    await engine.run()

    assert meanwhile.state is State.PROCESSING
    assert (await world.fresh(delivery)).state is State.PUBLISHED
    assert [pin["source_type"] for pin in world.x.accepted()] == ["video_id"]


async def test_an_upload_that_broke_off_is_taken_up_by_the_next_attempt(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await schedule(world, await film(world.runtime))
    await world.x.switch(mode="fail_before", mode_times=1, apply_to="media")
    await engine.run()
    failed = await world.fresh(delivery)
    clock.move_to(clock.instant + timedelta(minutes=1))
    await engine.deliverer.retry(delivery.id)
    await engine.finish()

    await run(world, engine, clock)

    assert (failed.state, failed.cause) == (State.RETRYING, "platform")
    assert (await world.fresh(delivery)).state is State.PUBLISHED
    assert len(world.x.accepted()) == 1


MEDIA = {"image": picture, "video": film}
every_kind = pytest.mark.parametrize("kind", MEDIA)


@every_kind
@pytest.mark.parametrize("mode", ["fail_after", "timeout_after", "reset_after", "garbage"])
async def test_a_pin_whose_answer_was_lost_is_confirmed_without_a_person(
    world: World, engine: Engine, clock: FrozenClock, kind: str, mode: str
) -> None:
    delivery = await schedule(world, await MEDIA[kind](world.runtime))
    await world.x.switch(mode=mode, mode_times=1)
    await run(world, engine, clock)
    doubtful = await world.fresh(delivery)

    await look(world, clock)
    await run(world, engine, clock)

    (pin,) = world.x.accepted()
    fresh = await world.fresh(delivery)
    assert doubtful.state is State.UNCONFIRMED
    assert (fresh.state, fresh.remote_id, fresh.asked_at) == (State.PUBLISHED, pin["id"], None)


@every_kind
@pytest.mark.parametrize("mode", ["fail_before", "timeout_before", "reset_before"])
async def test_a_pin_that_never_arrived_is_asked_about_and_published_once(
    world: World, engine: Engine, clock: FrozenClock, kind: str, mode: str
) -> None:
    delivery = await schedule(world, await MEDIA[kind](world.runtime))
    await world.x.switch(mode=mode, mode_times=1)
    await run(world, engine, clock)
    await look(world, clock)
    asked = await world.fresh(delivery)

    await posts.deny_live(world.runtime, world.ref(delivery), delivery.id)
    await run(world, engine, clock)
    await run(world, engine, clock)

    assert asked.state is State.UNCONFIRMED
    assert asked.asked_at is not None
    assert (await world.fresh(delivery)).state is State.PUBLISHED
    assert len(world.x.accepted()) == 1


async def test_trial_access_is_explained_to_the_author(world: World, engine: Engine) -> None:
    delivery = await schedule(world, await picture(world.runtime))
    await world.x.switch(mode="trial")

    await engine.run()

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.cause, fresh.kind) == (
        State.FAILED,
        "authentication",
        "permission",
    )
    assert "Standard access" in fresh.reason


async def test_a_pin_waits_as_long_as_pinterest_limits_the_account(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await schedule(world, await picture(world.runtime))
    await world.x.switch(mode="rate_limit", mode_times=1, rate_limit_seconds=50)

    await engine.run()

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts) == (State.RETRYING, 0)
    assert fresh.next_attempt_at is not None
    assert timedelta(seconds=40) < fresh.next_attempt_at - clock.instant < timedelta(seconds=60)


async def test_tokens_that_died_are_renewed_and_the_pin_goes_out(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await schedule(world, await picture(world.runtime))
    await world.x.expire_tokens()

    await engine.run()
    await engine.deliverer.retry(delivery.id)
    await engine.finish()

    assert (await world.fresh(delivery)).state is State.PUBLISHED
    assert len(world.x.accepted()) == 1
