"""The page that every platform's stand-in has."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from sandbox.facebook.timeline import LOOK as FACEBOOK
from sandbox.instagram.timeline import LOOK as INSTAGRAM
from sandbox.page import Look
from sandbox.page.look import ASSETS
from sandbox.pinterest.timeline import LOOK as PINTEREST
from sandbox.x.timeline import LOOK as X
from tests.sandbox.toy import LOOK, Toy, a_note, create_app

LOOKS = [LOOK, X, PINTEREST, FACEBOOK, INSTAGRAM]
Client = TestClient[Any, Any]


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
async def client(toy: Toy) -> AsyncIterator[Client]:
    async with TestClient(TestServer(create_app(toy))) as client:
        yield client


async def text(client: Client, path: str) -> str:
    async with client.get(path) as response:
        assert response.status == 200
        return await response.text()


async def test_the_page_speaks_of_its_platform_in_its_words(client: Client) -> None:
    page = await text(client, "/")

    assert "<h1>Toy &amp; Co stand-in</h1>" in page
    assert "Remove all notes" in page
    assert "$" not in page


async def test_the_page_has_the_colour_of_its_platform(client: Client) -> None:
    theme, icon = await text(client, "/_/page/theme.css"), await text(client, "/_/page/icon.svg")

    assert "--accent: #0b5d3b;" in theme
    assert 'fill="#0b5d3b"' in icon
    assert ">T</text>" in icon


async def test_the_page_allows_only_its_own_code(client: Client) -> None:
    response = await client.get("/")

    page = await response.text()
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", page)


@pytest.mark.parametrize("name", sorted(path.name for path in ASSETS.iterdir()))
async def test_every_part_of_the_page_is_served_and_our_own(client: Client, name: str) -> None:
    part = await text(client, f"/_/page/{name}")

    assert not re.search(r"(?:src|href|from|url)\W{1,2}https?://", part)


async def test_an_entry_is_told_with_all_it_has(toy: Toy, client: Client) -> None:
    toy.entries.append(a_note())
    toy.entries.append(a_note(id="c1", reply_to="n1", text="nice", title=None, media=[]))

    timeline = await (await client.get("/_/timeline")).json()

    comment, note = timeline["posts"]
    assert timeline["accounts"] == [{"id": "1", "username": "alice", "name": "Alice"}]
    assert comment["reply_to"] == "n1"
    assert note == {
        "id": "n1",
        "account": "1",
        "username": "alice",
        "name": "Alice",
        "text": "hello",
        "title": "A title",
        "link": "https://example.com/",
        "place": "Walls › Red",
        "reply_to": None,
        "media": [
            {"type": "image", "url": "/_/media/1", "alt_text": "A red wall", "caption": "Cover"}
        ],
        "created_at": "2023-11-14T22:13:20.500Z",
    }


async def test_a_picture_is_served_as_what_it_is(client: Client) -> None:
    response = await client.get("/_/media/1")

    assert (response.content_type, await response.read()) == ("image/png", b"png")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert (await client.get("/_/media/2")).status == 404


@pytest.mark.parametrize(
    ("body", "tokens"), [({}, "expired"), ({"refresh_tokens": True}, "dead")], ids=str
)
async def test_tokens_can_be_ended(
    toy: Toy, client: Client, body: dict[str, bool], tokens: str
) -> None:
    await client.post("/_/expire_tokens", json=body)

    assert toy.tokens == tokens


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_every_accent_is_readable_in_both_colour_schemes(look: Look) -> None:
    assert contrast(look.light, "#ffffff") >= 4.5
    assert contrast(look.dark, "#19212a") >= 4.5
    assert contrast(look.dark, "#10151b") >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG computes it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (linear(int(colour[n : n + 2], 16) / 255) for n in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
