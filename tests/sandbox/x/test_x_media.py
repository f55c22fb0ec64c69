from __future__ import annotations

import base64
import io
from typing import Any

import aiohttp
import pytest

GIF = b"GIF89a" + b"\0" * 94
MIB = 1024 * 1024


def a_chunk(data: bytes, index: int) -> aiohttp.FormData:
    form = aiohttp.FormData({"segment_index": str(index)})
    form.add_field("media", io.BytesIO(data), filename="chunk")
    return form


async def begin(x: Any, token: str, **changes: Any) -> tuple[int, dict[str, Any]]:
    body = {"media_type": "image/gif", "media_category": "tweet_gif", "total_bytes": 100, **changes}
    answer: tuple[int, dict[str, Any]] = await x.call(
        "POST", "/2/media/upload/initialize", token, json=body
    )
    return answer


async def a_gif(x: Any, token: str) -> tuple[str, dict[str, Any]]:
    """The id of an uploaded GIF and what finalizing it answered."""
    _, begun = await begin(x, token)
    media_id = begun["data"]["id"]
    path = f"/2/media/upload/{media_id}"
    await x.call("POST", f"{path}/append", token, data=a_chunk(GIF[:60], 0))
    await x.call("POST", f"{path}/append", token, data=a_chunk(GIF[60:], 1))
    _, finalized = await x.call("POST", f"{path}/finalize", token)
    return media_id, finalized["data"]


async def test_an_image_can_be_posted(x: Any, token: str) -> None:
    _, uploaded = await x.upload(token)

    status, _ = await x.post(token, "Look", media={"media_ids": [uploaded["data"]["id"]]})

    _, listed = await x.posts(token, **{"tweet.fields": "attachments,entities"})
    [post] = listed["data"]
    assert status == 201
    assert post["attachments"]["media_keys"] == [uploaded["data"]["media_key"]]
    assert post["text"] == f"Look {post['entities']['urls'][0]['url']}"
    assert x.recorded()[0]["media_keys"] == [uploaded["data"]["media_key"]]


async def test_an_image_needs_no_text(x: Any, token: str) -> None:
    _, uploaded = await x.upload(token)

    status, _ = await x.call(
        "POST", "/2/tweets", token, json={"media": {"media_ids": [uploaded["data"]["id"]]}}
    )

    assert status == 201


async def test_an_image_may_come_as_base64_json(x: Any, token: str) -> None:
    data = base64.b64encode(GIF).decode()

    status, _ = await x.call(
        "POST",
        "/2/media/upload",
        token,
        json={"media": data, "media_category": "tweet_image"},
    )

    assert status == 200


async def test_bytes_that_are_no_image_are_refused(x: Any, token: str) -> None:
    status, problem = await x.upload(token, b"<svg></svg>")

    assert status == 400
    assert problem["errors"][0]["message"] == "media type unrecognized."


async def test_an_image_over_5_mb_is_refused(x: Any, token: str) -> None:
    status, body = await x.upload(token, b"\xff\xd8\xff" + b"\0" * 5 * MIB)

    assert (status, body) == (413, {})


async def test_an_upload_refuses_unknown_and_missing_fields(x: Any, token: str) -> None:
    unknown = aiohttp.FormData({"media_category": "tweet_image", "alt": "x"})
    unknown.add_field("media", GIF, filename="a.gif")
    missing = aiohttp.FormData()
    missing.add_field("media", GIF, filename="a.gif")

    assert (await x.call("POST", "/2/media/upload", token, data=unknown))[0] == 400
    assert (await x.call("POST", "/2/media/upload", token, data=missing))[0] == 400
    assert (await x.call("POST", "/2/media/upload", token, data=b"raw"))[0] == 415


async def test_uploads_need_media_write(x: Any) -> None:
    token = await x.connect(scope="tweet.read tweet.write users.read")

    assert (await x.upload(token))[0] == 403


async def test_a_gif_is_processed_before_it_can_be_posted(x: Any, token: str) -> None:
    await x.switch(processing_seconds=3600)
    media_id, finalized = await a_gif(x, token)

    status, problem = await x.post(token, "Look", media={"media_ids": [media_id]})

    assert finalized["processing_info"]["state"] == "pending"
    assert finalized["processing_info"]["check_after_secs"] == 1
    assert status == 400
    assert problem["errors"][0]["message"] == "Your media IDs are invalid."


async def test_a_processed_gif_can_be_posted(x: Any, token: str) -> None:
    await x.switch(processing_seconds=0)
    media_id, _ = await a_gif(x, token)

    _, asked = await x.call(
        "GET", "/2/media/upload", token, params={"command": "STATUS", "media_id": media_id}
    )
    status, _ = await x.post(token, "Look", media={"media_ids": [media_id]})

    assert asked["data"]["processing_info"]["state"] == "succeeded"
    assert status == 201


async def test_processing_can_fail(x: Any, token: str) -> None:
    await x.switch(processing_seconds=0, processing_fails=True)

    media_id, finalized = await a_gif(x, token)

    assert finalized["processing_info"]["state"] == "failed"
    assert (await x.post(token, "Look", media={"media_ids": [media_id]}))[0] == 400


@pytest.mark.parametrize(("size", "status"), [(MIB, 200), (MIB + 64 * 1024, 200), (2 * MIB, 413)])
async def test_a_chunk_is_at_most_a_mebibyte(x: Any, token: str, size: int, status: int) -> None:
    _, begun = await begin(x, token, total_bytes=size)

    answer = await x.call(
        "POST",
        f"/2/media/upload/{begun['data']['id']}/append",
        token,
        data=a_chunk(b"\0" * size, 0),
    )

    assert answer[0] == status


async def test_chunks_must_add_up(x: Any, token: str) -> None:
    _, begun = await begin(x, token)
    path = f"/2/media/upload/{begun['data']['id']}"
    await x.call("POST", f"{path}/append", token, data=a_chunk(GIF[:60], 0))

    status, _ = await x.call("POST", f"{path}/finalize", token)

    assert status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"total_bytes": 16 * MIB},
        {"total_bytes": 0},
        {"media_type": "video/mp4"},
        {"media_type": "text/html"},
        {"media_category": "dm_gif"},
        {"command": "INIT"},
    ],
    ids=str,
)
async def test_an_upload_must_begin_right(x: Any, token: str, change: dict[str, Any]) -> None:
    status, _ = await begin(x, token, **change)

    assert status == 400


async def test_a_segment_index_stops_at_999(x: Any, token: str) -> None:
    _, begun = await begin(x, token)
    path = f"/2/media/upload/{begun['data']['id']}/append"

    assert (await x.call("POST", path, token, data=a_chunk(GIF, 1000)))[0] == 400


async def test_alt_text_is_shown_on_the_page(x: Any, token: str) -> None:
    _, uploaded = await x.upload(token)
    media_id = uploaded["data"]["id"]
    body = {"id": media_id, "metadata": {"alt_text": {"text": "A red wall"}}}

    status, _ = await x.call("POST", "/2/media/metadata", token, json=body)
    await x.post(token, "Look", media={"media_ids": [media_id]})

    timeline = await (await x.client.get("/_/timeline")).json()
    [shown] = timeline["posts"][0]["media"]
    assert status == 200
    assert (shown["url"], shown["alt_text"]) == (f"/_/media/{media_id}", "A red wall")
    assert (await x.client.get(shown["url"])).content_type == "image/png"


async def test_alt_text_stops_at_1000_characters(x: Any, token: str) -> None:
    _, uploaded = await x.upload(token)
    body = {"id": uploaded["data"]["id"], "metadata": {"alt_text": {"text": "a" * 1001}}}

    assert (await x.call("POST", "/2/media/metadata", token, json=body))[0] == 400


async def test_media_of_another_account_cannot_be_posted(x: Any, token: str) -> None:
    _, uploaded = await x.upload(await x.connect("acme_labs"))

    status, _ = await x.post(token, "Look", media={"media_ids": [uploaded["data"]["id"]]})

    assert status == 400


async def test_a_gif_stands_alone(x: Any, token: str) -> None:
    await x.switch(processing_seconds=0)
    gif, _ = await a_gif(x, token)
    _, image = await x.upload(token)

    status, _ = await x.post(token, "Look", media={"media_ids": [gif, image["data"]["id"]]})

    assert status == 400
