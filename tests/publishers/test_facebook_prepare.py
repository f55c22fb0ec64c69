from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from publishers import (
    Cause,
    Content,
    CredentialsExpired,
    Media,
    MediaKind,
    Processing,
    Ready,
    Rejected,
    TemporaryFailure,
)
from tests.publishers.forms import fields_of
from tests.publishers.stand import (
    ACCESS,
    APP,
    CREDENTIALS,
    Answer,
    Notes,
    Stand,
    answer,
    breaking,
    post,
    store,
)

PAGE = "1700000000000000001"
POST_ID = f"{PAGE}_5000000000000000001"
VIDEO = "1200000000000000001"
PHOTOS = f"POST /{PAGE}/photos"
FEED = f"POST /{PAGE}/feed"
REELS = f"POST /{PAGE}/video_reels"
UPLOAD = f"POST /video-upload/v26.0/{VIDEO}"
STATUS = f"GET /{VIDEO}"
ONE_STEP = replace(APP, options={"two_step": False})


@pytest.fixture
def stand() -> Stand:
    return Stand("facebook")


@pytest.fixture
def clip(tmp_path: Path) -> Media:
    return store(tmp_path, "clip.mp4", kind="video")


async def prepare(stand: Stand, content: Content, notes: Notes) -> Ready | Processing:
    return await stand.publisher.prepare(CREDENTIALS, content, notes)


async def test_a_text_becomes_a_post_that_nobody_sees_yet(stand: Stand, notes: Notes) -> None:
    ready = await prepare(stand, post("Hi"), notes)

    assert ready == Ready()
    assert stand.routes() == [FEED]
    assert stand.bodies(f"/{PAGE}/feed") == [{"message": "Hi", "published": False}]
    assert notes.saved["post"] == {
        "id": POST_ID,
        "permalink": f"https://www.facebook.com/{PAGE}/posts/5000000000000000001",
    }


async def test_in_one_step_a_text_needs_no_preparation(notes: Notes) -> None:
    stand = Stand("facebook", app=ONE_STEP)

    ready = await prepare(stand, post("Hi"), notes)

    assert ready == Ready()
    assert stand.requests == []


async def test_a_link_is_a_field_of_its_own(stand: Stand, notes: Notes) -> None:
    await prepare(stand, replace(post("Read"), link="https://example.com/"), notes)

    assert stand.bodies(f"/{PAGE}/feed") == [
        {"message": "Read", "link": "https://example.com/", "published": False}
    ]


async def test_a_link_alone_is_a_post(stand: Stand, notes: Notes) -> None:
    await prepare(stand, replace(post(""), link="https://example.com/"), notes)

    assert stand.bodies(f"/{PAGE}/feed") == [{"link": "https://example.com/", "published": False}]


async def test_photos_are_uploaded_unseen_and_hung_on_the_post_in_order(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    images = [store(tmp_path, "1.jpg", alt_text="A red door"), store(tmp_path, "2.jpg")]
    stand.on(PHOTOS.replace(PAGE, "*"), "photo", "photo_2")

    ready = await prepare(stand, post("Look", *images), notes)

    assert ready == Ready()
    assert stand.routes() == [PHOTOS, PHOTOS, FEED]
    assert [fields_of(one) for one in stand.requests[:2]] == [
        {
            "published": "false",
            "alt_text_custom": "A red door",
            "source": images[0].path.read_bytes(),
        },
        {"published": "false", "source": images[1].path.read_bytes()},
    ]
    assert stand.bodies(f"/{PAGE}/feed") == [
        {
            "message": "Look",
            "attached_media": [
                {"media_fbid": "1300000000000000001"},
                {"media_fbid": "1300000000000000002"},
            ],
            "published": False,
        }
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Look", "Look\n\nhttps://example.com/"),
        ("", "https://example.com/"),
        ("See https://example.com/ now", "See https://example.com/ now"),
    ],
)
async def test_the_link_of_a_post_with_photos_stands_in_its_text(
    stand: Stand, notes: Notes, tmp_path: Path, text: str, message: str
) -> None:
    content = replace(post(text, store(tmp_path, "1.jpg")), link="https://example.com/")

    await prepare(stand, content, notes)

    (body,) = stand.bodies(f"/{PAGE}/feed")
    assert body["message"] == message
    assert "link" not in body


async def test_what_is_done_is_not_done_again(stand: Stand, notes: Notes, tmp_path: Path) -> None:
    content = post("Look", store(tmp_path, "1.jpg"))
    await prepare(stand, content, notes)
    stand.requests.clear()

    ready = await prepare(stand, content, notes)

    assert ready == Ready()
    assert stand.requests == []


async def test_a_resumed_attempt_goes_on_with_the_file_it_stopped_at(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Look", store(tmp_path, "1.jpg"), store(tmp_path, "2.jpg"))
    stand.on(PHOTOS.replace(PAGE, "*"), "photo", "trouble", "photo_2")

    with pytest.raises(TemporaryFailure):
        await prepare(stand, content, notes)
    await prepare(stand, content, notes)

    assert stand.routes() == [PHOTOS, PHOTOS, PHOTOS, FEED]
    assert b"2.jpg" in stand.requests[2].content
    assert notes.saved["photos"] == {"0": "1300000000000000001", "1": "1300000000000000002"}


async def test_every_upload_is_noted_before_the_next_begins(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    await prepare(stand, post("Hi", store(tmp_path, "1.jpg"), store(tmp_path, "2.jpg")), notes)

    assert [sorted(saved["photos"]) for saved in notes.history] == [["0"], ["0", "1"], ["0", "1"]]
    assert ["post" in saved for saved in notes.history] == [False, False, True]


async def test_what_facebook_may_have_thrown_away_is_made_again(
    stand: Stand, notes: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"))
    await prepare(stand, content, notes)
    begun = notes.saved["at"]
    stand.requests.clear()
    monkeypatch.setattr("publishers._facebook_shelf.time.time", lambda: begun + 20 * 3600 + 1)

    await prepare(stand, content, notes)

    assert stand.routes() == [PHOTOS, FEED]
    assert notes.saved["at"] == begun + 20 * 3600 + 1


async def test_photos_that_hang_on_a_post_we_lost_are_uploaded_anew(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    stand.on(FEED.replace(PAGE, "*"), "photos_used")

    with pytest.raises(TemporaryFailure) as caught:
        await prepare(stand, post("Hi", store(tmp_path, "1.jpg")), notes)

    # The kind that makes the next attempt begin with an empty checkpoint.
    assert caught.value.kind == "uploads"


async def test_an_image_that_facebook_cannot_read_is_refused(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    stand.on(PHOTOS.replace(PAGE, "*"), "image_too_large")

    with pytest.raises(Rejected, match="Save it as JPEG below 4 MB"):
        await prepare(stand, post("Hi", store(tmp_path, "1.jpg")), notes)

    assert notes.saved == {}


@pytest.mark.parametrize("route", [PHOTOS, FEED])
async def test_something_without_an_id_is_tried_again_later(
    stand: Stand, notes: Notes, tmp_path: Path, route: str
) -> None:
    stand.on(route.replace(PAGE, "*"), "without_id")

    with pytest.raises(TemporaryFailure, match="without giving it an id"):
        await prepare(stand, post("Hi", store(tmp_path, "1.jpg")), notes)

    assert "post" not in notes.saved


@pytest.mark.parametrize("kind", ["image", "video"])
async def test_a_file_that_is_gone_is_named(
    stand: Stand, notes: Notes, tmp_path: Path, kind: MediaKind
) -> None:
    media = store(tmp_path, "door.file", kind=kind)
    media.path.unlink()

    with pytest.raises(Rejected, match=r"door\.file is gone"):
        await prepare(stand, post("Hi", media), notes)


async def test_a_reel_is_uploaded_and_looked_at(stand: Stand, notes: Notes, clip: Media) -> None:
    ready = await prepare(stand, post("Watch", clip), notes)

    assert ready == Ready()
    assert stand.routes() == [REELS, UPLOAD, STATUS]
    assert stand.bodies(f"/{PAGE}/video_reels") == [{"upload_phase": "start"}]
    upload = stand.requests[1]
    assert upload.content == clip.path.read_bytes()
    assert (upload.headers["offset"], upload.headers["file_size"]) == ("0", "64")
    assert upload.headers["authorization"] == f"OAuth {ACCESS}"
    assert notes.saved["reel"]["id"] == VIDEO


async def test_the_bytes_of_a_reel_go_where_our_settings_say(notes: Notes, clip: Media) -> None:
    options = {"upload_url": "https://upload.platform.example"}
    stand = Stand("facebook", app=replace(APP, options=options))
    elsewhere = {
        "video_id": VIDEO,
        "upload_url": f"https://evil.example/video-upload/v26.0/{VIDEO}",
    }
    stand.on("POST /*/video_reels", answer(200, elsewhere))

    await prepare(stand, post("Watch", clip), notes)

    assert [one.url.host for one in stand.requests] == [
        "api.platform.example",
        "upload.platform.example",
        "api.platform.example",
    ]


async def test_the_id_of_a_reel_is_noted_before_its_bytes_leave(
    stand: Stand, notes: Notes, clip: Media
) -> None:
    stand.on("POST /video-upload/*/*", "upload_broke")
    stand.on("GET /12*", answer(200, uploading(0)))

    with pytest.raises(TemporaryFailure):
        await prepare(stand, post("Watch", clip), notes)

    assert notes.saved["reel"]["id"] == VIDEO


async def test_an_upload_goes_on_where_it_broke(stand: Stand, notes: Notes, clip: Media) -> None:
    content = post("Watch", clip)
    stand.on("POST /video-upload/*/*", breaking(httpx.ReadError), "uploaded")
    stand.on("GET /12*", "reel_uploading", "reel_uploading", "reel_uploaded")

    waiting = await prepare(stand, content, notes)
    ready = await prepare(stand, content, notes)

    assert (waiting, ready) == (Processing(seconds=1.0), Ready())
    assert stand.routes() == [REELS, UPLOAD, STATUS, STATUS, UPLOAD, STATUS]
    assert stand.requests[4].headers["offset"] == "40"
    assert stand.requests[4].content == clip.path.read_bytes()[40:]


BREAKS = [
    pytest.param(breaking(httpx.ReadError), "network", id="connection"),
    pytest.param("upload_broke", "platform", id="500"),
    pytest.param("upload_offset", "platform", id="offset"),
    pytest.param("trouble", "platform", id="Meta's trouble"),
]


@pytest.mark.parametrize(("broken", "cause"), BREAKS)
async def test_an_upload_that_does_not_grow_uses_an_attempt_up(
    stand: Stand, notes: Notes, clip: Media, broken: str | Answer, cause: str
) -> None:
    stand.on("POST /video-upload/*/*", broken)
    stand.on("GET /12*", answer(200, uploading(0)))

    with pytest.raises(TemporaryFailure) as caught:
        await prepare(stand, post("Watch", clip), notes)

    assert caught.value.cause == cause


async def test_an_upload_with_a_dead_token_asks_for_a_new_one(
    stand: Stand, notes: Notes, clip: Media
) -> None:
    stand.on("POST /video-upload/*/*", "upload_refused")

    with pytest.raises(CredentialsExpired):
        await prepare(stand, post("Watch", clip), notes)


async def test_a_reel_in_processing_is_looked_at_once_a_call(
    stand: Stand, notes: Notes, clip: Media
) -> None:
    content = post("Watch", clip)
    stand.on("GET /12*", "reel_processing", "reel_processing", "reel_ready")

    first = await prepare(stand, content, notes)
    second = await prepare(stand, content, notes)
    third = await prepare(stand, content, notes)

    assert [first, second, third] == [Processing(seconds=5.0), Processing(seconds=5.0), Ready()]
    assert stand.routes() == [REELS, UPLOAD, STATUS, STATUS, STATUS]


async def test_failed_processing_is_a_refusal_with_facebooks_words(
    stand: Stand, notes: Notes, clip: Media
) -> None:
    stand.on("GET /12*", "reel_error")

    with pytest.raises(Rejected, match=r"cannot use clip\.mp4: Video encoding") as caught:
        await prepare(stand, post("Watch", clip), notes)

    assert caught.value.cause is Cause.CONTENT
    assert notes.saved["reel"] == {}


async def test_an_upload_that_expired_begins_anew(stand: Stand, notes: Notes, clip: Media) -> None:
    content = post("Watch", clip)
    stand.on("GET /12*", "reel_expired", "reel_uploaded")

    with pytest.raises(TemporaryFailure, match="uploads it again"):
        await prepare(stand, content, notes)
    ready = await prepare(stand, content, notes)

    assert ready == Ready()
    assert stand.routes().count(REELS) == 2


async def test_a_reel_that_is_live_after_all_is_not_published_again(
    stand: Stand, notes: Notes, clip: Media
) -> None:
    await prepare(stand, post("Watch", clip), notes)
    stand.on("GET /12*", "reel_published")

    with pytest.raises(Rejected, match="on the Page already"):
        await prepare(stand, post("Watch", clip), notes)


@pytest.mark.parametrize(
    "body", [{}, {"video_id": "../1", "upload_url": "https://a/b"}, {"video_id": VIDEO}]
)
async def test_an_upload_without_an_id_or_address_is_tried_again_later(
    stand: Stand, notes: Notes, clip: Media, body: object
) -> None:
    stand.on("POST /*/video_reels", answer(200, body))

    with pytest.raises(TemporaryFailure, match="without an id"):
        await prepare(stand, post("Watch", clip), notes)

    assert notes.saved == {}


async def test_a_comment_needs_no_preparation(stand: Stand, notes: Notes, clip: Media) -> None:
    content = replace(post("Watch", clip), first_comment="More", part=1, reply_to=VIDEO)

    assert await prepare(stand, content, notes) == Ready()
    assert stand.requests == []


async def test_a_comment_below_nobody_knows_what_is_for_a_person(
    stand: Stand, notes: Notes
) -> None:
    with pytest.raises(Rejected, match="Write it by hand below the post"):
        await prepare(stand, replace(post(), first_comment="More", part=1), notes)


def uploading(arrived: int) -> object:
    phase = {"status": "in_progress", "bytes_transferred": arrived}
    return {"status": {"video_status": "uploading", "uploading_phase": phase}}
