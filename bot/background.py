"""Work that goes on after Slack was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Background:
    """Keeps tasks alive until they end, logs those that fail, and waits for the rest at the end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs `work` beside everything else."""
        self._keep(work)

    async def within(self, seconds: float, work: Coroutine[Any, Any, Any]) -> None:
        """Waits for `work`, raising as it does; what takes longer goes on beside everything."""
        task = self._keep(work)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if done:
            task.result()

    async def close(self, seconds: float = 10.0) -> None:
        """Waits for what still runs, then ends it."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        left = [*self._tasks]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _keep(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("background work failed", error=repr(error), exc_info=error)
