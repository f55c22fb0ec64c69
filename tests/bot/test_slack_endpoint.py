"""What may come in from Slack, and what is turned away before it is read."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any

import pytest

from bot.app import OTHER_WORKSPACE
from sandbox.slack.delivery import sign
from sandbox.slack.settings import SIGNING_SECRET
from scheduler import members
from scheduler.models import Account, Post, Seen
from tests.bot.desk import ALICE, Desk, encoded, newest, sent_form, slash

BODY = encoded(slash("list"), as_json=False)


def signed_at(moment: float, body: bytes = BODY) -> dict[str, str]:
    """Really signed headers with another time in them."""
    stamp = str(int(moment))
    base = b"v0:" + stamp.encode() + b":" + body
    digest = hmac.new(SIGNING_SECRET.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no headers"),
        pytest.param({"X-Slack-Request-Timestamp": "abc"}, id="timestamp of letters"),
        pytest.param({"X-Slack-Request-Timestamp": "9" * 5000}, id="timestamp of 5000 digits"),
        pytest.param({"X-Slack-Request-Timestamp": "١٢٣"}, id="timestamp of other digits"),
        pytest.param({"X-Slack-Request-Timestamp": "-1"}, id="timestamp before all"),
        pytest.param({"X-Slack-Signature": "v0=é"}, id="signature beyond ASCII"),
        pytest.param({"X-Slack-Signature": "v0=" + "0" * 64}, id="wrong signature"),
        pytest.param({"X-Slack-Signature": ""}, id="empty signature"),
        pytest.param({"X-Slack-Signature": "v1=" + "0" * 64}, id="signature of another kind"),
    ],
)
async def test_what_is_not_signed_by_slack_is_turned_away(
    desk: Desk, headers: dict[str, str]
) -> None:
    sent = {**sign(SIGNING_SECRET, BODY), **headers} if headers else {}

    status, answer = await desk.send(BODY, headers=sent)

    assert status == 401
    assert json.loads(answer)["error"]
    assert await Seen.all().count() == 0


@pytest.mark.parametrize("seconds", [-302, 302], ids=["too old", "from the future"])
async def test_a_signature_is_good_for_five_minutes(desk: Desk, seconds: int) -> None:
    status, _ = await desk.send(BODY, headers=signed_at(time.time() + seconds))

    assert status == 401


async def test_a_signature_of_four_minutes_ago_is_good(desk: Desk) -> None:
    status, _ = await desk.send(BODY, headers=signed_at(time.time() - 240))

    assert status == 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="broken JSON"),
        pytest.param(b"[]", id="an array"),
        pytest.param(b"[" * 100_000, id="100,000 arrays in each other"),
        pytest.param(b'{"a":' * 100_000, id="100,000 objects in each other"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b"null", id="null"),
        pytest.param(b"9" * 10_000, id="a huge number"),
        pytest.param(b'{"type": "event_callback"}', id="an event without an event"),
        pytest.param(b'{"type": "view_submission", "user": 1}', id="a form without a form"),
        pytest.param(b'{"type": "block_actions", "user": {}, "actions": {}}', id="odd actions"),
        pytest.param(b'{"type": "shortcut", "user": {}, "trigger_id": 7}', id="an odd trigger"),
        pytest.param(b'{"command": "/schedule-post"}', id="a command without a member"),
        pytest.param(b'{"team": 5}', id="an odd team"),
    ],
)
@pytest.mark.parametrize("is_form", [False, True], ids=["as JSON", "as a form"])
async def test_malformed_requests_are_refused_never_a_crash(
    desk: Desk, body: bytes, is_form: bool
) -> None:
    sent = b"payload=" + body if is_form else body

    status, _ = await desk.send(sent, as_json=not is_form)

    assert status == 400


async def test_a_request_of_more_than_a_mebibyte_is_refused_unread(desk: Desk) -> None:
    status, _ = await desk.send(b"x" * (1024 * 1024 + 1))

    assert status == 413


async def test_the_url_verification_gets_its_challenge_back(desk: Desk) -> None:
    payload = {"type": "url_verification", "challenge": "c1", "token": "t"}

    status, answer = await desk.send(payload, as_json=True)

    assert (status, json.loads(answer)) == (200, {"challenge": "c1"})


async def test_the_certificate_check_is_answered_and_does_nothing(desk: Desk) -> None:
    status, answer = await desk.send(b"ssl_check=1&token=t&command=list", headers={})

    assert (status, answer) == (200, "")
    assert await Seen.all().count() == 0


async def test_a_replayed_command_has_one_effect(desk: Desk) -> None:
    headers = sign(SIGNING_SECRET, BODY)

    first = await desk.send(BODY, headers=headers)
    second = await desk.send(BODY, headers=headers)

    assert "no posts yet" in first[1]
    assert second == (200, "")


async def test_a_replayed_form_is_stored_once(desk: Desk, account: Account) -> None:
    body = encoded(sent_form("Once", account.id), as_json=False)
    headers = sign(SIGNING_SECRET, body)

    answers = [await desk.send(body, headers=headers) for _ in range(3)]

    assert answers == [(200, "")] * 3
    assert await Post.all().count() == 1


async def test_the_account_of_another_workspace_cannot_be_posted_to(
    desk: Desk, account: Account
) -> None:
    other = await members.workspace(desk.runtime, "T0OTHER")
    await Account.filter(id=account.id).update(workspace_id=other.id)

    _, answer = await desk.send(sent_form("Hello", account.id))

    assert "disconnected meanwhile" in json.loads(answer)["errors"]["composer_accounts"]
    assert await Post.all().count() == 0


async def test_an_event_that_comes_again_is_handled_once(desk: Desk) -> None:
    await desk.switch(duplicate_events=True)

    await desk.does("home", tab="home")
    await desk.sees(lambda state: state["home"])

    keys = await Seen.all().values_list("key", flat=True)
    assert [key for key in keys if str(key).startswith("event:")] == keys
    assert len(keys) == 1


async def test_an_event_that_could_not_be_handled_may_come_again(desk: Desk) -> None:
    await desk.switch(
        fail_methods={"views.publish": {"error": "internal_error", "times": 1}},
        redelivery_factor=0.01,
    )

    await desk.does("home", tab="home")

    await desk.sees(lambda state: state["home"])


async def test_a_request_of_another_workspace_is_refused(desk: Desk) -> None:
    status, answer = await desk.send(slash("list", team_id="T0OTHER"))

    assert status == 200
    assert json.loads(answer)["text"] == OTHER_WORKSPACE


async def test_a_click_in_another_workspace_is_refused(desk: Desk) -> None:
    payload = {
        "type": "block_actions",
        "user": {"id": ALICE, "team_id": "T0OTHER"},
        "team": {"id": "T0OTHER"},
        "actions": [{"type": "button", "action_id": "disconnect", "value": "1"}],
    }

    status, _ = await desk.send({"payload": json.dumps(payload)})

    assert status == 403


async def test_a_text_with_the_word_payload_in_it_arrives(desk: Desk, account: Account) -> None:
    form = await desk.compose("The payload=1 has landed")

    await form.shows("The payload=1 has landed")


async def test_an_event_that_nobody_asked_for_is_taken(desk: Desk) -> None:
    event = {"type": "team_join", "user": {"id": "U0NEW"}}
    payload: dict[str, Any] = {
        "type": "event_callback",
        "team_id": "T0SANDBOX",
        "event_id": "Ev1",
        "event": event,
    }

    status, _ = await desk.send(payload, as_json=True)

    assert status == 200


async def test_a_command_that_nobody_knows_is_answered_with_help(desk: Desk) -> None:
    status, answer = await desk.send(slash("Hello", command="/schedule-pots"))

    assert status == 200
    assert json.loads(answer)["response_type"] == "ephemeral"
    assert "/schedule-post list" in answer


async def test_no_call_to_slack_but_the_form_itself_is_made_for_a_command(
    desk: Desk, account: Account
) -> None:
    await desk.command("list")
    await desk.says()
    await desk.switch(
        fail_methods={
            method: {"error": "internal_error"}
            for method in ("auth.test", "users.info", "conversations.open", "chat.postMessage")
        }
    )

    form = await desk.compose("Hello")

    await form.type(when="now")
    await form.closes()
    assert await Post.all().count() == 1


async def test_many_commands_at_once_all_get_their_answer(desk: Desk) -> None:
    sent = [desk.send(slash("list")) for _ in range(40)]

    answers = await asyncio.gather(*sent)

    assert {status for status, _ in answers} == {200}


async def test_something_unforeseen_is_told_with_a_number(desk: Desk, account: Account) -> None:
    await desk.switch(fail_methods={"views.open": {"error": "fatal_error"}})

    await desk.command("Hello")

    said = await desk.sees(lambda state: newest(state, "C0GENERAL"))
    assert "Something went wrong on our side" in said["text"]
    assert "this number" in said["text"]


async def test_a_form_that_slack_is_too_slow_to_open_is_told(desk: Desk) -> None:
    await desk.switch(fail_methods={"views.open": {"error": "expired_trigger_id"}})

    await desk.command("Hello")

    said = await desk.sees(lambda state: newest(state, "C0GENERAL"))
    assert "try again" in said["text"]
