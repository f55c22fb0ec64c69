from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from publishers import (
    Content,
    Media,
    MediaKind,
    OutcomeUnknown,
    Processing,
    RateLimited,
    Ready,
    Rejected,
    TemporaryFailure,
)
from tests.publishers.stand import (
    ACCESS,
    APP,
    CREDENTIALS,
    Answer,
    Notes,
    Stand,
    answer,
    post,
    store,
)

ME = "GET /me"
QUOTA = "GET /[0-9]*/content_publishing_limit"
CREATE = "POST /[0-9]*/media"
STATE = "GET /[0-9]*"
ACCOUNT = "/1700000000000000001"
MEDIA = f"{ACCOUNT}/media"
FIRST = "17900000000000001"
FOUND = {"fields": "status_code,status"}


def made(number: int) -> Answer:
    return answer(200, {"id": f"1790000000000000{number}"})


async def prepare(stand: Stand, content: Content, notes: Notes) -> Ready | Processing:
    return await stand.publisher.prepare(CREDENTIALS, content, notes)


def looks(stand: Stand) -> list[str]:
    """The ids of the containers that were looked at, in order."""
    found = [one for one in stand.requests if dict(one.url.params) == FOUND]
    return [one.url.path.removeprefix("/") for one in found]


async def test_an_image_becomes_a_container_and_is_looked_at(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    image = store(tmp_path, "door.jpg", alt_text="A red door")

    ready = await prepare(stand, post("Spring sale", image), notes)

    assert ready == Ready()
    assert stand.routes() == [
        ME,
        f"GET {ACCOUNT}/content_publishing_limit",
        f"POST {MEDIA}",
        f"GET /{FIRST}",
    ]
    assert stand.bodies(MEDIA) == [
        {"image_url": image.url, "alt_text": "A red door", "caption": "Spring sale"}
    ]
    assert {one.headers["authorization"] for one in stand.requests} == {f"Bearer {ACCESS}"}


async def test_the_container_is_noted_as_soon_as_it_is_there(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    stand.on(STATE, "status_503")

    with pytest.raises(TemporaryFailure):
        await prepare(stand, post("Hi", store(tmp_path, "door.jpg")), notes)

    assert notes.saved["container"]["id"] == FIRST
    assert notes.saved["account"] == {"id": ACCOUNT.removeprefix("/"), "username": "acme"}


async def test_a_post_goes_to_the_account_that_was_connected(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    connected = replace(CREDENTIALS, profile_id="17841400000000999")

    await stand.publisher.prepare(connected, post("Hi", store(tmp_path, "door.jpg")), notes)

    assert "POST /17841400000000999/media" in stand.routes()


def body(kind: MediaKind, **more: Any) -> dict[str, Any]:
    name = "video_url" if kind == "video" else "image_url"
    return {name: f"https://postbot.example/media/a.{kind}", **more}


SINGLE = [
    pytest.param("image", "", "", body("image"), id="image without a caption"),
    pytest.param(
        "video",
        "Watch",
        "",
        body("video", media_type="REELS", share_to_feed=True, caption="Watch"),
        id="reel",
    ),
    pytest.param(
        "video",
        "Watch",
        "feed",
        body("video", media_type="REELS", share_to_feed=True, caption="Watch"),
        id="reel in the feed by name",
    ),
    pytest.param("image", "Hi", "story", body("image", media_type="STORIES"), id="image story"),
    pytest.param("video", "Hi", "story", body("video", media_type="STORIES"), id="video story"),
]


@pytest.mark.parametrize(("kind", "text", "place", "expected"), SINGLE)
async def test_each_kind_of_post_is_a_container_of_its_kind(
    stand: Stand,
    notes: Notes,
    tmp_path: Path,
    kind: MediaKind,
    text: str,
    place: str,
    expected: dict[str, Any],
) -> None:
    media = store(tmp_path, f"a.{kind}", kind=kind)

    await prepare(stand, replace(post(text, media), place=place), notes)

    assert stand.bodies(MEDIA) == [expected]


async def test_a_description_goes_with_images_of_a_post_only(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    image = store(tmp_path, "door.jpg", alt_text="A red door")
    clip = store(tmp_path, "clip.mp4", kind="video", alt_text="A clip")

    await prepare(stand, replace(post("Hi", image), place="story"), Notes())
    await prepare(stand, post("Hi", clip), Notes())
    await prepare(stand, post("Hi", image, clip), notes)

    told = [one.get("alt_text") for one in stand.bodies(MEDIA)]
    assert told == [None, None, "A red door", None, None]


async def test_a_carousel_is_its_files_then_a_parent_that_names_them(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    image = store(tmp_path, "door.jpg", alt_text="A red door")
    clip = store(tmp_path, "clip.mp4", kind="video")
    stand.on(CREATE, made(1), made(2), made(3))

    ready = await prepare(stand, post("Spring sale", image, clip), notes)

    assert ready == Ready()
    assert stand.bodies(MEDIA) == [
        {"is_carousel_item": True, "image_url": image.url, "alt_text": "A red door"},
        {"is_carousel_item": True, "video_url": clip.url, "media_type": "VIDEO"},
        {
            "media_type": "CAROUSEL",
            "children": "17900000000000001,17900000000000002",
            "caption": "Spring sale",
        },
    ]
    assert looks(stand) == [f"1790000000000000{n}" for n in (1, 2, 3)]


async def test_every_child_is_noted_before_the_next_is_made(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"), store(tmp_path, "2.jpg"))
    stand.on(CREATE, made(1), "status_503")

    with pytest.raises(TemporaryFailure):
        await prepare(stand, content, notes)

    assert [child["id"] for child in notes.saved["children"].values()] == [FIRST]


async def test_a_resumed_carousel_makes_only_what_is_missing(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"), store(tmp_path, "2.jpg"))
    stand.on(CREATE, made(1), "status_503", made(2), made(3))
    with pytest.raises(TemporaryFailure):
        await prepare(stand, content, notes)

    ready = await prepare(stand, content, notes)

    assert ready == Ready()
    urls = [one.get("image_url", "")[-5:] for one in stand.bodies(MEDIA)]
    assert urls == ["1.jpg", "2.jpg", "2.jpg", ""]
    assert stand.routes().count(f"GET {ACCOUNT}/content_publishing_limit") == 1


async def test_the_parent_waits_until_every_child_is_finished(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"), store(tmp_path, "2.jpg"))
    stand.on(CREATE, made(1), made(2), made(3))
    stand.on(STATE, "finished", "in_progress", "in_progress", "finished", "in_progress", "finished")

    waits = [await prepare(stand, content, notes) for _ in range(4)]

    image = Processing(seconds=4.0)
    assert waits == [image, image, image, Ready()]
    assert [one[-1] for one in looks(stand)] == ["1", "2", "2", "2", "3", "3"]
    assert len(stand.bodies(MEDIA)) == 3


async def test_a_video_is_looked_at_once_a_call_and_less_often(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "clip.mp4", kind="video"))
    stand.on(STATE, "in_progress", "in_progress", "finished")

    waits = [await prepare(stand, content, notes) for _ in range(3)]

    assert waits == [Processing(seconds=15.0), Processing(seconds=15.0), Ready()]
    assert looks(stand) == [FIRST] * 3
    assert len(stand.bodies(MEDIA)) == 1


async def test_a_finished_container_is_looked_at_again_by_a_later_attempt(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "door.jpg"))
    await prepare(stand, content, notes)

    await prepare(stand, content, notes)

    assert looks(stand) == [FIRST] * 2
    assert len(stand.bodies(MEDIA)) == 1


async def test_an_expired_container_is_made_anew(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "door.jpg"))
    stand.on(CREATE, made(1), made(2))
    stand.on(STATE, "expired", "finished")

    waiting, ready = [await prepare(stand, content, notes) for _ in range(2)]

    assert (waiting, ready) == (Processing(seconds=1.0), Ready())
    assert notes.saved["container"]["id"] == "17900000000000002"


async def test_an_expired_child_is_made_anew_alone(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"), store(tmp_path, "2.jpg"))
    stand.on(CREATE, made(1), made(2), made(3), made(4))
    stand.on(STATE, "finished", "expired", "finished")

    waiting, ready = [await prepare(stand, content, notes) for _ in range(2)]

    assert (waiting, ready) == (Processing(seconds=1.0), Ready())
    assert stand.bodies(MEDIA)[3]["children"] == "17900000000000001,17900000000000003"


async def test_an_expired_carousel_is_made_anew_with_its_children(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"), store(tmp_path, "2.jpg"))
    stand.on(CREATE, *[made(n) for n in range(1, 7)])
    stand.on(STATE, "finished", "finished", "expired", "finished")

    waiting, ready = [await prepare(stand, content, notes) for _ in range(2)]

    assert (waiting, ready) == (Processing(seconds=1.0), Ready())
    assert stand.bodies(MEDIA)[5]["children"] == "17900000000000004,17900000000000005"


@pytest.mark.parametrize("sample", ["failed_server", "failed_format"])
async def test_a_container_that_failed_is_made_anew_by_the_next_attempt(
    stand: Stand, notes: Notes, tmp_path: Path, sample: str
) -> None:
    content = post("Hi", store(tmp_path, "door.jpg"))
    stand.on(CREATE, made(1), made(2))
    stand.on(STATE, sample, "finished")
    with pytest.raises((TemporaryFailure, Rejected)):
        await prepare(stand, content, notes)

    ready = await prepare(stand, content, notes)

    assert ready == Ready()
    assert notes.saved["container"]["id"] == "17900000000000002"


async def test_a_child_that_failed_is_forgotten_and_its_brothers_are_kept(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Hi", store(tmp_path, "1.jpg"), store(tmp_path, "2.jpg"))
    stand.on(CREATE, made(1), made(2), made(3))
    stand.on(STATE, "finished", "failed_format")

    with pytest.raises(Rejected):
        await prepare(stand, content, notes)

    assert notes.saved["children"]["0"]["id"] == FIRST
    assert notes.saved["children"]["1"] is None


async def test_a_container_that_is_published_already_is_not_published_again(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    stand.on(STATE, "published_container")

    with pytest.raises(OutcomeUnknown, match="out already") as caught:
        await prepare(stand, post("Hi", store(tmp_path, "door.jpg")), notes)

    assert caught.value.likely_live
    assert notes.saved["container"]["id"] == FIRST


@pytest.mark.parametrize("body", [{}, {"status_code": "NEW"}, {"status_code": 5}, "null"])
async def test_a_state_that_nobody_knows_is_asked_for_again(
    stand: Stand, notes: Notes, tmp_path: Path, body: object
) -> None:
    stand.on(STATE, answer(200, body))

    with pytest.raises(TemporaryFailure, match="how far it is"):
        await prepare(stand, post("Hi", store(tmp_path, "door.jpg")), notes)


async def test_a_fresh_container_that_cannot_be_found_yet_is_asked_for_again(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    stand.on(STATE, "not_found")

    with pytest.raises(TemporaryFailure):
        await prepare(stand, post("Hi", store(tmp_path, "door.jpg")), notes)

    assert notes.saved["container"]["id"] == FIRST


@pytest.mark.parametrize("body", [{}, {"id": 5}, {"id": "../1"}, "null"])
async def test_an_answer_without_an_id_is_no_container(
    stand: Stand, notes: Notes, tmp_path: Path, body: object
) -> None:
    stand.on(CREATE, answer(200, body))

    with pytest.raises(TemporaryFailure, match="without an id"):
        await prepare(stand, post("Hi", store(tmp_path, "door.jpg")), notes)

    assert "container" not in notes.saved


async def test_a_quota_that_is_used_up_is_noticed_before_anything_is_made(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    stand.on(QUOTA, "quota_used_up")
    before = datetime.now(UTC)

    with pytest.raises(RateLimited, match="50 posts in 24 hours") as caught:
        await prepare(stand, post("Hi", store(tmp_path, "door.jpg")), notes)

    assert caught.value.until is not None
    assert timedelta(minutes=59) < caught.value.until - before < timedelta(minutes=61)
    assert caught.value.kind == "quota"
    assert stand.bodies(MEDIA) == []


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": [{"quota_usage": 99}]}, "null"])
async def test_a_quota_that_is_not_told_holds_nothing_up(
    stand: Stand, notes: Notes, tmp_path: Path, body: object
) -> None:
    stand.on(QUOTA, answer(200, body))

    ready = await prepare(stand, post("Hi", store(tmp_path, "door.jpg")), notes)

    assert ready == Ready()


async def test_a_file_without_an_address_names_the_setting(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    image: Media = replace(store(tmp_path, "door.jpg"), url="")

    with pytest.raises(Rejected) as caught:
        await prepare(stand, post("Hi", image), notes)

    assert caught.value.sentence == (
        "Instagram fetches door.jpg itself, but this Postbot has no address on the internet. Ask "
        "your Postbot administrator to set POSTBOT_PUBLIC_URL to one, then retry."
    )
    assert stand.bodies(MEDIA) == []


async def test_by_facebook_the_account_is_the_one_linked_to_the_page(
    notes: Notes, tmp_path: Path
) -> None:
    stand = Stand("instagram", app=replace(APP, options={"login": "facebook"}))
    stand.on(ME, "page")

    ready = await prepare(stand, post("Hi", store(tmp_path, "door.jpg")), notes)

    assert ready == Ready()
    assert stand.routes()[2] == f"POST {MEDIA}"
    assert all("appsecret_proof" in one.url.params for one in stand.requests)


async def test_by_facebook_a_page_that_lost_its_account_is_told(
    notes: Notes, tmp_path: Path
) -> None:
    stand = Stand("instagram", app=replace(APP, options={"login": "facebook"}))
    stand.on(ME, answer(200, {"id": "102000000000101"}))

    with pytest.raises(Rejected, match="no longer linked to a Page"):
        await prepare(stand, post("Hi", store(tmp_path, "door.jpg")), notes)


def comment(reply_to: str, tmp_path: Path) -> Content:
    media = store(tmp_path, "door.jpg")
    return replace(post("Hi", media), first_comment="#spring", part=1, reply_to=reply_to)


async def test_a_comment_needs_no_containers(stand: Stand, notes: Notes, tmp_path: Path) -> None:
    ready = await prepare(stand, comment("18000000000000001", tmp_path), notes)

    assert ready == Ready()
    assert stand.routes() == [ME]
    assert notes.saved["parent"] == "18000000000000001"


async def test_a_comment_is_one_request_below_its_post(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = comment("18000000000000001", tmp_path)
    await prepare(stand, content, notes)

    published = await stand.publisher.publish(CREDENTIALS, content, notes)

    assert stand.bodies("/18000000000000001/comments") == [{"message": "#spring"}]
    assert [one.url.path for one in stand.commits] == ["/18000000000000001/comments"]
    assert (published.remote_id, published.permalink) == ("18100000000000001", "")


async def test_a_post_that_a_person_linked_to_gets_its_comment_too(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    listed = [
        {"id": "18000000000000002", "permalink": "https://www.instagram.com/p/Other/"},
        {"id": "18000000000000001", "permalink": "https://www.instagram.com/reel/DAbCdEfGhIj/"},
    ]
    stand.on("GET /[0-9]*/media", answer(200, {"data": listed}))

    await prepare(stand, comment("DAbCdEfGhIj", tmp_path), notes)

    assert notes.saved["parent"] == "18000000000000001"


@pytest.mark.parametrize("reply_to", ["", "DAbCdEfGhIj"])
async def test_a_comment_without_a_post_is_told(
    stand: Stand, notes: Notes, tmp_path: Path, reply_to: str
) -> None:
    with pytest.raises(Rejected, match="does not know below which post"):
        await prepare(stand, comment(reply_to, tmp_path), notes)
