from __future__ import annotations

from pathlib import Path

import pytest

from publishers import Cause, Processing, Published, Ready, Rejected, TemporaryFailure
from tests.publishers.stand import CREDENTIALS, Notes, Stand, post, store

UPLOAD = "POST /2/media/upload"
STATUS = "GET /2/media/upload"
IMAGE_ID = "1880000000000000001"
VIDEO_ID = "1880000000000000002"


async def test_a_text_needs_no_preparation(stand: Stand, notes: Notes) -> None:
    ready = await stand.publisher.prepare(CREDENTIALS, post(), notes)

    assert ready == Ready()
    assert stand.requests == []


async def test_an_image_goes_up_in_one_request(stand: Stand, notes: Notes, tmp_path: Path) -> None:
    image = store(tmp_path, "door.jpg")

    ready = await stand.publisher.prepare(CREDENTIALS, post("Hi", image), notes)

    assert ready == Ready()
    assert stand.routes() == [UPLOAD]
    assert image.path.read_bytes() in stand.requests[0].content
    assert b"tweet_image" in stand.requests[0].content


async def test_an_upload_is_noted_with_what_a_later_attempt_needs(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    image = store(tmp_path, "door.jpg")

    await stand.publisher.prepare(CREDENTIALS, post("Hi", image), notes)

    noted = notes.saved["media"]["0"]
    assert (noted["id"], noted["key"]) == (IMAGE_ID, f"3_{IMAGE_ID}")
    assert noted["sha256"] == image.sha256
    assert noted["at"] > 0


async def test_alt_text_follows_the_image(stand: Stand, notes: Notes, tmp_path: Path) -> None:
    image = store(tmp_path, "door.jpg", alt_text="A red door")

    await stand.publisher.prepare(CREDENTIALS, post("Hi", image), notes)

    assert stand.routes() == [UPLOAD, "POST /2/media/metadata"]
    assert stand.bodies("/2/media/metadata") == [
        {"id": IMAGE_ID, "metadata": {"alt_text": {"text": "A red door"}}}
    ]


async def test_a_video_goes_up_in_chunks_and_without_alt_text(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    video = store(tmp_path, "clip.mp4", kind="video", size=2_500_000, alt_text="A clip")
    stand.on("POST /2/media/upload/*/finalize", "finalized_at_once")

    ready = await stand.publisher.prepare(CREDENTIALS, post("Hi", video), notes)

    assert ready == Ready()
    assert stand.routes() == [
        "POST /2/media/upload/initialize",
        *[f"POST /2/media/upload/{VIDEO_ID}/append"] * 3,
        f"POST /2/media/upload/{VIDEO_ID}/finalize",
    ]
    assert stand.bodies("/2/media/upload/initialize") == [
        {"media_type": "video/mp4", "total_bytes": 2_500_000, "media_category": "tweet_video"}
    ]
    assert max(len(request.content) for request in stand.requests) < 1_048_576


async def test_a_gif_is_processed_like_a_video_and_described_like_an_image(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    gif = store(tmp_path, "wave.gif", kind="gif", alt_text="A wave")

    waiting = await stand.publisher.prepare(CREDENTIALS, post("Hi", gif), notes)
    ready = await stand.publisher.prepare(CREDENTIALS, post("Hi", gif), notes)

    assert (waiting, ready) == (Processing(seconds=3.0), Ready())
    assert stand.bodies("/2/media/upload/initialize")[0]["media_category"] == "tweet_gif"
    assert stand.routes()[-2:] == [STATUS, "POST /2/media/metadata"]


async def test_media_in_processing_is_asked_about_once_a_call(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "clip.mp4", kind="video"))
    stand.on(STATUS, "in_progress", "in_progress", "succeeded")
    await stand.publisher.prepare(CREDENTIALS, content, notes)
    stand.requests.clear()

    first = await stand.publisher.prepare(CREDENTIALS, content, notes)
    second = await stand.publisher.prepare(CREDENTIALS, content, notes)
    third = await stand.publisher.prepare(CREDENTIALS, content, notes)
    fourth = await stand.publisher.prepare(CREDENTIALS, content, notes)

    assert [first, second, third, fourth] == [
        Processing(seconds=7.0),
        Processing(seconds=7.0),
        Ready(),
        Ready(),
    ]
    assert stand.routes() == [STATUS] * 3
    assert dict(stand.requests[0].url.params) == {"command": "STATUS", "media_id": VIDEO_ID}


async def test_failed_processing_is_a_refusal_with_the_words_of_x(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "clip.mp4", kind="video"))
    stand.on(STATUS, "failed")
    await stand.publisher.prepare(CREDENTIALS, content, notes)

    with pytest.raises(
        Rejected, match=r"X cannot use clip\.mp4: Unsupported video codec\."
    ) as caught:
        await stand.publisher.prepare(CREDENTIALS, content, notes)

    assert caught.value.cause is Cause.CONTENT
    assert notes.saved["media"] == {}


async def test_a_resumed_attempt_goes_on_with_the_file_it_stopped_at(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"), store(tmp_path, "2.jpg"))
    stand.on(UPLOAD, "image", "status_503", "image")

    with pytest.raises(TemporaryFailure):
        await stand.publisher.prepare(CREDENTIALS, content, notes)
    ready = await stand.publisher.prepare(CREDENTIALS, content, notes)

    assert ready == Ready()
    assert len(stand.requests) == 3
    assert b"1.jpg" in stand.requests[0].content
    assert b"2.jpg" in stand.requests[2].content
    assert sorted(notes.saved["media"]) == ["0", "1"]


async def test_every_upload_is_noted_before_the_next_begins(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"), store(tmp_path, "2.jpg"))

    await stand.publisher.prepare(CREDENTIALS, content, notes)

    assert [sorted(saved["media"]) for saved in notes.history] == [["0"], ["0", "1"]]


async def test_an_upload_of_another_file_is_not_used(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    await stand.publisher.prepare(CREDENTIALS, post("Hi", store(tmp_path, "1.jpg")), notes)

    await stand.publisher.prepare(CREDENTIALS, post("Hi", store(tmp_path, "2.jpg")), notes)

    assert stand.routes() == [UPLOAD, UPLOAD]


async def test_an_upload_of_twenty_hours_ago_is_made_again(
    stand: Stand, notes: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"))
    await stand.publisher.prepare(CREDENTIALS, content, notes)
    noted_at = notes.saved["media"]["0"]["at"]
    monkeypatch.setattr("publishers._x_media.time.time", lambda: noted_at + 20 * 3600)

    await stand.publisher.prepare(CREDENTIALS, content, notes)

    assert stand.routes() == [UPLOAD, UPLOAD]
    assert notes.saved["media"]["0"]["at"] == noted_at + 20 * 3600


async def test_alt_text_is_set_once(stand: Stand, notes: Notes, tmp_path: Path) -> None:
    content = post("Hi", store(tmp_path, "1.jpg", alt_text="A red door"))

    await stand.publisher.prepare(CREDENTIALS, content, notes)
    await stand.publisher.prepare(CREDENTIALS, content, notes)

    assert stand.routes() == [UPLOAD, "POST /2/media/metadata"]


async def test_a_file_that_is_gone_is_named(stand: Stand, notes: Notes, tmp_path: Path) -> None:
    image = store(tmp_path, "door.jpg")
    image.path.unlink()

    with pytest.raises(Rejected, match=r"door\.jpg is gone"):
        await stand.publisher.prepare(CREDENTIALS, post("Hi", image), notes)


@pytest.mark.parametrize("sample", ["too_large", "header_fields_too_large"])
async def test_a_chunk_too_large_for_x_is_told(
    stand: Stand, notes: Notes, tmp_path: Path, sample: str
) -> None:
    stand.on("POST /2/media/upload/*/append", sample)
    video = store(tmp_path, "clip.mp4", kind="video")

    with pytest.raises(Rejected, match="too large for X"):
        await stand.publisher.prepare(CREDENTIALS, post("Hi", video), notes)


async def test_an_upload_without_an_id_is_tried_again_later(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    stand.on(UPLOAD, "upload_without_id")

    with pytest.raises(TemporaryFailure):
        await stand.publisher.prepare(CREDENTIALS, post("Hi", store(tmp_path, "1.jpg")), notes)

    assert notes.saved == {}


async def test_the_post_names_its_media_in_order(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"), store(tmp_path, "2.jpg"))
    stand.on(UPLOAD, "image", "finalized_at_once")
    await stand.publisher.prepare(CREDENTIALS, content, notes)

    published = await stand.publisher.publish(CREDENTIALS, content, notes)

    assert isinstance(published, Published)
    assert stand.bodies("/2/tweets") == [
        {"text": "Hi", "media": {"media_ids": [IMAGE_ID, VIDEO_ID]}}
    ]


async def test_a_post_does_not_go_out_without_its_media(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"))

    with pytest.raises(TemporaryFailure):
        await stand.publisher.publish(CREDENTIALS, content, notes)

    assert stand.requests == []
