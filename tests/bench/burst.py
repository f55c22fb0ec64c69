"""A thousand deliveries due at the same instant at a platform that answers in half a second, beside
a bare asyncio loop that only sends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import aiohttp

from scheduler import accounts
from scheduler.models import Delivery
from scheduler.runtime import Runtime
from tests.bench import field
from tests.bench.field import Field
from tests.bench.result import Result

NUMBER = 1_000
ANSWER_SECONDS = 0.5


def measure() -> Iterator[Result]:
    for kind in ("postgres", "embedded"):
        with field.open_field(kind) as ground:
            yield from asyncio.run(_measure(ground))


async def _measure(ground: Field) -> list[Result]:
    what = f"{NUMBER:,} due at once, platform answers in {ANSWER_SECONDS} s, all recorded after"
    async with field.opened(ground) as (runtime, account):
        await ground.switch_x(limits=False, delay_seconds=ANSWER_SECONDS)
        floor = await _bare(runtime, ground, account.id)
        ground.start_postbot("worker", "dispatcher")
        await asyncio.sleep(4)
        due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=6)
        await field.insert(account, number=NUMBER, due=due, step=0)
        soon = due + timedelta(seconds=0.5)
        await field.lateness(due, soon, NUMBER, seconds=60)
        last = await Delivery.filter(due_at__range=(due, soon)).order_by("-since").first()
        assert last is not None
        took = (last.since - due).total_seconds()
    return [
        Result(what=what, where=ground.kind, figure=f"{took:.2f} s", goal="≤ 3 s"),
        Result(
            what="… the same requests from a bare asyncio loop, nothing recorded",
            where=ground.kind,
            figure=f"{floor:.2f} s ({took / floor:.2f} ×)",
        ),
    ]


async def _bare(runtime: Runtime, ground: Field, account_id: int) -> float:
    credentials, _ = await accounts.credentials(runtime, account_id)
    headers = {"Authorization": f"Bearer {credentials.access_token}"}
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def post(number: int) -> None:
            body = {"text": f"Bare {number}"}
            async with session.post(f"http://127.0.0.1:{ground.x_port}/2/tweets", json=body) as got:
                assert got.status == 201
                await got.read()

        began = time.perf_counter()
        await asyncio.gather(*(post(number) for number in range(NUMBER)))
        return time.perf_counter() - began
