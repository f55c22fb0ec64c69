"""The Web API through slack_sdk: what it gives, and the error names of what it refuses."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.settings import APP_TOKEN
from tests.sandbox.slack.slack_stand import (
    ALICE,
    ALICE_DM,
    BOB,
    Slack,
    conversation,
    modal,
    section,
    text_input,
)

Json = dict[str, Any]

GENERAL = "C0GENERAL"


async def refusal(slack: Slack, method: str, **args: Any) -> Json:
    """The answer to a call that must be refused."""
    with pytest.raises(SlackApiError) as caught:
        await slack.client.api_call(method, json=args)
    return dict(caught.value.response.data)


async def posted(slack: Slack, **more: Any) -> str:
    """The ts of a fresh message of the bot in Alice's direct messages."""
    await slack.client.conversations_open(users=ALICE)
    answer = await slack.client.chat_postMessage(channel=ALICE_DM, **{"text": "Hello", **more})
    return str(answer["ts"])


async def post_many(slack: Slack, count: int) -> None:
    for number in range(count):
        await slack.client.chat_postMessage(channel=GENERAL, text=f"Hello {number}")


async def test_the_bot_learns_who_it_is_and_what_it_may_do(slack: Slack) -> None:
    answer = await slack.client.auth_test()

    assert (answer["team_id"], answer["user_id"]) == ("T0SANDBOX", "U0BOT")
    assert answer.headers["x-oauth-scopes"].startswith("commands,chat:write")


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-other", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type")],
    ids=["none", "wrong", "of the app"],
)
async def test_a_bad_token_is_refused(slack: Slack, token: str, error: str) -> None:
    client = AsyncWebClient(token=token, base_url=f"{slack.url}/api/", session=slack.http)

    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()

    assert caught.value.response["error"] == error


async def test_an_unknown_method_is_refused(slack: Slack) -> None:
    assert (await refusal(slack, "chat.shout"))["error"] == "unknown_method"


async def test_a_missing_scope_is_named(slack: Slack) -> None:
    await slack.switch(removed_scopes=["im:write"])

    answer = await refusal(slack, "conversations.open", users=ALICE)

    assert (answer["error"], answer["needed"]) == ("missing_scope", "im:write")
    assert "im:write" not in answer["provided"].split(",")


async def test_form_bodies_are_read_like_json_bodies(slack: Slack) -> None:
    form = {"channel": GENERAL, "text": "Hello", "blocks": '[{"type": "divider"}]'}
    headers = {"Authorization": f"Bearer {slack.client.token}"}

    async with slack.http.post(
        f"{slack.url}/api/chat.postMessage", data=form, headers=headers
    ) as response:
        answer = await response.json()

    assert answer["message"]["blocks"][0]["type"] == "divider"


async def test_a_member_has_a_time_zone(slack: Slack) -> None:
    answer = await slack.client.users_info(user=BOB)

    assert answer["user"]["tz"] == "Europe/Berlin"
    assert answer["user"]["tz_offset"] in (3600, 7200)


async def test_everybody_is_listed(slack: Slack) -> None:
    answer = await slack.client.users_list()

    assert [user["id"] for user in answer["members"]] == [ALICE, BOB, "U0CAROL", "U0BOT"]


async def test_opening_a_dm_twice_gives_the_same_channel(slack: Slack) -> None:
    first = await slack.client.conversations_open(users=[ALICE])
    second = await slack.client.conversations_open(users=ALICE)

    assert first["channel"]["id"] == second["channel"]["id"] == ALICE_DM
    assert second["already_open"] is True


async def test_a_dm_is_unknown_until_it_was_opened(slack: Slack) -> None:
    answer = await refusal(slack, "chat.postMessage", channel=ALICE_DM, text="Hello")

    assert answer["error"] == "channel_not_found"


async def test_a_user_id_stands_for_the_dm_when_posting(slack: Slack) -> None:
    answer = await slack.client.chat_postMessage(channel=ALICE, text="Hello")

    assert answer["channel"] == ALICE_DM


BAD_MESSAGES = {
    "no text": ({"blocks": [section("Hi")]}, "no_text"),
    "blank text": ({"text": " "}, "no_text"),
    "40,001 characters": ({"text": "x" * 40_001}, "msg_too_long"),
    "unknown channel": ({"channel": "C0NOWHERE", "text": "Hi"}, "channel_not_found"),
    "unknown thread": ({"text": "Hi", "thread_ts": "1.000001"}, "thread_not_found"),
    "markdown and text": ({"text": "Hi", "markdown_text": "Hi"}, "markdown_text_conflict"),
    "broken blocks": ({"text": "Hi", "blocks": [{"type": "section"}]}, "invalid_blocks"),
    "unreadable blocks": ({"text": "Hi", "blocks": "[{"}, "invalid_blocks_format"),
    "101 attachments": ({"text": "Hi", "attachments": [{}] * 101}, "too_many_attachments"),
    "odd metadata": ({"text": "Hi", "metadata": {"a": 1}}, "invalid_metadata_format"),
    "large metadata": (
        {"text": "Hi", "metadata": {"event_type": "post", "event_payload": {"x": "x" * 8000}}},
        "metadata_too_large",
    ),
}


@pytest.mark.parametrize(("args", "error"), BAD_MESSAGES.values(), ids=BAD_MESSAGES.keys())
async def test_a_bad_message_is_refused(slack: Slack, args: Json, error: str) -> None:
    answer = await refusal(slack, "chat.postMessage", **{"channel": GENERAL, **args})

    assert answer["error"] == error


async def test_broken_blocks_are_explained(slack: Slack) -> None:
    answer = await refusal(
        slack, "chat.postMessage", channel=GENERAL, text="Hi", blocks=[section("x" * 3001)]
    )

    rule = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer["errors"] == [rule]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {rule}"]


async def test_an_update_with_text_alone_drops_the_blocks_and_marks_the_edit(slack: Slack) -> None:
    ts = await posted(slack, blocks=[section("Hello")])

    answer = await slack.client.chat_update(channel=ALICE_DM, ts=ts, text="Bye")

    assert "blocks" not in answer["message"]
    assert answer["message"]["edited"]["user"] == "U0BOT"


async def test_an_update_with_blocks_leaves_no_edit_mark(slack: Slack) -> None:
    ts = await posted(slack)

    answer = await slack.client.chat_update(
        channel=ALICE_DM, ts=ts, text="Bye", blocks=[section("Bye")]
    )

    assert "edited" not in answer["message"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [({}, True), ({"metadata": {}}, False)],
    ids=["left out", "empty"],
)
async def test_an_update_keeps_metadata_unless_it_is_emptied(
    slack: Slack, given: Json, kept: bool
) -> None:
    metadata = {"event_type": "post_card", "event_payload": {"post": 7}}
    ts = await posted(slack, metadata=metadata)

    args = {"channel": ALICE_DM, "ts": ts, "text": "Bye", **given}
    await slack.client.api_call("chat.update", json=args)

    history = await slack.client.conversations_history(channel=ALICE_DM, include_all_metadata=True)
    assert ("metadata" in history["messages"][0]) is kept


BAD_UPDATES = {
    "unknown ts": ({"ts": "1.000001"}, "message_not_found"),
    "user id as channel": ({"channel": ALICE}, "channel_not_found"),
}


@pytest.mark.parametrize(("args", "error"), BAD_UPDATES.values(), ids=BAD_UPDATES.keys())
async def test_an_update_names_channel_and_ts_exactly(slack: Slack, args: Json, error: str) -> None:
    ts = await posted(slack)

    wanted = {"channel": ALICE_DM, "ts": ts, "text": "Bye", **args}
    answer = await refusal(slack, "chat.update", **wanted)

    assert answer["error"] == error


@pytest.mark.parametrize(
    ("method", "error"),
    [("chat.update", "cant_update_message"), ("chat.delete", "cant_delete_message")],
)
async def test_the_bot_cannot_touch_a_members_message(
    slack: Slack, method: str, error: str
) -> None:
    said = await slack.does("message", channel=ALICE_DM, text="Mine")

    answer = await refusal(slack, method, channel=ALICE_DM, ts=said["ts"], text="Changed")

    assert answer["error"] == error


async def test_a_deleted_message_is_gone(slack: Slack) -> None:
    ts = await posted(slack)

    await slack.client.chat_delete(channel=ALICE_DM, ts=ts)

    assert conversation(await slack.state(), ALICE_DM) == []


async def test_an_ephemeral_message_is_seen_by_one_member_and_cannot_be_updated(
    slack: Slack,
) -> None:
    answer = await slack.client.chat_postEphemeral(channel=GENERAL, user=ALICE, text="Psst")

    assert conversation(await slack.state(ALICE), GENERAL)[0]["ephemeral"] is True
    assert conversation(await slack.state(BOB), GENERAL) == []
    update = {"channel": GENERAL, "ts": answer["message_ts"], "text": "Changed"}
    assert (await refusal(slack, "chat.update", **update))["error"] == "message_not_found"


async def test_an_ephemeral_message_needs_a_member_of_the_channel(slack: Slack) -> None:
    answer = await refusal(slack, "chat.postEphemeral", channel=GENERAL, user="U0X", text="Psst")

    assert answer["error"] == "user_not_in_channel"


async def test_a_closed_dm_takes_no_message(slack: Slack) -> None:
    await slack.client.conversations_open(users=ALICE)
    await slack.switch(dm_closed=[ALICE])

    answer = await refusal(slack, "chat.postMessage", channel=ALICE_DM, text="Hello")

    assert answer["error"] == "messages_tab_disabled"


async def test_nobody_can_be_written_to_who_has_left(slack: Slack) -> None:
    await slack.client.conversations_open(users=BOB)
    await slack.switch(left=[BOB])

    opened = await refusal(slack, "conversations.open", users=BOB)
    posted = await refusal(slack, "chat.postMessage", channel=BOB, text="Hello")
    about = await slack.client.users_info(user=BOB)

    assert (opened["error"], posted["error"]) == ("user_disabled", "is_archived")
    assert about["user"]["deleted"] is True


async def test_history_shows_the_newest_first_and_leaves_replies_to_the_thread(
    slack: Slack,
) -> None:
    parent = await posted(slack, text="Card")
    reply = await posted(slack, text="Published", thread_ts=parent)
    newest = await posted(slack, text="Next card")

    history = await slack.client.conversations_history(channel=ALICE_DM)
    replies = await slack.client.conversations_replies(channel=ALICE_DM, ts=parent)

    assert [message["ts"] for message in history["messages"]] == [newest, parent]
    assert [message["ts"] for message in replies["messages"]] == [parent, reply]
    assert replies["messages"][0]["reply_count"] == 1


async def test_history_is_cut_at_the_given_instants(slack: Slack) -> None:
    first = await posted(slack)
    second = await posted(slack)

    after = await slack.client.conversations_history(channel=ALICE_DM, oldest=first)
    until = await slack.client.conversations_history(channel=ALICE_DM, latest=first, inclusive=True)

    assert [message["ts"] for message in after["messages"]] == [second]
    assert [message["ts"] for message in until["messages"]] == [first]


async def test_history_comes_in_pages(slack: Slack) -> None:
    older = await posted(slack)
    newer = await posted(slack)

    first = await slack.client.conversations_history(channel=ALICE_DM, limit=1)
    cursor = first["response_metadata"]["next_cursor"]
    second = await slack.client.conversations_history(channel=ALICE_DM, limit=1, cursor=cursor)

    assert [first["messages"][0]["ts"], second["messages"][0]["ts"]] == [newer, older]
    assert (first["has_more"], second["has_more"]) == (True, False)


async def test_a_message_has_a_permalink(slack: Slack) -> None:
    ts = await posted(slack)

    answer = await slack.client.chat_getPermalink(channel=ALICE_DM, message_ts=ts)

    assert answer["permalink"].endswith(f"/archives/{ALICE_DM}/p{ts.replace('.', '')}")


async def test_an_uploaded_file_is_downloaded_with_the_token(slack: Slack) -> None:
    uploaded = await slack.upload("cat.png", b"\x89PNG cat")
    about = (await slack.client.files_info(file=uploaded["id"]))["file"]

    headers = {"Authorization": f"Bearer {slack.client.token}"}
    async with slack.http.get(about["url_private_download"], headers=headers) as response:
        content = await response.read()

    assert (about["mimetype"], content) == ("image/png", b"\x89PNG cat")


async def test_without_a_token_a_file_is_a_sign_in_page(slack: Slack) -> None:
    uploaded = await slack.upload("cat.png", b"\x89PNG cat")

    async with slack.http.get(uploaded["url_private"]) as response:
        status, kind = response.status, response.content_type

    assert (status, kind) == (200, "text/html")


async def test_an_unknown_file_is_not_found(slack: Slack) -> None:
    assert (await refusal(slack, "files.info", file="F0"))["error"] == "file_not_found"


async def test_a_failing_method_recovers_after_so_many_times(slack: Slack) -> None:
    await slack.switch(fail_methods={"auth.test": {"error": "fatal_error", "times": 1}})

    assert (await refusal(slack, "auth.test"))["error"] == "fatal_error"
    assert (await slack.client.auth_test())["ok"] is True


async def test_a_connection_may_break_after_the_work_was_done(slack: Slack) -> None:
    failure = {"reset": True, "after": True, "times": 1}
    await slack.switch(fail_methods={"chat.postMessage": failure})
    client = AsyncWebClient(
        token=slack.client.token, base_url=f"{slack.url}/api/", session=slack.http
    )
    client.retry_handlers.clear()

    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=GENERAL, text="Hello")

    assert [m["text"] for m in conversation(await slack.state(), GENERAL)] == ["Hello"]


async def test_a_method_may_answer_with_a_server_error(slack: Slack) -> None:
    await slack.switch(fail_methods={"auth.test": {"status": 503, "times": 1}})

    with pytest.raises(SlackApiError) as caught:
        await slack.client.auth_test()

    assert caught.value.response.status_code == 503


async def test_an_unknown_switch_changes_nothing(slack: Slack) -> None:
    answer = await slack.switch(rate_limits="off", weather="bad")

    assert answer["error"] == "unknown_switch"
    assert (await slack.switch())["values"]["rate_limits"] == "normal"


async def test_every_switch_is_explained(slack: Slack) -> None:
    described = (await slack.switch())["switches"]

    assert all(each["label"].endswith(".") for each in described)


async def test_posting_in_one_channel_is_limited_to_about_one_a_second(slack: Slack) -> None:
    await post_many(slack, 5)

    with pytest.raises(SlackApiError) as caught:
        await slack.client.chat_postMessage(channel=GENERAL, text="Too much")

    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    await slack.client.chat_postMessage(channel=ALICE, text="Another channel")


async def test_rate_limits_pass_with_time(slack: Slack) -> None:
    await slack.switch(rate_limits="harsh")
    await post_many(slack, 1)
    refused = await refusal(slack, "chat.postMessage", channel=GENERAL, text="Too soon")
    slack.clock.ahead = 4.0

    answer = await slack.client.chat_postMessage(channel=GENERAL, text="Now")

    assert (refused["error"], answer["ok"]) == ("ratelimited", True)


async def test_rate_limits_can_be_turned_off(slack: Slack) -> None:
    await slack.switch(rate_limits="off")

    await post_many(slack, 20)

    assert len(conversation(await slack.state(), GENERAL)) == 20


async def test_a_view_that_is_too_large_is_refused(slack: Slack) -> None:
    view = modal(*[section("x" * 3000) for _ in range(90)])
    trigger_id = await slack.trigger()

    answer = await refusal(slack, "views.open", trigger_id=trigger_id, view=view)

    assert answer["error"] == "view_too_large"


async def test_a_refused_view_leaves_the_trigger_usable(slack: Slack) -> None:
    trigger_id = await slack.trigger()
    broken = modal(text_input("post"), title={"type": "plain_text", "text": "x" * 25})
    answer = await refusal(slack, "views.open", trigger_id=trigger_id, view=broken)

    await slack.client.views_open(trigger_id=trigger_id, view=modal(text_input("post")))

    assert answer["error"] == "invalid_arguments"
    assert "[json-pointer:/view/title/text]" in answer["response_metadata"]["messages"][0]
