"""Random, seeded faults over a running installation, and the check that nothing was lost, doubled
or silent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import redis

from scheduler import members, posts
from scheduler.contents import Words
from scheduler.models import Account, Delivery, Workspace
from scheduler.runtime import Runtime, open_runtime
from scheduler.states import State
from tests.browser import open_browser
from tests.chaos.ground import Ground
from tests.world import ALICE, accounts_like, connect

# 2 % each of what a platform can do to a request; the rest is answered properly.
NOISE = {"seed": 1, "fail_before": 0.02, "fail_after": 0.02, "reset_after": 0.02}
SETTLED = (State.PUBLISHED, State.FAILED, State.MISSED)


@dataclass
class Report:
    """What was done and what came of it. Lists hold delivery ids."""

    seed: int
    rounds: int = 0
    deliveries: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    published: int = 0
    asked: int = 0
    failed: int = 0
    lost: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    stuck: list[int] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.stuck or self.silent)

    def lines(self) -> list[str]:
        return [
            f"seed {self.seed}, {self.rounds} rounds in {self.seconds:.0f} s",
            f"faults      {dict(self.faults)}",
            f"deliveries  {self.deliveries}: {self.published} published, {self.asked} asked about,"
            f" {self.failed} failed with notice",
            f"lost {self.lost}  doubled {self.doubled}  stuck {self.stuck}  silent {self.silent}",
        ]


async def storm(ground: Ground, *, rounds: int, seed: int, each: int = 5) -> Report:
    """`rounds` rounds of `each` posts with a fault at a random moment in each."""
    report, chance, began = Report(seed=seed), random.Random(seed), time.monotonic()
    async with open_runtime(ground.settings) as runtime:
        workspace = await members.workspace(runtime, "T0SANDBOX", name="Acme Social")
        # Enough that each keeps within X's limit of posts in 15 minutes.
        accounts = await accounts_like(runtime, await connect(runtime, workspace), 20)
        await _switch(ground, limits=False, random=NOISE)
        await _switch(ground, slack=True, rate_limits="off")
        for number in range(rounds):
            account = accounts[number % len(accounts)]
            await _round(ground, runtime, workspace, account, chance, report, number, each)
        await _switch(ground, random={})
        await _settle(ground, report)
        await _judge(ground, report)
    report.seconds = time.monotonic() - began
    return report


async def _round(
    ground: Ground,
    runtime: Runtime,
    workspace: Workspace,
    account: Account,
    chance: random.Random,
    report: Report,
    number: int,
    each: int,
) -> None:
    for index in range(each):
        new = posts.NewPost(
            workspace_id=workspace.id,
            author=ALICE,
            words=Words(text=f"Round {number}, post {index}, seed {report.seed}"),
            account_ids=(account.id,),
            timezone="UTC",
            # On a busy machine scheduling itself takes a while.
            due_at=runtime.clock.now() + timedelta(seconds=chance.uniform(0.5, 2)),
        )
        await posts.schedule(runtime, new)
    await asyncio.sleep(chance.uniform(0, 2.2))
    fault = chance.choice(_faults(ground))
    report.faults[fault.split()[0]] += 1
    await _strike(ground, fault, chance)
    ground.restart_dead()
    report.rounds += 1


def _faults(ground: Ground) -> list[str]:
    parts = [name for name in ground.commands if name not in ("sandbox", "redis")]
    faults = [f"{deed} {name}" for deed in ("kill", "kill", "pause") for name in parts]
    faults += ["outage x"]
    if "redis" in ground.commands:
        faults += ["flush redis", "restart redis", "flush redis", "restart redis"]
    return faults


async def _strike(ground: Ground, fault: str, chance: random.Random) -> None:
    deed, name = fault.split()
    match deed:
        case "kill":
            ground.kill(name)
            await asyncio.sleep(chance.uniform(0, 0.5))
        case "pause":
            ground.signal(name, signal.SIGSTOP)
            await asyncio.sleep(chance.uniform(0.2, 3.0))
            ground.signal(name, signal.SIGCONT)
        case "flush":
            with contextlib.suppress(redis.RedisError), ground.redis as client:
                client.flushall()
        case "outage":
            await _switch(ground, mode="outage")
            await asyncio.sleep(chance.uniform(0.5, 5.0))
            await _switch(ground, mode="ok")
        case "restart":
            ground.kill(name)
            await asyncio.sleep(chance.uniform(0, 1.0))


async def _settle(ground: Ground, report: Report, *, seconds: float = 120) -> None:
    """Waits until nothing more happens by itself."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ground.restart_dead()
        open_ones = await Delivery.exclude(state__in=list(SETTLED)).filter(asked_at=None).count()
        if not open_ones:
            # The notices of the last ones are still on their way.
            await asyncio.sleep(5)
            return
        await asyncio.sleep(0.5)


async def _judge(ground: Ground, report: Report) -> None:
    accepted = Counter(line["text"] for line in _record(ground.folder / "x.jsonl"))
    told = _told(ground.folder / "slack.jsonl")
    rows = await Delivery.all().prefetch_related("post")
    report.deliveries = len(rows)
    for row in rows:
        times = accepted[row.post.text]
        if times > 1:
            report.doubled.append(row.id)
        match row.state:
            case State.PUBLISHED:
                report.published += 1
                if times == 0:
                    report.lost.append(row.id)
            case State.UNCONFIRMED if row.asked_at is not None:
                report.asked += 1
                if str(row.id) not in told:
                    report.silent.append(row.id)
            case State.FAILED | State.MISSED:
                report.failed += 1
                if str(row.id) not in told:
                    report.silent.append(row.id)
            case _:
                report.stuck.append(row.id)


def _told(record: Path) -> set[str]:
    """The deliveries that a button in a thread reply asks about."""
    found: set[str] = set()
    for line in _record(record):
        args = line.get("args", {})
        if line["method"] == "chat.postMessage" and args.get("thread_ts"):
            blocks = args.get("blocks") or []
            blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
            for block in blocks:
                for element in block.get("elements", []):
                    found |= set(str(element.get("value", "")).replace(",", " ").split())
    return found


def _record(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def _switch(ground: Ground, *, slack: bool = False, **switches: object) -> None:
    url = ground.slack_url if slack else ground.x_url
    async with open_browser() as client:
        (await client.post(f"{url}/_/switches", json=switches)).raise_for_status()
