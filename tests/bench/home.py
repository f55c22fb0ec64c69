"""What showing the Home tab costs as a workspace fills up with posts of every kind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.listeners.home import home
from scheduler import members
from scheduler.database import get_connection
from scheduler.models import Account, Member
from scheduler.runtime import Runtime
from tests.bench import field
from tests.bench.field import Field
from tests.bench.result import Result, percentile
from tests.world import ALICE

SIZES = (1_000, 10_000)
VIEWS = 200


def measure() -> Iterator[Result]:
    for kind in ("postgres", "embedded"):
        with field.open_field(kind) as ground:
            yield asyncio.run(_measure(ground))


async def _measure(ground: Field) -> Result:
    told, work, floor, had = [], 0.0, 0.0, 0
    async with field.opened(ground) as (runtime, account):
        member = await members.remember_member(
            runtime, account.workspace_id, ALICE, name="Alice", timezone="UTC", is_admin=True
        )
        for size in SIZES:
            await _fill(account, size - had)
            had = size
            taken, busy = await _views(runtime, member)
            told.append(percentile(taken, 0.99) * 1000)
            work = percentile(busy, 0.99) * 1000
        floor = await _floor()
    return Result(
        what="Home tab of a workspace with 1 k / 10 k posts, p99",
        where=ground.kind,
        figure=f"{told[0]:.0f} / {told[1]:.0f} ms, at 10 k {work:.0f} ms of it at work; a bare "
        f"statement takes {floor:.1f} ms",
        goal="100 ms",
    )


async def _fill(account: Account, number: int) -> None:
    """Half of them to come; of the rest most went out, and some failed."""
    due = datetime.now(UTC) + timedelta(days=1)
    await field.insert(account, number=number, due=due, step=60)
    connection = get_connection()
    now = datetime.now(UTC)
    past = connection.capabilities.dialect == "postgres"
    at = f"'{(now - timedelta(days=3)).isoformat(' ')}'" + ("::timestamptz" if past else "")
    await connection.execute_script(
        f"UPDATE delivery SET state = 'published', published_at = {at}, next_attempt_at = NULL"
        " WHERE id % 2 = 0 AND state = 'scheduled';"
        f"UPDATE delivery SET state = 'failed', cause = 'network', published_at = NULL,"
        f" next_attempt_at = NULL, since = {at} WHERE id % 20 = 0"
    )
    await field.analyze()


async def _views(runtime: Runtime, member: Member) -> tuple[list[float], list[float]]:
    """Seconds by the clock, and seconds in which this process was at work."""
    taken, busy = [], []
    for _ in range(VIEWS):
        began, worked = time.perf_counter(), time.process_time()
        await home(runtime, member)
        taken.append(time.perf_counter() - began)
        busy.append(time.process_time() - worked)
    return sorted(taken), sorted(busy)


async def _floor() -> float:
    taken = []
    for _ in range(VIEWS):
        began = time.perf_counter()
        await get_connection().execute_query_dict("SELECT 1 AS one")
        taken.append(time.perf_counter() - began)
    return percentile(sorted(taken), 0.99) * 1000
