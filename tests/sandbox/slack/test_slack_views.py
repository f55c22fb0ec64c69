"""Modals and Home tabs: triggers, the stack, hashes, what was typed, what a submission meets."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from tests.sandbox.slack.slack_stand import ALICE, BOB, Slack, buttons, modal, section, text_input

Json = dict[str, Any]

REQUIRED = "Please complete all required fields."
TROUBLE = "We had some trouble connecting. Try again?"


async def refusal(slack: Slack, method: str, **args: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await slack.client.api_call(method, json=args)
    return str(caught.value.response["error"])


async def click(slack: Slack, view: Json, action_id: str, value: Any = None) -> Json:
    """Press or choose something in a modal's block `b`; the payload that the app receives."""
    container = {"type": "view", "view_id": view["id"]}
    await slack.does("action", container=container, block_id="b", action_id=action_id, value=value)
    return (await slack.app.next()).payload


async def typed(
    slack: Slack, view: Json, block_id: str, value: Any, action_id: str = "text"
) -> Json:
    return await slack.does(
        "input", view_id=view["id"], block_id=block_id, action_id=action_id, value=value
    )


def answering(body: Any, status: int = 200) -> Any:
    return lambda received: web.json_response(body, status=status)


async def test_a_trigger_dies_after_three_seconds(slack: Slack) -> None:
    trigger_id = await slack.trigger()
    slack.clock.ahead = 3.1

    error = await refusal(slack, "views.open", trigger_id=trigger_id, view=modal())

    assert error == "expired_trigger_id"


async def test_a_trigger_is_exchanged_once(slack: Slack) -> None:
    trigger_id = await slack.trigger()
    await slack.client.views_open(trigger_id=trigger_id, view=modal())

    error = await refusal(slack, "views.open", trigger_id=trigger_id, view=modal())

    assert error == "exchanged_trigger_id"


async def test_an_invented_trigger_is_refused(slack: Slack) -> None:
    assert await refusal(slack, "views.open", trigger_id="1.2.ab", view=modal()) == (
        "invalid_trigger_id"
    )


async def test_three_modals_lie_on_each_other_and_no_more(slack: Slack) -> None:
    root = await slack.open_modal(modal(buttons("b", "more")))
    first = await click(slack, root, "more")
    second = await slack.client.views_push(
        trigger_id=first["trigger_id"], view=modal(buttons("b", "more"))
    )
    again = await click(slack, second["view"], "more")
    third = await slack.client.views_push(
        trigger_id=again["trigger_id"], view=modal(buttons("b", "more"))
    )
    last = await click(slack, third["view"], "more")

    error = await refusal(slack, "views.push", trigger_id=last["trigger_id"], view=modal())

    assert error == "push_limit_reached"
    assert third["view"]["root_view_id"] == root["id"]
    assert third["view"]["previous_view_id"] == second["view"]["id"]


async def test_a_trigger_from_outside_a_modal_cannot_push(slack: Slack) -> None:
    trigger_id = await slack.trigger()

    assert await refusal(slack, "views.push", trigger_id=trigger_id, view=modal()) == "not_found"


async def test_an_external_id_is_used_once_at_a_time(slack: Slack) -> None:
    await slack.open_modal(modal(external_id="post-7"), ALICE)
    trigger_id = await slack.trigger(BOB)

    error = await refusal(
        slack, "views.open", trigger_id=trigger_id, view=modal(external_id="post-7")
    )

    assert error == "duplicate_external_id"


async def test_a_view_is_updated_by_its_external_id(slack: Slack) -> None:
    await slack.open_modal(modal(external_id="post-7"))

    answer = await slack.client.views_update(
        external_id="post-7", view=modal(section("New"), external_id="post-7")
    )

    assert answer["view"]["blocks"][0]["text"]["text"] == "New"


async def test_a_stale_hash_is_a_conflict(slack: Slack) -> None:
    view = await slack.open_modal(modal())
    updated = await slack.client.views_update(view_id=view["id"], view=modal(), hash=view["hash"])

    error = await refusal(
        slack, "views.update", view_id=view["id"], view=modal(), hash=view["hash"]
    )

    assert error == "hash_conflict"
    assert updated["view"]["hash"] != view["hash"]


async def test_a_closed_view_cannot_be_updated(slack: Slack) -> None:
    view = await slack.open_modal(modal())
    await slack.does("close", view_id=view["id"])

    assert await refusal(slack, "views.update", view_id=view["id"], view=modal()) == "not_found"


async def test_what_was_typed_survives_an_update_under_the_same_ids(slack: Slack) -> None:
    view = await slack.open_modal(modal(text_input("post"), text_input("link")))
    await typed(slack, view, "post", "Typed")
    await typed(slack, view, "link", "Also typed")

    changed = modal(text_input("post", initial_value="New"), text_input("link2"))
    answer = await slack.client.views_update(view_id=view["id"], view=changed)

    values = answer["view"]["state"]["values"]
    assert values["post"]["text"]["value"] == "Typed"
    assert values["link2"]["text"]["value"] is None
    assert "link" not in values


async def test_initial_values_are_the_first_state(slack: Slack) -> None:
    yes = {"text": {"type": "plain_text", "text": "Yes"}, "value": "yes"}
    menu = {
        "type": "actions",
        "block_id": "b",
        "elements": [
            {
                "type": "static_select",
                "action_id": "sure",
                "options": [yes],
                "initial_option": yes,
            },
            {"type": "datetimepicker", "action_id": "at", "initial_date_time": 1900000000},
        ],
    }

    view = await slack.open_modal(modal(menu, text_input("post", initial_value="Hello")))

    assert view["state"]["values"] == {
        "b": {
            "sure": {"type": "static_select", "selected_option": yes},
            "at": {"type": "datetimepicker", "selected_date_time": 1900000000},
        },
        "post": {"text": {"type": "plain_text_input", "value": "Hello"}},
    }


def control(element: Json) -> Json:
    return {"type": "actions", "block_id": "b", "elements": [{"action_id": "a", **element}]}


def options(*values: str) -> list[Json]:
    return [{"text": {"type": "plain_text", "text": v}, "value": v} for v in values]


CHOICES = {
    "menu": ({"type": "static_select", "options": options("x", "y")}, "y", "selected_option"),
    "several": (
        {"type": "multi_static_select", "options": options("x", "y")},
        ["y", "x"],
        "selected_options",
    ),
    "boxes": ({"type": "checkboxes", "options": options("x", "y")}, ["x"], "selected_options"),
    "overflow": ({"type": "overflow", "options": options("x", "y")}, "x", "selected_option"),
    "member": ({"type": "users_select"}, BOB, "selected_user"),
    "date": ({"type": "datepicker"}, "2030-12-31", "selected_date"),
    "time": ({"type": "timepicker", "timezone": "Europe/Berlin"}, "23:59", "selected_time"),
    "instant": ({"type": "datetimepicker"}, 1900000000, "selected_date_time"),
}


@pytest.mark.parametrize(("element", "value", "name"), CHOICES.values(), ids=CHOICES.keys())
async def test_a_choice_reaches_the_app_in_slacks_form(
    slack: Slack, element: Json, value: Any, name: str
) -> None:
    view = await slack.open_modal(modal(control(element)))

    payload = await click(slack, view, "a", value)

    chosen = payload["actions"][0][name]
    assert plain_value(chosen) == value
    assert payload["view"]["hash"] == view["hash"]
    assert payload["container"] == {"type": "view", "view_id": view["id"]}


def plain_value(chosen: Any) -> Any:
    match chosen:
        case {"value": value}:
            return value
        case [{"value": _}, *_]:
            return [option["value"] for option in chosen]
    return chosen


async def test_a_value_that_is_not_offered_is_refused(slack: Slack) -> None:
    element = {"type": "static_select", "options": options("x")}
    view = await slack.open_modal(modal(control(element)))

    answer = await slack.does(
        "action",
        container={"type": "view", "view_id": view["id"]},
        block_id="b",
        action_id="a",
        value="z",
    )

    assert answer == {"ok": False, "error": "invalid_value"}


async def test_typing_is_told_only_when_the_input_dispatches(slack: Slack) -> None:
    view = await slack.open_modal(modal(text_input("quiet"), text_input("b", dispatch=True)))
    container = {"type": "view", "view_id": view["id"]}
    what = {"container": container, "action_id": "text"}
    await slack.does("action", block_id="quiet", value="Hush", **what)

    payload = await click(slack, view, "text", "Hello")

    assert payload["actions"][0]["value"] == "Hello"
    assert payload["view"]["state"]["values"]["quiet"]["text"]["value"] == "Hush"
    assert slack.app.inbox.empty()


async def test_files_reach_the_app_as_full_file_objects(slack: Slack) -> None:
    uploaded = await slack.upload("cat.png", b"\x89PNG")
    field = {**text_input("media"), "element": {"type": "file_input", "action_id": "files"}}
    view = await slack.open_modal(modal(field))
    await typed(slack, view, "media", [uploaded["id"]], action_id="files")

    await slack.does("submit", view_id=view["id"])

    values = (await slack.app.next()).payload["view"]["state"]["values"]
    assert values["media"]["files"]["files"][0]["url_private"] == uploaded["url_private"]


UNFIT = {
    "empty": ({}, "", REQUIRED),
    "too short": ({"min_length": 3}, "Hi", "Please enter at least 3 characters; this has 2."),
    "too long": ({"max_length": 3}, "Hello", "Please enter at most 3 characters; this has 5."),
    "no address": ({"type": "url_text_input"}, "example", "Please enter a valid URL."),
    "no number": (
        {"type": "number_input", "is_decimal_allowed": False},
        "1.5",
        "Please enter a valid number.",
    ),
}


@pytest.mark.parametrize(("element", "value", "text"), UNFIT.values(), ids=UNFIT.keys())
async def test_a_form_that_is_not_right_stays_with_the_member(
    slack: Slack, element: Json, value: str, text: str
) -> None:
    view = await slack.open_modal(modal(text_input("post", **element)))
    await typed(slack, view, "post", value)

    await slack.does("submit", view_id=view["id"])

    seen = await slack.sees(lambda state: state["views"][0]["errors"])
    assert seen["views"][0]["errors"] == {"post": text}
    assert slack.app.inbox.empty()


async def test_an_optional_field_may_stay_empty(slack: Slack) -> None:
    view = await slack.open_modal(modal(text_input("post", optional=True)))

    await slack.does("submit", view_id=view["id"])

    payload = (await slack.app.next()).payload
    assert payload["view"]["state"]["values"]["post"]["text"]["value"] is None


async def test_the_apps_errors_are_shown_at_their_fields(slack: Slack) -> None:
    view = await slack.open_modal(modal(text_input("post", initial_value="Hi")))
    slack.app.answer = answering({"response_action": "errors", "errors": {"post": "Too dull"}})

    await slack.does("submit", view_id=view["id"])

    seen = await slack.sees(lambda state: state["views"][0]["errors"])
    assert seen["views"][0]["errors"] == {"post": "Too dull"}
    assert seen["views"][0]["busy"] is False


async def test_an_error_goes_away_when_its_field_is_edited(slack: Slack) -> None:
    view = await slack.open_modal(modal(text_input("post")))
    await slack.does("submit", view_id=view["id"])

    await typed(slack, view, "post", "Better")

    assert (await slack.state())["views"][0]["errors"] == {}


async def test_the_app_may_update_the_submitted_view(slack: Slack) -> None:
    view = await slack.open_modal(modal())
    answer = {"response_action": "update", "view": modal(section("Scheduling…"))}
    slack.app.answer = answering(answer)

    await slack.does("submit", view_id=view["id"])

    seen = await slack.sees(lambda state: state["views"][0]["view"]["blocks"])
    assert seen["views"][0]["view"]["id"] == view["id"]
    assert seen["views"][0]["view"]["hash"] != view["hash"]


async def test_the_app_may_push_a_view_and_an_empty_ack_closes_it(slack: Slack) -> None:
    view = await slack.open_modal(modal())
    slack.app.answer = answering({"response_action": "push", "view": modal()})
    await slack.does("submit", view_id=view["id"])
    pushed = (await slack.sees(lambda state: len(state["views"]) == 2))["views"][1]["view"]
    slack.app.answer = lambda received: web.Response()

    await slack.does("submit", view_id=pushed["id"])

    seen = await slack.sees(lambda state: len(state["views"]) == 1)
    assert seen["views"][0]["view"]["id"] == view["id"]


async def test_the_app_may_clear_the_whole_stack(slack: Slack) -> None:
    view = await slack.open_modal(modal())
    slack.app.answer = answering({"response_action": "push", "view": modal()})
    await slack.does("submit", view_id=view["id"])
    pushed = (await slack.sees(lambda state: len(state["views"]) == 2))["views"][1]["view"]
    slack.app.answer = answering({"response_action": "clear"})

    await slack.does("submit", view_id=pushed["id"])

    await slack.sees(lambda state: state["views"] == [])


BAD_ACKS = {
    "server error": answering({}, status=500),
    "errors at no input": answering({"response_action": "errors", "errors": {"other": "No"}}),
    "broken view": answering({"response_action": "update", "view": {"type": "modal"}}),
    "unknown action": answering({"response_action": "dance"}),
}


@pytest.mark.parametrize("answer", BAD_ACKS.values(), ids=BAD_ACKS.keys())
async def test_a_bad_ack_keeps_the_form_open_with_a_notice(slack: Slack, answer: Any) -> None:
    view = await slack.open_modal(modal(text_input("post", initial_value="Hi")))
    slack.app.answer = answer

    await slack.does("submit", view_id=view["id"])

    seen = await slack.sees(lambda state: state["views"][0]["notice"])
    assert seen["views"][0]["notice"] == TROUBLE
    assert seen["views"][0]["view"]["id"] == view["id"]


async def test_closing_is_told_when_the_view_asks_for_it(slack: Slack) -> None:
    view = await slack.open_modal(modal(notify_on_close=True))

    await slack.does("close", view_id=view["id"])

    payload = (await slack.app.next()).payload
    assert (payload["type"], payload["is_cleared"]) == ("view_closed", False)


async def test_closing_the_stack_is_told_for_its_root(slack: Slack) -> None:
    root = await slack.open_modal(modal(buttons("b", "more"), notify_on_close=True))
    trigger_id = (await click(slack, root, "more"))["trigger_id"]
    top = await slack.client.views_push(trigger_id=trigger_id, view=modal(notify_on_close=True))

    await slack.does("close", view_id=top["view"]["id"], all=True)

    payload = (await slack.app.next()).payload
    assert (payload["view"]["id"], payload["is_cleared"]) == (root["id"], True)
    assert (await slack.state())["views"] == []


async def test_only_the_top_view_can_be_submitted(slack: Slack) -> None:
    root = await slack.open_modal(modal(buttons("b", "more")))
    trigger_id = (await click(slack, root, "more"))["trigger_id"]
    await slack.client.views_push(trigger_id=trigger_id, view=modal())

    answer = await slack.does("submit", view_id=root["id"])

    assert answer["error"] == "view_not_found"


async def test_a_published_home_is_seen_and_named_when_it_is_opened(slack: Slack) -> None:
    home = {"type": "home", "blocks": [section("Nothing due today")]}
    published = await slack.client.views_publish(user_id=ALICE, view=home)

    await slack.does("home", tab="home")

    event = (await slack.app.next()).payload["event"]
    assert (event["type"], event["tab"], event["channel"]) == (
        "app_home_opened",
        "home",
        "D0ALICE",
    )
    assert event["view"]["id"] == published["view"]["id"]
    assert (await slack.state())["home"]["id"] == published["view"]["id"]


async def test_a_home_published_with_a_stale_hash_is_a_conflict(slack: Slack) -> None:
    home = {"type": "home", "blocks": [section("Nothing due today")]}
    first = await slack.client.views_publish(user_id=ALICE, view=home)
    await slack.client.views_publish(user_id=ALICE, view=home)

    error = await refusal(
        slack, "views.publish", user_id=ALICE, view=home, hash=first["view"]["hash"]
    )

    assert error == "hash_conflict"


async def test_without_a_home_tab_nothing_is_published(slack: Slack) -> None:
    await slack.switch(home_tab=False)
    home = {"type": "home", "blocks": []}

    assert await refusal(slack, "views.publish", user_id=ALICE, view=home) == "not_enabled"
