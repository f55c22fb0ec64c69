from __future__ import annotations

import io
from typing import Any

import aiohttp
import pytest

from tests.sandbox.pinterest.pinterest_stand import VIDEO, as_base64

COVER = {"cover_image_key_frame_time": 2}


def source(media_id: str, **cover: Any) -> dict[str, Any]:
    return {"source_type": "video_id", "media_id": media_id, **cover}


@pytest.fixture(autouse=True)
async def _at_once(pinterest: Any) -> None:
    await pinterest.switch(processing_seconds=0)


async def test_a_video_is_registered_uploaded_processed_and_pinned(
    pinterest: Any, token: str
) -> None:
    registered = await pinterest.register(token)
    media_id = registered["media_id"]
    before = await pinterest.status(token, media_id)
    stored = await pinterest.upload(registered)

    status, pin = await pinterest.pin(token, media_source=source(media_id, **COVER))

    assert before == "registered"
    assert len(registered["upload_parameters"]) == 8
    assert stored.status == 204
    assert await pinterest.status(token, media_id) == "succeeded"
    assert status == 201
    assert (pin["creative_type"], pin["media"]["media_type"]) == ("VIDEO", "video")
    assert pinterest.recorded()[0]["media_id"] == media_id


async def test_processing_takes_its_time(pinterest: Any, token: str) -> None:
    await pinterest.switch(processing_seconds=3600)
    media_id = await pinterest.video(token)

    status, answer = await pinterest.pin(token, media_source=source(media_id, **COVER))

    assert await pinterest.status(token, media_id) == "processing"
    assert status == 400
    assert "processing" in answer["message"]


async def test_processing_can_fail(pinterest: Any, token: str) -> None:
    await pinterest.switch(processing_fails=True)

    media_id = await pinterest.video(token)

    assert await pinterest.status(token, media_id) == "failed"
    assert (await pinterest.pin(token, media_source=source(media_id, **COVER)))[0] == 400


async def test_bytes_that_are_no_video_fail(pinterest: Any, token: str) -> None:
    media_id = await pinterest.video(token, b"GIF89a and more")

    assert await pinterest.status(token, media_id) == "failed"


@pytest.mark.parametrize(
    "change",
    [{"policy": None}, {"key": None}, {"x-amz-signature": "forged"}, {"acl": "public-read"}],
    ids=str,
)
async def test_an_upload_needs_exactly_the_given_fields(
    pinterest: Any, token: str, change: dict[str, str | None]
) -> None:
    registered = await pinterest.register(token)

    response = await pinterest.upload(registered, **change)

    assert response.status == 403
    assert "<Code>AccessDenied</Code>" in await response.text()
    assert await pinterest.status(token, registered["media_id"]) == "registered"


async def test_fields_after_the_file_do_not_count(pinterest: Any, token: str) -> None:
    registered = await pinterest.register(token)
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(VIDEO), filename="video.mp4")
    for name, value in registered["upload_parameters"].items():
        form.add_field(name, value)

    response = await pinterest.client.post("/upload/", data=form)

    assert response.status == 403


async def test_an_upload_without_a_file_is_refused(pinterest: Any, token: str) -> None:
    registered = await pinterest.register(token)
    form = aiohttp.FormData(registered["upload_parameters"], default_to_multipart=True)

    response = await pinterest.client.post("/upload/", data=form)

    assert response.status == 400


async def test_the_token_is_not_for_the_store(pinterest: Any, token: str) -> None:
    await pinterest.register(token)

    response = await pinterest.ask("POST", "/upload/", token, data=b"anything")

    assert response.status == 400
    assert "Only one auth mechanism allowed" in await response.text()


@pytest.mark.parametrize("body", [{}, {"media_type": "image"}, {"media_type": "video", "a": 1}])
async def test_only_videos_can_be_registered(
    pinterest: Any, token: str, body: dict[str, Any]
) -> None:
    assert (await pinterest.call("POST", "/v5/media", token, json=body))[0] == 400


@pytest.mark.parametrize(
    "cover",
    [
        {},
        {"cover_image_data": as_base64()["data"]},
        {"cover_image_content_type": "image/png"},
        {"cover_image_key_frame_time": -1},
        {"cover_image_key_frame_time": 1, "cover_image_url": "https://example.com/a.png"},
    ],
    ids=lambda cover: ",".join(cover) or "none",
)
async def test_a_video_needs_one_cover(pinterest: Any, token: str, cover: dict[str, Any]) -> None:
    media_id = await pinterest.video(token)

    assert (await pinterest.pin(token, media_source=source(media_id, **cover)))[0] == 400


async def test_a_cover_may_be_an_image(pinterest: Any, token: str, host: str) -> None:
    media_id = await pinterest.video(token)
    image = as_base64()
    sent = {"cover_image_content_type": image["content_type"], "cover_image_data": image["data"]}

    by_data = await pinterest.pin(token, media_source=source(media_id, **sent))
    by_url = await pinterest.pin(
        token, media_source=source(media_id, cover_image_url=f"{host}/40x60.png")
    )

    assert by_data[0] == by_url[0] == 201
    assert "/_/media/" in by_url[1]["media"]["cover_image_url"]


async def test_a_video_of_another_account_is_not_there(pinterest: Any, token: str) -> None:
    media_id = await pinterest.video(await pinterest.connect("acme_labs"))

    status, _ = await pinterest.pin(token, media_source=source(media_id, **COVER))

    assert status == 404
    assert (await pinterest.call("GET", f"/v5/media/{media_id}", token))[0] == 404


async def test_videos_need_their_scopes(pinterest: Any) -> None:
    reading = await pinterest.connect(scope="pins:read")

    body = {"media_type": "video"}
    assert (await pinterest.call("POST", "/v5/media", reading, json=body))[0] == 403
