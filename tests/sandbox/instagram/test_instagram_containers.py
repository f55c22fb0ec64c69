"""Containers: what they are made of, and how they come to be finished."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.graph_caller import MP4, error_of, eventually

ACME = "17841400000000101"
LABS = "17841400000000102"


async def test_a_container_tells_its_state(instagram: Any, token: str) -> None:
    await instagram.switch(image_processing_seconds=0.2)
    container = await instagram.image(token)
    early = await instagram.state(token, container)

    async def is_finished() -> bool:
        return bool(await instagram.state(token, container) == "FINISHED")

    await eventually(is_finished)
    await instagram.publish(token, container)
    _, published = await instagram.get(container, token, fields="status_code,status")
    assert early == "IN_PROGRESS"
    assert published["status_code"] == "PUBLISHED"
    assert published["status"].startswith("Published:")


async def test_a_container_expires(instagram: Any, token: str) -> None:
    container = await instagram.image(token)
    await instagram.switch(container_seconds=0)

    answer = await instagram.publish(token, container)

    assert await instagram.state(token, container) == "EXPIRED"
    assert error_of(answer) == (24, 2207008)


@pytest.mark.parametrize("subcode", ["2207026", "2207082"])
async def test_a_container_can_end_badly(instagram: Any, token: str, subcode: str) -> None:
    await instagram.switch(container_error=subcode)
    container = await instagram.image(token)

    _, state = await instagram.get(container, token, fields="status_code,status")

    assert state["status_code"] == "ERROR"
    assert subcode in state["status"]
    assert error_of(await instagram.publish(token, container)) == (9007, 2207027)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("40x40.png", (36001, 2207005)),
        ("text", (36001, 2207005)),
        ("large", (36000, 2207004)),
        ("40x60.jpeg", (36003, 2207009)),
        ("200x100.jpeg", (36003, 2207009)),
        ("nothing", (9004, 2207052)),
        ("moved", (9004, 2207052)),
    ],
)
async def test_an_image_that_does_not_fit_is_refused(
    instagram: Any, token: str, name: str, error: tuple[int, int]
) -> None:
    answer = await instagram.prepare(token, image_url=f"{instagram.host}/{name}")

    assert error_of(answer) == error


@pytest.mark.parametrize(
    "address", ["https://example.com/a.jpeg", "http://127.0.0.1:9/a.jpeg", "http://[::1/", "a"]
)
async def test_only_addresses_of_this_machine_are_fetched(
    instagram: Any, token: str, address: str
) -> None:
    assert error_of(await instagram.prepare(token, image_url=address)) == (9004, 2207052)


@pytest.mark.parametrize("size", ["40x50", "191x100", "1080x566"])
async def test_the_ratio_goes_from_four_to_five_to_191_to_100(
    instagram: Any, token: str, size: str
) -> None:
    status, _ = await instagram.prepare(token, image_url=f"{instagram.host}/{size}.jpeg")

    assert status == 200


@pytest.mark.parametrize(
    "caption",
    ["a" * 2201, "#a " * 31, "@a " * 21],
    ids=["too-long", "too-many-hashtags", "too-many-mentions"],
)
async def test_a_caption_has_its_limits(instagram: Any, token: str, caption: str) -> None:
    address = f"{instagram.host}/40x40.jpeg"

    answer = await instagram.prepare(token, image_url=address, caption=caption)

    assert error_of(answer) == (36004, 2207010)


@pytest.mark.parametrize("caption", ["a" * 2200, "#a " * 30, "@a " * 20, "a@b.c " * 30])
async def test_a_caption_up_to_its_limits_is_taken(
    instagram: Any, token: str, caption: str
) -> None:
    assert await instagram.image(token, caption)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"media_type": "GIF"}, (100, 2207023)),
        ({"media_type": "VIDEO"}, (100, 2207067)),
        ({"media_type": "REELS", "is_carousel_item": True}, (100, None)),
        ({"media_type": "REELS", "alt_text": "a"}, (100, None)),
        ({"media_type": "REELS"}, (100, None)),
        ({"media_type": "REELS", "upload_type": "resumable"}, (100, None)),
        ({"media_type": "CAROUSEL"}, (100, None)),
        ({"media_type": "CAROUSEL", "children": "1"}, (100, 2207028)),
        ({"media_type": "CAROUSEL", "children": "1,2"}, (100, 33)),
        ({}, (100, None)),
        ({"image_url": "{host}/40x40.jpeg", "alt_text": "a" * 1001}, (100, None)),
        ({"image_url": "{host}/40x40.jpeg", "collaborators": ["a"]}, (100, None)),
        ({"image_url": "{host}/40x40.jpeg", "published": False}, (100, None)),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_container_that_makes_no_sense_is_refused(
    instagram: Any, token: str, values: dict[str, Any], error: tuple[int, int | None]
) -> None:
    answer = await instagram.prepare(token, **instagram.filled(values))

    assert error_of(answer) == error


async def test_a_carousel_is_made_of_finished_items(instagram: Any, token: str) -> None:
    items = await instagram.items(token, 2)
    values = {"media_type": "CAROUSEL", "children": ",".join(items), "caption": "two"}
    _, parent = await instagram.prepare(token, **values)

    _, answer = await instagram.publish(token, parent["id"])

    media = await instagram.read(answer["id"], token, "media_type,children{id,media_type}")
    [line] = instagram.recorded()
    assert (line["kind"], line["media_ids"], line["text"]) == ("carousel", items, "two")
    assert media["media_type"] == "CAROUSEL_ALBUM"
    assert [child["id"] for child in media["children"]["data"]] == items
    assert len((await instagram.timeline())[0]["media"]) == 2


@pytest.mark.parametrize(
    "children", ["{0},{1}", '["{0}","{1}"]', ["{0}", "{1}"]], ids=["words", "text", "list"]
)
async def test_children_are_named_in_three_ways(
    instagram: Any, token: str, children: str | list[str]
) -> None:
    items = await instagram.items(token, 2)
    named = (
        children.format(*items)
        if isinstance(children, str)
        else [one.format(*items) for one in children]
    )

    status, _ = await instagram.prepare(token, media_type="CAROUSEL", children=named)

    assert status == 200


async def test_a_carousel_waits_for_its_items(instagram: Any, token: str) -> None:
    await instagram.switch(image_processing_seconds=60)
    items = await instagram.items(token, 2)

    answer = await instagram.prepare(token, media_type="CAROUSEL", children=items)

    assert error_of(answer) == (9007, 2207027)


@pytest.mark.parametrize("count", [1, 11])
async def test_a_carousel_has_two_to_ten_items(instagram: Any, token: str, count: int) -> None:
    items = await instagram.items(token, count)

    answer = await instagram.prepare(token, media_type="CAROUSEL", children=items)

    assert error_of(answer) == (100, 2207028)


async def test_an_image_that_is_no_item_fits_into_no_carousel(instagram: Any, token: str) -> None:
    children = [await instagram.image(token), *await instagram.items(token, 1)]

    answer = await instagram.prepare(token, media_type="CAROUSEL", children=children)

    assert error_of(answer) == (100, 2207028)


async def test_a_video_can_be_an_item(instagram: Any, token: str) -> None:
    await instagram.switch(processing_seconds=0)
    video = await instagram.reel(token, media_type="VIDEO", is_carousel_item=True)
    children = [video, *await instagram.items(token, 1)]

    _, parent = await instagram.prepare(token, media_type="CAROUSEL", children=children)
    status, _ = await instagram.publish(token, parent["id"])

    assert status == 200
    assert [one["type"] for one in (await instagram.timeline())[0]["media"]] == ["video", "image"]


@pytest.mark.parametrize(
    ("values", "subcode"),
    [
        ({"video_url": "{host}/nothing"}, "2207052"),
        ({"video_url": "https://example.com/video.mp4"}, "2207052"),
        ({"video_url": "{host}/text"}, "2207026"),
        ({"video_url": "{host}/video.mp4", "cover_url": "{host}/nothing"}, "2207052"),
    ],
    ids=str,
)
async def test_a_wrong_video_shows_in_the_state_of_its_container(
    instagram: Any, token: str, values: dict[str, str], subcode: str
) -> None:
    await instagram.switch(processing_seconds=0)

    container = await instagram.reel(token, **instagram.filled(values))

    _, state = await instagram.get(container, token, fields="status_code,status")
    assert state["status_code"] == "ERROR"
    assert subcode in state["status"]


async def test_the_bytes_of_a_reel_can_be_sent_by_facebook_login(
    instagram: Any, page_token: str
) -> None:
    await instagram.switch(processing_seconds=0, upload_breaks_after=100)
    values = {"media_type": "REELS", "upload_type": "resumable", "caption": "a reel"}
    _, container = await instagram.prepare(page_token, **values)
    waiting = await instagram.state(page_token, container["id"])
    broken = await instagram.upload(container["uri"], page_token)

    resumed = await instagram.upload(
        container["uri"], page_token, MP4[100:], offset="100", file_size=str(len(MP4))
    )

    assert (waiting, broken[0], resumed[0]) == ("IN_PROGRESS", 500, 200)
    assert await instagram.state(page_token, container["id"]) == "FINISHED"
    assert (await instagram.publish(page_token, container["id"]))[0] == 200
