"""The cards of many members change within a minute, while Slack limits how often it may be called:
everybody hears once, and Slack is asked no more than it allows."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from bot.clients import Clients, open_clients
from bot.notifier import Notifier
from sandbox.slack import Settings as SlackSettings
from sandbox.slack import create_app as create_slack
from sandbox.slack.cast import crowd
from sandbox.slack.desk import DESK
from sandbox.slack.world import Message
from scheduler import members, posts
from scheduler.models import Account, Event
from scheduler.posts import Found
from tests.bot.desk import ALICE, Desk
from tests.bot.post_world import ask, fail, make_account, publish, schedule
from tests.world import until

Json = dict[str, Any]

#: How many members there are, and how many times faster the clock of Slack's limits goes.
SIZES = [
    pytest.param((40, 20), id="few"),
    pytest.param((200, 6), id="many", marks=pytest.mark.long),
]
#: A refusal ends a wave, of which eight calls are under way at most.
MOST_REFUSED = 40
OUTCOMES = {"Failed": fail, "Pending: your answer is needed": ask, "Published": publish}


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    members_, speed = request.param
    return int(members_), int(speed)


@pytest.fixture
async def slack_server(
    app_port: int, tmp_path: Path, size: tuple[int, int]
) -> AsyncIterator[TestServer]:
    number, speed = size
    begun = time.time()
    settings = SlackSettings(
        app_url=f"http://127.0.0.1:{app_port}",
        record=tmp_path / "record",
        crowd=number,
        clock=lambda: begun + (time.time() - begun) * speed,
    )
    async with TestServer(create_slack(settings)) as server:
        yield server


@pytest.fixture
async def clients(desk: Desk) -> AsyncIterator[Clients]:
    async with open_clients(desk.runtime) as opened:
        yield opened


@pytest.fixture
async def acme(desk: Desk) -> Account:
    return await make_account(desk.workspace.id)


async def test_everybody_hears_once_within_slacks_limits(
    desk: Desk, clients: Clients, acme: Account, slack_server: TestServer, size: tuple[int, int]
) -> None:
    slack, people = slack_server.app[DESK], [each.id for each in crowd(size[0])]
    left, closed = people[0], people[1]
    notifier = Notifier(desk.runtime, clients)
    await desk.switch(rate_limits="off")
    found = {person: await _schedule(desk, acme, person) for person in people}
    await _tell_all(notifier)

    await desk.switch(rate_limits="normal", left=[left], dm_closed=[closed])
    titles = {person: list(OUTCOMES)[n % 3] for n, person in enumerate(people)}
    for person, title in titles.items():
        await OUTCOMES[title](desk.runtime, found[person])
    await _tell_all(notifier, seconds=150)

    shown = [each for each in slack.world.conversations.values() if each.kind == "dm"]
    cards, replies = Counter[tuple[str, str, str]](), Counter[tuple[str, str]]()
    for conversation in shown:
        (owner,) = conversation.members
        for message in conversation.messages.values():
            post_id = next(p.post.id for p in found.values() if p.post.id in str(message))
            if message.thread_ts:
                replies[owner, post_id] += 1
            else:
                cards[owner, post_id, _title(message)] += 1
    # Of those who cannot be written to any more an admin has a card, too.
    told = {person: ALICE if person in (left, closed) else person for person in people}
    abandoned = [(person, found[person].post.id, titles[person]) for person in (left, closed)]
    expected = [(told[p], found[p].post.id, titles[p]) for p in people]
    assert cards == Counter([*abandoned, *expected])
    assert replies == Counter(
        (told[p], found[p].post.id) for p in people if titles[p] != "Published"
    )
    assert await Event.filter(notice__not_isnull=True).count() == 0
    assert slack.rate_limits.refused.total() <= MOST_REFUSED


async def _schedule(desk: Desk, acme: Account, person: str) -> Found:
    await members.remember_member(
        desk.runtime, desk.workspace.id, person, name=person, timezone="UTC", is_admin=False
    )
    found = await schedule(desk.runtime, acme, author=person, text=f"The post of {person}")
    return await posts.find(desk.workspace.id, found.post.id)


async def _tell_all(notifier: Notifier, *, seconds: float = 60) -> None:
    async def told() -> bool:
        await notifier.tick()
        return not await Event.filter(notice__not_isnull=True).exists()

    await until(told, seconds=seconds, what="everything told")


def _title(message: Message) -> str:
    return str(message.blocks[0]["text"]["text"])
