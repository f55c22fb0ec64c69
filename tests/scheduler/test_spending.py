"""What posts cost, the budget of a month, and the same post made twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler import posts, spending
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.models import Delivery
from scheduler.posts import OverBudget, SaidBefore
from scheduler.states import State
from tests.scheduler.engine import Engine
from tests.world import World, connect, settings_for

MIDDLE = datetime(2027, 3, 15, 12, tzinfo=UTC)
NEXT_MONTH = timedelta(days=20)
LINKED = "Sale https://acme.com"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(MIDDLE)


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int) -> Settings:
    return settings_for(database_url, tmp_path, x_port, X_MONTHLY_BUDGET=0.25)


async def due_in(world: World, text: str, after: timedelta, **changes: Any) -> Delivery:
    given = {"means_it_twice": False, **changes}
    return await world.schedule(text, seconds=after.total_seconds(), **given)


async def test_a_month_knows_what_is_spent_and_what_is_planned(
    world: World, engine: Engine
) -> None:
    await world.schedule(LINKED)
    await engine.run()
    await due_in(world, "Hello", timedelta(days=1))
    await due_in(world, "Hello again", NEXT_MONTH)

    month = await spending.month(world.runtime, "x", MIDDLE)

    assert (month.spent, month.planned, month.budget, month.left) == (200, 15, 250, 35)


async def test_a_post_beyond_the_budget_of_its_month_is_refused_and_nothing_is_stored(
    world: World,
) -> None:
    await due_in(world, LINKED, timedelta(days=1))

    with pytest.raises(OverBudget, match=r"\$0\.20 on X, and of this month's \$0\.25 only \$0\.05"):
        await due_in(world, "Other https://acme.com", timedelta(days=2))
    next_month = await due_in(world, "Other https://acme.com", NEXT_MONTH)

    assert await Delivery.all().count() == 2
    assert next_month.price == 200


async def test_a_link_added_later_counts_too(world: World) -> None:
    await due_in(world, LINKED, timedelta(days=1))
    plain = await due_in(world, "Hello", timedelta(days=2))

    with pytest.raises(OverBudget):
        await posts.edit(world.runtime, world.ref(plain), Words(text="Hello https://acme.com"))
    await posts.edit(world.runtime, world.ref(plain), Words(text="Hello you"))

    assert (await world.fresh(plain)).price == 15


async def test_what_was_called_off_or_failed_costs_nothing(world: World, engine: Engine) -> None:
    called_off = await due_in(world, LINKED, timedelta(days=1))
    await posts.cancel(world.runtime, world.ref(called_off))
    await world.x.switch(mode="not_permitted", mode_times=1)
    await world.schedule("Refused https://acme.com")
    await engine.run()

    month = await spending.month(world.runtime, "x", MIDDLE)

    assert (month.spent, month.planned) == (0, 0)


async def test_a_budget_that_was_used_up_meanwhile_stops_a_post_before_it_leaves(
    world: World, engine: Engine
) -> None:
    first, second = [await due_in(world, text, timedelta(hours=1)) for text in ("One", "Two")]
    await Delivery.filter(id=first.id).update(state=State.PUBLISHED, price=240)

    await posts.publish_now(world.runtime, world.ref(second))
    await engine.run()

    fresh = await world.fresh(second)
    assert (fresh.state, fresh.kind) == (State.FAILED, "billing")
    assert "X_MONTHLY_BUDGET" in fresh.reason
    assert world.x.accepted() == []


async def test_the_same_post_to_the_same_account_is_asked_about(world: World) -> None:
    first = await due_in(world, "Hello", timedelta(hours=2))

    with pytest.raises(SaidBefore) as caught:
        await due_in(world, "Hello", timedelta(hours=25))
    meant = await due_in(world, "Hello", timedelta(hours=25), means_it_twice=True)

    assert (caught.value.account.id, caught.value.due_at) == (world.account.id, first.due_at)
    assert meant.digest == first.digest


@pytest.mark.parametrize("case", ["later", "other text", "other account", "called off"])
async def test_what_is_not_the_same_is_not_asked_about(world: World, case: str) -> None:
    first = await due_in(world, "Hello", timedelta(hours=2))
    if case == "called off":
        await posts.cancel(world.runtime, world.ref(first))
    other = await connect(world.runtime, world.workspace, "acme_labs")
    changes: dict[str, Any] = {"account_ids": (other.id,)} if case == "other account" else {}
    after = timedelta(hours=27 if case == "later" else 3)

    made = await due_in(world, "Hello you" if case == "other text" else "Hello", after, **changes)

    assert made.state is State.SCHEDULED
