"""What `postbot doctor` says of Slack."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp.test_utils import TestServer

from bot import doctor_slack
from bot.doctor_slack import Answer
from sandbox.slack.cast import SCOPES
from sandbox.slack.desk import DESK
from sandbox.slack.settings import CLIENT_ID, CLIENT_SECRET
from scheduler import installations
from scheduler.config import Settings
from scheduler.installations import Grant, Tokens
from tests.bot.desk import Desk

BY_OAUTH: dict[str, object] = {
    "SLACK_BOT_TOKEN": "",
    "SLACK_CLIENT_ID": CLIENT_ID,
    "SLACK_CLIENT_SECRET": CLIENT_SECRET,
    "POSTBOT_PUBLIC_URL": "https://postbot.example.com",
}


async def looked(desk: Desk) -> Answer:
    """In a thread: the doctor has an event loop and a database connection of its own."""
    settings = desk.runtime.settings
    return await asyncio.to_thread(lambda: asyncio.run(doctor_slack.look(settings)))


async def install(desk: Desk, slack_server: TestServer) -> str:
    """The token of Branch Studio."""
    installs = slack_server.app[DESK].installs
    code = installs.allow(
        place="T0BRANCH", scopes=SCOPES, member_id="U0DANA", redirect_uri="https://here"
    )
    _, token = installs.redeem(code, redirect_uri="https://here")
    grant = Grant(
        team_id="T0BRANCH",
        enterprise_id="",
        name="Branch Studio",
        tokens=Tokens(token=token),
        scopes=SCOPES,
        bot_user_id="U0BOT",
        bot_id="B0POSTBOT",
        installed_by="U0DANA",
    )
    await installations.save(desk.runtime, grant)
    return token


async def test_a_token_with_all_permissions_is_fine(desk: Desk) -> None:
    answer = await looked(desk)

    assert answer == Answer(told="answers as postbot in Acme Social")


async def test_a_missing_permission_is_named(desk: Desk) -> None:
    await desk.switch(removed_scopes=["files:read"])

    answer = await looked(desk)

    assert "without files:read" in answer.told
    assert "postbot manifest" in answer.advice


async def test_a_refused_token_is_to_be_copied_anew(desk: Desk) -> None:
    await desk.switch(fail_methods={"auth.test": {"error": "invalid_auth"}})

    answer = await looked(desk)

    assert answer.told == "refuses the token (invalid_auth)"
    assert "SLACK_BOT_TOKEN" in answer.advice


class TestWithoutSigningSecret:
    @pytest.fixture
    def more_settings(self) -> dict[str, object]:
        return {"SLACK_SIGNING_SECRET": ""}

    async def test_requests_that_cannot_be_verified_are_to_fix(self, desk: Desk) -> None:
        assert "SLACK_SIGNING_SECRET" in (await looked(desk)).advice


class TestByOAuth:
    @pytest.fixture
    def more_settings(self) -> dict[str, object]:
        return BY_OAUTH

    async def test_without_an_installation_the_address_is_told(self, desk: Desk) -> None:
        answer = await looked(desk)

        assert answer.told == "installed nowhere yet"
        assert "https://postbot.example.com/slack/install" in answer.advice

    async def test_every_workspace_is_asked(self, desk: Desk, slack_server: TestServer) -> None:
        await install(desk, slack_server)

        assert await looked(desk) == Answer(told="answers as postbot in Branch Studio")

    async def test_a_workspace_that_lets_nobody_in_is_named(
        self, desk: Desk, slack_server: TestServer
    ) -> None:
        token = await install(desk, slack_server)
        slack_server.app[DESK].installs.uninstall("T0BRANCH")

        answer = await looked(desk)

        assert answer.told == "Branch Studio does not let us in (account_inactive)"
        assert "Let an admin of Branch Studio open /slack/install again." in answer.advice
        assert token not in repr(answer)


class TestOverPlainHttp:
    @pytest.fixture
    def more_settings(self, settings_by_http: dict[str, object]) -> dict[str, object]:
        return settings_by_http

    @pytest.fixture
    def settings_by_http(self) -> dict[str, object]:
        return {**BY_OAUTH, "POSTBOT_PUBLIC_URL": "http://postbot.example.com"}

    async def test_an_address_that_slack_does_not_take_is_to_fix(
        self, desk: Desk, settings: Settings
    ) -> None:
        assert "https" in (await looked(desk)).advice
