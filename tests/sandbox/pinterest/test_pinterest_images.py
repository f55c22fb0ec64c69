from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.pinterest.pinterest_stand import IMAGE, as_base64, carousel, picture


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"<svg></svg>", "image/png"),
        (picture(kind="JPEG"), "image/png"),
        (picture(kind="GIF"), "image/jpeg"),
        (picture()[:60], "image/png"),
    ],
    ids=["no-image", "jpeg-as-png", "gif-as-jpeg", "cut-off"],
)
async def test_an_image_is_judged_by_its_bytes(
    pinterest: Any, token: str, data: bytes, content_type: str
) -> None:
    source = {"source_type": "image_base64", **as_base64(data, content_type)}

    status, answer = await pinterest.pin(token, media_source=source)

    assert status == 400
    assert "The image is not a whole" in answer["message"]


@pytest.mark.parametrize(
    "broken", [{"data": "abc"}, {"data": "ä"}, {"content_type": "image/gif"}, {"data": ""}], ids=str
)
async def test_an_image_in_the_body_must_be_base64_of_a_known_type(
    pinterest: Any, token: str, broken: dict[str, str]
) -> None:
    assert (await pinterest.pin(token, media_source={**IMAGE, **broken}))[0] == 400


async def test_an_image_is_fetched_from_this_machine(pinterest: Any, token: str, host: str) -> None:
    source = {"source_type": "image_url", "url": f"{host}/40x60.webp"}

    status, pin = await pinterest.pin(token, media_source=source)

    address = pin["media"]["images"]["600x"]
    shown = await pinterest.client.get(re.sub(r"https?://[^/]+", "", address["url"]))
    assert status == 201
    assert (address["width"], address["height"]) == (600, 900)
    assert await shown.read() == picture(kind="WEBP")


@pytest.mark.parametrize("path", ["/missing.png", "/moved"])
async def test_an_address_that_gives_no_image_cannot_be_reached(
    pinterest: Any, token: str, host: str, path: str
) -> None:
    source = {"source_type": "image_url", "url": host + path}

    status, answer = await pinterest.pin(token, media_source=source)

    assert status == 400
    assert answer["message"].startswith("Unable to reach the URL")


async def test_an_address_where_nobody_answers_cannot_be_reached(
    pinterest: Any, token: str
) -> None:
    source = {"source_type": "image_url", "url": "http://127.0.0.1:9/a.png"}

    assert "Unable to reach" in (await pinterest.pin(token, media_source=source))[1]["message"]


async def test_what_an_address_gives_must_be_an_image(
    pinterest: Any, token: str, host: str
) -> None:
    source = {"source_type": "image_url", "url": f"{host}/text"}

    assert (await pinterest.pin(token, media_source=source))[0] == 400


async def test_an_address_on_another_machine_is_believed(pinterest: Any, token: str) -> None:
    url = "https://images.example.com/a.png"

    status, pin = await pinterest.pin(token, media_source={"source_type": "image_url", "url": url})

    assert status == 201
    assert pin["media"]["images"]["600x"] == {"width": 600, "height": None, "url": url}


async def test_a_carousel_keeps_what_belongs_to_each_image(pinterest: Any, token: str) -> None:
    second = {**as_base64(), "title": "Second", "link": "https://example.com/2"}

    status, pin = await pinterest.pin(token, media_source=carousel(as_base64(), second, index=1))

    assert status == 201
    assert pin["creative_type"] == "CAROUSEL"
    assert pin["media"]["media_type"] == "multiple_images"
    assert [item["title"] for item in pin["media"]["items"]] == [None, "Second"]
    assert pin["media"]["items"][1]["link"] == "https://example.com/2"


async def test_the_images_of_a_carousel_have_the_same_dimensions(
    pinterest: Any, token: str, host: str
) -> None:
    def urls(*names: str) -> dict[str, Any]:
        items = [{"url": f"{host}/{name}"} for name in names]
        return {"source_type": "multiple_image_urls", "items": items}

    equal = await pinterest.pin(token, media_source=urls("40x60.png", "40x60.jpeg"))
    different = await pinterest.pin(token, media_source=urls("40x60.png", "60x40.png"))

    assert equal[0] == 201
    assert different[0] == 400
    assert "same dimensions" in different[1]["message"]
