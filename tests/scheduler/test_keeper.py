"""Tokens are renewed ahead of their end even when nobody posts, once by however many keepers; a
platform that fails costs the account nothing while its tokens work."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler import accounts, members
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.keeper import Keeper
from scheduler.models import Account, Consent, Event, Workspace
from scheduler.runtime import Runtime
from tests.gallery import GalleryStandIn, Hold, connect_gallery, consent, settings_of
from tests.scheduler.engine import another_process, on_sqlite
from tests.world import settings_for, until

DAY = timedelta(days=1)


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int, gallery: GalleryStandIn) -> Settings:
    return settings_for(database_url, tmp_path, x_port, **settings_of(gallery.url))


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
async def team(runtime: Runtime) -> Workspace:
    return await members.workspace(runtime, "T0SANDBOX", name="Acme")


@pytest.fixture
async def acme(runtime: Runtime, team: Workspace) -> Account:
    """An account whose tokens live for 60 days and are renewed in the last 30."""
    (account,) = await connect_gallery(runtime, team.id)
    return account


async def versions() -> list[int]:
    return [account.token_version for account in await Account.all().order_by("id")]


async def test_tokens_near_their_end_are_renewed_although_no_post_is_due(
    runtime: Runtime, acme: Account, clock: FrozenClock, gallery: GalleryStandIn
) -> None:
    clock.move_to(clock.instant + 31 * DAY)

    await Keeper(runtime).tick()

    fresh = await Account.get(id=acme.id)
    assert (fresh.token_version, fresh.refresh_owner) == (1, None)
    assert fresh.expires_at is not None
    assert acme.expires_at is not None
    assert fresh.checked_at == clock.instant
    current, _ = await accounts.credentials(runtime, acme.id)
    assert gallery.tokens[current.access_token].is_good


@on_sqlite
async def test_tokens_that_live_for_long_yet_are_left_alone(
    runtime: Runtime, acme: Account, clock: FrozenClock, gallery: GalleryStandIn
) -> None:
    clock.move_to(clock.instant + 29 * DAY)

    await Keeper(runtime).tick()

    assert gallery.count("/token refresh") == 0


@on_sqlite
async def test_tokens_without_an_end_are_left_alone(
    runtime: Runtime, acme: Account, gallery: GalleryStandIn
) -> None:
    await Account.all().update(expires_at=None)

    await Keeper(runtime).tick()

    assert gallery.count("/token refresh") == 0


@pytest.mark.parametrize("health", [accounts.BROKEN, accounts.DISCONNECTED])
@on_sqlite
async def test_accounts_that_wait_for_a_person_are_left_alone(
    runtime: Runtime, acme: Account, clock: FrozenClock, gallery: GalleryStandIn, health: str
) -> None:
    await Account.all().update(health=health, expires_at=clock.instant)

    await Keeper(runtime).tick()

    assert gallery.count("/token refresh") == 0


async def test_several_keepers_renew_each_account_once(
    runtime: Runtime,
    team: Workspace,
    settings: Settings,
    clock: FrozenClock,
    gallery: GalleryStandIn,
) -> None:
    gallery.profiles = {str(number): f"acme_{number}" for number in range(8)}
    await connect_gallery(runtime, team.id, *gallery.profiles)
    await Account.all().update(expires_at=datetime.now(UTC) + DAY)

    async def keep(there: Runtime) -> None:
        await asyncio.gather(*(Keeper(there).tick() for _ in range(3)))

    async with another_process(settings) as other:
        await asyncio.gather(keep(runtime), other.run(keep))

    assert await versions() == [1] * 8
    assert gallery.count("/token refresh") == 8


@on_sqlite
async def test_only_a_few_of_one_platform_are_renewed_at_a_time(
    runtime: Runtime, team: Workspace, clock: FrozenClock, gallery: GalleryStandIn
) -> None:
    gallery.profiles = {str(number): f"acme_{number}" for number in range(8)}
    await connect_gallery(runtime, team.id, *gallery.profiles)
    await Account.all().update(expires_at=clock.instant + DAY)
    gallery.held["/token refresh"] = Hold()
    ticking = asyncio.create_task(Keeper(runtime).tick())
    await until(lambda: asyncio.sleep(0, gallery.count("/token refresh") >= 3))
    await asyncio.sleep(0.2)

    at_once = gallery.count("/token refresh")
    gallery.held["/token refresh"].set()
    await ticking

    assert at_once == 3
    assert await versions() == [1] * 8


@pytest.mark.parametrize("status", [500, 429, 403], ids=["fails", "limits us", "refuses the app"])
@on_sqlite
async def test_a_platform_that_gives_no_tokens_is_left_alone_for_a_while(
    runtime: Runtime, acme: Account, clock: FrozenClock, gallery: GalleryStandIn, status: int
) -> None:
    clock.move_to(clock.instant + 31 * DAY)
    gallery.status["/token refresh"] = status
    keeper = Keeper(runtime)

    await keeper.tick()
    asked = gallery.count("/token refresh")
    await keeper.tick()

    assert gallery.count("/token refresh") == asked
    assert (await Account.get(id=acme.id)).health == accounts.CONNECTED


@on_sqlite
async def test_a_dead_grant_breaks_the_account_and_its_owner_hears_of_it(
    runtime: Runtime, acme: Account, clock: FrozenClock, gallery: GalleryStandIn
) -> None:
    clock.move_to(clock.instant + 31 * DAY)
    gallery.kill_tokens()

    await Keeper(runtime).tick()
    await Keeper(runtime).tick()

    (event,) = await Event.filter(kind="account.broken")
    assert "no longer accepts" in event.data["reason"]
    assert (await Account.get(id=acme.id)).health == accounts.BROKEN


@on_sqlite
async def test_tokens_that_cannot_be_renewed_break_the_account_when_they_end_and_not_before(
    runtime: Runtime, team: Workspace, clock: FrozenClock, gallery: GalleryStandIn
) -> None:
    gallery.gives_refresh_tokens = False
    await connect_gallery(runtime, team.id)
    outcomes = []

    for days in (59, 61):
        clock.move_to(datetime.now(UTC) + days * DAY)
        await Keeper(runtime).tick()
        outcomes.append((await Account.get()).health)

    assert outcomes == [accounts.CONNECTED, accounts.BROKEN]


@on_sqlite
async def test_one_account_in_trouble_holds_up_no_other(
    runtime: Runtime, team: Workspace, clock: FrozenClock, gallery: GalleryStandIn
) -> None:
    one, other = await connect_gallery(runtime, team.id, "1", "2")
    await Account.filter(id=one.id).update(secrets="unreadable")
    clock.move_to(clock.instant + 31 * DAY)

    await Keeper(runtime).tick()

    assert (await Account.get(id=other.id)).token_version == 1


@on_sqlite
async def test_a_keeper_cleans_up_and_ends_when_it_is_told(
    runtime: Runtime, team: Workspace, clock: FrozenClock, gallery: GalleryStandIn
) -> None:
    await consent(runtime, team.id)
    clock.move_to(clock.instant + DAY)
    stop = asyncio.Event()
    running: asyncio.Task[Any] = asyncio.create_task(Keeper(runtime).run(stop))

    async def cleaned() -> bool:
        return not await Consent.all().count()

    await until(cleaned)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert running.cancelled()
