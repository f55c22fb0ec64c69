"""A process that asks for the tokens of an account: for tests that need many, or one to kill."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from publishers import PublishError, get
from scheduler import accounts, tokens
from scheduler.runtime import Runtime, open_runtime
from tests.gallery import registered, settings_of
from tests.world import settings_for

# Where a process that refreshes can be killed.
BEFORE_THE_REQUEST, AFTER_THE_ANSWER, AFTER_STORING = "before", "answer", "stored"


@dataclass(frozen=True)
class Errand:
    """What a process is told: where it works, and where it dies."""

    database_url: str
    folder: Path
    gallery_url: str
    account_id: int
    dies: str = ""


def run(errand: Errand, together: Barrier, answers: Queue[Any]) -> None:
    """Asks at the same instant as all others and puts down the access token with its version, or
    the sentence of the refusal."""
    with registered():
        asyncio.run(_run(errand, together, answers))


async def _run(errand: Errand, together: Barrier, answers: Queue[Any]) -> None:
    settings = settings_for(
        errand.database_url, errand.folder, 1, **settings_of(errand.gallery_url)
    )
    await _when_there_is_room(lambda: _ask(settings, errand, together, answers))


async def _when_there_is_room(work: Callable[[], Awaitable[None]]) -> None:
    """PostgreSQL takes so many connections and no more; other tests have some of them."""
    import asyncpg

    deadline = time.monotonic() + 60
    while True:
        try:
            await work()
            return
        except asyncpg.TooManyConnectionsError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


async def _ask(settings: Any, errand: Errand, together: Barrier, answers: Queue[Any]) -> None:
    async with open_runtime(settings) as runtime:
        await accounts.connected(0)
        _prepare_to_die(errand.dies)
        await asyncio.to_thread(together.wait, 120)
        answers.put(await _answer(runtime, errand.account_id))


async def _answer(runtime: Runtime, account_id: int) -> tuple[str, int] | str:
    try:
        current, version = await accounts.credentials(runtime, account_id)
    except PublishError as error:
        return error.sentence
    return current.access_token, version


def _prepare_to_die(dies: str) -> None:
    gallery: Any = get("gallery")
    match dies:
        case "before":
            gallery.refresh = _killed_before(gallery.refresh)
        case "answer":
            gallery.refresh = _killed_after(gallery.refresh)
        case "stored":
            tokens._keep = _killed_after(tokens._keep)


def _killed_before(work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def dying(*_: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    return dying


def _killed_after(work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def dying(*given: Any) -> Any:
        await work(*given)
        os.kill(os.getpid(), signal.SIGKILL)

    return dying
