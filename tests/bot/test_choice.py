"""When a consent gives several profiles, a page of ours asks which of them to connect."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bot.web.connect import connect_buttons
from scheduler.models import Account, Choice
from tests.bot.desk import ALICE, ALICE_DM, Desk, newest
from tests.gallery import GalleryStandIn, connect_gallery, settings_of


@pytest.fixture
def more_settings(gallery: GalleryStandIn) -> dict[str, Any]:
    return settings_of(gallery.url)


@dataclass
class Page:
    url: str
    status: int
    text: str
    headers: Any
    came_from: list[str]

    def boxes(self) -> list[tuple[str, bool]]:
        """Value and state of every checkbox."""
        found = re.findall(
            r'<input type="checkbox" name="profile" value="([^"]*)"([^>]*)>', self.text
        )
        return [(html.unescape(value), "checked" in more) for value, more in found]


class Browser:
    """Alice's browser, which follows links and sends forms."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, url: str) -> Page:
        return await self._read(self._session.get(url))

    async def send(self, page: Page, *chosen: str) -> Page:
        """Sends the form of a page with these boxes ticked."""
        form = [("profile", value) for value in chosen]
        return await self._read(self._session.post(page.url, data=aiohttp.FormData(form)))

    async def _read(self, request: Any) -> Page:
        async with request as response:
            before = [str(each.url) for each in response.history]
            text = await response.text()
            return Page(str(response.url), response.status, text, response.headers, before)


@pytest.fixture
async def browser() -> Any:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(session)


async def link(desk: Desk) -> str:
    found = connect_buttons(desk.runtime, workspace_id=desk.workspace.id, user_id=ALICE)
    return next(each.url for each in found if each.platform == "gallery")


@pytest.fixture
async def page(desk: Desk, browser: Browser) -> Page:
    """What the browser shows after the consent."""
    return await browser.get(await link(desk))


async def test_each_profile_has_a_box_and_none_is_ticked_for_the_member(page: Page) -> None:
    assert page.status == 200
    assert page.boxes() == [("1", False), ("2", False)]
    assert "Gallery lets Postbot post to 2 profiles." in page.text
    assert "Acme Jobs<small>@acme_jobs</small>" in page.text


async def test_the_page_needs_no_script_and_can_send_to_nobody_else(page: Page) -> None:
    policy = page.headers["Content-Security-Policy"]

    assert "<script" not in page.text
    assert '<form method="post">' in page.text
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert page.headers["Cache-Control"] == "no-store"


async def test_the_page_fits_a_phone_and_a_dark_room(page: Page) -> None:
    assert "width=device-width" in page.text
    assert "color-scheme:light dark" in page.text
    assert "prefers-color-scheme:dark" in page.text
    assert ":focus-visible" in page.text


async def test_what_was_chosen_is_connected_and_told(
    desk: Desk, browser: Browser, page: Page
) -> None:
    done = await browser.send(page, "2")

    said = await desk.sees(lambda state: newest(state, ALICE_DM))
    assert done.status == 200
    assert "Connected @acme_jobs. You can close this window" in done.text
    assert [account.username for account in await Account.all()] == ["acme_jobs"]
    assert "Connected @acme_jobs on Gallery. Choose where posts go there" in said["text"]


async def test_several_are_told_in_one_message(desk: Desk, browser: Browser, page: Page) -> None:
    done = await browser.send(page, "1", "2")

    said = await desk.sees(lambda state: newest(state, ALICE_DM))
    assert "Connected @acme and @acme_jobs." in done.text
    assert "Connected @acme and @acme_jobs on Gallery." in said["text"]
    assert len(await desk.messages()) == 1


async def test_an_answer_without_a_tick_is_asked_again(browser: Browser, page: Page) -> None:
    again = await browser.send(page)

    assert again.status == 422
    assert '<p class="problem" role="alert">Choose at least one of them.</p>' in again.text
    assert again.boxes() == page.boxes()
    assert (await browser.send(again, "1")).status == 200


async def test_the_page_can_be_loaded_again_until_it_is_answered(
    browser: Browser, page: Page
) -> None:
    again = await browser.get(page.url)
    await browser.send(again, "1")
    after = await browser.get(page.url)

    assert again.boxes() == page.boxes()
    assert after.status == 400
    assert "did not begin" in after.text


async def test_a_form_that_is_sent_twice_connects_once(browser: Browser, page: Page) -> None:
    answers = await asyncio.gather(*(browser.send(page, "1", "2") for _ in range(5)))

    assert sorted(answer.status for answer in answers) == [200, 400, 400, 400, 400]
    assert await Account.all().count() == 2


async def test_another_browser_neither_sees_nor_answers_the_choice(page: Page) -> None:
    async with aiohttp.ClientSession() as session:
        stranger = Browser(session)
        seen, answered = await stranger.get(page.url), await stranger.send(page, "1")

    assert (seen.status, answered.status) == (400, 400)
    assert "acme" not in seen.text
    assert await Account.all().count() == 0
    assert await Choice.all().count() == 1


async def test_a_choice_at_the_address_of_another_platform_is_none(
    browser: Browser, page: Page
) -> None:
    elsewhere = await browser.get(page.url.replace("/connect/gallery/", "/connect/x/"))

    assert elsewhere.status == 400


async def test_accounts_that_are_connected_already_are_ticked(desk: Desk, browser: Browser) -> None:
    await connect_gallery(desk.runtime, desk.workspace.id, "2")

    page = await browser.get(await link(desk))

    assert page.boxes() == [("1", False), ("2", True)]
    assert "@acme_jobs · connected already" in page.text


async def test_names_of_a_platform_are_never_markup(
    desk: Desk, browser: Browser, gallery: GalleryStandIn
) -> None:
    gallery.profiles = {'1"><script>': "<script>alert(1)</script>", "2": "acme"}

    page = await browser.get(await link(desk))
    done = await browser.send(page, '1"><script>')

    assert "<script>" not in page.text + done.text
    assert page.boxes()[0][0] == '1"><script>'
    assert await Account.filter(remote_id='1"><script>').exists()


async def test_one_profile_needs_no_choice(
    desk: Desk, browser: Browser, gallery: GalleryStandIn
) -> None:
    gallery.profiles = {"1": "acme"}

    page = await browser.get(await link(desk))

    assert page.status == 200
    assert "Connected @acme." in page.text


async def test_a_consent_without_a_profile_connects_nothing(
    desk: Desk, browser: Browser, gallery: GalleryStandIn
) -> None:
    gallery.profiles = {}

    page = await browser.get(await link(desk))

    assert page.status == 400
    assert "There was no account to connect." in page.text


async def test_the_answer_of_the_platform_works_once(browser: Browser, page: Page) -> None:
    again = await browser.get(page.came_from[-1])

    assert again.status == 400
    assert "did not begin" in again.text
    assert await Choice.all().count() == 1
