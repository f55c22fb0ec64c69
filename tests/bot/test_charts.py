"""The picture of the last days: true, signed, and said in words besides."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from cryptography.fernet import Fernet
from PIL import Image

from bot import charts
from bot.listeners.home import home
from scheduler import members
from scheduler.figures import Day, Month
from scheduler.models import Account, Delivery
from scheduler.states import State
from scheduler.vault import Vault
from tests.bot.desk import ALICE, Desk, has
from tests.bot.test_sub_commands import schedule

FIRST = date(2026, 10, 27)


def month(*counts: tuple[int, int]) -> Month:
    padded = [*counts, *[(0, 0)] * (30 - len(counts))]
    days = [
        Day(day=FIRST + timedelta(days=number), published=live, failed=dead)
        for number, (live, dead) in enumerate(padded)
    ]
    return Month(days=days, by_platform={}, by_cause={})


def pixels(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture)).convert("RGB")


def share(image: Image.Image, colour: str) -> int:
    wanted = tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return sum(n for n, each in image.getcolors(1 << 24) or [] if each == wanted)


@pytest.mark.parametrize(
    "counts", [[], [(1, 0)], [(10**6, 1)], [(0, 5)] * 30], ids=["none", "one", "many", "failed"]
)
def test_every_month_can_be_drawn(counts: list[tuple[int, int]]) -> None:
    picture = charts.draw(month(*counts).days)

    assert pixels(picture).size == (1200, 300)
    assert len(picture) < 50_000


def test_what_failed_is_seen_beside_much_that_went_out() -> None:
    clean, spotted = (charts.draw(month((10_000, dead)).days) for dead in (0, 1))

    assert share(pixels(spotted), charts._FAILED) > share(pixels(clean), charts._FAILED)


def test_taller_bars_mean_more() -> None:
    few, many = (charts.draw(month((n, 0), (100, 0)).days) for n in (10, 90))

    assert share(pixels(many), charts._PUBLISHED) > share(pixels(few), charts._PUBLISHED)


def test_the_picture_is_told_in_words() -> None:
    said = charts.alt_text(month((3, 0), (0, 2)))

    assert "3 published and 2 failed" in said
    assert "27 Oct: 3 published; 28 Oct: 0 published, 2 failed" in said
    assert len(charts.alt_text(month(*[(10**6, 10**6)] * 30))) <= 2000


async def test_an_address_gives_its_picture_and_no_other(desk: Desk) -> None:
    url = charts.address(desk.url, desk.runtime.vault, month((3, 1)))

    async with desk.http.get(url) as response:
        picture, kind = await response.read(), response.content_type
    async with desk.http.get(url.replace("-3.1-", "-4.1-")) as response:
        forged = response.status

    assert (kind, pixels(picture).size, forged) == ("image/png", (1200, 300), 404)


@pytest.mark.parametrize(
    "signed", ["", "a", "20269999-1.1-" + "0" * 64, "20261027-" + "9.9-" * 500]
)
def test_what_was_not_made_here_is_no_address(signed: str) -> None:
    vault = Vault([Fernet.generate_key().decode()])

    assert charts.days_of(vault, signed) is None


async def test_the_tab_shows_the_picture_where_slack_can_reach_us(
    desk: Desk, account: Account
) -> None:
    live = await schedule(desk, account, "Live")
    now = desk.runtime.clock.now()
    await Delivery.filter(post_id=live.id).update(state=State.PUBLISHED, published_at=now)
    alice = await members.stale_member(desk.workspace.id, ALICE)
    assert alice is not None
    public = desk.runtime.settings.model_copy(update={"public_url": "https://postbot.example"})

    here = await home(desk.runtime, alice)
    there = await home(replace(desk.runtime, settings=public), alice)

    assert not has(here, "/chart/")
    assert has(there, "https://postbot.example/chart/", "1 published and 0 failed")
