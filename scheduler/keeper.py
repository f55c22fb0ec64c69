"""Looks after connected accounts while nobody does: renews tokens ahead of their end, even when no
post is due; has them checked ahead of posts; deletes what nobody came back for."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import structlog

from publishers import PublishError, all_publishers
from scheduler import checks, consents, tokens
from scheduler.models import Account
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

TICK_SECONDS = 30.0
# Requests of one platform at the same time; one that hangs holds up its own accounts only.
_AT_ONCE = 3
_FIRST_REST, _LONGEST_REST = 60.0, 1800.0

_Work = Callable[[Account], Awaitable[None]]


class Keeper:
    """One keeper; several may run."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._slots: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_AT_ONCE))
        #: Until when no tokens of an account are asked for, and how often in a row that was so.
        self._rests: dict[int, tuple[float, int]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Ticks until `stop` is set. A tick that fails is logged and repeated."""
        try:
            while not stop.is_set():
                try:
                    await self._begin()
                except Exception as error:
                    log.warning("keeper tick failed", error=repr(error))
                await asyncio.sleep(TICK_SECONDS)
        finally:
            # A refresh that was begun is finished: `tokens` sees to that.
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def tick(self) -> None:
        """Does all that is due now; for tests."""
        await asyncio.gather(*await self._begin())

    async def _begin(self) -> list[asyncio.Task[None]]:
        now = self._runtime.clock.now()
        await consents.forget_old(self._runtime)
        for account in await expiring(now):
            if not self._rests_now(account):
                self._start(account, self._renew)
        for account in await checks.due(now):
            self._start(account, partial(checks.check, self._runtime))
        return [*self._busy.values()]

    def _start(self, account: Account, work: _Work) -> None:
        if account.id not in self._busy:
            self._busy[account.id] = asyncio.create_task(self._attend(account, work))

    async def _attend(self, account: Account, work: _Work) -> None:
        try:
            async with self._slots[account.platform]:
                await work(account)
        except Exception as error:
            log.exception("account not looked after", account=account.id, error=repr(error))
        finally:
            self._busy.pop(account.id, None)

    async def _renew(self, account: Account) -> None:
        """Rests when the account has the same tokens as before."""
        version = account.token_version
        try:
            _, version = await tokens.credentials(self._runtime, account.id)
        except PublishError as error:
            log.warning("tokens not renewed", account=account.id, reason=error.sentence)
        finally:
            if version == account.token_version:
                self._rest(account)
            else:
                self._rests.pop(account.id, None)

    def _rests_now(self, account: Account) -> bool:
        until, _ = self._rests.get(account.id, (0.0, 0))
        return time.monotonic() < until

    def _rest(self, account: Account) -> None:
        """Twice as long every time, but not beyond the end of the tokens: then it must be known
        that they are dead."""
        _, failures = self._rests.get(account.id, (0.0, 0))
        seconds = min(_LONGEST_REST, _FIRST_REST * 2**failures)
        if account.expires_at is not None:
            left = (account.expires_at - self._runtime.clock.now()).total_seconds()
            seconds = min(seconds, left) if left > 0 else seconds
        self._rests[account.id] = (time.monotonic() + seconds, failures + 1)


async def expiring(now: datetime) -> list[Account]:
    """The accounts whose tokens end soon by the measure of their platform."""
    found: list[Account] = []
    for platform, publisher in all_publishers().items():
        connected = Account.filter(platform=platform, health=tokens.CONNECTED)
        found += await connected.filter(expires_at__lt=now + publisher.refresh_ahead)
    return found
