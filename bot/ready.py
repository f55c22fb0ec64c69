"""A runtime for a command: open, with a database that is there and up to date."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from scheduler import stats
from scheduler.config import Settings
from scheduler.faults import CannotStart
from scheduler.models import Account
from scheduler.runtime import Runtime, open_runtime


@contextlib.asynccontextmanager
async def ready_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Raises `CannotStart` when the database cannot be used."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            runtime = await stack.enter_async_context(open_runtime(settings))
            await stats.seconds_since_tick(runtime.clock.now())
            # Fails where a column is missing yet.
            await Account.first()
        except Exception as error:
            raise CannotStart(
                f"The database is not ready ({type(error).__name__}). Start it if it is down, and "
                "run `postbot migrate`."
            ) from error
        yield runtime
