"""Channels that the bot is or is not in, and user groups, as strict as Slack."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.sandbox.slack.slack_stand import ALICE, ALICE_DM, BOB, Slack

Json = dict[str, Any]

BRAND, REVIEWERS = "C0BRAND", "S0REVIEWERS"


async def refused(slack: Slack, method: str, **args: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await slack.client.api_call(method, json=args)
    return str(caught.value.response["error"])


async def test_the_bot_writes_to_a_channel_only_after_it_was_invited(slack: Slack) -> None:
    assert await refused(slack, "chat.postMessage", channel=BRAND, text="Hi") == "not_in_channel"

    await slack.does("command", ALICE, channel=BRAND, text="/invite @Postbot")

    assert (await slack.client.chat_postMessage(channel=BRAND, text="Hi"))["ok"]


@pytest.mark.parametrize(("channel", "whom"), [(BRAND, "@somebody"), (ALICE_DM, "@Postbot")])
async def test_only_the_bot_is_invited_and_only_to_channels(
    slack: Slack, channel: str, whom: str
) -> None:
    await slack.client.conversations_open(users=ALICE)

    await slack.does("command", ALICE, channel=channel, text=f"/invite {whom}")

    assert await refused(slack, "chat.postMessage", channel=BRAND, text="Hi") == "not_in_channel"


async def test_user_groups_tell_who_is_in_them(slack: Slack) -> None:
    (group,) = (await slack.client.usergroups_list())["usergroups"]
    members = (await slack.client.usergroups_users_list(usergroup=group["id"]))["users"]

    assert (group["id"], group["name"], group["date_delete"]) == (REVIEWERS, "Reviewers", 0)
    assert "users" not in group
    assert members == [BOB]


async def test_a_group_that_is_not_there_and_a_scope_that_is_lacking_are_refused(
    slack: Slack,
) -> None:
    assert await refused(slack, "usergroups.users.list", usergroup="S0NONE") == "no_such_subteam"
    assert await refused(slack, "usergroups.users.list") == "invalid_arguments"
    await slack.switch(removed_scopes=["usergroups:read"])
    assert await refused(slack, "usergroups.list") == "missing_scope"
