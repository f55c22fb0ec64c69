"""From a slash command to a form, its submission and the card in the member's direct messages."""

from __future__ import annotations

import json

from tests.sandbox.slack.slack_stand import (
    ALICE,
    ALICE_DM,
    Slack,
    buttons,
    conversation,
    modal,
    text_input,
)


async def test_a_command_opens_a_form_whose_text_reaches_the_app(slack: Slack) -> None:
    view = await slack.open_modal(modal(text_input("post")))
    await slack.does("input", view_id=view["id"], block_id="post", action_id="text", value="Hello")

    await slack.does("submit", view_id=view["id"])

    submitted = (await slack.app.next()).payload
    values = submitted["view"]["state"]["values"]
    assert submitted["type"] == "view_submission"
    assert values == {"post": {"text": {"type": "plain_text_input", "value": "Hello"}}}
    await slack.sees(lambda state: state["views"] == [])


async def test_a_click_on_a_card_reaches_the_app_and_the_card_changes_in_place(
    slack: Slack,
) -> None:
    channel = (await slack.client.conversations_open(users=ALICE))["channel"]["id"]
    card = [buttons("review", "approve")]
    posted = await slack.client.chat_postMessage(channel=channel, text="Review", blocks=card)
    container = {"type": "message", "channel": channel, "ts": posted["ts"]}

    await slack.does(
        "action", container=container, block_id="review", action_id="approve", value=None
    )

    clicked = (await slack.app.next()).payload
    assert clicked["actions"][0]["value"] == "value of approve"
    assert clicked["message"]["ts"] == posted["ts"]
    await slack.client.chat_update(channel=channel, ts=posted["ts"], text="Approved")
    seen = await slack.sees(lambda s: conversation(s, ALICE_DM)[0]["text"] == "Approved")
    assert conversation(seen, ALICE_DM)[0]["blocks"] == []


async def test_what_was_accepted_is_recorded_before_it_is_answered(slack: Slack) -> None:
    await slack.client.chat_postMessage(channel="C0GENERAL", text="Hello")

    line = json.loads((slack.record / "slack.jsonl").read_text())

    assert line["method"] == "chat.postMessage"
    assert line["args"]["text"] == "Hello"
    assert isinstance(line["received_at"], float)
