"""A post of several parts: each goes out once, in order, and the chain resumes where it stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler import posts, reconcile
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.models import Delivery, Event
from scheduler.posts import TooLate
from scheduler.states import Role, State, Summary
from tests.scheduler.engine import Engine, another_process
from tests.world import World, picture, settings_for

THREAD = "First\n---\nSecond\n---\nThird"
AFTER_ALL = timedelta(minutes=2)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def settings(database_url: str, tmp_path: object, x_port: int) -> Settings:
    short = {"POSTBOT_REQUEST_TIMEOUT": 0.5, "POSTBOT_SETTLE": 45, "POSTBOT_LOOK_GAPS": "15"}
    return settings_for(database_url, tmp_path, x_port, **short)  # type: ignore[arg-type]


async def parts(head: Delivery) -> list[Delivery]:
    return await Delivery.filter(post_id=head.post_id).order_by("part")


async def run_parts(engine: Engine, number: int) -> None:
    """Runs as many parts, one after the other: each makes the next one due."""
    for _ in range(number):
        await engine.run()


def chain(world: World) -> list[tuple[str, bool]]:
    """The texts on X, each with whether it replies to the one before."""
    live = world.x.accepted()
    before = [None, *(post["id"] for post in live)]
    return [
        (post["text"], post["reply_to"] == parent)
        for post, parent in zip(live, before, strict=False)
    ]


async def test_a_long_text_goes_out_as_a_thread(world: World, engine: Engine) -> None:
    head = await world.schedule(THREAD, media=(await picture(world.runtime),))

    await run_parts(engine, 4)

    assert chain(world) == [("First", True), ("Second", True), ("Third", True)]
    assert [len(post["media_keys"]) for post in world.x.accepted()] == [1, 0, 0]
    rows = await parts(head)
    assert [(row.part, row.role, row.state) for row in rows] == [
        (0, Role.POST, State.PUBLISHED),
        (1, Role.THREAD, State.PUBLISHED),
        (2, Role.THREAD, State.PUBLISHED),
    ]
    assert [row.parent_id for row in rows] == [None, rows[0].id, rows[1].id]


async def test_a_part_that_fails_leaves_what_is_out_and_goes_on_there_when_it_is_retried(
    world: World, engine: Engine
) -> None:
    head = await world.schedule(THREAD)
    await engine.run()
    await world.x.switch(mode="not_permitted", mode_times=1)
    await engine.run()
    found = await posts.find(world.workspace.id, head.post_id)
    failed = found.deliveries[-1]
    told = await Event.filter(delivery_id=failed.id, notice="person").count()

    await posts.publish_now(world.runtime, world.ref(head), [failed.id])
    await run_parts(engine, 3)

    assert (failed.part, failed.state, found.summary) == (
        1,
        State.FAILED,
        Summary.PARTLY_PUBLISHED,
    )
    assert told == 1
    assert chain(world) == [("First", True), ("Second", True), ("Third", True)]


async def test_a_doubtful_part_is_looked_for_before_the_thread_goes_on(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await world.schedule(THREAD)
    await engine.run()
    await world.x.switch(mode="reset_after", mode_times=1)
    await engine.run()
    doubtful = await Delivery.get(part=1)
    await engine.run()
    held = await Delivery.all().count()

    clock.move_to(clock.instant + AFTER_ALL)
    await reconcile.tick(world.runtime)
    await run_parts(engine, 2)

    assert (doubtful.state, held) == (State.UNCONFIRMED, 2)
    assert chain(world) == [("First", True), ("Second", True), ("Third", True)]


@pytest.mark.parametrize(
    ("link", "states"),
    [
        ("https://x.com/acme/status/{id}", [State.PUBLISHED] * 3),
        ("", [State.PUBLISHED, State.FAILED]),
    ],
    ids=["with a link", "without a link"],
)
async def test_a_thread_goes_on_from_the_post_that_a_person_found(
    world: World, engine: Engine, link: str, states: list[State]
) -> None:
    head = await world.schedule(THREAD)
    await world.x.switch(mode="reset_after", mode_times=1)
    await engine.run()
    (live,) = world.x.accepted()

    await posts.confirm_live(world.runtime, world.ref(head), head.id, link.format(id=live["id"]))
    await run_parts(engine, 3)

    rows = await parts(head)
    assert [row.state for row in rows] == states
    assert states[-1] is State.PUBLISHED or "by hand" in rows[-1].reason


async def test_two_looks_at_the_same_part_are_followed_by_one_part(
    world: World, engine: Engine, settings: Settings, clock: FrozenClock
) -> None:
    head = await world.schedule(THREAD)
    await world.x.switch(mode="reset_after", mode_times=1)
    await engine.run()
    row = await world.fresh(head)

    async with another_process(settings) as theirs:
        await reconcile.look(world.runtime, row)
        await theirs.run(lambda runtime: reconcile.look(runtime, row))

    assert [each.part for each in await parts(head)] == [0, 1]


async def test_a_thread_of_which_something_is_out_keeps_its_text(
    world: World, engine: Engine
) -> None:
    head = await world.schedule(THREAD)
    await engine.run()

    with pytest.raises(TooLate):
        await posts.edit(world.runtime, world.ref(head), Words(text="Other"))


async def test_a_part_that_is_called_off_ends_the_thread(world: World, engine: Engine) -> None:
    head = await world.schedule(THREAD)
    await engine.run()

    await posts.cancel(world.runtime, world.ref(head))
    await run_parts(engine, 2)

    assert [row.state for row in await parts(head)] == [State.PUBLISHED, State.CANCELLED]
    assert chain(world) == [("First", True)]


async def test_a_variant_for_a_platform_goes_out_there_in_place_of_the_text(
    world: World, engine: Engine
) -> None:
    words = Words(text="For all", variants={"x": "For X", "facebook": "For Facebook"})
    await posts.schedule(world.runtime, world.new_post(words=words))

    await engine.run()

    assert [post["text"] for post in world.x.accepted()] == ["For X"]
