from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from publishers import (
    Cause,
    Content,
    Media,
    Processing,
    Ready,
    Rejected,
    TemporaryFailure,
)
from tests.publishers.forms import parts_of
from tests.publishers.stand import CREDENTIALS, SAMPLES, Notes, Stand, breaking, post, store

BOARD = "549755885001"
REGISTER = "POST /media"
STORE = "POST /"
STATUS = "GET /media/*"
LOOK = "GET /media/5224700110000000001"
VIDEO_ID = "5224700110000000001"
ADDRESS = "https://postbot.example/media/signed"
# The fields that the sample of a registration demands beside the file.
FORM = list(
    json.loads((SAMPLES / "pinterest/registered.json").read_text())["body"][
        "upload_parameters"
    ].items()
)


def pin(*media: Media, **more: Any) -> Content:
    return post("Hi", *media, place=BOARD, **more)


async def prepare(stand: Stand, content: Content, notes: Notes) -> Ready | Processing:
    return await stand.publisher.prepare(CREDENTIALS, content, notes)


async def sent(stand: Stand, content: Content, notes: Notes | None = None) -> Any:
    """The body of the pin as Pinterest gets it."""
    await stand.publisher.publish(CREDENTIALS, content, notes or Notes())
    (body,) = stand.bodies("/pins")
    return body


async def uploaded(stand: Stand, content: Content, notes: Notes) -> None:
    """Both looks that a video needs until it can be posted."""
    assert isinstance(await prepare(stand, content, notes), Processing)
    assert await prepare(stand, content, notes) == Ready()


def pass_time(notes: Notes, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Moves the clock of uploads to so long after what was noted last."""
    noted_at = notes.saved["video"]["at"]
    monkeypatch.setattr("publishers._pinterest_media.time.time", lambda: noted_at + seconds)


def encoded(media: Media) -> str:
    return b64encode(media.path.read_bytes()).decode()


async def test_images_need_no_preparation(stand: Stand, notes: Notes, tmp_path: Path) -> None:
    ready = await prepare(stand, pin(store(tmp_path, "door.jpg")), notes)

    assert ready == Ready()
    assert stand.requests == []


async def test_an_image_travels_in_the_pin(stand: Stand, tmp_path: Path) -> None:
    image = store(tmp_path, "door.jpg", alt_text="A red door")

    body = await sent(stand, pin(image, title="Doors", link=" https://acme.example "))

    assert body == {
        "board_id": BOARD,
        "title": "Doors",
        "description": "Hi",
        "link": "https://acme.example",
        "alt_text": "A red door",
        "media_source": {
            "source_type": "image_base64",
            "content_type": "image/jpeg",
            "data": encoded(image),
        },
    }


async def test_what_a_pin_does_not_say_is_left_out(stand: Stand, tmp_path: Path) -> None:
    image = replace(store(tmp_path, "door.png"), mime="image/png")

    body = await sent(stand, post(" ", image, place=f"{BOARD}/5196000001"))

    assert body == {
        "board_id": BOARD,
        "board_section_id": "5196000001",
        "media_source": {
            "source_type": "image_base64",
            "content_type": "image/png",
            "data": encoded(image),
        },
    }


@pytest.mark.parametrize("size", [1, 2, 3, 3 * 32 * 1024, 3 * 32 * 1024 + 1, 2_000_000])
async def test_an_image_of_any_size_arrives_whole_and_with_its_length(
    stand: Stand, tmp_path: Path, size: int
) -> None:
    image = store(tmp_path, "door.jpg", size=size)

    body = await sent(stand, pin(image))

    assert b64decode(body["media_source"]["data"], validate=True) == image.path.read_bytes()
    assert stand.commits[0].headers["content-length"] == str(len(stand.commits[0].content))
    assert stand.commits[0].headers["content-type"] == "application/json"


async def test_signs_of_every_kind_arrive_as_written(stand: Stand, tmp_path: Path) -> None:
    text = 'Caf\u0065\u0301 & <b> "春"\\u0000 file-1\n👩\u200d🚀'

    body = await sent(stand, post(text, store(tmp_path, "door.jpg"), place=BOARD))

    assert body["description"] == text


async def test_several_images_are_a_carousel_in_order(stand: Stand, tmp_path: Path) -> None:
    images = [store(tmp_path, f"{number}.jpg", alt_text=f"Door {number}") for number in (1, 2, 3)]

    body = await sent(stand, pin(*images))

    assert body["media_source"] == {
        "source_type": "multiple_image_base64",
        "items": [{"content_type": "image/jpeg", "data": encoded(one)} for one in images],
    }
    assert body["alt_text"] == "Door 1\nDoor 2\nDoor 3"


async def test_another_format_is_fetched_from_its_address(stand: Stand, tmp_path: Path) -> None:
    gif = replace(store(tmp_path, "wave.gif", kind="gif"), url=ADDRESS)

    body = await sent(stand, pin(gif))

    assert body["media_source"] == {"source_type": "image_url", "url": ADDRESS}


async def test_a_carousel_with_another_format_is_fetched_as_a_whole(
    stand: Stand, tmp_path: Path
) -> None:
    first = replace(store(tmp_path, "1.jpg"), url=f"{ADDRESS}/1")
    second = replace(store(tmp_path, "2.webp"), mime="image/webp", url=f"{ADDRESS}/2")

    body = await sent(stand, pin(first, second))

    assert body["media_source"] == {
        "source_type": "multiple_image_urls",
        "items": [{"url": f"{ADDRESS}/1"}, {"url": f"{ADDRESS}/2"}],
    }


@pytest.mark.parametrize("count", [1, 2])
async def test_a_file_that_is_gone_is_named_and_nothing_is_sent(
    stand: Stand, tmp_path: Path, count: int
) -> None:
    images = [store(tmp_path, f"{number}.jpg") for number in range(count)]
    images[-1].path.unlink()

    with pytest.raises(Rejected, match=rf"{count - 1}\.jpg is gone"):
        await stand.publisher.publish(CREDENTIALS, pin(*images), Notes())

    assert stand.commits == []


async def test_a_video_is_registered_then_sent_with_every_field_before_its_file(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    video = store(tmp_path, "clip.mp4", kind="video", size=300_000)

    waiting = await prepare(stand, pin(video), notes)

    assert waiting == Processing(seconds=5.0)
    assert stand.routes() == [REGISTER, STORE]
    assert stand.bodies("/media") == [{"media_type": "video"}]
    assert stand.requests[1].url == "https://upload.platform.example/"
    *fields, file = parts_of(stand.requests[1]).items()
    assert [(name, value.decode()) for name, (value, _) in fields] == FORM
    assert file == ("file", (video.path.read_bytes(), True))


async def test_the_token_stays_away_from_where_videos_are_sent(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    await prepare(stand, pin(store(tmp_path, "clip.mp4", kind="video")), notes)

    assert "authorization" in stand.requests[0].headers
    assert "authorization" not in stand.requests[1].headers


async def test_a_video_is_noted_when_registered_and_when_sent_but_never_its_form(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    video = store(tmp_path, "clip.mp4", kind="video")

    await uploaded(stand, pin(video), notes)

    noted = [saved["video"] for saved in notes.history]
    assert {one["id"] for one in noted} == {VIDEO_ID}
    assert {one["sha256"] for one in noted} == {video.sha256}
    assert [(one["is_sent"], one["is_ready"]) for one in noted] == [
        (False, False),
        (True, False),
        (True, True),
    ]
    assert "canary" not in json.dumps(notes.history)


async def test_a_video_in_processing_is_asked_about_once_a_call(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    stand.on(STATUS, "processing", "processing", "succeeded")
    await prepare(stand, content, notes)
    stand.requests.clear()

    looks = [await prepare(stand, content, notes) for _ in range(4)]

    assert looks == [Processing(seconds=5.0), Processing(seconds=5.0), Ready(), Ready()]
    assert stand.routes() == [LOOK] * 3


@pytest.mark.parametrize(("minutes", "seconds"), [(2, 30.0), (20, 60.0)])
async def test_looks_at_a_video_become_rare(
    stand: Stand,
    notes: Notes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
    seconds: float,
) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    stand.on(STATUS, "processing")
    await prepare(stand, content, notes)
    pass_time(notes, monkeypatch, minutes * 60)

    waiting = await prepare(stand, content, notes)

    assert waiting == Processing(seconds=seconds)


async def test_failed_processing_is_a_refusal(stand: Stand, notes: Notes, tmp_path: Path) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    stand.on(STATUS, "failed")
    await prepare(stand, content, notes)

    with pytest.raises(Rejected, match=r"Pinterest cannot use clip\.mp4") as caught:
        await prepare(stand, content, notes)

    assert caught.value.cause is Cause.CONTENT
    assert notes.saved["video"] is None


async def test_an_upload_that_broke_off_begins_anew(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    stand.on(REGISTER, "registered", "registered_again")
    stand.on(STORE, "store_unavailable", "stored")
    stand.on(STATUS, "still_registered")

    with pytest.raises(TemporaryFailure, match=r"did not take clip\.mp4 \(503\)"):
        await prepare(stand, content, notes)
    await prepare(stand, content, notes)

    assert stand.routes() == [REGISTER, STORE, LOOK, REGISTER, STORE]
    assert notes.saved["video"]["id"] == "5224700110000000002"


async def test_a_video_that_arrived_though_its_answer_was_lost_is_not_sent_again(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    stand.on(STORE, breaking(httpx.ReadError))

    with pytest.raises(TemporaryFailure):
        await prepare(stand, content, notes)
    ready = await prepare(stand, content, notes)

    assert ready == Ready()
    assert stand.routes() == [REGISTER, STORE, LOOK]


async def test_a_sent_video_that_pinterest_does_not_know_yet_is_waited_for(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    stand.on(STATUS, "still_registered")
    await prepare(stand, content, notes)

    waiting = await prepare(stand, content, notes)

    assert waiting == Processing(seconds=5.0)
    assert stand.routes() == [REGISTER, STORE, LOOK]


async def test_a_sent_video_that_never_arrives_is_sent_again(
    stand: Stand, notes: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    stand.on(REGISTER, "registered", "registered_again")
    stand.on(STATUS, "still_registered")
    await prepare(stand, content, notes)
    pass_time(notes, monkeypatch, 15 * 60)

    await prepare(stand, content, notes)

    assert stand.routes() == [REGISTER, STORE, LOOK, REGISTER, STORE]


async def test_a_video_that_pinterest_lost_is_uploaded_again(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    stand.on(STATUS, "board_not_found")
    await prepare(stand, content, notes)

    with pytest.raises(TemporaryFailure) as caught:
        await prepare(stand, content, notes)

    assert caught.value.kind == "uploads"


async def test_an_upload_of_another_video_is_not_used(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    await uploaded(stand, pin(store(tmp_path, "1.mp4", kind="video")), notes)
    stand.requests.clear()

    await prepare(stand, pin(store(tmp_path, "2.mp4", kind="video")), notes)

    assert stand.routes() == [REGISTER, STORE]


async def test_an_upload_of_twenty_hours_ago_is_made_again(
    stand: Stand, notes: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    await uploaded(stand, content, notes)
    stand.requests.clear()
    pass_time(notes, monkeypatch, 20 * 3600)

    await prepare(stand, content, notes)

    assert stand.routes() == [REGISTER, STORE]


@pytest.mark.parametrize("sample", ["store_denied", "store_unavailable"])
async def test_an_upload_that_is_not_taken_is_tried_again_later(
    stand: Stand, notes: Notes, tmp_path: Path, sample: str
) -> None:
    stand.on(STORE, sample)

    with pytest.raises(TemporaryFailure, match=r"clip\.mp4"):
        await prepare(stand, pin(store(tmp_path, "clip.mp4", kind="video")), notes)


async def test_a_video_too_large_for_pinterest_is_told(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    stand.on(STORE, "stored_too_large")

    with pytest.raises(Rejected, match=r"clip\.mp4 is too large for Pinterest"):
        await prepare(stand, pin(store(tmp_path, "clip.mp4", kind="video")), notes)


@pytest.mark.parametrize("sample", ["registered_without_id", "registered_without_address"])
async def test_a_registration_that_lacks_something_is_tried_again_later(
    stand: Stand, notes: Notes, tmp_path: Path, sample: str
) -> None:
    stand.on(REGISTER, sample)

    with pytest.raises(TemporaryFailure):
        await prepare(stand, pin(store(tmp_path, "clip.mp4", kind="video")), notes)

    assert stand.routes() == [REGISTER]


async def test_a_video_file_that_is_gone_is_named(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    video = store(tmp_path, "clip.mp4", kind="video")
    video.path.unlink()

    with pytest.raises(Rejected, match=r"clip\.mp4 is gone"):
        await prepare(stand, pin(video), notes)


async def test_a_video_shows_the_frame_at_one_second(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video", alt_text="A door opens"))
    await uploaded(stand, content, notes)

    body = await sent(stand, content, notes)

    assert body["alt_text"] == "A door opens"
    assert body["media_source"] == {
        "source_type": "video_id",
        "media_id": VIDEO_ID,
        "cover_image_key_frame_time": 1,
    }


@pytest.mark.parametrize("names", [("clip.mp4", "cover.jpg"), ("cover.jpg", "clip.mp4")])
async def test_the_image_beside_a_video_is_its_cover(
    stand: Stand, notes: Notes, tmp_path: Path, names: tuple[str, str]
) -> None:
    files = {
        "clip.mp4": store(tmp_path, "clip.mp4", kind="video"),
        "cover.jpg": store(tmp_path, "cover.jpg"),
    }
    content = pin(*[files[name] for name in names])
    await uploaded(stand, content, notes)

    body = await sent(stand, content, notes)

    assert body["media_source"] == {
        "source_type": "video_id",
        "media_id": VIDEO_ID,
        "cover_image_content_type": "image/jpeg",
        "cover_image_data": encoded(files["cover.jpg"]),
    }


async def test_a_cover_of_another_format_is_fetched_from_its_address(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    cover = replace(store(tmp_path, "cover.webp"), mime="image/webp", url=ADDRESS)
    content = pin(store(tmp_path, "clip.mp4", kind="video"), cover)
    await uploaded(stand, content, notes)

    body = await sent(stand, content, notes)

    assert body["media_source"] == {
        "source_type": "video_id",
        "media_id": VIDEO_ID,
        "cover_image_url": ADDRESS,
    }


@pytest.mark.parametrize("is_registered", [False, True])
async def test_a_pin_does_not_go_out_without_its_video(
    stand: Stand, notes: Notes, tmp_path: Path, is_registered: bool
) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    if is_registered:
        await prepare(stand, content, notes)

    with pytest.raises(TemporaryFailure):
        await stand.publisher.publish(CREDENTIALS, content, notes)

    assert stand.commits == []
