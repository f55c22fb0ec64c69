"""What needs an approval does not go out before enough of those who were asked said yes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler import approval, members, posts, reminders
from scheduler.approval import Overtaken
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.models import Account, Decision, Delivery, Event, Member, Post, Rules
from scheduler.post_errors import NotAnApprover, TooLate
from scheduler.posts import Ref
from scheduler.runtime import Runtime
from scheduler.states import PostState, State, Summary
from tests.scheduler.engine import Engine, another_process, on_sqlite
from tests.world import ALICE, World

BOB, CAROL, DAVE = "U0BOB", "U0CAROL", "U0DAVE"
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(START)


@pytest.fixture
async def world(world: World) -> World:
    """Alice contributes, Bob and Carol approve, Dave publishes."""
    for user_id, role in ((ALICE, "contributor"), (DAVE, "publisher")):
        await members.remember_member(
            world.runtime, world.workspace.id, user_id, name="", timezone="UTC", is_admin=False
        )
        await Member.filter(user_id=user_id).update(role=role)
    await rule(world, approvers=[BOB, CAROL])
    return world


async def rule(world: World, **values: Any) -> None:
    await Rules.update_or_create(values, workspace_id=world.workspace.id)


def ref(row: Delivery, actor: str) -> Ref:
    return Ref(workspace_id=row.workspace_id, post_id=row.post_id, actor=actor)


async def approve(world: World, row: Delivery, actor: str = BOB, **more: Any) -> None:
    post = await Post.get(id=row.post_id)
    await approval.approve(world.runtime, ref(row, actor), post.revision, **more)


async def stands(row: Delivery) -> tuple[PostState, State]:
    post, fresh = await Post.get(id=row.post_id), await Delivery.get(id=row.id)
    return post.state, fresh.state


async def kinds(row: Delivery) -> list[str]:
    happened = Event.filter(post_id=row.post_id, delivery_id__isnull=True).order_by("id")
    return [str(kind) for kind in await happened.values_list("kind", flat=True)]


async def test_what_a_contributor_sends_is_held_whatever_its_time(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    row = await world.schedule(seconds=60)
    assert await stands(row) == (PostState.SUBMITTED, State.HELD)

    for later in (0, 60, 3600, 86_400):
        clock.move_to(START + timedelta(seconds=later))
        await engine.run()

    assert await stands(row) == (PostState.SUBMITTED, State.HELD)
    assert world.x.accepted() == []


async def test_what_was_approved_at_the_last_second_goes_out_at_its_time(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    row = await world.schedule(seconds=60)
    clock.move_to(START + timedelta(seconds=59))

    await approve(world, row)
    await engine.begin()
    clock.move_to(START + timedelta(seconds=60))
    await engine.finish()

    fresh = await Delivery.get(id=row.id)
    assert (fresh.state, fresh.published_at) == (State.PUBLISHED, START + timedelta(seconds=60))
    assert len(world.x.accepted()) == 1


async def test_what_was_sent_for_now_goes_out_when_it_is_approved(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    row = await world.schedule()
    clock.move_to(START + HOUR)
    await engine.run()
    assert world.x.accepted() == []

    await approve(world, row)
    await engine.run()

    fresh = await Delivery.get(id=row.id)
    assert (fresh.state, fresh.due_at) == (State.PUBLISHED, START + HOUR)


@pytest.mark.parametrize("demand", ["account", "workspace", "nothing"])
@on_sqlite
async def test_an_account_or_a_workspace_may_demand_approvals_of_publishers_too(
    world: World, demand: str
) -> None:
    if demand == "account":
        await Account.filter(id=world.account.id).update(needs_approval=True)
    if demand == "workspace":
        await rule(world, every_account=True)

    row = await world.schedule(seconds=60, author=DAVE)

    free = (PostState.SCHEDULED, State.SCHEDULED)
    assert await stands(row) == (free if demand == "nothing" else (PostState.SUBMITTED, State.HELD))


@on_sqlite
async def test_a_stranger_needs_what_the_default_role_needs(world: World) -> None:
    await world.workspace.update_from_dict({"default_role": "contributor"}).save()

    row = await world.schedule(seconds=60, author="U0STRANGER")

    assert await stands(row) == (PostState.SUBMITTED, State.HELD)


async def test_as_many_must_say_yes_as_the_rules_say_and_each_counts_once(world: World) -> None:
    await rule(world, needed=2)
    row = await world.schedule(seconds=60)

    await approve(world, row, BOB)
    await approve(world, row, BOB)
    assert await stands(row) == (PostState.SUBMITTED, State.HELD)
    await approve(world, row, CAROL)

    assert await stands(row) == (PostState.SCHEDULED, State.SCHEDULED)
    assert await kinds(row) == ["post.submitted", "post.endorsed", "post.approved"]


async def test_approvals_at_the_same_moment_count_once_each_and_release_once(
    world: World, settings: Settings
) -> None:
    await rule(world, needed=2, approvers=[BOB, CAROL, "U0ERIN", "U0FAY"])
    row = await world.schedule(seconds=60)
    people = [BOB, CAROL, BOB, CAROL]

    async with another_process(settings, world.runtime.clock) as other:
        outcomes = await asyncio.gather(
            *(approve(world, row, each) for each in people),
            *(
                other.run(lambda runtime, each=each: approval.approve(runtime, ref(row, each), 1))
                for each in people
            ),
            return_exceptions=True,
        )

    assert all(
        each is None or not isinstance(each, Exception) or isinstance(each, TooLate)
        for each in outcomes
    )
    assert await stands(row) == (PostState.SCHEDULED, State.SCHEDULED)
    assert await Decision.all().count() == 2
    assert await kinds(row) == ["post.submitted", "post.endorsed", "post.approved"]
    assert await Event.filter(delivery_id=row.id, kind="delivery.approved").count() == 1


@pytest.mark.parametrize(
    ("rules", "author_may"),
    [
        ({"approvers": [ALICE, BOB]}, False),
        ({"approvers": [ALICE]}, True),
        ({"approvers": [ALICE, BOB], "admins_approve_own": True}, False),
        ({"approvers": [], "group_members": [ALICE, BOB]}, False),
    ],
    ids=["others can", "nobody else", "no admin", "in a group"],
)
@on_sqlite
async def test_an_author_approves_their_own_post_only_when_nobody_else_can(
    world: World, rules: dict[str, Any], author_may: bool
) -> None:
    await rule(world, **rules)
    row = await world.schedule(seconds=60)

    if author_may:
        await approve(world, row, ALICE)
    else:
        with pytest.raises(NotAnApprover, match=f"Ask <@{BOB}>"):
            await approve(world, row, ALICE)

    assert (await stands(row))[1] is (State.SCHEDULED if author_may else State.HELD)


@on_sqlite
async def test_admins_approve_what_they_wrote_where_the_rules_say_so(world: World) -> None:
    await Member.filter(user_id=DAVE).update(is_admin=True)
    await rule(world, approvers=[BOB, DAVE], every_account=True)
    row = await world.schedule(seconds=60, author=DAVE)
    with pytest.raises(NotAnApprover):
        await approve(world, row, DAVE)

    await rule(world, admins_approve_own=True)
    await approve(world, row, DAVE)

    assert (await stands(row))[1] is State.SCHEDULED


@on_sqlite
async def test_without_named_approvers_the_admins_approve(world: World) -> None:
    await rule(world, approvers=[])
    row = await world.schedule(seconds=60)
    with pytest.raises(NotAnApprover, match="Nobody can approve posts here yet"):
        await approve(world, row, DAVE)

    await Member.filter(user_id=DAVE).update(role="admin")
    await approve(world, row, DAVE)

    assert (await stands(row))[1] is State.SCHEDULED


@on_sqlite
async def test_no_more_approvals_are_needed_than_there_are_people(world: World) -> None:
    await rule(world, approvers=[ALICE, BOB], needed=2)
    row = await world.schedule(seconds=60)

    await approve(world, row, BOB)

    assert (await stands(row))[1] is State.SCHEDULED


async def test_a_button_of_an_older_revision_approves_nothing(world: World) -> None:
    row = await world.schedule(seconds=60)
    await posts.edit(world.runtime, ref(row, ALICE), Words(text="Something else"))

    with pytest.raises(Overtaken, match="changed since"):
        await approval.approve(world.runtime, ref(row, BOB), 1)

    assert await stands(row) == (PostState.SUBMITTED, State.HELD)
    assert not await Decision.exists()


async def test_an_edit_after_the_approval_voids_it_and_asks_anew(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    row = await world.schedule(seconds=60)
    await approve(world, row)

    await posts.edit(world.runtime, ref(row, ALICE), Words(text="Something else"))
    clock.move_to(START + HOUR)
    await engine.run()

    assert await stands(row) == (PostState.SUBMITTED, State.HELD)
    assert world.x.accepted() == []
    assert await kinds(row) == ["post.submitted", "post.approved", "post.edited", "post.submitted"]


async def test_an_edit_of_what_failed_is_held_so_that_no_retry_sends_it_unread(
    world: World,
) -> None:
    row = await world.schedule(seconds=60)
    await approve(world, row)
    await Delivery.filter(id=row.id).update(state=State.FAILED)

    await posts.edit(world.runtime, ref(row, ALICE), Words(text="Something else"))
    await posts.publish_now(world.runtime, ref(row, ALICE))

    assert await stands(row) == (PostState.SUBMITTED, State.HELD)


async def test_what_failed_is_tried_again_as_it_was_approved(world: World) -> None:
    row = await world.schedule(seconds=60)
    await approve(world, row)
    await Delivery.filter(id=row.id).update(state=State.FAILED)

    await posts.publish_now(world.runtime, ref(row, ALICE))

    assert await stands(row) == (PostState.SCHEDULED, State.SCHEDULED)


@pytest.mark.parametrize("verb", ["reschedule", "publish_now"])
async def test_another_time_for_an_approved_post_asks_anew(world: World, verb: str) -> None:
    row = await world.schedule(seconds=60)
    await approve(world, row)

    if verb == "reschedule":
        await posts.reschedule(world.runtime, ref(row, ALICE), START + HOUR, "UTC")
    else:
        await posts.publish_now(world.runtime, ref(row, ALICE))

    post = await Post.get(id=row.post_id)
    assert await stands(row) == (PostState.SUBMITTED, State.HELD)
    assert (post.revision, post.due_at) == (2, START + HOUR if verb == "reschedule" else None)


@on_sqlite
async def test_a_publisher_changes_what_is_held_without_releasing_it(world: World) -> None:
    row = await world.schedule(seconds=60)

    await posts.edit(world.runtime, ref(row, DAVE), Words(text="Something else"))
    await posts.reschedule(world.runtime, ref(row, DAVE), START + HOUR, "UTC")
    await posts.publish_now(world.runtime, ref(row, DAVE))

    assert await stands(row) == (PostState.SUBMITTED, State.HELD)


@on_sqlite
async def test_a_publisher_moves_their_own_post_unasked(world: World) -> None:
    row = await world.schedule(seconds=60, author=DAVE)

    await posts.reschedule(world.runtime, ref(row, DAVE), START + HOUR, "UTC")

    assert await stands(row) == (PostState.SCHEDULED, State.SCHEDULED)


async def test_changes_that_are_requested_wait_for_the_author(world: World) -> None:
    row = await world.schedule(seconds=3600)

    await approval.request_changes(world.runtime, ref(row, BOB), 1, "Too long.")

    found = await posts.find(row.workspace_id, row.post_id)
    assert found.summary is Summary.RETURNED
    with pytest.raises(Overtaken, match="Changes were requested"):
        await approve(world, row, CAROL)
    (event,) = await Event.filter(kind="post.returned")
    assert (event.actor, event.data) == (BOB, {"revision": 1, "reason": "Too long."})

    await posts.edit(world.runtime, ref(row, ALICE), Words(text="Short"))
    await approve(world, row, BOB)

    assert await stands(row) == (PostState.SCHEDULED, State.SCHEDULED)


@on_sqlite
async def test_a_post_that_was_called_off_is_not_approved(world: World) -> None:
    row = await world.schedule(seconds=60)
    await posts.cancel(world.runtime, ref(row, ALICE))

    with pytest.raises(Overtaken, match="settled already"):
        await approve(world, row)

    assert await stands(row) == (PostState.CANCELLED, State.CANCELLED)


RACES: dict[str, Callable[[Runtime, Ref], Awaitable[Any]]] = {
    "cancel": posts.cancel,
    "edit": lambda runtime, of: posts.edit(runtime, of, Words(text="Something else")),
    "changes": lambda runtime, of: approval.request_changes(
        runtime, Ref(workspace_id=of.workspace_id, post_id=of.post_id, actor=CAROL), 1, "No."
    ),
}


@pytest.mark.parametrize("other", RACES)
async def test_what_crosses_an_approval_happens_before_or_after_it_never_between(
    world: World, settings: Settings, other: str
) -> None:
    rows = [await world.schedule(f"Post {n}", seconds=600) for n in range(8)]

    async with another_process(settings, world.runtime.clock) as process:
        for row in rows:
            await asyncio.gather(
                approve(world, row),
                process.run(lambda runtime, row=row: RACES[other](runtime, ref(row, ALICE))),
                return_exceptions=True,
            )

    ended = {
        "cancel": {(PostState.CANCELLED, State.CANCELLED)},
        "edit": {(PostState.SUBMITTED, State.HELD)},
        "changes": {
            (PostState.RETURNED, State.HELD),
            (PostState.SCHEDULED, State.SCHEDULED),
        },
    }[other]
    assert {await stands(row) for row in rows} <= ended


async def test_approvers_are_reminded_once_ahead_of_the_time(
    world: World, settings: Settings, clock: FrozenClock
) -> None:
    row = await world.schedule(seconds=3 * 3600)
    clock.move_to(START + timedelta(minutes=59))
    assert await reminders.tick(world.runtime) == 0

    clock.move_to(START + timedelta(minutes=60))
    async with another_process(settings, clock) as other:
        told = await asyncio.gather(reminders.tick(world.runtime), other.run(reminders.tick))

    assert sum(told) == 1
    assert await reminders.tick(world.runtime) == 0
    assert await kinds(row) == ["post.submitted", "post.reminded"]


async def test_a_post_whose_time_came_without_approval_is_held_and_told_once(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    row = await world.schedule(seconds=60)
    clock.move_to(START + timedelta(seconds=61))

    told = [await reminders.tick(world.runtime) for _ in range(3)]
    with pytest.raises(TooLate, match="does not go out unasked"):
        await approve(world, row)
    await engine.run()

    assert told == [1, 0, 0]
    assert await stands(row) == (PostState.SUBMITTED, State.HELD)
    assert not await Decision.exists()
    assert await kinds(row) == ["post.submitted", "post.unapproved"]


async def test_a_post_whose_time_has_passed_goes_out_when_an_approver_says_so(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    row = await world.schedule(seconds=60)
    clock.move_to(START + HOUR)
    await reminders.tick(world.runtime)

    await approve(world, row, publishes_now=True)
    await engine.run()

    assert (await Delivery.get(id=row.id)).state is State.PUBLISHED


async def test_a_post_whose_time_has_passed_may_get_another(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    row = await world.schedule(seconds=60)
    clock.move_to(START + HOUR)
    await reminders.tick(world.runtime)

    await posts.reschedule(world.runtime, ref(row, ALICE), START + 2 * HOUR, "UTC")
    await approve(world, row)
    clock.move_to(START + 2 * HOUR)
    await engine.run()

    assert (await Delivery.get(id=row.id)).state is State.PUBLISHED


@on_sqlite
async def test_the_author_hears_when_the_time_of_a_post_comes_that_was_given_back(
    world: World, clock: FrozenClock
) -> None:
    row = await world.schedule(seconds=60)
    await approval.request_changes(world.runtime, ref(row, BOB), 1, "Too long.")
    clock.move_to(START + HOUR)

    await reminders.tick(world.runtime)

    assert await kinds(row) == ["post.submitted", "post.returned", "post.unapproved"]


@on_sqlite
async def test_a_post_without_a_time_is_reminded_of_once(world: World, clock: FrozenClock) -> None:
    row = await world.schedule()
    clock.move_to(START + 2 * HOUR)

    told = [await reminders.tick(world.runtime) for _ in range(3)]

    assert told == [1, 0, 0]
    assert await kinds(row) == ["post.submitted", "post.reminded"]


@on_sqlite
async def test_nobody_is_reminded_of_what_was_approved_or_called_off(
    world: World, clock: FrozenClock
) -> None:
    approved, cancelled = (
        await world.schedule("A", seconds=9000),
        await world.schedule("B", seconds=9000),
    )
    await approve(world, approved)
    await posts.cancel(world.runtime, ref(cancelled, ALICE))
    clock.move_to(START + 3 * HOUR)

    assert await reminders.tick(world.runtime) == 0


@on_sqlite
async def test_each_account_keeps_its_own_time_when_the_post_is_approved(world: World) -> None:
    row = await world.schedule(slots={world.account.id: START + 3 * HOUR})
    post = await Post.get(id=row.post_id)
    assert (post.due_at, row.state) == (START + 3 * HOUR, State.HELD)

    await approve(world, row)

    fresh = await Delivery.get(id=row.id)
    assert (fresh.state, fresh.due_at, fresh.priority) == (State.SCHEDULED, START + 3 * HOUR, 5)


@on_sqlite
async def test_a_draft_that_needs_an_approval_is_submitted(world: World) -> None:
    draft = posts.NewDraft(
        id=posts.new_id(),
        workspace_id=world.workspace.id,
        author=ALICE,
        words=Words(text="Hello"),
        timezone="UTC",
        plan=posts.Plan(),
    )
    await posts.save_draft(world.runtime, draft)

    row = await world.schedule(seconds=3 * 3600, id=draft.id, revision=1)

    post = await Post.get(id=draft.id)
    assert await stands(row) == (PostState.SUBMITTED, State.HELD)
    assert (post.revision, post.review_at) == (2, START + HOUR)
    await approve(world, row)
    assert await stands(row) == (PostState.SCHEDULED, State.SCHEDULED)
