"""What a dispatcher's tick costs as the number of pending deliveries grows."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from scheduler.dispatcher import Dispatcher
from tests.bench import field
from tests.bench.field import Field
from tests.bench.result import Result

SIZES = (10_000, 100_000, 1_000_000)
TICKS = 500


def measure() -> Iterator[Result]:
    for kind in ("postgres", "embedded"):
        with field.open_field(kind) as ground:
            yield asyncio.run(_measure(ground))


async def _measure(ground: Field) -> Result:
    medians, pending = [], 0
    async with field.opened(ground) as (runtime, account):
        dispatcher = Dispatcher(runtime, send=lambda ids: None, lost_memory=lambda: False)
        for size in SIZES:
            due = datetime.now(UTC) + timedelta(days=30)
            await field.insert(account, number=size - pending, due=due, step=1)
            await field.analyze()
            pending = size
            medians.append(await _median(dispatcher))
    told = " / ".join(f"{median * 1000:.2f}" for median in medians)
    return Result(
        what="tick of the dispatcher with 10 k / 100 k / 1 M pending",
        where=ground.kind,
        figure=f"{told} ms, 1 M is {medians[-1] / medians[0]:.2f} × 10 k",
        goal="differ by less than 20 %",
    )


async def _median(dispatcher: Dispatcher) -> float:
    taken = []
    for _ in range(TICKS):
        began = time.perf_counter()
        await dispatcher.tick()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
