"""The real publishers over the stand-ins of their platforms: Pages of a Facebook login, boards of a
Pinterest account, and tokens that die."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bot.web.connect import connect_buttons
from sandbox.facebook import create_app as create_facebook
from sandbox.pinterest import create_app as create_pinterest
from scheduler import accounts, checks
from scheduler.models import Account, Event
from tests.bot.desk import ALICE, Desk
from tests.world import StandIn, connect


@pytest.fixture
async def facebook(tmp_path: Path) -> AsyncIterator[StandIn]:
    async with TestServer(create_facebook(record=tmp_path)) as server:
        yield StandIn(server, tmp_path / "facebook.jsonl")


@pytest.fixture
async def pinterest(tmp_path: Path) -> AsyncIterator[StandIn]:
    async with TestServer(create_pinterest(record=tmp_path)) as server:
        yield StandIn(server, tmp_path / "pinterest.jsonl")


@pytest.fixture
def more_settings(facebook: StandIn, pinterest: StandIn) -> dict[str, Any]:
    page, pins = (str(each.server.make_url("")).rstrip("/") for each in (facebook, pinterest))
    return {
        "FACEBOOK_CLIENT_ID": "sandbox-facebook-client",
        "FACEBOOK_CLIENT_SECRET": "sandbox-facebook-secret",
        "FACEBOOK_API_URL": f"{page}/v26.0",
        "FACEBOOK_AUTHORIZE_URL": f"{page}/v26.0/dialog/oauth",
        "PINTEREST_CLIENT_ID": "sandbox-pinterest-client",
        "PINTEREST_CLIENT_SECRET": "sandbox-pinterest-secret",
        "PINTEREST_API_URL": f"{pins}/v5",
        "PINTEREST_AUTHORIZE_URL": f"{pins}/oauth/",
    }


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


async def consents(
    desk: Desk, browser: aiohttp.ClientSession, platform: str, person: str, more: str = ""
) -> tuple[str, str]:
    """Presses Connect and says yes; the address and the text of the page that follows."""
    found = connect_buttons(desk.runtime, workspace_id=desk.workspace.id, user_id=ALICE)
    link = next(each.url for each in found if each.platform == platform)
    async with browser.get(link, allow_redirects=False) as asked:
        consent = asked.headers["Location"]
    async with browser.get(f"{consent}&auto={person}{more}") as page:
        return str(page.url), await page.text()


async def test_of_several_pages_those_that_were_ticked_are_connected(
    desk: Desk, browser: aiohttp.ClientSession
) -> None:
    url, text = await consents(desk, browser, "facebook", "alice")
    pages = re.findall(r'value="([0-9]+)"', text)

    async with browser.post(url, data={"profile": pages[0]}) as done:
        said = await done.text()

    (account,) = await Account.all()
    assert len(pages) > 1
    assert account.remote_id == pages[0]
    assert f"Connected @{account.username}." in said
    current, _ = await accounts.credentials(desk.runtime, account.id)
    await accounts.publisher(desk.runtime, "facebook").audit(current)


async def test_a_permission_that_was_unticked_on_facebook_is_named(
    desk: Desk, browser: aiohttp.ClientSession
) -> None:
    _, text = await consents(desk, browser, "facebook", "alice", more="&without=pages_manage_posts")

    assert "did not grant the permission pages_manage_posts" in text
    assert await Account.all().count() == 0


async def test_boards_are_offered_and_one_is_kept(desk: Desk) -> None:
    account = await connect(desk.runtime, desk.workspace, platform="pinterest")
    boards = await accounts.places(desk.runtime, account.id)

    kept = await accounts.set_default_place(
        desk.runtime,
        workspace_id=desk.workspace.id,
        account_id=account.id,
        place_id=boards[0].id,
    )

    assert len(boards) > 1
    assert kept.defaults == {"place": boards[0].id, "place_name": boards[0].name}


@pytest.mark.parametrize("platform", ["facebook", "pinterest", "x"])
async def test_a_check_finds_tokens_that_work_and_tokens_that_died(
    desk: Desk, facebook: StandIn, pinterest: StandIn, x: StandIn, platform: str
) -> None:
    stand_ins = {"facebook": facebook, "pinterest": pinterest, "x": x}
    person = "alice" if platform == "facebook" else "acme"
    account = await connect(desk.runtime, desk.workspace, person, platform=platform)
    later = account.connected_at + timedelta(minutes=1)
    await Account.all().update(checked_at=None)

    await checks.check(desk.runtime, account)
    fine = await Account.get(id=account.id)
    await stand_ins[platform].expire_tokens(refresh_tokens=True)
    await checks.check(desk.runtime, fine)
    dead = await Account.get(id=account.id)

    assert fine.health == accounts.CONNECTED
    assert fine.checked_at is not None
    assert fine.checked_at < later
    assert dead.health == accounts.BROKEN
    assert await Event.filter(kind="account.broken").count() == 1
