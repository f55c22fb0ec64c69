from __future__ import annotations

import re
from typing import Any

from tests.sandbox.pinterest.pinterest_stand import CORAL, as_base64


async def test_the_page_tells_a_pin_with_all_it_has(pinterest: Any, token: str) -> None:
    await pinterest.pin(
        token,
        description="one\ntwo",
        link="https://example.com/",
        alt_text="A red wall",
        board_section_id=CORAL,
    )

    [shown] = await pinterest.timeline()

    assert (shown["username"], shown["name"]) == ("acme", "Acme")
    assert (shown["title"], shown["text"]) == ("hello", "one\ntwo")
    assert shown["link"] == "https://example.com/"
    assert shown["place"] == "Summer walls › Coral"
    assert shown["media"][0]["alt_text"] == "A red wall"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", shown["created_at"])
    image = await pinterest.client.get(shown["media"][0]["url"])
    assert image.content_type == "image/png"


async def test_the_page_shows_each_image_of_a_carousel(pinterest: Any, token: str) -> None:
    second = {**as_base64(), "title": "Second", "link": "https://example.com/2"}
    source = {"source_type": "multiple_image_base64", "items": [as_base64(), second]}
    await pinterest.pin(token, media_source=source)

    [shown] = await pinterest.timeline()

    captions = [one["caption"] for one in shown["media"]]
    assert captions == [None, "Second · https://example.com/2"]


async def test_the_page_shows_a_video_with_its_cover(pinterest: Any, token: str) -> None:
    await pinterest.switch(processing_seconds=0)
    image = as_base64()
    source = {
        "source_type": "video_id",
        "media_id": await pinterest.video(token),
        "cover_image_content_type": image["content_type"],
        "cover_image_data": image["data"],
    }
    await pinterest.pin(token, media_source=source)

    [shown] = await pinterest.timeline()

    assert [(one["type"], one["caption"]) for one in shown["media"]] == [
        ("video", None),
        ("image", "Cover"),
    ]
    video = await pinterest.client.get(shown["media"][0]["url"])
    assert video.content_type == "video/mp4"


async def test_an_image_that_was_not_fetched_is_told(pinterest: Any, token: str) -> None:
    source = {"source_type": "image_url", "url": "https://images.example.com/a.png"}
    await pinterest.pin(token, media_source=source)

    [shown] = await pinterest.timeline()

    assert shown["media"][0]["url"] is None
    assert "https://images.example.com/a.png" in shown["media"][0]["caption"]


async def test_clearing_the_page_keeps_the_record(pinterest: Any, token: str) -> None:
    await pinterest.pin(token)

    await pinterest.client.delete("/_/timeline")

    assert await pinterest.timeline() == []
    assert await pinterest.titles(token) == []
    assert len(pinterest.recorded()) == 1


async def test_the_address_of_a_pin_leads_to_its_place_on_the_page(
    pinterest: Any, token: str
) -> None:
    _, pin = await pinterest.pin(token)

    response = await pinterest.client.get(f"/pin/{pin['id']}/", allow_redirects=False)

    assert response.headers["Location"] == f"/#post-{pin['id']}"
