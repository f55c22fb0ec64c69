"""What people see first: in order, each post once, and read along indexes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scheduler import figures, overview, posts, recoveries
from scheduler.clock import Clock, FrozenClock
from scheduler.database import get_connection
from scheduler.models import Account, Delivery
from scheduler.overview import Look, Show
from scheduler.sql import is_postgres
from scheduler.states import State
from tests.world import ALICE, World, connect

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return FrozenClock(NOW)


async def texts(world: World, look: Look, *, size: int = 20) -> list[str]:
    page = await overview.page(world.workspace.id, look, size=size)
    return [found.post.text for _, found in page.posts]


async def put(world: World, text: str, hours: int, state: State, **values: object) -> Delivery:
    row = await world.schedule(text, seconds=(100 + hours) * 3600)
    due = NOW + timedelta(hours=hours)
    await Delivery.filter(id=row.id).update(state=state, due_at=due, since=due, **values)
    return row


async def test_what_comes_is_shown_soonest_first_with_what_is_overdue(world: World) -> None:
    await put(world, "later", 5, State.SCHEDULED)
    await put(world, "overdue", -30, State.PARKED)
    await put(world, "held", 3, State.HELD)
    await put(world, "live", 1, State.PUBLISHED, published_at=NOW)
    await put(world, "off", 1, State.CANCELLED)

    assert await texts(world, Look()) == ["overdue", "held", "later"]


async def test_what_waits_for_somebody_is_shown_newest_first(world: World) -> None:
    await put(world, "old", -5, State.FAILED)
    await put(world, "new", -1, State.MISSED)
    await put(world, "asked", -3, State.UNCONFIRMED, asked_at=NOW)
    await put(world, "looked for", -2, State.UNCONFIRMED)

    assert await texts(world, Look(show=Show.WAITING)) == ["new", "asked", "old"]


async def test_what_went_out_is_shown_newest_first(world: World) -> None:
    for hours in (-3, -1, -2):
        at = NOW + timedelta(hours=hours)
        await put(world, str(hours), hours, State.PUBLISHED, published_at=at)

    assert await texts(world, Look(show=Show.PUBLISHED)) == ["-1", "-2", "-3"]


async def test_a_post_to_several_accounts_is_shown_once_and_by_each_account(world: World) -> None:
    other = await connect(world.runtime, world.workspace, "acme_labs")
    due = NOW + timedelta(hours=1)
    both = world.new_post("both", due_at=due, account_ids=(world.account.id, other.id))
    await posts.schedule(world.runtime, both)
    await world.schedule("one", seconds=7200)

    assert await texts(world, Look()) == ["both", "one"]
    assert await texts(world, Look(account_id=other.id)) == ["both"]
    assert await texts(world, Look(account_id=world.account.id)) == ["both", "one"]


async def test_an_author_and_a_workspace_see_their_own(world: World) -> None:
    await world.schedule("of Alice", seconds=3600)
    await world.schedule("of Bob", seconds=7200, author="U0BOB")

    assert await texts(world, Look(author=ALICE)) == ["of Alice"]
    assert await texts(world, Look()) == ["of Alice", "of Bob"]
    assert (await overview.page(world.workspace.id + 1, Look())).posts == []


async def test_pages_hold_every_post_once(world: World) -> None:
    for number in range(7):
        await world.schedule(str(number), seconds=3600)
    look = Look()

    seen = []
    for page in range(4):
        found = await overview.page(world.workspace.id, replace(look, page=page), size=3)
        seen += [each.post.text for _, each in found.posts]
        assert found.has_more is (page < 2)

    assert sorted(seen) == [str(number) for number in range(7)]


@pytest.mark.parametrize(
    ("show", "index"),
    [
        (Show.COMING, "idx_delivery_open"),
        (Show.HELD, "idx_delivery_held"),
        (Show.WAITING, "idx_delivery_stopped"),
        (Show.PUBLISHED, "idx_delivery_live"),
    ],
)
async def test_lists_are_read_along_their_index(world: World, show: Show, index: str) -> None:
    where, column, later = overview._LISTS[show]
    direction = "ASC" if later == ">" else "DESC"
    connection = get_connection()
    # With few rows PostgreSQL would rather read them all.
    explain = "EXPLAIN" if is_postgres(connection) else "EXPLAIN QUERY PLAN"
    if is_postgres(connection):
        await connection.execute_script("SET enable_seqscan = off; SET enable_sort = off")

    plan = await connection.execute_query_dict(
        f"{explain} SELECT d.post_id FROM delivery AS d WHERE d.workspace_id = 1"
        f" AND {where.format('d')} ORDER BY d.{column} {direction}, d.id {direction} LIMIT 20"
    )

    assert index in str(plan)


async def test_the_figures_count_days_on_the_members_clock(world: World) -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    await put(world, "a", -1, State.PUBLISHED, published_at=late)
    await put(world, "b", -1, State.FAILED, cause="network")
    await put(world, "c", -1, State.PUBLISHED, published_at=NOW - timedelta(days=40))

    utc = await figures.last_days(world.workspace.id, NOW, "UTC")
    berlin = await figures.last_days(world.workspace.id, NOW, "Europe/Berlin")

    assert [(day.day.day, day.published, day.failed) for day in utc.days[-2:]] == [
        (24, 1, 0),
        (25, 0, 1),
    ]
    assert [(day.day.day, day.published) for day in berlin.days[-2:]] == [(24, 0), (25, 1)]
    assert (len(utc.days), utc.by_platform, utc.by_cause) == (30, {"x": 1}, {"network": 1})


async def test_what_failed_for_one_cause_is_published_now_and_nothing_else(world: World) -> None:
    dead = await put(world, "a", -1, State.FAILED, cause="authentication")
    other = await put(world, "b", -1, State.FAILED, cause="network")
    content = await put(world, "c", -1, State.FAILED, cause="content")

    known = await recoveries.causes(world.workspace.id)
    done = await recoveries.retry_failed(
        world.runtime, workspace_id=world.workspace.id, cause="authentication", actor=ALICE
    )

    assert known == {"authentication": 1, "network": 1}
    assert (done.posts, done.settled) == (1, 0)
    states = [(await world.fresh(row)).state for row in (dead, other, content)]
    assert states == [State.SCHEDULED, State.FAILED, State.FAILED]


async def test_only_the_posts_of_the_author_and_account_that_were_meant_are_retried(
    world: World,
) -> None:
    await put(world, "a", -1, State.FAILED, cause="network")

    async def retry(**which: object) -> int:
        done = await recoveries.retry_failed(
            world.runtime,
            workspace_id=world.workspace.id,
            cause="network",
            actor=ALICE,
            **which,  # type: ignore[arg-type]
        )
        return done.posts

    assert await retry(author="U0BOB") == 0
    assert await retry(account_id=world.account.id + 1) == 0
    assert await retry(author=ALICE, account_id=world.account.id) == 1
    assert await retry(author=ALICE) == 0
    assert (await Account.get(id=world.account.id)).health == "connected"
