"""How soon the composer is on its way to Slack after the command, at 20 commands a second."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import httpx

from tests.bench.result import Result, spread
from tests.chaos.ground import Ground, open_ground

EACH_SECOND = 20
SECONDS = 15
GOAL = "p99 ≤ 100 ms"


def measure() -> Iterator[Result]:
    for kind in ("postgres", "embedded"):
        with open_ground(kind, workers=1) as ground:
            sent = asyncio.run(_type(ground))
            opened = _opened(ground)
        late = [opened[text] - at for text, at in sent.items()]
        yield Result(
            what=f"/schedule-post to views.open, {EACH_SECOND} a second",
            where=ground_name(kind),
            figure=spread(late),
            goal=GOAL,
        )


def ground_name(kind: str) -> str:
    return "web process, PostgreSQL" if kind == "postgres" else "all in one, SQLite"


async def _type(ground: Ground) -> dict[str, float]:
    sent: dict[str, float] = {}
    async with httpx.AsyncClient(base_url=ground.slack_url, timeout=10) as slack:
        (await slack.post("/_/switches", json={"rate_limits": "off"})).raise_for_status()
        await _command(slack, "warm up")
        tasks = []
        for number in range(EACH_SECOND * SECONDS):
            text = f"bench {number}."
            sent[text] = time.time()
            tasks.append(asyncio.create_task(_command(slack, text)))
            await asyncio.sleep(1 / EACH_SECOND)
        await asyncio.gather(*tasks)
    return sent


async def _command(slack: httpx.AsyncClient, text: str) -> None:
    body = {"member": "U0ALICE", "channel": "D0ALICE", "text": f"/schedule-post {text}"}
    (await slack.post("/_/command", json=body)).raise_for_status()


def _opened(ground: Ground) -> dict[str, float]:
    """When the stand-in received each `views.open`, by the text that the form begins with."""
    found = {}
    for line in (ground.folder / "slack.jsonl").read_text().splitlines():
        record = json.loads(line)
        if record["method"] == "views.open":
            begun = json.dumps(record)
            start = begun.find("bench ")
            if start >= 0:
                found[begun[start : begun.index(".", start) + 1]] = record["received_at"]
    return found
