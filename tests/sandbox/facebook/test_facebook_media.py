"""Photos, videos and reels of a Page."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from yarl import URL

from tests.sandbox.graph_caller import MP4, error_of, eventually, picture

ACME = "102000000000101"


async def test_a_photo_is_published_as_a_post_of_its_own(facebook: Any, token: str) -> None:
    _, answer = await facebook.photo(
        token, published="true", message="look", alt_text_custom="A red wall"
    )

    [line] = facebook.recorded()
    assert (line["kind"], line["text"], line["media_ids"]) == ("photo", "look", [answer["id"]])
    assert line["id"] == answer["post_id"]
    [shown] = await facebook.timeline()
    assert shown["media"][0]["alt_text"] == "A red wall"


async def test_an_unpublished_photo_is_no_post(facebook: Any, token: str) -> None:
    status, answer = await facebook.photo(token, temporary="true", alt_text_custom="A red wall")

    photo = await facebook.read(answer["id"], token, "id,alt_text_custom")
    assert (status, list(answer)) == (200, ["id"])
    assert photo["alt_text_custom"] == "A red wall"
    assert facebook.recorded() == []


async def test_a_photo_is_fetched_from_its_address(facebook: Any, token: str, host: str) -> None:
    values = {"url": f"{host}/40x40.png", "published": False}

    status, photo = await facebook.send(f"{ACME}/photos", token, **values)

    page = await facebook.client.get(f"/_/media/{photo['id']}")
    assert status == 200
    assert (page.content_type, await page.read()) == ("image/png", picture(kind="PNG"))


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("{host}/text", (100, 1366046)),
        ("{host}/large", (100, 1366046)),
        ("{host}/nothing", (324, 2069019)),
        ("{host}/moved", (324, 2069019)),
        ("http://127.0.0.1:9/a.png", (324, 2069019)),
        ("https://example.com/a.png", (324, 2069019)),
        ("http://localhost.example.com/a.png", (324, 2069019)),
        ("file:///etc/passwd", (324, 2069019)),
        ("", (324, None)),
    ],
)
async def test_an_address_without_a_photo_is_refused(
    facebook: Any, token: str, host: str, address: str, error: tuple[int, int | None]
) -> None:
    url = address.format(host=host)

    answer = await facebook.send(f"{ACME}/photos", token, url=url, published=False)

    assert error_of(answer) == error


async def test_a_file_that_is_no_photo_is_refused(facebook: Any, token: str) -> None:
    status, answer = await facebook.photo(token, b"no photo")

    assert error_of((status, answer)) == (100, 1366046)
    assert answer["error"]["error_user_title"] == "Can't Read Files"


async def test_a_reel_goes_through_its_phases(facebook: Any, token: str) -> None:
    await facebook.switch(processing_seconds=0)
    reel = await facebook.start_reel(token)
    started = await facebook.read(reel["video_id"], token, "status")
    sent = await facebook.upload(reel["upload_url"], token)
    uploaded = await facebook.read(reel["video_id"], token, "status")

    finished = await facebook.finish_reel(reel, token, title="A title", description="a reel")

    done = await facebook.read(reel["video_id"], token, "status,permalink_url,post_id,title")
    assert started["status"]["video_status"] == "uploading"
    assert sent == (200, {"success": True})
    assert uploaded["status"]["video_status"] == "upload_complete"
    assert uploaded["status"]["uploading_phase"] == {
        "status": "complete",
        "bytes_transferred": len(MP4),
        "source_file_size": len(MP4),
    }
    assert finished == (200, {"success": True})
    assert done["status"]["video_status"] == "ready"
    assert done["status"]["publishing_phase"]["publish_status"] == "published"
    assert (done["title"], done["permalink_url"]) == ("A title", f"/reel/{reel['video_id']}/")
    [line] = facebook.recorded()
    assert (line["kind"], line["text"]) == ("reel", "a reel")
    assert (line["id"], line["media_ids"]) == (done["post_id"], [reel["video_id"]])


async def test_a_reel_is_listed_when_it_is_processed(facebook: Any, token: str) -> None:
    await facebook.switch(processing_seconds=0.2)
    video_id = await facebook.reel(token)
    early = await facebook.read(video_id, token, "status,post_id")
    unlisted = await facebook.listed(token), await facebook.listed(token, "video_reels")

    async def is_listed() -> bool:
        return bool(await facebook.listed(token))

    await eventually(is_listed)
    assert early["status"]["video_status"] == "processing"
    assert "post_id" not in early
    assert unlisted == ([], [])
    [post] = await facebook.listed(token, fields="attachments{target{id}}")
    assert post["attachments"]["data"][0]["target"]["id"] == video_id
    assert [reel["id"] for reel in await facebook.listed(token, "video_reels")] == [video_id]


async def test_an_upload_that_broke_goes_on_where_it_stopped(facebook: Any, token: str) -> None:
    reel = await facebook.start_reel(token)
    await facebook.switch(upload_breaks_after=100, processing_seconds=0)
    broken = await facebook.upload(reel["upload_url"], token)
    status = (await facebook.read(reel["video_id"], token, "status"))["status"]

    rest = {"offset": "100", "file_size": str(len(MP4))}
    resumed = await facebook.upload(reel["upload_url"], token, MP4[100:], **rest)

    assert broken[0] == 500
    assert broken[1]["debug_info"]["retriable"] is True
    assert status["uploading_phase"] == {
        "status": "in_progress",
        "bytes_transferred": 100,
        "source_file_size": len(MP4),
    }
    assert resumed == (200, {"success": True})
    await facebook.finish_reel(reel, token)
    page = await facebook.client.get(f"/_/media/{reel['video_id']}")
    assert await page.read() == MP4


async def test_what_arrived_before_the_connection_broke_is_kept(facebook: Any, token: str) -> None:
    reel = await facebook.start_reel(token)
    address = URL(reel["upload_url"])
    _, sending = await asyncio.open_connection(address.host, address.port)
    head = [
        f"POST {address.path} HTTP/1.1",
        f"Host: {address.authority}",
        f"Authorization: OAuth {token}",
        "offset: 0",
        f"file_size: {len(MP4)}",
        f"Content-Length: {len(MP4)}",
    ]
    sending.write("\r\n".join([*head, "", ""]).encode() + MP4[:200])
    await sending.drain()

    async def has_arrived() -> bool:
        status = (await facebook.read(reel["video_id"], token, "status"))["status"]
        return bool(status["uploading_phase"]["bytes_transferred"] == 200)

    await eventually(has_arrived)
    sending.transport.abort()
    rest = {"offset": "200", "file_size": str(len(MP4))}

    resumed = await facebook.upload(reel["upload_url"], token, MP4[200:], **rest)

    assert resumed == (200, {"success": True})


async def test_a_reel_can_be_fetched_from_an_address(facebook: Any, token: str, host: str) -> None:
    reel = await facebook.start_reel(token)

    sent = await facebook.upload(
        reel["upload_url"], token, b"", file_url=f"{host}/video.mp4", file_size="1"
    )

    status = (await facebook.read(reel["video_id"], token, "status"))["status"]
    assert sent[0] == 200
    assert status["uploading_phase"]["bytes_transferred"] == len(MP4)


@pytest.mark.parametrize(
    "headers",
    [
        {"offset": ""},
        {"file_size": "many"},
        {"offset": "7"},
        {"file_size": "5"},
        {"file_url": "https://example.com/video.mp4"},
    ],
    ids=str,
)
async def test_an_upload_needs_its_headers(
    facebook: Any, token: str, headers: dict[str, str]
) -> None:
    reel = await facebook.start_reel(token)

    status, answer = await facebook.upload(reel["upload_url"], token, **headers)

    assert status == 400
    assert answer["debug_info"]["retriable"] is False


async def test_an_upload_needs_the_token_of_its_page(facebook: Any, token: str) -> None:
    reel = await facebook.start_reel(token)
    labs = await facebook.connect("Acme Labs")

    assert error_of(await facebook.upload(reel["upload_url"], labs)) == (100, 33)


async def test_an_upload_with_a_bearer_token_is_refused(facebook: Any, token: str) -> None:
    reel = await facebook.start_reel(token)

    status, answer = await facebook.upload(
        reel["upload_url"], token, Authorization=f"Bearer {token}"
    )

    assert (status, answer["debug_info"]["type"]) == (401, "NotAuthorizedError")


@pytest.mark.parametrize(
    "change",
    [{"video_state": "SCHEDULED"}, {"video_id": "1"}, {"upload_phase": "transfer"}],
    ids=str,
)
async def test_a_reel_is_finished_in_the_right_way_only(
    facebook: Any, token: str, change: dict[str, str]
) -> None:
    reel = await facebook.start_reel(token)
    await facebook.upload(reel["upload_url"], token)

    values = {"upload_phase": "finish", "video_state": "PUBLISHED", **reel, **change}
    values.pop("upload_url")
    answer = await facebook.send(f"{ACME}/video_reels", token, **values)

    assert error_of(answer) == (100, None)
    assert facebook.recorded() == []


async def test_a_reel_without_its_bytes_is_not_finished(facebook: Any, token: str) -> None:
    reel = await facebook.start_reel(token)

    assert error_of(await facebook.finish_reel(reel, token)) == (100, None)


async def test_a_reel_is_published_once(facebook: Any, token: str) -> None:
    reel = await facebook.start_reel(token)
    await facebook.upload(reel["upload_url"], token)
    await facebook.finish_reel(reel, token)

    again = await facebook.finish_reel(reel, token)

    assert error_of(again) == (100, None)
    assert len(facebook.recorded()) == 1


async def test_a_draft_of_a_reel_is_not_public(facebook: Any, token: str) -> None:
    await facebook.switch(processing_seconds=0)

    video_id = await facebook.reel(token, video_state="DRAFT")

    status = (await facebook.read(video_id, token, "status"))["status"]
    assert status["publishing_phase"] == {"status": "not_started", "publish_status": "draft"}
    assert facebook.recorded() == []


@pytest.mark.parametrize(
    ("fails", "data"), [(True, MP4), (False, b"no video")], ids=["switch", "file"]
)
async def test_a_reel_whose_processing_fails_never_goes_out(
    facebook: Any, token: str, fails: bool, data: bytes
) -> None:
    await facebook.switch(processing_seconds=0, processing_fails=fails)
    reel = await facebook.start_reel(token)
    await facebook.upload(reel["upload_url"], token, data)

    finished = await facebook.finish_reel(reel, token)

    status = (await facebook.read(reel["video_id"], token, "status"))["status"]
    assert finished == (200, {"success": True})
    assert (status["video_status"], status["processing_phase"]["status"]) == ("error", "error")
    assert facebook.recorded() == []
    assert await facebook.timeline() == []


async def test_a_video_goes_out_in_one_request(facebook: Any, token: str, host: str) -> None:
    await facebook.switch(processing_seconds=0)

    values = {"file_url": f"{host}/video.mp4", "description": "a video"}
    status, answer = await facebook.send(f"{ACME}/videos", token, **values)

    [line] = facebook.recorded()
    assert status == 200
    assert (line["kind"], line["text"], line["media_ids"]) == ("video", "a video", [answer["id"]])


async def test_an_unpublished_video_is_published_once(facebook: Any, token: str, host: str) -> None:
    values = {"file_url": f"{host}/video.mp4", "published": False}
    _, video = await facebook.send(f"{ACME}/videos", token, **values)
    unseen = facebook.recorded()

    answers = [await facebook.send(video["id"], token, published=True) for _ in range(2)]

    assert unseen == []
    assert answers == [(200, {"success": True})] * 2
    assert len(facebook.recorded()) == 1


async def test_deleting_a_reel_deletes_its_post(facebook: Any, token: str) -> None:
    await facebook.switch(processing_seconds=0)
    video_id = await facebook.reel(token)

    await facebook.call("DELETE", video_id, token)

    assert error_of(await facebook.get(video_id, token)) == (100, 33)
    assert await facebook.listed(token) == []


async def test_a_comment_on_a_reel_hangs_below_its_post(facebook: Any, token: str) -> None:
    await facebook.switch(processing_seconds=0)
    video_id = await facebook.reel(token)

    await facebook.send(f"{video_id}/comments", token, message="first")

    post, comment = facebook.recorded()
    assert comment["parent"] == post["id"]
