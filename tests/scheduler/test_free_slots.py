"""A post takes the next slot of its account that no other post occupies, and nobody takes it
twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler import free_slots, posts
from scheduler.accounts import AccountError
from scheduler.clock import FrozenClock
from scheduler.free_slots import SlotTaken, WrongSlots
from scheduler.models import Account, Delivery, Post
from tests.world import World, accounts_like

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
THURSDAY = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


async def slotted(world: World, text: str = "daily 9:00") -> Account:
    return await free_slots.set_slots(
        workspace_id=world.workspace.id, account_id=world.account.id, text=text, zone="UTC"
    )


async def free(account: Account, now: datetime = NOON) -> datetime:
    return (await free_slots.next_free([account], now))[account.id]


async def take(world: World, at: datetime, **more: Any) -> Post:
    new = world.new_post(slots={world.account.id: at}, **more)
    return await posts.schedule(world.runtime, new)


async def test_the_first_slot_is_the_next_one(world: World) -> None:
    assert await free(await slotted(world)) == THURSDAY


async def test_a_slot_with_a_post_that_waits_is_passed_over(world: World) -> None:
    account = await slotted(world)

    await take(world, THURSDAY)

    assert await free(account) == THURSDAY + timedelta(days=1)


async def test_a_post_at_that_time_takes_the_slot_too_however_it_got_there(world: World) -> None:
    account = await slotted(world)

    await posts.schedule(world.runtime, world.new_post(due_at=THURSDAY))

    assert await free(account) == THURSDAY + timedelta(days=1)


async def test_a_slot_is_free_again_when_its_post_is_called_off(world: World) -> None:
    account = await slotted(world)
    post = await take(world, THURSDAY)

    await posts.cancel(world.runtime, world.ref(post))

    assert await free(account) == THURSDAY


async def test_a_post_of_another_account_takes_no_slot(world: World) -> None:
    account = await slotted(world)
    other = (await accounts_like(world.runtime, world.account, 1))[0]

    new = world.new_post(due_at=THURSDAY, account_ids=(other.id,))
    await posts.schedule(world.runtime, new)

    assert await free(account) == THURSDAY


async def test_of_many_at_once_only_one_takes_a_slot_and_the_others_are_told(
    world: World,
) -> None:
    await slotted(world)

    found = await asyncio.gather(*(take(world, THURSDAY) for _ in range(8)), return_exceptions=True)

    assert [type(each) for each in found if not isinstance(each, Post)] == [SlotTaken] * 7
    assert await Delivery.all().count() == 1
    assert await Post.all().count() == 1


async def test_each_account_gets_its_own_slot_and_the_post_its_earliest(world: World) -> None:
    await slotted(world)
    other = (await accounts_like(world.runtime, world.account, 1))[0]
    later = THURSDAY + timedelta(hours=3)

    post = await take(
        world,
        THURSDAY,
        account_ids=(world.account.id, other.id),
    )
    both = await posts.schedule(
        world.runtime,
        world.new_post(
            account_ids=(world.account.id, other.id),
            slots={world.account.id: later + timedelta(days=1), other.id: later},
        ),
    )

    due = {row.account_id: row.due_at for row in await Delivery.filter(post_id=both.id)}
    assert due == {world.account.id: later + timedelta(days=1), other.id: later}
    assert (post.due_at, both.due_at) == (NOON, later)


async def test_an_account_without_slots_says_where_to_set_them(world: World) -> None:
    with pytest.raises(posts.WrongTime, match="@acme has no slots yet"):
        await free(world.account)


async def test_a_slot_that_has_passed_is_refused(world: World) -> None:
    await slotted(world)

    with pytest.raises(posts.WrongTime, match="already passed"):
        await take(world, NOON - timedelta(hours=3))


async def test_slots_that_nobody_can_read_change_nothing(world: World) -> None:
    await slotted(world)

    with pytest.raises(WrongSlots):
        await slotted(world, "whenever")

    assert (await Account.get()).slots == "Mon-Sun 09:00"


async def test_an_account_of_another_workspace_has_no_slots_to_set(world: World) -> None:
    with pytest.raises(AccountError, match="not connected"):
        await free_slots.set_slots(
            workspace_id=world.workspace.id + 1,
            account_id=world.account.id,
            text="daily 9",
            zone="UTC",
        )
