"""However many processes want an account's tokens at their end, one refresh reaches the platform; a
process that is killed in the middle of it leaves nobody waiting."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from scheduler import accounts, members
from scheduler.config import Settings
from scheduler.models import Account, Event
from scheduler.runtime import Runtime
from tests.gallery import GalleryStandIn, Hold, connect_gallery, settings_of
from tests.scheduler import asker
from tests.scheduler.asker import Errand
from tests.world import settings_for, until

pytestmark = pytest.mark.long

REFRESH = "/token refresh"


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int, gallery: GalleryStandIn) -> Settings:
    return settings_for(database_url, tmp_path, x_port, **settings_of(gallery.url))


@pytest.fixture
async def acme(runtime: Runtime) -> Account:
    """An account whose tokens have come to their end."""
    team = await members.workspace(runtime, "T0SANDBOX", name="Acme")
    (account,) = await connect_gallery(runtime, team.id)
    await Account.all().update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    return account


@pytest.fixture(scope="session")
def context() -> BaseContext:
    # Loads the product once for all of them.
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["tests.scheduler.asker"])
    return found


class Askers:
    """Processes that ask at the same instant."""

    def __init__(self, context: BaseContext, errand: Errand, number: int) -> None:
        self._together = context.Barrier(number)
        self._answers: Any = context.Queue()
        self.processes: list[BaseProcess] = [
            context.Process(target=asker.run, args=(errand, self._together, self._answers))  # type: ignore[attr-defined]
            for _ in range(number)
        ]

    async def ask(self) -> list[Any]:
        """What each of them got; those that were killed got nothing."""
        for process in self.processes:
            process.start()
        return await asyncio.to_thread(self._collect)

    def _collect(self) -> list[Any]:
        for process in self.processes:
            process.join(180)
        return [self._answers.get() for process in self.processes if process.exitcode == 0]


def errand(settings: Settings, gallery: GalleryStandIn, account: Account, dies: str = "") -> Errand:
    return Errand(settings.database, settings.data_dir, gallery.url, account.id, dies)


async def test_of_32_processes_one_refreshes_and_all_get_its_tokens(
    runtime: Runtime,
    acme: Account,
    settings: Settings,
    gallery: GalleryStandIn,
    context: BaseContext,
) -> None:
    answers = await Askers(context, errand(settings, gallery, acme), 32).ask()

    current, version = await accounts.credentials(runtime, acme.id)
    assert answers == [(current.access_token, version)] * 32
    assert version == 1
    assert gallery.count(REFRESH) == 1
    assert (await Account.get(id=acme.id)).refresh_owner is None


@pytest.mark.parametrize("dies", [asker.BEFORE_THE_REQUEST, asker.AFTER_STORING])
async def test_a_refresher_that_is_killed_where_nothing_is_lost_costs_nothing(
    runtime: Runtime,
    acme: Account,
    settings: Settings,
    gallery: GalleryStandIn,
    context: BaseContext,
    dies: str,
) -> None:
    dying = Askers(context, errand(settings, gallery, acme, dies), 1)
    await dying.ask()

    answers = await Askers(context, errand(settings, gallery, acme), 6).ask()

    current, version = await accounts.credentials(runtime, acme.id)
    assert [process.exitcode for process in dying.processes] == [-signal.SIGKILL]
    assert answers == [(current.access_token, 1)] * 6
    assert version == 1
    assert gallery.count(REFRESH) == 1
    assert gallery.tokens[current.access_token].is_good


async def test_new_tokens_that_die_with_the_refresher_are_told_once_and_keep_nobody_waiting(
    runtime: Runtime,
    acme: Account,
    settings: Settings,
    gallery: GalleryStandIn,
    context: BaseContext,
) -> None:
    await Askers(context, errand(settings, gallery, acme, asker.AFTER_THE_ANSWER), 1).ask()

    answers = await Askers(context, errand(settings, gallery, acme), 6).ask()

    assert [answer.partition(":")[0] for answer in answers] == ["@acme must be connected again"] * 6
    assert gallery.count(REFRESH) == 2
    assert await Event.filter(kind="account.broken", notice="account").count() == 1


async def test_a_refresher_that_is_killed_while_the_platform_works_is_replaced(
    runtime: Runtime,
    acme: Account,
    settings: Settings,
    gallery: GalleryStandIn,
    context: BaseContext,
) -> None:
    gallery.held[REFRESH] = Hold()
    dying = Askers(context, errand(settings, gallery, acme), 1)
    killed = asyncio.create_task(dying.ask())
    await until(lambda: asyncio.sleep(0, gallery.count(REFRESH)), seconds=60)
    (process,) = dying.processes
    process.kill()
    await killed
    # The platform never carried it out.
    gallery.drop_held()

    answers = await Askers(context, errand(settings, gallery, acme), 6).ask()

    current, version = await accounts.credentials(runtime, acme.id)
    assert answers == [(current.access_token, 1)] * 6
    assert gallery.count(REFRESH) == 2
    assert version == 1


async def test_a_paused_refresher_is_waited_for_and_never_replaced(
    runtime: Runtime,
    acme: Account,
    settings: Settings,
    gallery: GalleryStandIn,
    context: BaseContext,
) -> None:
    gallery.held[REFRESH] = Hold()
    slow = Askers(context, errand(settings, gallery, acme), 1)
    asked = asyncio.create_task(slow.ask())
    await until(lambda: asyncio.sleep(0, gallery.count(REFRESH)), seconds=60)
    (process,) = slow.processes
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    gallery.held[REFRESH].set()
    waiting = asyncio.create_task(accounts.credentials(runtime, acme.id))
    await asyncio.sleep(1)
    before = (waiting.done(), gallery.count(REFRESH))
    os.kill(process.pid, signal.SIGCONT)

    current, version = await waiting
    assert before == (False, 1)
    assert await asked == [(current.access_token, version)]
    assert gallery.count(REFRESH) == 1
