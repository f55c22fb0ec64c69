"""Slack's page shows and works all that an app may put into a form."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.sync_api import expect

from sandbox.slack.settings import BOT_TOKEN
from tests.chaos.ground import Ground
from tests.stories.slack_page import SlackPage

Json = dict[str, Any]


def _text(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def _option(text: str) -> Json:
    return {"text": _text(text), "value": text.lower()}


def _input(label: str, element: Json) -> Json:
    name = label.lower().replace(" ", "_")
    return {
        "type": "input",
        "block_id": name,
        "optional": True,
        "label": _text(label),
        "element": {**element, "action_id": name},
    }


EVERYTHING = {
    "type": "home",
    "blocks": [
        _input("People", {"type": "multi_users_select"}),
        _input("Places", {"type": "multi_conversations_select"}),
        _input("Channels", {"type": "multi_channels_select"}),
        _input("Person", {"type": "users_select"}),
        _input("Day", {"type": "datepicker"}),
        _input("Hour", {"type": "timepicker"}),
        _input("Moment", {"type": "datetimepicker"}),
        _input("Choices", {"type": "checkboxes", "options": [_option("One"), _option("Two")]}),
        _input("Letter", {"type": "email_text_input"}),
        _input("Words", {"type": "rich_text_input"}),
        {
            "type": "actions",
            "elements": [
                {"type": "overflow", "action_id": "more", "options": [_option("A"), _option("B")]}
            ],
        },
    ],
}


def test_every_element_is_shown_and_takes_a_value(alice: SlackPage, ground: Ground) -> None:
    alice.goes_to("Home")
    home = alice.page.get_by_role("tabpanel")
    expect(home).to_contain_text("Schedule a Post")
    answer = httpx.post(
        f"{ground.slack_url}/api/views.publish",
        headers={"Authorization": f"Bearer {BOT_TOKEN}"},
        json={"user_id": "U0ALICE", "view": EVERYTHING},
    ).json()
    assert answer["ok"], answer

    for label, option in {"People": "Bob", "Places": "general", "Channels": "general"}.items():
        field = home.locator(f"[data-block-id={label.lower()}]")
        field.get_by_role("combobox").click()
        field.get_by_role("option", name=option).click()
        field.get_by_role("combobox").press("Escape")
    home.get_by_label("Two").check()
    home.get_by_label("Day").fill("2027-03-14")
    home.get_by_role("button", name="More actions").click()
    home.get_by_role("menuitem", name="B").click()

    expect(home.locator(".chip")).to_have_text(["Bob×", "general×", "general×"])
    expect(home.get_by_label("Two")).to_be_checked()
    expect(home.locator(".unknown")).to_have_count(0)


def test_the_page_is_worked_by_the_keyboard_alone(alice: SlackPage) -> None:
    page = alice.page
    field = page.get_by_label("Message Postbot")
    field.focus()
    page.keyboard.type("/schedule-post From the keys")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    form = alice.form("Schedule a post")
    expect(page.locator(":focus")).to_have_value("From the keys")

    page.keyboard.press("Control+Enter")

    expect(form.dialog).to_have_count(0)
    alice.card("From the keys", "Pending")
    expect(field).to_be_focused()
