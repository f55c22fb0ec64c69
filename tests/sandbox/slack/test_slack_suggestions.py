"""Menus that the app fills: what it is asked, what it may answer, and what a member can choose."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from tests.sandbox.slack.slack_stand import ALICE, Received, Slack, modal

Json = dict[str, Any]
BLOCK = {
    "type": "actions",
    "block_id": "boards",
    "elements": [{"type": "external_select", "action_id": "board", "min_query_length": 0}],
}


def option(value: str) -> Json:
    return {"text": {"type": "plain_text", "text": value.title()}, "value": value}


def answer(body: Any) -> Any:
    return lambda received: web.json_response(body)


async def card(slack: Slack) -> Json:
    posted = await slack.client.chat_postMessage(channel=ALICE, text="Card", blocks=[BLOCK])
    return {"type": "message", "channel": posted["channel"], "ts": posted["ts"]}


async def look(slack: Slack, container: Json, query: str = "") -> Json:
    about = {"container": container, "block_id": "boards", "action_id": "board"}
    return await slack.does("suggest", **about, query=query)


async def choose(slack: Slack, container: Json, value: str) -> Json:
    about = {"container": container, "block_id": "boards", "action_id": "board"}
    return await slack.does("action", **about, value=value)


async def test_the_app_is_asked_as_slack_asks(slack: Slack) -> None:
    container = await card(slack)
    slack.app.answer = answer({"options": [option("attic")]})

    found = await look(slack, container, "att")

    asked = (await slack.app.next()).payload
    assert found["options"] == [option("attic")]
    assert (asked["type"], asked["value"]) == ("block_suggestion", "att")
    assert (asked["block_id"], asked["action_id"]) == ("boards", "board")
    assert asked["container"]["message_ts"] == container["ts"]
    assert asked["user"]["id"] == ALICE
    assert "trigger_id" not in asked


async def test_a_menu_in_a_form_says_which_form(slack: Slack) -> None:
    view = await slack.open_modal(modal(BLOCK))
    container = {"type": "view", "view_id": view["id"]}
    slack.app.answer = answer({"option_groups": [{"label": option("x")["text"], "options": []}]})

    refused = await look(slack, container)

    asked = (await slack.app.next()).payload
    assert (asked["container"], asked["view"]["id"]) == (container, view["id"])
    assert refused["error"] == "options_not_loaded"


async def test_what_the_app_offered_can_be_chosen_and_nothing_else(slack: Slack) -> None:
    container = await card(slack)
    slack.app.answer = answer({"options": [option("attic"), option("hall")]})

    before = await choose(slack, container, "attic")
    await look(slack, container)
    after, other = await choose(slack, container, "attic"), await choose(slack, container, "cellar")

    await slack.app.next()
    (action,) = (await slack.app.next()).payload["actions"]
    assert (before["ok"], after["ok"], other["ok"]) == (False, True, False)
    assert action["selected_option"] == option("attic")


@pytest.mark.parametrize(
    "body",
    [
        {},
        "nothing",
        {"options": [option("attic")], "option_groups": []},
        {"options": [option("attic"), option("attic")]},
        {"options": [option(str(number)) for number in range(101)]},
        {"options": [{"text": {"type": "mrkdwn", "text": "Attic"}, "value": "attic"}]},
    ],
    ids=["empty", "no object", "both", "twice the same", "too many", "mrkdwn"],
)
async def test_options_that_slack_refuses_are_refused(slack: Slack, body: Any) -> None:
    container = await card(slack)
    slack.app.answer = answer(body)

    found = await look(slack, container)

    assert found == {"ok": False, "error": "options_not_loaded"}
    state = await slack.state()
    assert "options were refused" in state["toasts"][-1]["text"]


async def test_an_app_that_is_slow_leaves_the_menu_empty(slack: Slack) -> None:
    async def slow(received: Received) -> web.Response:
        await asyncio.sleep(0.5)
        return web.json_response({"options": []})

    container = await card(slack)
    await slack.switch(app_timeout=0.1)
    slack.app.answer = slow

    assert (await look(slack, container))["error"] == "options_not_loaded"


async def test_a_menu_asks_from_the_third_letter_on_unless_it_says_otherwise(slack: Slack) -> None:
    block = {**BLOCK, "elements": [{"type": "external_select", "action_id": "board"}]}
    posted = await slack.client.chat_postMessage(channel=ALICE, text="Card", blocks=[block])
    container = {"type": "message", "channel": posted["channel"], "ts": posted["ts"]}
    slack.app.answer = answer({"options": []})

    short, long = await look(slack, container, "at"), await look(slack, container, "att")

    assert (short["error"], long["ok"]) == ("query_too_short", True)
