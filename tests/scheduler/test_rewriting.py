"""A whole post is edited in one step, by one person at a time, while nothing of it is out."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scheduler import posts, states
from scheduler.contents import Words
from scheduler.deliveries import Step
from scheduler.models import Delivery, Event, MediaFile, Member, Post
from scheduler.posts import Changed, NewPost, PostError, TooLate, Unfit, UnknownAccount, WrongTime
from scheduler.rewriting import rewrite
from scheduler.states import CHANGEABLE, PostState, State
from tests.scheduler.engine import Engine
from tests.world import World, connect, picture

HOUR = timedelta(hours=1)


def version(world: World, delivery: Delivery, **changes: Any) -> NewPost:
    """Another version of the post of a delivery."""
    about: dict[str, Any] = {
        "id": delivery.post_id,
        "revision": 1,
        "due_at": world.runtime.clock.now() + HOUR,
        **changes,
    }
    return replace(world.new_post("Another text"), **about)


async def error_of(work: Any) -> type[PostError] | None:
    try:
        await work
    except PostError as error:
        return type(error)
    return None


async def test_everything_of_a_post_is_changed_in_one_step(world: World) -> None:
    delivery = await world.schedule(seconds=7200)
    image = await picture(world.runtime)
    new = version(
        world,
        delivery,
        words=Words(text="New", link="https://acme.example", title="T", first_comment="C"),
        media=(image,),
        timezone="Europe/Berlin",
    )

    post = await rewrite(world.runtime, world.ref(delivery), new)

    row = await world.fresh(delivery)
    assert Words.of(post) == new.words
    assert (post.due_at, post.timezone, post.revision) == (new.due_at, "Europe/Berlin", 2)
    assert (row.state, row.due_at, row.fence) == (State.SCHEDULED, new.due_at, delivery.fence + 1)
    assert row.digest != delivery.digest
    assert [file.key for file in await MediaFile.all()] == [image.key]
    assert [e.kind for e in await Event.filter(delivery_id=None, post_id=post.id)] == [
        "post.scheduled",
        "post.edited",
    ]


async def test_accounts_are_added_and_taken_off(world: World) -> None:
    delivery = await world.schedule(seconds=7200)
    second = await connect(world.runtime, world.workspace, "acme_labs")
    ref = world.ref(delivery)

    await rewrite(world.runtime, ref, version(world, delivery, account_ids=(second.id,)))

    found = await posts.find(world.workspace.id, delivery.post_id)
    assert [row.account_id for row in found.deliveries] == [second.id]
    assert (await world.fresh(delivery)).state is State.CANCELLED

    both = version(world, delivery, account_ids=(second.id, world.account.id), revision=2)
    await rewrite(world.runtime, ref, both)

    found = await posts.find(world.workspace.id, delivery.post_id)
    assert {row.account_id for row in found.deliveries} == {second.id, world.account.id}
    assert {row.state for row in found.deliveries} == {State.SCHEDULED}


async def test_what_was_taken_off_never_goes_out(world: World) -> None:
    delivery = await world.schedule(seconds=1)
    second = await connect(world.runtime, world.workspace, "acme_labs")
    new = version(world, delivery, account_ids=(second.id,), due_at=None)
    await rewrite(world.runtime, world.ref(delivery), new)

    await Engine(world.runtime).run()

    sent = [row for row in await Delivery.all() if row.state is State.PUBLISHED]
    assert [row.account_id for row in sent] == [second.id]
    assert len(world.x.accepted()) == 1


@pytest.mark.parametrize("state", State)
async def test_a_post_is_edited_only_while_nothing_of_it_is_out(world: World, state: State) -> None:
    delivery = await world.schedule(seconds=7200)
    await Delivery.filter(id=delivery.id).update(state=state)

    error = await error_of(rewrite(world.runtime, world.ref(delivery), version(world, delivery)))

    assert error is (None if state in CHANGEABLE else TooLate)
    assert (await Post.get()).text == ("Hello" if error else "Another text")


async def test_of_two_who_edit_at_once_the_later_is_told_and_changes_nothing(
    world: World,
) -> None:
    delivery = await world.schedule(seconds=7200)
    versions = [version(world, delivery, words=Words(text=text)) for text in ("Mine", "Theirs")]

    errors = await asyncio.gather(
        *(error_of(rewrite(world.runtime, world.ref(delivery), each)) for each in versions)
    )

    assert sorted(str(each) for each in errors) == [str(Changed), "None"]
    assert (await Post.get()).text == ("Mine" if errors[0] is None else "Theirs")
    assert (await world.fresh(delivery)).fence == delivery.fence + 1


async def test_who_edits_what_was_moved_meanwhile_is_told(world: World) -> None:
    delivery = await world.schedule(seconds=7200)
    later = world.runtime.clock.now() + 3 * HOUR
    await posts.reschedule(world.runtime, world.ref(delivery), later, "UTC")

    with pytest.raises(Changed):
        await rewrite(world.runtime, world.ref(delivery), version(world, delivery))

    assert (await world.fresh(delivery)).due_at == later


async def test_an_edit_that_comes_as_it_goes_out_changes_nothing(world: World) -> None:
    delivery = await world.schedule(seconds=7200)
    second = await connect(world.runtime, world.workspace, "acme_labs")
    new = version(world, delivery, account_ids=(world.account.id, second.id))
    before = await Post.all().values()

    # The row moves on between the look and the step.
    async def too_late(runtime: Any, *args: Any) -> Any:
        await Delivery.filter(id=delivery.id).update(state=State.PUBLISHING)
        return await rewrite(runtime, *args)

    error = await error_of(too_late(world.runtime, world.ref(delivery), new))

    assert error is TooLate
    assert [await Post.all().values(), await Delivery.all().count()] == [before, 1]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"account_ids": ()}, UnknownAccount, id="no account"),
        pytest.param({"account_ids": (9999,)}, UnknownAccount, id="a stranger's account"),
        pytest.param({"words": Words(text="\n---\n".join("x" * 30))}, Unfit, id="too long"),
        pytest.param({"words": Words(text="")}, Unfit, id="empty"),
        pytest.param({"due_at": "past"}, WrongTime, id="past"),
    ],
)
async def test_what_does_not_fit_changes_nothing(
    world: World, changes: dict[str, Any], error: type[PostError]
) -> None:
    delivery = await world.schedule(seconds=7200)
    before = [await Post.all().values(), await Delivery.all().values()]
    if changes.get("due_at") == "past":
        changes = {"due_at": world.runtime.clock.now() - HOUR}

    found = await error_of(
        rewrite(world.runtime, world.ref(delivery), version(world, delivery, **changes))
    )

    assert found is error
    assert [await Post.all().values(), await Delivery.all().values()] == before


async def test_the_same_text_as_before_is_no_repetition(world: World) -> None:
    delivery = await world.schedule(seconds=7200)

    same = version(world, delivery, words=Words(text="Hello"))
    await rewrite(world.runtime, world.ref(delivery), same)

    assert (await Post.get()).revision == 2


async def test_what_failed_goes_out_at_the_new_time(world: World) -> None:
    delivery = await world.schedule(seconds=7200)
    await Delivery.filter(id=delivery.id).update(state=State.FAILED, attempts=4, reason="No")

    await rewrite(world.runtime, world.ref(delivery), version(world, delivery))

    row = await world.fresh(delivery)
    assert (row.state, row.attempts) == (State.SCHEDULED, 0)


async def test_who_may_not_publish_alone_has_the_new_version_approved(world: World) -> None:
    delivery = await world.schedule(seconds=7200)
    second = await connect(world.runtime, world.workspace, "acme_labs")
    ref = replace(world.ref(delivery), actor="U0INTERN")
    await Member.create(
        workspace=world.workspace,
        user_id="U0INTERN",
        role="contributor",
        checked_at=world.runtime.clock.now(),
    )
    new = version(world, delivery, account_ids=(world.account.id, second.id))

    post = await rewrite(world.runtime, ref, new)

    assert post.state is PostState.SUBMITTED
    assert {row.state for row in await Delivery.all()} == {State.HELD}
    assert await Event.filter(kind="post.submitted").count() == 1


async def test_what_a_skipped_question_left_behind_keeps_a_post_from_being_edited(
    world: World,
) -> None:
    delivery = await world.schedule(seconds=7200)
    await Delivery.filter(id=delivery.id).update(state=State.UNCONFIRMED)
    values = {"next_attempt_at": None}
    step = Step(move=states.SKIP, id=delivery.id, fence=delivery.fence, values=values)
    await world.runtime.ledger.move(step)

    error = await error_of(rewrite(world.runtime, world.ref(delivery), version(world, delivery)))

    assert error is TooLate
