"""How soon Postbot answers Slack at 20 requests a second, in a workspace with 10,000 posts:
commands, forms that open, buttons, and forms that are sent."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx

from bot.views import ids
from sandbox.slack.delivery import sign
from sandbox.slack.settings import SIGNING_SECRET
from scheduler import members
from scheduler.models import Account, Card, Post, Workspace
from scheduler.runtime import Runtime, open_runtime
from tests.bench.field import ACCOUNTS, analyze, insert
from tests.bench.result import Result, spread
from tests.bot.desk import clicked, encoded, sent_form, slash
from tests.chaos.ground import Ground, open_ground
from tests.world import ALICE, accounts_like, connect

EACH_SECOND = 20
SECONDS = 10
POSTS = 10_000
GOAL = "p99 ≤ 100 ms"


def measure() -> Iterator[Result]:
    for kind in ("postgres", "embedded"):
        with open_ground(kind, workers=1) as ground:
            account_id, post_ids = asyncio.run(_fill(ground))
            for what, late in asyncio.run(_measure(ground, account_id, post_ids)).items():
                figure = f"{what}, {EACH_SECOND} a second, {POSTS:,} posts"
                yield Result(what=figure, where=ground_name(kind), figure=spread(late), goal=GOAL)


def ground_name(kind: str) -> str:
    return "web process, PostgreSQL" if kind == "postgres" else "all in one, SQLite"


async def _fill(ground: Ground) -> tuple[int, list[str]]:
    """10,000 posts of Alice's over the year to come; an account, and posts to press buttons of."""
    async with open_runtime(ground.settings) as runtime:
        workspace = await members.workspace(runtime, "T0SANDBOX", name="Acme")
        await members.remember_member(
            runtime, workspace.id, ALICE, name="Alice", timezone="America/New_York", is_admin=True
        )
        account = await connect(runtime, workspace)
        await accounts_like(runtime, account, ACCOUNTS - 1)
        due = datetime.now(UTC) + timedelta(days=1)
        await insert(account, number=POSTS, due=due, step=3000)
        await analyze()
        return account.id, await _with_cards(runtime, workspace, account)


async def _with_cards(runtime: Runtime, workspace: Workspace, account: Account) -> list[str]:
    found = await Post.all().limit(EACH_SECOND * SECONDS).values_list("id", flat=True)
    for post_id in found:
        await Card.create(post_id=post_id, workspace_id=workspace.id)
    return [str(each) for each in found]


async def _measure(ground: Ground, account_id: int, post_ids: list[str]) -> dict[str, list[float]]:
    buttons = iter(post_ids)
    number = count(1)
    async with httpx.AsyncClient(timeout=10) as http:
        await http.post(f"{ground.slack_url}/_/switches", json={"rate_limits": "off"})
        url = f"http://127.0.0.1:{ground.environment['POSTBOT_PORT']}/slack/events"

        async def send(payload: dict[str, object]) -> float:
            body = encoded(payload, as_json=False)
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            begun = time.perf_counter()
            answer = await http.post(
                url, content=body, headers={**kind, **sign(SIGNING_SECRET, body)}
            )
            late = time.perf_counter() - begun
            assert answer.status_code == 200, (answer.status_code, answer.text)
            return late

        kinds: dict[str, Callable[[], Awaitable[float]]] = {
            "/schedule-post list": lambda: send(slash("list")),
            "/schedule-post status": lambda: send(slash(f"status {post_ids[0]}")),
            "/schedule-post accounts": lambda: send(slash("accounts")),
            "a button of a card": lambda: send(_cancel(next(buttons))),
            "a form that is sent": lambda: send(
                sent_form(f"Bench {next(number)} {uuid.uuid4().hex}", account_id)
            ),
        }
        found = {what: await _steadily(act) for what, act in kinds.items()}
        found["/schedule-post to views.open"] = await _opened(ground)
    return found


async def _steadily(act: Callable[[], Awaitable[float]]) -> list[float]:
    """How long each took, begun at even distances, whether or not the one before has ended."""
    await act()
    tasks = []
    for _ in range(EACH_SECOND * SECONDS - 1):
        tasks.append(asyncio.ensure_future(act()))
        await asyncio.sleep(1 / EACH_SECOND)
    return await asyncio.gather(*tasks)


def _cancel(post_id: str) -> dict[str, object]:
    block_id = f"{ids.CARD_ACTIONS}:{post_id}:1"
    return clicked({"action_id": ids.CANCEL, "block_id": block_id, "value": ""})


async def _opened(ground: Ground) -> list[float]:
    """From the command to the arrival of the form's `views.open` at Slack."""
    sent: dict[str, float] = {}
    async with httpx.AsyncClient(base_url=ground.slack_url, timeout=10) as slack:
        await _command(slack, "warm up")
        tasks = []
        for number in range(EACH_SECOND * SECONDS):
            text = f"bench {number}."
            sent[text] = time.time()
            tasks.append(asyncio.create_task(_command(slack, text)))
            await asyncio.sleep(1 / EACH_SECOND)
        await asyncio.gather(*tasks)
        await asyncio.sleep(1)
    opened = _received(ground)
    return [opened[text] - at for text, at in sent.items()]


async def _command(slack: httpx.AsyncClient, text: str) -> None:
    body = {"member": ALICE, "channel": "D0ALICE", "text": f"/schedule-post {text}"}
    (await slack.post("/_/command", json=body)).raise_for_status()


def _received(ground: Ground) -> dict[str, float]:
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
