"""Socket Mode: the same behaviour without an address that Slack can reach."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestServer

from sandbox.slack.desk import DESK
from sandbox.slack.settings import APP_TOKEN
from scheduler.models import Account, Post, Seen
from tests.bot.desk import Desk, has
from tests.world import until


@pytest.fixture
def more_settings() -> dict[str, object]:
    """Without a signing secret nothing can come in over HTTP."""
    return {"SLACK_APP_TOKEN": APP_TOKEN, "SLACK_SIGNING_SECRET": ""}


@pytest.fixture(autouse=True)
async def connected(desk: Desk, slack_server: TestServer) -> None:
    async def is_connected() -> bool:
        return slack_server.app[DESK].socket_mode.is_connected

    await until(is_connected, what="a Socket Mode connection")


async def test_a_post_is_written_through_the_connection(desk: Desk, account: Account) -> None:
    form = await desk.compose("Through the socket")
    await form.type(when="now")

    await form.closes()

    assert (await Post.get()).text == "Through the socket"


async def test_wrong_input_is_told_through_the_connection(desk: Desk, account: Account) -> None:
    form = await desk.compose("Hello")
    await form.fill(text="x\n---\n" * 26)

    errors = await form.errors()

    assert "26 posts" in errors["composer_text"]


async def test_a_command_is_answered_through_the_connection(desk: Desk) -> None:
    await desk.command("list")

    message = await desk.says()

    assert "no posts yet" in message["text"]


async def test_an_event_that_comes_twice_is_handled_once(desk: Desk) -> None:
    await desk.switch(duplicate_events=True)

    await desk.does("home", tab="home")

    await desk.sees(lambda state: has(state["home"], "Two steps"))
    assert await Seen.filter(key__startswith="event:").count() == 1
