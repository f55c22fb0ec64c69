"""A day and an hour ahead of a post its platform is asked whether the tokens work: not too often,
not too many at a time, and a platform that does not answer accuses nobody."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler import accounts, checks, members, posts
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.keeper import Keeper
from scheduler.models import Account, Event, Workspace
from scheduler.runtime import Runtime
from tests.gallery import GalleryStandIn, connect_gallery, settings_of
from tests.scheduler.engine import another_process, on_sqlite
from tests.world import ALICE, settings_for

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
A_DAY_AHEAD, AN_HOUR_AHEAD = checks.MARKS


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int, gallery: GalleryStandIn) -> Settings:
    return settings_for(database_url, tmp_path, x_port, **settings_of(gallery.url))


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
async def acme(runtime: Runtime) -> Account:
    """An account that was connected two days ago."""
    team: Workspace = await members.workspace(runtime, "T0SANDBOX", name="Acme")
    (account,) = await connect_gallery(runtime, team.id)
    await Account.all().update(checked_at=runtime.clock.now() - 48 * HOUR)
    return account


async def plan(runtime: Runtime, account: Account, *ahead: timedelta) -> None:
    """Posts that are due so long after now."""
    for number, each in enumerate(ahead):
        new = posts.NewPost(
            workspace_id=account.workspace_id,
            author=ALICE,
            words=Words(text=f"Post {number}"),
            account_ids=(account.id,),
            timezone="UTC",
            due_at=runtime.clock.now() + each,
        )
        await posts.schedule(runtime, new)


async def check_all(runtime: Runtime) -> None:
    for account in await checks.due(runtime.clock.now()):
        await checks.check(runtime, account)


@pytest.mark.parametrize(
    ("mark", "checked_at", "missed"),
    [
        pytest.param(A_DAY_AHEAD, None, True, id="never checked"),
        pytest.param(A_DAY_AHEAD, NOON - 27 * HOUR, True, id="long before the day"),
        pytest.param(A_DAY_AHEAD, NOON - 25 * HOUR, False, id="just before the day"),
        pytest.param(A_DAY_AHEAD, NOON - 23 * HOUR, False, id="within the day"),
        pytest.param(AN_HOUR_AHEAD, NOON - 23 * HOUR, True, id="within the day, not the hour"),
        pytest.param(AN_HOUR_AHEAD, NOON - 76 * MINUTE, True, id="too long before the hour"),
        pytest.param(AN_HOUR_AHEAD, NOON - 70 * MINUTE, False, id="just before the hour"),
        pytest.param(AN_HOUR_AHEAD, NOON - MINUTE, False, id="within the hour"),
    ],
)
def test_what_was_seen_near_the_mark_is_believed(
    mark: checks.Mark, checked_at: datetime | None, missed: bool
) -> None:
    assert mark.is_missed(checked_at, NOON) is missed


async def test_a_post_is_checked_for_a_day_and_an_hour_ahead_and_not_between(
    runtime: Runtime, acme: Account, clock: FrozenClock, gallery: GalleryStandIn
) -> None:
    began = clock.instant
    await plan(runtime, acme, 30 * HOUR)
    asked = []

    for hours in (0, 5, 6, 7, 20, 28, 29, 29.5, 29.9):
        clock.move_to(began + hours * HOUR)
        await check_all(runtime)
        asked.append(gallery.count("/me"))

    assert asked == [0, 0, 1, 1, 1, 1, 2, 2, 2]
    checked = (await Account.get(id=acme.id)).checked_at
    assert checked == began + 29 * HOUR


@on_sqlite
async def test_many_posts_of_a_day_cost_a_few_checks(
    runtime: Runtime, acme: Account, clock: FrozenClock, gallery: GalleryStandIn
) -> None:
    began = clock.instant
    await plan(runtime, acme, *(25 * HOUR + number * 5 * MINUTE for number in range(60)))

    for minutes in range(0, 31 * 60, 5):
        clock.move_to(began + minutes * MINUTE)
        await check_all(runtime)

    assert gallery.count("/me") <= 25


@on_sqlite
async def test_an_account_without_posts_ahead_is_not_checked(
    runtime: Runtime, acme: Account, clock: FrozenClock, gallery: GalleryStandIn
) -> None:
    await plan(runtime, acme, 25 * HOUR)
    await posts.schedule(
        runtime,
        posts.NewPost(
            workspace_id=acme.workspace_id,
            author=ALICE,
            words=Words(text="Now"),
            account_ids=(acme.id,),
            timezone="UTC",
        ),
    )

    assert await checks.due(clock.instant) == []


@on_sqlite
async def test_a_refresh_counts_as_a_check(
    runtime: Runtime, acme: Account, clock: FrozenClock
) -> None:
    await plan(runtime, acme, 20 * HOUR)
    due = [each.id for each in await checks.due(clock.instant)]

    await accounts.credentials(runtime, acme.id, not_version=0)

    assert due == [acme.id]
    assert await checks.due(clock.instant) == []


async def test_of_several_that_would_check_one_does(
    runtime: Runtime, acme: Account, settings: Settings, gallery: GalleryStandIn
) -> None:
    await plan(runtime, acme, 20 * HOUR)

    async def ask(there: Runtime) -> None:
        await asyncio.gather(*(Keeper(there).tick() for _ in range(4)))

    async with another_process(settings) as other:
        await asyncio.gather(ask(runtime), other.run(ask))

    assert gallery.count("/me") == 1


async def test_dead_tokens_break_the_account_a_day_ahead(
    runtime: Runtime, acme: Account, gallery: GalleryStandIn
) -> None:
    await plan(runtime, acme, 20 * HOUR)
    gallery.kill_tokens()

    await Keeper(runtime).tick()

    assert (await Account.get(id=acme.id)).health == accounts.BROKEN
    assert await Event.filter(kind="account.broken", notice="account").count() == 1


@on_sqlite
async def test_a_token_that_a_refresh_mends_breaks_nothing(
    runtime: Runtime, acme: Account, gallery: GalleryStandIn
) -> None:
    await plan(runtime, acme, 20 * HOUR)
    for token in gallery.tokens.values():
        token.is_good = token.renews

    await Keeper(runtime).tick()

    fresh = await Account.get(id=acme.id)
    assert (fresh.health, fresh.token_version) == (accounts.CONNECTED, 1)
    assert gallery.asked[-3:] == ["/me", "/token refresh", "/me"]


@on_sqlite
async def test_tokens_that_are_refused_even_when_new_break_the_account(
    runtime: Runtime, acme: Account, gallery: GalleryStandIn
) -> None:
    await plan(runtime, acme, 20 * HOUR)
    gallery.status["/me"] = 401

    await Keeper(runtime).tick()

    assert (await Account.get(id=acme.id)).health == accounts.BROKEN


@pytest.mark.parametrize("status", [500, 429], ids=["fails", "limits us"])
@on_sqlite
async def test_a_platform_that_does_not_answer_is_asked_again_later_and_is_no_finding(
    runtime: Runtime,
    acme: Account,
    clock: FrozenClock,
    gallery: GalleryStandIn,
    status: int,
) -> None:
    await plan(runtime, acme, 20 * HOUR)
    gallery.status["/me"] = status
    began, last_seen = clock.instant, (await Account.get(id=acme.id)).checked_at
    keeper, asked = Keeper(runtime), []

    for minutes in (0, 1, 4, 5):
        clock.move_to(began + minutes * MINUTE)
        before = gallery.count("/me")
        await keeper.tick()
        asked.append(gallery.count("/me") > before)

    fresh = await Account.get(id=acme.id)
    assert asked == [True, False, False, True]
    assert (fresh.health, fresh.checked_at) == (accounts.CONNECTED, last_seen)


@on_sqlite
async def test_a_refusal_that_is_no_matter_of_tokens_breaks_nothing(
    runtime: Runtime, acme: Account, clock: FrozenClock, gallery: GalleryStandIn
) -> None:
    await plan(runtime, acme, 20 * HOUR)
    gallery.status["/me"] = 403

    await Keeper(runtime).tick()

    fresh = await Account.get(id=acme.id)
    assert (fresh.health, fresh.checked_at) == (accounts.CONNECTED, clock.instant)
