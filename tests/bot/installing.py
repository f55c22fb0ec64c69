"""Installing Postbot in workspaces of the stand-in, as a browser does."""

from __future__ import annotations

import httpx
from aiohttp.test_utils import TestServer

from sandbox.slack.settings import CLIENT_ID, CLIENT_SECRET
from tests.bot.desk import Desk

BRANCH, DANA, DANAS_CHANNEL, DANAS_DM = "T0BRANCH", "U0DANA", "C0BRANCH", "D0DANA"
GRID, NORTH, NORA, SAM = "E0GRID", "T0NORTH", "W0NORA", "W0SAM"


def by_oauth(slack_server: TestServer) -> dict[str, object]:
    """The settings of a Postbot for many workspaces."""
    return {
        "SLACK_BOT_TOKEN": "",
        "SLACK_CLIENT_ID": CLIENT_ID,
        "SLACK_CLIENT_SECRET": CLIENT_SECRET,
        "SLACK_AUTHORIZE_URL": str(slack_server.make_url("/oauth/v2/authorize")),
    }


async def asks(desk: Desk, browser: httpx.AsyncClient) -> str:
    """The address of Slack's consent page."""
    begun = await browser.get(f"{desk.url}/slack/install")
    assert begun.status_code == 302
    return str(begun.headers["Location"])


async def allows(browser: httpx.AsyncClient, consent: str, place: str, **form: str) -> str:
    """Where Slack sends the browser then."""
    answer = await browser.post(consent, data={"place": place, **form})
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


async def install(desk: Desk, browser: httpx.AsyncClient, place: str = BRANCH) -> httpx.Response:
    consent = await asks(desk, browser)
    return await browser.get(await allows(browser, consent, place))
