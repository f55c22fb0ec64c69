"""An account posts no more than its platform takes, and 50 posts of it do not each ask."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publishers import Budget, all_publishers
from scheduler import quotas, states
from scheduler.backoff import free_at
from scheduler.circuits import Heard
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.deliveries import Step
from scheduler.models import Delivery, Quota
from scheduler.runtime import Runtime
from scheduler.states import Role, State
from tests.scheduler.down import SECOND
from tests.scheduler.engine import Desk, Engine, another_process, attempts_of, events_of, on_sqlite
from tests.world import World, accounts_like

MINUTE = timedelta(minutes=1)
WINDOW = timedelta(minutes=15)
DAY = timedelta(days=1)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """An X that takes three posts in a quarter of an hour, and five in a day."""
    x = all_publishers()["x"]
    limits = replace(x.limits, posts_per_quarter_hour=3, posts_per_day=5)
    monkeypatch.setattr(x, "limits", limits)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param([], 0, id="nothing sent"),
        pytest.param([-14, -1], 0, id="room for one more"),
        pytest.param([-14, -2, -1], 1, id="full until the oldest leaves the window"),
        pytest.param([-15, -2, -1], 0, id="the oldest has just left it"),
        pytest.param([-14, -13, -2, -1], 2, id="more than full"),
        pytest.param([-600, -500, -400, -300, -200], 840, id="full for the day"),
        pytest.param([-1, 5, 5], 14, id="planned ones count"),
    ],
)
def test_the_first_moment_with_room_is_found(sent: list[int], expected: int) -> None:
    instants = [NOON + minutes * MINUTE for minutes in sent]

    free = free_at(NOON, instants, [(3, WINDOW), (5, DAY)])

    assert (free - NOON) / MINUTE == expected


def test_without_a_limit_there_is_always_room() -> None:
    assert free_at(NOON, [NOON] * 1000, []) == NOON


async def moments(*rows: Delivery) -> list[tuple[State, float | None]]:
    """The state of each, and in how many minutes it is looked at again."""
    fresh = [await Delivery.get(id=row.id) for row in rows]
    return [
        (row.state, row.next_attempt_at and (row.next_attempt_at - row.due_at) / MINUTE)
        for row in fresh
    ]


@pytest.mark.usefixtures("few")
async def test_what_would_be_too_much_waits_until_the_window_frees(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    rows = [await world.schedule(f"Post {number}") for number in range(5)]

    await engine.run()

    assert await moments(*rows) == [
        *[(State.PUBLISHED, None)] * 3,
        *[(State.RETRYING, 15.0)] * 2,
    ]
    waiting = await world.fresh(rows[3])
    assert (waiting.attempts, waiting.cause) == (0, "rate_limit")
    assert waiting.reason == (
        "X takes 3 posts in 15 minutes from an account. This one waits until there is room for it."
    )
    assert await attempts_of(waiting) == []
    assert (await events_of(waiting))[-1] == (waiting.id, "delivery.snoozed", "card")


@pytest.mark.usefixtures("few")
async def test_when_the_window_frees_they_go_out_and_no_more_than_it_takes(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    began = clock.instant
    rows = [await world.schedule(f"Post {number}") for number in range(7)]

    for _ in range(24 * 4 + 2):
        await engine.run()
        clock.move_to(clock.instant + WINDOW + 3 * SECOND)

    out = [await world.fresh(row) for row in rows]
    at = sorted(((row.published_at or began) - began) // WINDOW for row in out)
    assert {row.state for row in out} == {State.PUBLISHED}
    assert at[:5] == [0, 0, 0, 1, 1]
    assert min(at[5:]) >= 24 * 4 - 3
    assert len(world.x.accepted()) == 7


@pytest.mark.usefixtures("few")
async def test_several_workers_share_one_quota(
    world: World, engine: Engine, clock: FrozenClock, settings: Settings
) -> None:
    for number in range(8):
        await world.schedule(f"Post {number}")
    ids = await engine.stage()

    async def work(runtime: Runtime, part: list[int]) -> None:
        other = Engine(runtime)
        await asyncio.gather(*(other.deliverer.execute([id_]) for id_ in part))
        await other.finish()

    async with another_process(settings, clock) as second:
        await asyncio.gather(
            work(world.runtime, ids[::2]), second.run(lambda runtime: work(runtime, ids[1::2]))
        )

    assert len(world.x.accepted()) == 3
    assert await Delivery.filter(state=State.RETRYING, attempts=0).count() == 5


@pytest.mark.usefixtures("few")
async def test_a_retry_takes_no_second_place(desk: Desk, clock: FrozenClock) -> None:
    first, *others = await desk.put([State.QUEUED] * 4)

    for _ in range(3):
        await quotas.reserve([first], clock.instant)
    waits = await quotas.reserve(others, clock.instant)

    assert list(waits) == [others[2].id]


@pytest.mark.usefixtures("few")
async def test_a_comment_takes_no_place(desk: Desk, clock: FrozenClock) -> None:
    rows = await desk.put([State.QUEUED] * 9, role=Role.COMMENT)

    assert await quotas.reserve(rows, clock.instant) == {}


@pytest.mark.usefixtures("few")
async def test_what_would_have_to_wait_for_days_is_asked_about(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    await Quota.create(account=world.account, spent={})
    sent = {str(10**6 + n): (clock.instant + DAY / 2).isoformat() for n in range(5)}
    await Quota.all().update(spent=sent)
    delivery = await world.schedule()

    await engine.run()

    fresh = await world.fresh(delivery)
    assert fresh.state is State.MISSED
    assert fresh.reason.startswith("X takes 5 posts in 24 hours from an account. There was no room")


async def test_after_a_rate_limit_the_other_posts_of_the_account_do_not_ask(
    world: World, engine: Engine, clock: FrozenClock, settings: Settings
) -> None:
    await world.x.switch(mode="rate_limit", rate_limit_seconds=1000)
    first = await world.schedule("First")
    await engine.run()
    rows = [await world.schedule(f"Post {number}") for number in range(50)]

    async def work(runtime: Runtime) -> None:
        await Engine(runtime).run()

    async with another_process(settings, clock) as second:
        await second.run(work)

    until = (await world.fresh(first)).next_attempt_at
    fresh = [await world.fresh(row) for row in rows]
    assert {(row.state, row.next_attempt_at, row.attempts) for row in fresh} == {
        (State.RETRYING, until, 0)
    }
    assert fresh[0].reason.startswith("X takes no more posts from this account for now.")
    assert [await attempts_of(row) for row in rows] == [[]] * 50


async def test_a_limit_of_one_account_is_not_that_of_another(world: World, engine: Engine) -> None:
    await world.x.switch(mode="rate_limit", mode_times=1)
    await world.schedule("First")
    await engine.run()
    (account,) = await accounts_like(world.runtime, world.account, 1)
    other = await world.schedule("Other", account_ids=(account.id,))

    await engine.run()

    assert (await world.fresh(other)).state is State.PUBLISHED


async def test_what_the_platform_says_is_left_counts_more_than_our_own_count(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    soon = clock.instant + 5 * MINUTE
    await Quota.create(
        account=world.account, remaining=2, reset_at=soon, heard_at=clock.instant - SECOND
    )
    rows = [await world.schedule(f"Post {number}") for number in range(4)]
    await world.x.switch(limits=False)

    await engine.run()

    assert await moments(*rows) == [*[(State.PUBLISHED, None)] * 2, *[(State.RETRYING, 5.0)] * 2]


async def heard(desk: Desk, budget: Budget) -> Quota:
    (row,) = await desk.put([State.PREPARING])
    now = desk.runtime.clock.now()
    told = Heard(platform="x", account_id=desk.account.id, answered=None, since=now, budget=budget)
    await desk.runtime.ledger.move(
        Step(
            move=states.SNOOZE,
            id=row.id,
            fence=row.fence,
            values={"next_attempt_at": now, "cause": "", "kind": "", "reason": ""},
            heard=told,
        )
    )
    return await Quota.get(account_id=desk.account.id)


async def test_within_one_window_what_is_left_only_shrinks(desk: Desk, clock: FrozenClock) -> None:
    reset, later = clock.instant + MINUTE, clock.instant + WINDOW

    seen = [
        (await heard(desk, Budget(remaining=left, reset=at))).remaining
        for left, at in [(9, reset), (7, reset), (8, reset), (99, later)]
    ]

    assert seen == [9, 7, 7, 99]


async def test_what_was_heard_keeps_what_was_counted(desk: Desk, clock: FrozenClock) -> None:
    rows = await desk.put([State.QUEUED] * 2)
    await quotas.reserve(rows, clock.instant)

    quota = await heard(desk, Budget(remaining=5, reset=clock.instant + MINUTE))

    assert set(quota.spent) == {str(row.id) for row in rows}
    assert quota.remaining == 5


@on_sqlite
async def test_what_x_says_with_a_post_is_remembered(world: World, engine: Engine) -> None:
    await world.schedule()

    await engine.run()

    quota = await Quota.get(account_id=world.account.id)
    assert (quota.remaining, len(quota.spent)) == (99, 1)


@on_sqlite
async def test_what_is_older_than_every_window_is_forgotten(desk: Desk, clock: FrozenClock) -> None:
    first, second = await desk.put([State.QUEUED] * 2)
    await quotas.reserve([first], clock.instant)

    await quotas.reserve([second], clock.instant + DAY + SECOND)

    assert set((await Quota.get(account_id=desk.account.id)).spent) == {str(second.id)}
