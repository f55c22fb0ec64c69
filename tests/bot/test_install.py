"""Postbot is installed in several workspaces: each has its own token, members and posts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from aiohttp.test_utils import TestServer

from bot.app import OTHER_WORKSPACE
from bot.clients import open_clients
from scheduler import installations
from scheduler.models import Installation, InstallConsent, Post, Workspace
from tests.bot.desk import Desk, slash
from tests.bot.installing import (
    BRANCH,
    DANA,
    DANAS_CHANNEL,
    GRID,
    NORA,
    NORTH,
    SAM,
    allows,
    asks,
    by_oauth,
    install,
)
from tests.world import StandIn, connect


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def more_settings(slack_server: TestServer) -> dict[str, object]:
    return by_oauth(slack_server)


async def test_an_installed_workspace_is_answered(desk: Desk, browser: httpx.AsyncClient) -> None:
    page = await install(desk, browser)

    assert page.status_code == 200
    assert "Postbot is installed in Branch Studio" in page.text
    await desk.command("list", DANA, channel=DANAS_CHANNEL)
    assert "no posts yet" in (await desk.says(DANA, channel=DANAS_CHANNEL))["text"]


async def test_a_post_is_written_with_the_token_of_its_workspace(
    desk: Desk, browser: httpx.AsyncClient, x: StandIn
) -> None:
    await install(desk, browser)
    branch = await Workspace.get(team_id=BRANCH)
    await connect(desk.runtime, branch)

    # The stand-in refuses what the token of another workspace asks about Dana.
    await desk.command("Hello from the branch", DANA, channel=DANAS_CHANNEL)
    form = await desk.opened(DANA)
    form.prefix = "composer_"
    await form.shows("Time in Asia/Tokyo")
    await form.type(when="now")
    await form.closes()

    post = await Post.get()
    assert (post.workspace_id, post.author, post.timezone) == (branch.id, DANA, "Asia/Tokyo")


async def test_a_workspace_without_installation_is_refused(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await install(desk, browser)

    _, answer = await desk.send(slash("list", user_id=NORA, team_id=NORTH))

    assert OTHER_WORKSPACE in answer
    assert not await Workspace.exists(team_id=NORTH)


async def test_the_token_lies_sealed(desk: Desk, browser: httpx.AsyncClient) -> None:
    await install(desk, browser)

    stored = await Installation.get(place=BRANCH)
    access = await access_of(desk, BRANCH)
    assert access.token.startswith("xoxb-")
    row = {name: str(getattr(stored, name)) for name in Installation._meta.fields_map}
    assert not [name for name, value in row.items() if "xoxb" in value]
    assert access.token not in repr(access)
    assert (stored.installed_by, stored.is_enterprise_install) == (DANA, False)


async def access_of(desk: Desk, team_id: str) -> installations.Access:
    async with open_clients(desk.runtime) as clients:
        return await clients.access((await Workspace.get(team_id=team_id)).id)


async def test_an_installation_again_changes_the_one_that_is_there(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await install(desk, browser)
    before = await Installation.get()
    await desk.switch(token_rotation=True)

    await install(desk, browser)

    after = await Installation.get()
    assert (after.id, after.token_version) == (before.id, before.token_version + 1)
    assert after.expires_at is not None
    assert await Workspace.filter(team_id=BRANCH).count() == 1


async def test_two_installations_at_once_leave_one(desk: Desk, browser: httpx.AsyncClient) -> None:
    pages = await asyncio.gather(*[install(desk, browser) for _ in range(4)])

    assert {page.status_code for page in pages} == {200}
    assert await Installation.all().count() == 1


async def test_an_answer_is_good_once(desk: Desk, browser: httpx.AsyncClient) -> None:
    back = await allows(browser, await asks(desk, browser), BRANCH)

    pages = await asyncio.gather(*[browser.get(back) for _ in range(3)])

    assert sorted(page.status_code for page in pages) == [200, 400, 400]
    assert "Start again at" in next(page.text for page in pages if page.status_code == 400)


async def test_an_answer_in_another_browser_installs_nothing(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    back = await allows(browser, await asks(desk, browser), BRANCH)

    async with httpx.AsyncClient() as stranger:
        page = await stranger.get(back)

    assert page.status_code == 400
    assert "This browser did not begin" in page.text
    assert not await Installation.exists()
    # The one that began it may still finish.
    assert (await browser.get(back)).status_code == 200


async def test_an_answer_after_ten_minutes_is_too_late(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    back = await allows(browser, await asks(desk, browser), BRANCH)
    await InstallConsent.all().update(expires_at=desk.runtime.clock.now() - timedelta(seconds=1))

    page = await browser.get(back)

    assert page.status_code == 400
    assert not await Installation.exists()


async def test_whoever_cancels_is_told_that_nothing_was_installed(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    back = await allows(browser, await asks(desk, browser), BRANCH, choice="deny")

    page = await browser.get(back)

    assert "You did not allow Postbot" in page.text
    assert not await Installation.exists()


async def test_too_few_permissions_install_nothing(desk: Desk, browser: httpx.AsyncClient) -> None:
    await desk.switch(removed_scopes=["im:history"])

    page = await install(desk, browser)

    assert page.status_code == 400
    assert "<code>im:history</code> is missing" in page.text
    assert not await Installation.exists()


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ({"oauth.v2.access": {"error": "bad_client_secret"}}, "postbot doctor"),
        ({"oauth.v2.access": {"error": "code_already_used"}}, "used before or is too old"),
        ({"oauth.v2.access": {"status": 500}}, "Slack refused it"),
        ({"oauth.v2.access": {"reset": True}}, "Slack did not answer"),
        ({"auth.test": {"status": 503}}, "does not take the access"),
        ({"auth.test": {"reset": True}}, "does not take the access"),
    ],
    ids=["our secret is wrong", "used code", "failure", "reset", "test fails", "test is reset"],
)
async def test_what_goes_wrong_at_slack_is_a_page_in_plain_words(
    desk: Desk, browser: httpx.AsyncClient, failure: dict[str, Any], said: str
) -> None:
    await desk.switch(fail_methods=failure)

    page = await install(desk, browser)

    assert page.status_code == 400
    assert said in page.text
    assert not await Installation.exists()


@pytest.mark.parametrize(
    "query",
    ["", "?state=", "?state=x&code=y", "?code=y", "?error=access_denied", "?state=%00&code=1"],
)
async def test_made_up_answers_are_turned_away(
    desk: Desk, browser: httpx.AsyncClient, query: str
) -> None:
    page = await browser.get(f"{desk.url}/slack/oauth_redirect{query}")

    assert page.status_code == 400
    assert not await Installation.exists()


async def test_a_previewer_begins_nothing(desk: Desk, browser: httpx.AsyncClient) -> None:
    await browser.head(f"{desk.url}/slack/install")

    assert not await InstallConsent.exists()


async def test_slack_is_asked_for_every_permission_and_the_right_way_back(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    query = parse_qs(urlsplit(await asks(desk, browser)).query)

    assert query["redirect_uri"] == [f"{desk.url}/slack/oauth_redirect"]
    assert "chat:write" in query["scope"][0].split(",")


async def test_the_cookie_goes_nowhere_else(desk: Desk, browser: httpx.AsyncClient) -> None:
    begun = await browser.get(f"{desk.url}/slack/install")

    cookie = begun.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/slack/oauth_redirect" in cookie
    assert "SameSite=Lax" in cookie


async def test_an_organisation_installs_it_for_all_its_workspaces(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    page = await install(desk, browser, GRID)

    assert "Postbot is installed in the workspaces of Grid Corp" in page.text
    for member, channel in ((NORA, "C0NORTH"), (SAM, "C0SOUTH")):
        await desk.command("list", member, channel=channel)
        assert "no posts yet" in (await desk.says(member, channel=channel))["text"]
    teams = await Workspace.filter(enterprise_id=GRID).order_by("team_id")
    assert [each.team_id for each in teams] == ["T0NORTH", "T0SOUTH"]


async def test_members_of_an_organisation_use_forms_and_home(
    desk: Desk, browser: httpx.AsyncClient, x: StandIn
) -> None:
    await install(desk, browser, GRID)
    await desk.does("home", NORA, tab="home")
    await desk.sees(lambda state: state["home"], NORA)
    north = await Workspace.get(team_id=NORTH)
    await connect(desk.runtime, north)

    await desk.command("Hello from the north", NORA, channel="C0NORTH")
    form = await desk.opened(NORA)
    form.prefix = "composer_"
    await form.type(when="now")
    await form.closes()

    assert (await Post.get()).workspace_id == north.id


async def test_a_workspace_outside_the_organisation_stays_outside(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    await install(desk, browser, GRID)

    _, answer = await desk.send(slash("list", team_id="T0STRANGER", enterprise_id="E0OTHER"))

    assert OTHER_WORKSPACE in answer
