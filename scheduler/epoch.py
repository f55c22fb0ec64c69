"""Notices that the database was restored from an older backup.

A restored database does not know what was published since the backup. So the dispatcher counts
its heartbeats both in the database and in a file outside it. When the file is ahead, whatever was
due in between may be out already: nothing of it is published without asking.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import structlog

from scheduler import markers, states
from scheduler.deliveries import Step
from scheduler.models import Delivery
from scheduler.runtime import Runtime
from scheduler.states import State

log = structlog.get_logger(__name__)

_RESTORED = (
    "The database was restored from a backup, so this may have been posted already. Look before "
    "you publish it."
)


async def guard(runtime: Runtime, stop: asyncio.Event) -> None:
    """Before the first tick or message of a process: holds what a restored database might publish
    twice. Repeated until the database answers or `stop` is set."""
    while not stop.is_set():
        try:
            return await Epoch(runtime).guard()
        except Exception as error:
            log.warning("epoch not known yet", error=repr(error))
            await asyncio.sleep(1)


class Epoch:
    """The heartbeat count of an installation, in the database and beside it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._file = runtime.settings.data_dir / "epoch"

    async def guard(self) -> None:
        """Before the first tick: holds what a restored database might publish twice."""
        outside, inside = _read(self._file), await self._inside()
        if outside > inside:
            log.warning("database is older than the world", outside=outside, inside=inside)
            await self._hold_back()
            await markers.write(markers.DISPATCHER, {"epoch": outside}, self._runtime.clock.now())

    async def advance(self) -> None:
        """One heartbeat. The database first: a crash in between must not look like a restore."""
        count = await self._inside() + 1
        await markers.write(markers.DISPATCHER, {"epoch": count}, self._runtime.clock.now())
        if count > _read(self._file):
            fresh = self._file.with_name("epoch.new")
            fresh.write_text(str(count))
            fresh.replace(self._file)

    async def _inside(self) -> int:
        found = await markers.read(markers.DISPATCHER)
        return int(found[0].get("epoch", 0)) if found else 0

    async def _hold_back(self) -> None:
        now = self._runtime.clock.now()
        rows = await Delivery.filter(
            state__in=[*states.MISS.sources, State.PUBLISHING], due_at__lte=now
        )
        moved = await self._runtime.ledger.move_all(_step(row, now) for row in rows)
        log.warning("held back after a restore", deliveries=len(moved))


def _step(row: Delivery, now: datetime) -> Step:
    if row.state is State.PUBLISHING:
        values = {
            "next_attempt_at": now,
            "cause": "network",
            "kind": "interrupted",
            "reason": _RESTORED,
            "looks": 0,
        }
        move = states.HOLD_UNCONFIRMED
    else:
        move, values = states.MISS, {"next_attempt_at": None, "reason": _RESTORED}
    return Step(move=move, id=row.id, fence=row.fence, values=values, actor="dispatcher")


def _read(file: Path) -> int:
    try:
        return int(file.read_text())
    except (FileNotFoundError, ValueError):
        return 0
