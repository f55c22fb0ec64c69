"""From the button in Slack over the platform's consent page and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import aiohttp
import pytest

from bot.web import connect as web_connect
from bot.web.connect import connect_buttons
from scheduler.models import Account, Consent
from tests.bot.desk import ALICE, ALICE_DM, Desk, newest
from tests.world import StandIn


@dataclass
class Page:
    status: int
    text: str
    headers: Any
    location: str = ""


async def get(browser: aiohttp.ClientSession, url: str) -> Page:
    async with browser.get(url, allow_redirects=False) as response:
        location = response.headers.get("Location", "")
        return Page(response.status, await response.text(), response.headers, location)


def link(desk: Desk) -> str:
    (button,) = connect_buttons(desk.runtime, workspace_id=desk.workspace.id, user_id=ALICE)
    return button.url


@pytest.fixture
async def browser() -> Any:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


async def consent(desk: Desk, browser: aiohttp.ClientSession) -> str:
    """Presses Connect and says yes on X; the address at which the browser comes back."""
    asked = await get(browser, link(desk))
    return (await get(browser, f"{asked.location}&auto=acme")).location


async def test_a_consent_connects_the_account_and_the_member_is_told(
    desk: Desk, x: StandIn, browser: aiohttp.ClientSession
) -> None:
    page = await get(browser, await consent(desk, browser))

    account = await Account.get()
    said = await desk.sees(lambda state: newest(state, ALICE_DM))
    assert page.status == 200
    assert "Connected @acme. You can close this window and go back to Slack." in page.text
    assert (account.username, account.connected_by) == ("acme", ALICE)
    assert "Connected @acme on X" in said["text"]


async def test_a_consent_works_once(desk: Desk, x: StandIn, browser: aiohttp.ClientSession) -> None:
    back = await consent(desk, browser)
    await get(browser, back)

    page = await get(browser, back)

    assert page.status == 400
    assert "Start again from Slack" in page.text
    assert await Account.all().count() == 1


async def test_another_browser_cannot_finish_what_this_one_began(
    desk: Desk, x: StandIn, browser: aiohttp.ClientSession
) -> None:
    back = await consent(desk, browser)

    async with aiohttp.ClientSession() as other:
        page = await get(other, back)

    assert page.status == 400
    assert "did not begin" in page.text
    assert await Account.all().count() == 0


async def test_who_says_no_is_told_in_plain_words(
    desk: Desk, x: StandIn, browser: aiohttp.ClientSession
) -> None:
    asked = await get(browser, link(desk))
    state = parse_qs(urlsplit(asked.location).query)["state"][0]
    back = f"{desk.url}/connect/x/callback?error=access_denied&state={state}"

    page = await get(browser, back)

    assert page.status == 400
    assert "You did not allow Postbot" in page.text


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/connect/x", id="no ticket"),
        pytest.param("/connect/x?ticket=made-up", id="a made-up ticket"),
        pytest.param("/connect/nowhere?ticket=made-up", id="no such platform"),
        pytest.param("/connect/x/callback", id="no state"),
        pytest.param("/connect/x/callback?state=made-up&code=c", id="a made-up state"),
        pytest.param("/connect/nowhere/callback?error=x", id="an error of no platform"),
    ],
)
async def test_made_up_addresses_begin_nothing(
    desk: Desk, browser: aiohttp.ClientSession, path: str
) -> None:
    page = await get(browser, f"{desk.url}{path}")

    assert page.status == 400
    assert "from Slack" in page.text
    assert await Consent.all().count() == 0


async def test_a_ticket_grows_too_old(
    desk: Desk, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_connect, "TICKET_LIFE", timedelta(seconds=-1))

    page = await get(browser, link(desk))

    assert page.status == 400
    assert "too old" in page.text


async def test_another_secret_of_ours_is_no_ticket(
    desk: Desk, browser: aiohttp.ClientSession
) -> None:
    sealed = desk.runtime.vault.seal('{"access_token": "t"}')

    page = await get(browser, f"{desk.url}/connect/x?ticket={quote(sealed)}")

    assert page.status == 400


async def test_a_ticket_of_another_platform_is_refused(
    desk: Desk, browser: aiohttp.ClientSession
) -> None:
    page = await get(browser, link(desk).replace("/connect/x?", "/connect/facebook?"))

    assert page.status == 400


async def test_a_previewer_begins_nothing(desk: Desk, browser: aiohttp.ClientSession) -> None:
    async with browser.head(link(desk)) as response:
        status = response.status

    assert status == 405
    assert await Consent.all().count() == 0


async def test_what_stands_in_an_address_is_never_markup(
    desk: Desk, browser: aiohttp.ClientSession
) -> None:
    page = await get(browser, f"{desk.url}/connect/%3Cscript%3E?ticket=%3Cscript%3E")

    assert "<script>" not in page.text


async def test_the_cookie_is_for_this_way_only(desk: Desk, browser: aiohttp.ClientSession) -> None:
    page = await get(browser, link(desk))

    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/connect/x" in cookie


async def test_pages_forbid_scripts_and_frames(desk: Desk, browser: aiohttp.ClientSession) -> None:
    page = await get(browser, f"{desk.url}/connect/x")

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_unknown_address_gets_a_problem_document(
    desk: Desk, browser: aiohttp.ClientSession
) -> None:
    page = await get(browser, f"{desk.url}/nowhere")

    assert page.status == 404
    assert page.headers["Content-Type"].startswith("application/problem+json")
