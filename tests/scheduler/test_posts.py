from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from scheduler import accounts, members, posts
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.models import Account, Delivery, Event, MediaFile, Post
from scheduler.posts import NoSuchPost, PostError, Ref, TooLate, Unfit, UnknownAccount, WrongTime
from scheduler.runtime import Runtime
from scheduler.states import PostState, State, Summary
from tests.scheduler.engine import Engine, another_process, on_postgres, on_sqlite
from tests.world import ALICE, World, connect, picture, until

HOUR = timedelta(hours=1)
BOB = "U0BOB"
Verb = Callable[[Runtime, Ref, Delivery], Awaitable[Any]]


def in_an_hour() -> datetime:
    return datetime.now(UTC) + HOUR


VERBS: dict[str, Verb] = {
    "reschedule": lambda r, ref, d: posts.reschedule(r, ref, in_an_hour(), "UTC"),
    "publish_now": lambda r, ref, d: posts.publish_now(r, ref),
    "publish_one_now": lambda r, ref, d: posts.publish_now(r, ref, [d.id]),
    "edit": lambda r, ref, d: posts.edit(r, ref, Words(text="Edited")),
    "cancel": lambda r, ref, d: posts.cancel(r, ref),
    "mark_posted": lambda r, ref, d: posts.mark_posted(r, ref, d.id, "https://x.com/1"),
    "confirm_live": lambda r, ref, d: posts.confirm_live(r, ref, d.id, "https://x.com/1"),
    "deny_live": lambda r, ref, d: posts.deny_live(r, ref, d.id),
    "skip": lambda r, ref, d: posts.skip_unconfirmed(r, ref, d.id),
}
OF_OPEN = ("confirm_live", "deny_live", "skip")
# What a person may do in each state; the rest is too late.
ALLOWED = {
    **{
        state: set(VERBS) - set(OF_OPEN)
        for state in set(State)
        - {
            State.PUBLISHING,
            State.UNCONFIRMED,
            State.PUBLISHED,
            State.CANCELLED,
            State.POSTED_MANUALLY,
        }
    },
    State.UNCONFIRMED: set(OF_OPEN),
}


async def picture_of(post_id: str) -> list[Any]:
    """All that is stored of a post."""
    return [
        await Post.filter(id=post_id).values(),
        await Delivery.filter(post_id=post_id).order_by("id").values(),
        await Event.filter(post_id=post_id).order_by("id").values(),
    ]


async def tried(work: Awaitable[Any]) -> type[PostError] | None:
    try:
        await work
    except PostError as error:
        return type(error)
    return None


async def test_a_post_of_another_workspace_does_not_exist(world: World) -> None:
    delivery = await world.schedule(seconds=3600)
    other = await members.workspace(world.runtime, "T0OTHER")
    ref = Ref(workspace_id=other.id, post_id=delivery.post_id, actor=BOB)
    before = await picture_of(delivery.post_id)

    outcomes = [await tried(verb(world.runtime, ref, delivery)) for verb in VERBS.values()]

    assert outcomes == [NoSuchPost] * len(VERBS)
    assert await picture_of(delivery.post_id) == before


@on_sqlite
async def test_a_delivery_of_another_post_does_not_exist(world: World) -> None:
    mine, other = await world.schedule("One", seconds=3600), await world.schedule("Two", seconds=60)
    verbs = [VERBS["mark_posted"], *(VERBS[name] for name in OF_OPEN)]

    outcomes = [await tried(verb(world.runtime, world.ref(mine), other)) for verb in verbs]

    assert outcomes == [NoSuchPost] * 4


async def test_a_person_can_do_what_the_state_allows_and_nothing_else(world: World) -> None:
    made = [(verb, state) for verb in VERBS for state in State]
    rows = [await world.schedule(f"Post {n}", seconds=3600) for n, _ in enumerate(made)]
    for row, (_, state) in zip(rows, made, strict=True):
        await Delivery.filter(id=row.id).update(state=state)
    before = {row.post_id: await picture_of(row.post_id) for row in rows}

    outcomes = [
        await tried(VERBS[verb](world.runtime, world.ref(row), row))
        for row, (verb, _) in zip(rows, made, strict=True)
    ]

    changed = [await picture_of(row.post_id) != before[row.post_id] for row in rows]
    allowed = [verb in ALLOWED.get(state, ()) for verb, state in made]
    assert dict(zip(made, outcomes, strict=True)) == {
        pair: None if fine else TooLate for pair, fine in zip(made, allowed, strict=True)
    }
    assert dict(zip(made, changed, strict=True)) == dict(zip(made, allowed, strict=True))


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ("confirm_live", "deny_live", State.UNCONFIRMED),
        ("deny_live", "skip", State.UNCONFIRMED),
        ("deny_live", "deny_live", State.UNCONFIRMED),
        ("cancel", "cancel", State.SCHEDULED),
        ("mark_posted", "cancel", State.SCHEDULED),
        ("cancel", "publish_now", State.MISSED),
        ("mark_posted", "mark_posted", State.FAILED),
        ("cancel", "edit", State.SCHEDULED),
    ],
)
async def test_of_two_people_at_the_same_time_the_first_wins_and_the_other_hears_it(
    world: World, settings: Settings, first: str, second: str, state: State
) -> None:
    delivery = await world.schedule(seconds=3600)
    await Delivery.filter(id=delivery.id).update(state=state)
    ref = world.ref(delivery)

    async with another_process(settings) as theirs:
        outcomes = await asyncio.gather(
            tried(VERBS[first](world.runtime, ref, delivery)),
            theirs.run(lambda runtime: tried(VERBS[second](runtime, ref, delivery))),
        )

    moves = await Event.filter(delivery_id=delivery.id).count()
    assert set(outcomes) <= {None, TooLate}
    assert moves == outcomes.count(None) >= 1
    assert outcomes.count(None) == 1 or second in ("publish_now", "edit")


@on_postgres
@pytest.mark.parametrize("verb", ["reschedule", "publish_now", "edit", "cancel"])
async def test_who_waits_for_a_delivery_holds_nothing_that_others_wait_for(
    world: World, database_url: str, verb: str
) -> None:
    delivery = await world.schedule(seconds=3600)
    other = await asyncpg.connect(database_url)

    async with other.transaction():
        await other.execute("SELECT id FROM delivery WHERE id = $1 FOR UPDATE", delivery.id)
        work = asyncio.ensure_future(
            tried(VERBS[verb](world.runtime, world.ref(delivery), delivery))
        )
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        await until(lambda: other.fetchval(waiting), what="the verb waits")
        await other.execute("SELECT id FROM post WHERE id = $1 FOR UPDATE NOWAIT", delivery.post_id)
    await other.close()

    assert await work is None


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("a\x00b", "ab"),
        ("lone \ud83d one", "lone ? one"),
        ("line\r\nbreak\t“Ωß” 🙂🏽 مرحبا", "line\r\nbreak\t“Ωß” 🙂🏽 مرحبا"),
        ("'; DROP TABLE post; --", "'; DROP TABLE post; --"),
    ],
    ids=["nul", "surrogate", "signs", "sql"],
)
async def test_a_text_is_kept_as_far_as_databases_can(
    world: World, written: str, kept: str
) -> None:
    delivery = await world.schedule(written, seconds=3600)
    stored = await Post.get(id=delivery.post_id)

    await posts.edit(world.runtime, world.ref(delivery), Words(text=written + "!"))

    assert stored.text == kept
    assert (await Post.get(id=delivery.post_id)).text == kept + "!"


@on_sqlite
@pytest.mark.parametrize(
    ("due", "why"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), "already passed"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "five years"),
        (datetime(1, 1, 1, tzinfo=UTC), "already passed"),
    ],
    ids=["1970", "9999", "1"],
)
async def test_a_time_that_cannot_be_is_refused(world: World, due: datetime, why: str) -> None:
    later = await world.schedule(seconds=3600)

    with pytest.raises(WrongTime, match=why):
        await posts.schedule(world.runtime, world.new_post("Never", due_at=due))
    with pytest.raises(WrongTime, match=why):
        await posts.reschedule(world.runtime, world.ref(later), due, "UTC")

    assert await Post.all().count() == 1
    assert (await world.fresh(later)).due_at == later.due_at


@on_sqlite
async def test_a_post_needs_an_account(world: World) -> None:
    with pytest.raises(UnknownAccount, match="at least one account"):
        await posts.schedule(world.runtime, world.new_post(account_ids=()))

    assert await Post.all().count() == 0


@on_sqlite
async def test_an_account_of_another_workspace_cannot_be_used(world: World) -> None:
    other = await members.workspace(world.runtime, "T0OTHER")
    theirs = await connect(world.runtime, other, "acme_labs")

    with pytest.raises(UnknownAccount, match="no longer there"):
        await posts.schedule(
            world.runtime, world.new_post(account_ids=(world.account.id, theirs.id))
        )

    assert await Post.all().count() == 0


@on_sqlite
async def test_a_disconnected_account_cannot_be_used(world: World) -> None:
    await accounts.disconnect(
        world.runtime, workspace_id=world.workspace.id, account_id=world.account.id
    )

    with pytest.raises(UnknownAccount, match="@acme was disconnected"):
        await posts.schedule(world.runtime, world.new_post())


@on_sqlite
async def test_content_that_does_not_fit_is_refused_whole(world: World) -> None:
    with pytest.raises(Unfit) as refused:
        await posts.schedule(world.runtime, world.new_post("x" * 7001))

    assert list(refused.value.problems) == ["x"]
    assert "7,000" in str(refused.value)
    assert [await Post.all().count(), await Delivery.all().count()] == [0, 0]


@on_sqlite
async def test_the_same_account_twice_gets_the_post_once(world: World) -> None:
    await posts.schedule(
        world.runtime, world.new_post(account_ids=(world.account.id, world.account.id))
    )

    assert await Delivery.all().count() == 1


@on_sqlite
async def test_a_post_with_media_is_prepared_ahead_of_its_time(world: World) -> None:
    delivery = await world.schedule(seconds=3600, media=(await picture(world.runtime),))

    assert delivery.next_attempt_at == delivery.due_at - timedelta(minutes=1)


@on_sqlite
async def test_an_edit_keeps_the_time_and_raises_the_revision(world: World) -> None:
    delivery = await world.schedule(seconds=3600, media=(await picture(world.runtime),))

    await posts.edit(world.runtime, world.ref(delivery), Words(text="Better"))

    fresh, post = await world.fresh(delivery), await Post.get(id=delivery.post_id)
    assert (fresh.due_at, fresh.next_attempt_at) == (delivery.due_at, delivery.next_attempt_at)
    assert (post.text, post.revision, post.due_at) == ("Better", 2, delivery.due_at)
    assert await MediaFile.filter(post_id=post.id).count() == 1


async def test_an_edit_can_exchange_the_files(world: World) -> None:
    delivery = await world.schedule(seconds=3600, media=(await picture(world.runtime),))
    other = await picture(world.runtime, colour="red")

    await posts.edit(world.runtime, world.ref(delivery), Words(text="Red"), media=[other])
    exchanged = [file.sha256 for file in await MediaFile.all()]
    await posts.edit(world.runtime, world.ref(delivery), Words(text="None"), media=[])

    assert exchanged == [other.sha256]
    assert await MediaFile.all().count() == 0


@on_sqlite
async def test_an_edit_of_what_failed_does_not_publish_it(world: World, engine: Engine) -> None:
    delivery = await world.schedule()
    await Delivery.filter(id=delivery.id).update(state=State.FAILED, next_attempt_at=None)

    await posts.edit(world.runtime, world.ref(delivery), Words(text="Better"))
    edited = await engine.stage()
    await posts.publish_now(world.runtime, world.ref(delivery))
    await engine.run()

    assert edited == []
    assert [post["text"] for post in world.x.accepted()] == ["Better"]


@on_sqlite
async def test_an_edit_of_what_waits_for_a_retry_since_long_goes_out(
    world: World, engine: Engine
) -> None:
    delivery = await world.schedule("Frist")
    now = world.runtime.clock.now()
    await Delivery.filter(id=delivery.id).update(
        state=State.RETRYING, due_at=now - 5 * HOUR, next_attempt_at=now + HOUR
    )

    await posts.edit(world.runtime, world.ref(delivery), Words(text="First"))
    await engine.run()

    assert [post["text"] for post in world.x.accepted()] == ["First"]


@on_sqlite
async def test_a_cancelled_post_says_so_to_whoever_edits_it(world: World) -> None:
    delivery = await world.schedule(seconds=3600)
    await posts.cancel(world.runtime, world.ref(delivery))

    with pytest.raises(TooLate, match="it is cancelled"):
        await posts.edit(world.runtime, world.ref(delivery), Words(text="Better"))


@on_sqlite
async def test_a_partly_published_post_is_called_off_where_it_can(world: World) -> None:
    labs = await connect(world.runtime, world.workspace, "acme_labs")
    due = world.runtime.clock.now() + HOUR
    new = world.new_post(account_ids=(world.account.id, labs.id), due_at=due)
    post = await posts.schedule(world.runtime, new)
    await Delivery.filter(account_id=labs.id).update(state=State.PUBLISHED)

    await posts.cancel(world.runtime, world.ref(post))

    found = await posts.find(world.workspace.id, post.id)
    assert [d.state for d in found.deliveries] == [State.CANCELLED, State.PUBLISHED]
    assert found.post.state is PostState.CANCELLED
    assert found.summary is Summary.PARTLY_PUBLISHED


async def test_one_of_several_deliveries_is_retried_alone(world: World) -> None:
    labs = await connect(world.runtime, world.workspace, "acme_labs")
    due = world.runtime.clock.now() + HOUR
    new = world.new_post(account_ids=(world.account.id, labs.id), due_at=due)
    post = await posts.schedule(world.runtime, new)
    failed = await Delivery.get(account_id=labs.id)
    await Delivery.filter(id=failed.id).update(state=State.FAILED, attempts=4)

    await posts.publish_now(world.runtime, world.ref(post), [failed.id])

    retried, other = await world.fresh(failed), await Delivery.get(account_id=world.account.id)
    assert (retried.state, retried.attempts, retried.priority) == (State.SCHEDULED, 0, 0)
    assert other.due_at == due


@on_sqlite
async def test_a_delivery_of_another_post_is_not_published_along(world: World) -> None:
    mine, other = await world.schedule("One", seconds=3600), await world.schedule("Two", seconds=60)

    with pytest.raises(TooLate):
        await posts.publish_now(world.runtime, world.ref(mine), [other.id])

    assert (await world.fresh(other)).due_at == other.due_at


async def test_the_newest_posts_come_first_and_only_those_of_the_workspace(world: World) -> None:
    first, second = await world.schedule("One", seconds=60), await world.schedule("Two", seconds=60)
    other = await members.workspace(world.runtime, "T0OTHER")

    mine = await posts.recent(world.workspace.id, author=ALICE)

    assert [found.post.id for found in mine] == [second.post_id, first.post_id]
    assert await posts.recent(world.workspace.id, author=BOB) == []
    assert await posts.recent(other.id) == []
    assert await Account.filter(workspace_id=other.id).count() == 0
