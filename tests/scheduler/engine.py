"""A dispatcher and a worker without a queue between them, and rows in any state to start from."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from scheduler.clock import Clock
from scheduler.config import Settings
from scheduler.deliverer import Deliverer
from scheduler.dispatcher import Dispatcher
from scheduler.models import Account, Attempt, Delivery, Event, Post, Workspace
from scheduler.runtime import Runtime, open_runtime
from scheduler.states import PostState, State
from tests.world import ALICE, until

T = TypeVar("T")
# For tests whose subject no database can change.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
_numbers = itertools.count(1)


class Engine:
    """Hands over and attempts deliveries step by step; `retries` are the messages of next
    attempts."""

    def __init__(self, runtime: Runtime) -> None:
        self.sent: list[int] = []
        self.retries: list[tuple[int, int, timedelta]] = []
        self.deliverer = Deliverer(runtime, lambda *message: self.retries.append(message))
        self.dispatcher = Dispatcher(runtime, send=self.sent.extend, lost_memory=lambda: False)

    async def stage(self) -> list[int]:
        """One tick; the ids that it handed over."""
        await self.dispatcher.tick()
        ids, self.sent[:] = list(self.sent), []
        return ids

    async def begin(self) -> None:
        """Begins the attempts of all that is due soon."""
        await self.deliverer.execute(await self.stage())

    async def finish(self) -> None:
        """Waits until every attempt has its outcome."""
        await until(self._idle, what="idle")

    async def run(self) -> None:
        """Attempts all that is due."""
        await self.begin()
        await self.finish()

    async def _idle(self) -> bool:
        return not self.deliverer.in_flight


@dataclass
class Desk:
    """A workspace with one account that no platform knows, for tests that publish nothing."""

    runtime: Runtime
    workspace: Workspace
    account: Account

    @classmethod
    async def build(cls, runtime: Runtime) -> Desk:
        now = runtime.clock.now()
        workspace = await Workspace.create(team_id=f"T{next(_numbers)}", created_at=now)
        account = await Account.create(
            workspace=workspace,
            platform="x",
            remote_id="1",
            username="acme",
            name="Acme",
            connected_by=ALICE,
            connected_at=now,
        )
        return cls(runtime, workspace, account)

    async def put(self, states: Iterable[State], **columns: Any) -> list[Delivery]:
        """One delivery in each of these states, of one new post."""
        now = self.runtime.clock.now()
        post = await Post.create(
            id=f"p{next(_numbers)}",
            workspace=self.workspace,
            author=ALICE,
            text="Hello",
            state=PostState.SCHEDULED,
            created_at=now,
            updated_at=now,
        )
        values = {
            "workspace_id": self.workspace.id,
            "post_id": post.id,
            "account_id": self.account.id,
            "platform": "x",
            "due_at": now,
            "next_attempt_at": now,
            "since": now,
            **columns,
        }
        await Delivery.bulk_create([Delivery(state=state, **values) for state in states])
        return await Delivery.filter(post_id=post.id).order_by("id")


class Process:
    """Another runtime on the same database with connections and an owner of its own, as in a
    second process."""

    def __init__(self, runtime: Runtime, context: contextvars.Context) -> None:
        self.runtime = runtime
        self._context = context

    async def run(self, work: Callable[[Runtime], Awaitable[T]]) -> T:
        """Runs a coroutine function there."""

        async def there() -> T:
            return await work(self.runtime)

        return await asyncio.create_task(there(), context=self._context.copy())


@contextlib.asynccontextmanager
async def another_process(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Process]:
    ready: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
    leave = asyncio.Event()

    async def live() -> None:
        async with open_runtime(settings, clock) as runtime:
            ready.set_result(Process(runtime, contextvars.copy_context()))
            await leave.wait()

    life = asyncio.create_task(live())
    try:
        yield await ready
    finally:
        leave.set()
        await life


async def events_of(*deliveries: Delivery) -> list[tuple[int | None, str, str | None]]:
    """Delivery id, kind and notice of all events of these deliveries, in order."""
    rows = await Event.filter(delivery_id__in=[one.id for one in deliveries]).order_by("id")
    return [(row.delivery_id, row.kind, row.notice) for row in rows]


async def attempts_of(delivery: Delivery) -> list[Attempt]:
    return await Attempt.filter(delivery_id=delivery.id).order_by("id")
