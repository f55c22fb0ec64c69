"""How late requests leave, with a million deliveries pending."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from scheduler.models import Account
from tests.bench import field
from tests.bench.field import Field
from tests.bench.result import Result, spread

PENDING = 1_000_000
GOAL = "p50 ≤ 20 ms, p99 ≤ 100 ms"


def measure() -> Iterator[Result]:
    for kind in ("postgres", "embedded"):
        with field.open_field(kind) as ground:
            yield from asyncio.run(_measure(ground))


async def _measure(ground: Field) -> list[Result]:
    async with field.opened(ground) as (_, account):
        await ground.switch_x(limits=False)
        await field.insert(
            account, number=PENDING, due=datetime.now(UTC) + timedelta(days=30), step=1
        )
        await field.analyze()
        ground.start_postbot("worker", "dispatcher")
        await asyncio.sleep(4)
        singles = await _late(account, number=100, spread_over=20)
        burst = await _late(account, number=500, spread_over=0)
        second = await _late(account, number=500, spread_over=1)
    rows = [
        ("100 single posts", singles),
        ("500 due at the same instant", burst),
        ("500 due within one second", second),
    ]
    return [
        Result(
            what=f"lateness, {what}, {PENDING:,} pending",
            where=ground.kind,
            figure=spread(late),
            goal=GOAL,
        )
        for what, late in rows
    ]


async def _late(account: Account, *, number: int, spread_over: float) -> list[float]:
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=6)
    step = spread_over / number
    await field.insert(account, number=number, due=due, step=step)
    end = due + timedelta(seconds=spread_over + 0.5)
    return await field.lateness(due, end, number, seconds=60 + spread_over)
