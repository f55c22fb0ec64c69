"""The stand-in gives tokens as Slack does: for a code that is good once, in the place that it was
allowed for, renewed by a refresh token that is good once, and dead after an uninstallation."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.cast import SCOPES
from sandbox.slack.settings import BOT_TOKEN, CLIENT_ID, CLIENT_SECRET
from tests.sandbox.slack.slack_stand import ALICE, Slack

Json = dict[str, Any]
DANA, GENERAL = "U0DANA", "C0GENERAL"


def redirect_uri(slack: Slack) -> str:
    return f"{slack.app_url}/slack/oauth_redirect"


def consent(slack: Slack, **changes: str) -> str:
    asked = {
        "client_id": CLIENT_ID,
        "scope": ",".join(SCOPES),
        "redirect_uri": redirect_uri(slack),
        "state": "s",
        **changes,
    }
    return f"{slack.url}/oauth/v2/authorize?{urlencode(asked)}"


async def code_for(slack: Slack, place: str = "T0BRANCH", **asked: str) -> str:
    url = consent(slack, **asked)
    async with slack.http.post(url, data={"place": place}, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def caller(slack: Slack, token: str | None = None) -> AsyncWebClient:
    return AsyncWebClient(token=token, base_url=f"{slack.url}/api/", session=slack.http)


async def access(slack: Slack, **form: str) -> Json:
    mine = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **form}
    try:
        return dict((await caller(slack).api_call("oauth.v2.access", data=mine)).data)
    except SlackApiError as error:
        return dict(error.response.data)


async def installed(slack: Slack, place: str = "T0BRANCH") -> Json:
    return await access(slack, code=await code_for(slack, place), redirect_uri=redirect_uri(slack))


async def refused(slack: Slack, token: str, method: str = "auth.test", **args: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await caller(slack, token).api_call(method, params=args)
    return str(caught.value.response["error"])


async def test_a_code_gives_a_token_for_the_workspace_once(slack: Slack) -> None:
    form = {"code": await code_for(slack), "redirect_uri": redirect_uri(slack)}

    first, second = await access(slack, **form), await access(slack, **form)

    assert (first["team"]["id"], first["token_type"]) == ("T0BRANCH", "bot")
    assert "refresh_token" not in first
    assert second == {"ok": False, "error": "code_already_used"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "9.9"}, "invalid_client_id"),
        ({"client_secret": "no"}, "bad_client_secret"),
        ({"code": "no"}, "invalid_code"),
        ({"redirect_uri": "https://elsewhere.example"}, "bad_redirect_uri"),
        ({"grant_type": "refresh_token", "refresh_token": ""}, "invalid_refresh_token"),
        ({"grant_type": "password"}, "invalid_grant_type"),
    ],
)
async def test_what_slack_refuses_is_refused(
    slack: Slack, changes: dict[str, str], error: str
) -> None:
    form = {"code": await code_for(slack), "redirect_uri": redirect_uri(slack), **changes}

    assert (await access(slack, **form))["error"] == error


async def test_a_code_is_too_old_after_ten_minutes(slack: Slack) -> None:
    code = await code_for(slack)
    slack.clock.ahead = 601

    answer = await access(slack, code=code, redirect_uri=redirect_uri(slack))

    assert answer["error"] == "invalid_code"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "9.9"},
        {"redirect_uri": "https://elsewhere.example/slack/oauth_redirect"},
        {"scope": ""},
        {"scope": "commands,admin"},
    ],
)
async def test_a_wrong_link_never_leads_back_to_the_app(
    slack: Slack, changes: dict[str, str]
) -> None:
    async with slack.http.get(consent(slack, **changes)) as answer:
        assert answer.status == 400


async def test_a_token_reaches_its_own_workspace_alone(slack: Slack) -> None:
    branch = (await installed(slack))["access_token"]

    await caller(slack, branch).chat_postMessage(channel=DANA, text="Hello")

    assert await refused(slack, branch, "users.info", user=ALICE) == "user_not_found"
    assert await refused(slack, branch, "conversations.open", users=ALICE) == "user_not_found"
    said = await refused(slack, branch, "chat.postMessage", channel=GENERAL, text="Hello")
    assert said == "channel_not_found"
    assert await refused(slack, BOT_TOKEN, "users.info", user=DANA) == "user_not_found"


async def test_limits_of_one_workspace_are_not_those_of_another(slack: Slack) -> None:
    branch = (await installed(slack))["access_token"]
    await slack.switch(rate_limits="harsh")
    for _ in range(25):
        await caller(slack, BOT_TOKEN).users_info(user=ALICE)

    assert await refused(slack, BOT_TOKEN, "users.info", user=ALICE) == "ratelimited"
    assert (await caller(slack, branch).users_info(user=DANA))["ok"]


async def test_tokens_that_rotate_end_and_are_renewed_once(slack: Slack) -> None:
    await slack.switch(token_rotation=True)
    first = await installed(slack)
    slack.clock.ahead = 43_201
    assert await refused(slack, first["access_token"]) == "token_expired"
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

    second, third = await access(slack, **form), await access(slack, **form)

    assert (await caller(slack, second["access_token"]).auth_test())["team_id"] == "T0BRANCH"
    assert third["error"] == "invalid_refresh_token"


async def test_two_tokens_that_rotate_are_good_at_a_time(slack: Slack) -> None:
    await slack.switch(token_rotation=True)
    given = [await installed(slack)]
    for _ in range(2):
        renewal = {"grant_type": "refresh_token", "refresh_token": given[-1]["refresh_token"]}
        given.append(await access(slack, **renewal))

    first, second, third = (each["access_token"] for each in given)

    assert await refused(slack, first) == "token_expired"
    for token in (second, third):
        assert (await caller(slack, token).auth_test())["ok"]


async def test_an_organisation_has_one_token_for_all_its_workspaces(slack: Slack) -> None:
    answer = await installed(slack, "E0GRID")
    client = caller(slack, answer["access_token"])

    assert (answer["team"], answer["is_enterprise_install"]) == (None, True)
    assert answer["enterprise"] == {"id": "E0GRID", "name": "Grid Corp"}
    for user in ("W0NORA", "W0SAM"):
        assert (await client.users_info(user=user))["user"]["id"] == user
    assert await refused(slack, answer["access_token"], "users.info", user=ALICE)


async def test_after_an_uninstallation_the_token_is_dead_and_the_app_hears_of_it(
    slack: Slack,
) -> None:
    branch = (await installed(slack))["access_token"]

    await slack.does("uninstall", DANA)

    assert await refused(slack, branch) == "account_inactive"
    heard = [(await slack.app.next()).payload for _ in range(2)]
    assert {each["event"]["type"] for each in heard} == {"app_uninstalled", "tokens_revoked"}
    assert {each["team_id"] for each in heard} == {"T0BRANCH"}


async def test_a_token_that_was_given_back_is_dead(slack: Slack) -> None:
    branch = (await installed(slack))["access_token"]

    await caller(slack, branch).auth_revoke()

    assert await refused(slack, branch) == "token_revoked"
