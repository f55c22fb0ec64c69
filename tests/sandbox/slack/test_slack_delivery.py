"""What reaches the app, and what the member sees when the app is slow, broken or away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.sandbox.slack.slack_stand import (
    ALICE,
    ALICE_DM,
    BOB,
    Received,
    Slack,
    buttons,
    conversation,
    modal,
    section,
)

GENERAL = "C0GENERAL"


async def run(slack: Slack, text: str = "/schedule-post Hello") -> None:
    await slack.does("command", channel=GENERAL, text=text)


async def card(slack: Slack, **more: Any) -> dict[str, Any]:
    """A card with a button in Alice's direct messages, as a container to act in."""
    blocks = [buttons("review", "approve")]
    answer = await slack.client.chat_postMessage(channel=ALICE, text="Card", blocks=blocks, **more)
    return {"type": "message", "channel": answer["channel"], "ts": answer["ts"]}


async def press(slack: Slack, container: dict[str, Any]) -> None:
    await slack.does("action", container=container, block_id="review", action_id="approve")


async def test_a_command_carries_what_slack_sends(slack: Slack) -> None:
    await run(slack, "/schedule-post  status 7 ")

    sent = (await slack.app.next()).payload
    assert (sent["command"], sent["text"]) == ("/schedule-post", "status 7")
    assert (sent["user_id"], sent["channel_name"]) == (ALICE, "general")
    assert sent["response_url"].startswith(slack.url)


@pytest.mark.parametrize(
    "answer",
    [
        lambda received: web.Response(text="Got it"),
        lambda received: web.json_response({"text": "Got it"}),
    ],
    ids=["plain", "json"],
)
async def test_a_command_may_be_answered_in_its_ack(slack: Slack, answer: Any) -> None:
    slack.app.answer = answer

    await run(slack)

    seen = conversation(await slack.sees(lambda s: conversation(s, GENERAL)), GENERAL)
    assert (seen[0]["text"], seen[0]["ephemeral"], seen[0]["user"]) == ("Got it", True, "U0BOT")
    assert conversation(await slack.state(BOB), GENERAL) == []


async def test_a_failing_app_fails_the_command(slack: Slack) -> None:
    slack.app.answer = lambda received: web.Response(status=500)

    await run(slack)

    seen = conversation(await slack.sees(lambda s: conversation(s, GENERAL)), GENERAL)
    assert seen[0]["text"] == '/schedule-post failed with the error "dispatch_failed"'


async def test_a_slow_app_times_the_command_out(slack: Slack) -> None:
    async def never(received: Received) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    slack.app.answer = never
    await slack.switch(app_timeout=0.05)

    await run(slack)

    seen = conversation(await slack.sees(lambda s: conversation(s, GENERAL)), GENERAL)
    assert seen[0]["text"] == '/schedule-post failed with the error "operation_timeout"'


@pytest.mark.parametrize(
    ("text", "removed"),
    [("/dance", []), ("/schedule-post", ["commands"])],
    ids=["unknown command", "no scope"],
)
async def test_a_command_that_is_not_there_is_not_sent(
    slack: Slack, text: str, removed: list[str]
) -> None:
    await slack.switch(removed_scopes=removed)

    await run(slack, text)

    seen = conversation(await slack.sees(lambda s: conversation(s, GENERAL)), GENERAL)
    assert "is not a valid command" in seen[0]["text"]
    assert slack.app.inbox.empty()


async def test_a_response_url_answers_five_times(slack: Slack) -> None:
    await run(slack)
    webhook = AsyncWebhookClient((await slack.app.next()).payload["response_url"])

    answers = [await webhook.send(text=f"Answer {number}") for number in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert answers[5].body == "used_url"
    assert len(conversation(await slack.state(), GENERAL)) == 5


async def test_a_response_url_dies_after_thirty_minutes(slack: Slack) -> None:
    await run(slack)
    webhook = AsyncWebhookClient((await slack.app.next()).payload["response_url"])
    slack.clock.ahead = 30 * 60 + 1

    answer = await webhook.send(text="Late")

    assert (answer.status_code, answer.body) == (404, "used_url")


async def test_a_response_url_replaces_the_message_whose_button_was_pressed(slack: Slack) -> None:
    await press(slack, await card(slack))
    webhook = AsyncWebhookClient((await slack.app.next()).payload["response_url"])

    await webhook.send(text="Approved", replace_original=True)

    seen = conversation(await slack.state(), ALICE_DM)
    assert [(message["text"], message["blocks"]) for message in seen] == [("Approved", [])]


async def test_a_response_url_deletes_the_message_whose_button_was_pressed(slack: Slack) -> None:
    await press(slack, await card(slack))
    webhook = AsyncWebhookClient((await slack.app.next()).payload["response_url"])

    await webhook.send(delete_original=True)

    assert conversation(await slack.state(), ALICE_DM) == []


async def test_a_click_in_an_ephemeral_message_carries_no_message(slack: Slack) -> None:
    answer = await slack.client.chat_postEphemeral(
        channel=GENERAL, user=ALICE, text="Card", blocks=[buttons("review", "approve")]
    )

    await press(slack, {"type": "message", "channel": GENERAL, "ts": answer["message_ts"]})

    payload = (await slack.app.next()).payload
    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload


async def test_a_click_that_nobody_confirms_is_told_to_the_member(slack: Slack) -> None:
    container = await card(slack)
    slack.app.answer = lambda received: web.Response(status=500)

    await press(slack, container)

    seen = await slack.sees(lambda state: state["toasts"])
    assert seen["toasts"][0]["level"] == "error"


async def test_a_choice_in_a_message_is_part_of_its_state(slack: Slack) -> None:
    menu = {"type": "users_select", "action_id": "who"}
    blocks = [{"type": "actions", "block_id": "review", "elements": [menu]}]
    answer = await slack.client.chat_postMessage(channel=ALICE, text="Card", blocks=blocks)
    container = {"type": "message", "channel": ALICE_DM, "ts": answer["ts"]}

    await slack.does("action", container=container, block_id="review", action_id="who", value=BOB)

    values = (await slack.app.next()).payload["state"]["values"]
    assert values == {"review": {"who": {"type": "users_select", "selected_user": BOB}}}


async def test_a_direct_message_is_an_event(slack: Slack) -> None:
    await slack.does("message", channel=ALICE_DM, text="Hello bot")

    event = (await slack.app.next()).payload["event"]
    assert (event["type"], event["channel_type"], event["user"]) == ("message", "im", ALICE)
    assert (event["channel"], event["text"]) == (ALICE_DM, "Hello bot")


async def test_a_message_in_a_channel_is_not_told_to_the_bot(slack: Slack) -> None:
    await slack.does("message", channel=GENERAL, text="Hello all")

    assert conversation(await slack.state(BOB), GENERAL)[0]["text"] == "Hello all"
    assert slack.app.inbox.empty()


async def test_the_bots_own_messages_are_events_when_switched_on(slack: Slack) -> None:
    await slack.switch(own_messages=True)

    await slack.client.chat_postMessage(channel=ALICE, text="Hello")

    event = (await slack.app.next()).payload["event"]
    assert (event["user"], event["bot_id"]) == ("U0BOT", "B0POSTBOT")


async def test_an_event_that_is_not_taken_comes_again_three_times(slack: Slack) -> None:
    await slack.switch(redelivery_factor=0)
    slack.app.answer = lambda received: web.Response(status=503)

    await slack.does("home", tab="home")

    received = [await slack.app.next() for _ in range(4)]
    numbers = [each.headers.get("X-Slack-Retry-Num") for each in received]
    assert numbers == [None, "1", "2", "3"]
    assert received[1].headers["X-Slack-Retry-Reason"] == "http_error"
    assert len({each.payload["event_id"] for each in received}) == 1


async def test_an_app_may_refuse_to_get_an_event_again(slack: Slack) -> None:
    await slack.switch(redelivery_factor=0)
    slack.app.answer = lambda received: web.Response(status=503, headers={"X-Slack-No-Retry": "1"})
    await slack.does("home", tab="home")
    await slack.app.next()
    slack.app.answer = lambda received: web.Response()

    await slack.does("home", tab="messages")

    following = await slack.app.next()
    assert following.payload["event"]["tab"] == "messages"


async def test_events_come_twice_when_switched_on(slack: Slack) -> None:
    await slack.switch(duplicate_events=True)

    await slack.does("home", tab="home")

    first, second = await slack.app.next(), await slack.app.next()
    assert first.payload["event_id"] == second.payload["event_id"]


async def test_a_global_shortcut_carries_a_trigger(slack: Slack) -> None:
    await slack.does("shortcut", callback_id="schedule_post")

    payload = (await slack.app.next()).payload
    assert (payload["type"], payload["callback_id"]) == ("shortcut", "schedule_post")
    await slack.client.views_open(trigger_id=payload["trigger_id"], view=modal(section("Hi")))


async def test_a_message_shortcut_carries_the_message(slack: Slack) -> None:
    said = await slack.does("message", channel=GENERAL, text="Post this")

    await slack.does("message_shortcut", callback_id="turn", channel=GENERAL, ts=said["ts"])

    payload = (await slack.app.next()).payload
    assert (payload["type"], payload["message"]["text"]) == ("message_action", "Post this")


WRONG_CALLS = {
    "unknown member": ("command", {"member": "U0X"}, "member_not_found"),
    "unknown channel": (
        "command",
        {"channel": "C0X", "text": "/schedule-post"},
        "channel_not_found",
    ),
    "somebody else's messages": (
        "command",
        {"channel": "D0BOB", "text": "/schedule-post"},
        "channel_not_found",
    ),
    "no text": ("command", {"channel": GENERAL}, "missing_argument"),
    "unknown view": ("submit", {"view_id": "V0"}, "view_not_found"),
    "unknown message": (
        "message_shortcut",
        {"callback_id": "turn", "channel": GENERAL, "ts": "1.1"},
        "message_not_found",
    ),
    "unknown container": (
        "action",
        {"block_id": "b", "action_id": "a", "container": {}},
        "invalid_container",
    ),
}


@pytest.mark.parametrize(("verb", "body", "error"), WRONG_CALLS.values(), ids=WRONG_CALLS.keys())
async def test_a_wrong_call_of_the_page_is_refused(
    slack: Slack, verb: str, body: dict[str, Any], error: str
) -> None:
    answer = await slack.does(verb, **body)

    assert (answer["ok"], answer["error"]) == (False, error)


async def test_a_poll_is_answered_at_once_when_something_is_new(slack: Slack) -> None:
    before = await slack.state()

    waiting = asyncio.create_task(slack.state(since=before["version"]))
    await slack.does("message", channel=GENERAL, text="Hello")

    assert conversation(await asyncio.wait_for(waiting, 5), GENERAL)[0]["text"] == "Hello"


async def test_a_poll_ends_with_the_same_version_when_nothing_happens(slack: Slack) -> None:
    before = await slack.sees(lambda state: state["apps_up"])

    after = await slack.state(since=before["version"], wait=0.01)

    assert after["version"] == before["version"]


async def test_the_page_forbids_foreign_code_and_is_never_cached(slack: Slack) -> None:
    async with slack.http.get(f"{slack.url}/") as response:
        headers = response.headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")


async def test_nothing_outside_the_page_is_served(slack: Slack) -> None:
    async with slack.http.get(f"{slack.url}/%2e%2e/app.py") as response:
        assert response.status == 404
