"""An hour in which one platform is down with 500 posts due on it, beside another that works."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from publishers import all_publishers
from publishers.x import X
from sandbox.door import Door
from sandbox.x import create_app as create_x
from sandbox.x.world import WORLD
from scheduler import circuits
from scheduler.backoff import probe_gap, ramp
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.models import Account, Attempt, Delivery, Event, Post
from scheduler.reconcile import tick as reconcile
from scheduler.runtime import Runtime
from scheduler.states import OWNED, PostState, State
from tests.scheduler.down import look_after, platform
from tests.scheduler.engine import Engine, Process, another_process
from tests.world import ALICE, StandIn, World, accounts_like, connect, settings_for, until

POSTS, ACCOUNTS, OTHERS = 500, 10, 60
HOUR, TEN_SECONDS, SECOND = timedelta(hours=1), timedelta(seconds=10), timedelta(seconds=1)


class Elsewhere(X):
    """A second platform: another name and another server."""

    name = "elsewhere"
    label = "Elsewhere"


class TwoPlatforms(Settings):
    elsewhere_client_id: str = "sandbox-x-client"
    elsewhere_client_secret: SecretStr = SecretStr("sandbox-x-secret")
    elsewhere_api_url: str = ""
    elsewhere_authorize_url: str = ""


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncIterator[StandIn]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    server = TestServer(create_x(record=folder))
    await server.start_server()
    yield StandIn(server, folder / "x.jsonl")
    await server.close()


@pytest.fixture
async def door(x: StandIn, unused_tcp_port_factory: Any) -> AsyncIterator[int]:
    """A port of X's API that can be closed."""
    port: int = unused_tcp_port_factory()
    runner, switches = x.server.runner, x.server.app[WORLD].switches
    door = Door(runner, switches, host="127.0.0.1", port=port)  # type: ignore[arg-type]
    keeping = asyncio.create_task(door.keep())
    yield port
    keeping.cancel()


@pytest.fixture
def settings(
    database_url: str, tmp_path: Path, x_port: int, door: int, elsewhere: StandIn
) -> Iterator[Settings]:
    all_publishers()["elsewhere"] = Elsewhere
    usual = settings_for(
        database_url, tmp_path, x_port, X_API_URL=f"http://127.0.0.1:{door}"
    ).model_dump()
    given = {
        field.validation_alias.choices[0]: usual[name]  # type: ignore[union-attr]
        for name, field in Settings.model_fields.items()
    }
    url = str(elsewhere.server.make_url("")).rstrip("/")
    more = {"elsewhere_api_url": url, "elsewhere_authorize_url": f"{url}/i/oauth2/authorize"}
    yield TwoPlatforms(_env_file=None, **given, **more)
    del all_publishers()["elsewhere"]


class Office:
    """A dispatcher, a rescuer and two workers, and what they do while the clock moves on."""

    def __init__(self, runtime: Runtime, clock: FrozenClock, other: Process) -> None:
        self._runtime, self._clock, self._other = runtime, clock, other
        self._here, self._there = Engine(runtime), Engine(other.runtime)

    async def work(self, length: timedelta, *, step: timedelta) -> None:
        end = self._clock.instant + length
        while self._clock.instant < end:
            await self._tick()
            self._clock.move_to(self._clock.instant + step)

    async def work_until(self, came: Callable[[], Awaitable[bool]], *, step: timedelta) -> None:
        while not await came():
            await self.work(step, step=step)

    async def _tick(self) -> None:
        await look_after(self._runtime)
        await reconcile(self._runtime)
        ids = await self._here.stage()
        await self._here.deliverer.probe()
        await self._here.deliverer.execute(ids[::2])
        await self._other.run(lambda _: self._work_there(ids[1::2]))
        await until(self._nothing_moves, what="everything sent whose instant has come")

    async def _work_there(self, ids: list[int]) -> None:
        await self._there.deliverer.probe()
        await self._there.deliverer.execute(ids)

    async def _nothing_moves(self) -> bool:
        moving = Delivery.filter(state__in=list(OWNED), due_at__lte=self._clock.instant)
        return not await moving.exists()


async def circuit_closes() -> bool:
    return (await platform()).state != circuits.OPEN


async def schedule(
    world: World, accounts: list[Account], number: int, *, length: timedelta
) -> list[int]:
    """So many posts for these accounts in turn, due evenly over the time that comes."""
    now, platform = world.runtime.clock.now(), accounts[0].platform
    due = [now + length * index / number for index in range(number)]
    common = {"workspace": world.workspace, "author": ALICE, "state": PostState.SCHEDULED}
    await Post.bulk_create(
        [
            Post(
                id=f"{platform[0]}{index}",
                text=f"{platform} {index}",
                created_at=now,
                updated_at=now,
                **common,
            )
            for index in range(number)
        ]
    )
    await Delivery.bulk_create(
        [
            Delivery(
                workspace_id=world.workspace.id,
                post_id=f"{platform[0]}{index}",
                account_id=accounts[index % len(accounts)].id,
                platform=platform,
                due_at=at,
                next_attempt_at=at,
                since=now,
            )
            for index, at in enumerate(due)
        ]
    )
    rows = await Delivery.filter(platform=platform).order_by("due_at")
    return [row.id for row in rows]


@pytest.mark.parametrize(
    ("database_url", "mode", "most_in_doubt"),
    [
        pytest.param("sqlite", "refuses", 0, id="connections are refused"),
        pytest.param(
            *("postgres", "outage", 5),
            id="connections break after the request",
            marks=pytest.mark.long,
        ),
    ],
    indirect=["database_url"],
)
async def test_an_hour_without_a_platform_costs_no_post(
    world: World,
    clock: FrozenClock,
    settings: Settings,
    elsewhere: StandIn,
    mode: str,
    most_in_doubt: int,
) -> None:
    xs = await accounts_like(world.runtime, world.account, ACCOUNTS)
    other = await connect(world.runtime, world.workspace, platform="elsewhere")
    await schedule(world, xs, POSTS, length=HOUR)
    await schedule(world, [other], OTHERS, length=HOUR)
    await world.x.switch(mode=mode, limits=False)

    async with another_process(settings, clock) as second:
        office = Office(world.runtime, clock, second)
        await office.work(HOUR, step=TEN_SECONDS)
        await world.x.switch(mode="ok")
        back = clock.instant
        await office.work_until(circuit_closes, step=TEN_SECONDS)
        await office.work(timedelta(seconds=75), step=SECOND)

    rows = await Delivery.filter(platform="x").prefetch_related("post")
    out = {row.post.text for row in rows if row.state is State.PUBLISHED}
    assert len(out) >= POSTS - most_in_doubt
    assert {row.state for row in rows} <= {State.PUBLISHED, State.UNCONFIRMED}
    assert {row.attempts for row in rows} == {0}
    assert Counter(post["text"] for post in world.x.accepted()) == dict.fromkeys(out, 1)
    assert await _latest() <= back + probe_gap(99) + timedelta(seconds=75)
    assert await _fits_the_ramp()
    assert await Attempt.filter(started_at__lt=back, delivery__platform="x").count() <= 25
    assert await _lateness_of(other) <= TEN_SECONDS
    assert Counter(
        await Event.filter(kind__startswith="platform.").values_list("kind", flat=True)
    ) == {
        "platform.down": 1,
        "platform.back": 1,
    }


async def _latest() -> datetime:
    last = await Delivery.filter(platform="x", state=State.PUBLISHED).order_by("-since").first()
    assert last is not None
    return last.since


async def _lateness_of(account: Account) -> timedelta:
    rows = await Delivery.filter(account_id=account.id)
    assert len(rows) == OTHERS
    assert {row.state for row in rows} == {State.PUBLISHED}
    return max(row.since - row.due_at for row in rows)


async def _fits_the_ramp() -> bool:
    """Whether no more were released at any moment than the ramp allows."""
    events = await Event.filter(kind="delivery.released").order_by("at", "id")
    released, release_at = 0, events[0].at - SECOND
    for at, number in sorted(Counter(event.at for event in events).items()):
        allowed, release_at = ramp(released, release_at, at)
        released += number
        if number > allowed:
            return False
    return released >= POSTS - 30
