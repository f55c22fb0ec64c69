"""The one request that makes something public, and what its answers mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from publishers import (
    App,
    Content,
    CredentialsExpired,
    MediaKind,
    OutcomeUnknown,
    Published,
    PublishError,
    RateLimited,
    Ready,
    Rejected,
    TemporaryFailure,
)
from tests.publishers.stand import ACCESS, APP, CREDENTIALS, Notes, Stand, answer, post, store

PAGE = "1700000000000000001"
POST_ID = f"{PAGE}_5000000000000000001"
LINK = f"https://www.facebook.com/{PAGE}/posts/5000000000000000001"
VIDEO = "1200000000000000001"
COMMENT_ID = "5000000000000000001_6000000000000000001"
ONE_STEP = replace(APP, options={"two_step": False})
COMMENT = replace(post("Hi"), first_comment="More below", part=1, reply_to=POST_ID)


@pytest.fixture
def stand() -> Stand:
    return Stand("facebook")


async def publish(stand: Stand, content: Content, notes: Notes) -> Published:
    assert await stand.publisher.prepare(CREDENTIALS, content, notes) == Ready()
    stand.requests.clear()
    return await stand.publisher.publish(CREDENTIALS, content, notes)


async def refused(stand: Stand, content: Content, sample: str) -> PublishError:
    stand.at_commit = stand.sample(sample)
    with pytest.raises(PublishError) as caught:
        await publish(stand, content, Notes())
    assert len(stand.commits) == 1
    return caught.value


async def test_a_post_in_two_steps_is_published_by_its_id(stand: Stand, notes: Notes) -> None:
    published = await publish(stand, post("Hi"), notes)

    assert published == Published(remote_id=POST_ID, permalink=LINK)
    assert stand.routes() == [f"POST /{POST_ID}"]
    assert stand.bodies(f"/{POST_ID}") == [{"is_published": True}]
    assert stand.commits == stand.requests
    assert stand.requests[0].headers["authorization"] == f"Bearer {ACCESS}"
    assert stand.requests[0].url.params["appsecret_proof"]


async def test_a_post_in_one_step_is_created_public(notes: Notes, tmp_path: Path) -> None:
    stand = Stand("facebook", app=ONE_STEP)

    published = await publish(stand, post("Caf\u0065\u0301", store(tmp_path, "1.jpg")), notes)

    assert published == Published(remote_id=POST_ID, permalink=LINK)
    assert stand.bodies(f"/{PAGE}/feed") == [
        {
            "message": "Caf\u0065\u0301",
            "attached_media": [{"media_fbid": "1300000000000000001"}],
        }
    ]


async def test_a_post_begun_in_two_steps_ends_so_whatever_the_setting_says_now(
    stand: Stand, notes: Notes
) -> None:
    await stand.publisher.prepare(CREDENTIALS, post("Hi"), notes)
    changed = Stand("facebook", app=ONE_STEP)

    await publish(changed, post("Hi"), notes)

    assert changed.routes() == [f"POST /{POST_ID}"]


async def test_a_link_that_facebook_does_not_tell_is_made_of_the_id(
    stand: Stand, notes: Notes
) -> None:
    stand.on("POST /*/feed", answer(200, {"id": POST_ID}))

    published = await publish(stand, post("Hi"), notes)

    assert published.permalink == f"https://www.facebook.com/{POST_ID}"


async def test_a_reel_is_finished_and_then_looked_for(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    clip = store(tmp_path, "clip.mp4", kind="video")
    content = replace(post("Watch", clip), title="A clip", link="https://example.com/")
    stand.on("POST /*/video_reels", "reel_started", "published")

    with pytest.raises(OutcomeUnknown) as caught:
        await publish(stand, content, notes)

    assert stand.bodies(f"/{PAGE}/video_reels") == [
        {
            "upload_phase": "finish",
            "video_id": VIDEO,
            "video_state": "PUBLISHED",
            "title": "A clip",
            "description": "Watch\n\nhttps://example.com/",
        }
    ]
    assert (caught.value.kind, caught.value.likely_live) == ("processing", True)
    assert caught.value.sentence == (
        "Facebook has accepted the reel and works on it. Postbot looks whether it is live."
    )


async def test_a_comment_goes_below_its_post(stand: Stand, notes: Notes) -> None:
    published = await publish(stand, COMMENT, notes)

    assert published == Published(
        remote_id=COMMENT_ID, permalink=f"{LINK}?comment_id=6000000000000000001"
    )
    assert stand.routes() == [f"POST /{POST_ID}/comments"]
    assert stand.bodies(f"/{POST_ID}/comments") == [{"message": "More below"}]
    assert stand.commits == stand.requests


@pytest.mark.parametrize("app", [APP, ONE_STEP], ids=["two steps", "one step"])
@pytest.mark.parametrize("kind", ["image", "video"])
async def test_nothing_is_published_that_was_not_prepared(
    tmp_path: Path, app: App, kind: MediaKind
) -> None:
    stand = Stand("facebook", app=app)
    content = post("Hi", store(tmp_path, "file", kind=kind))

    with pytest.raises(TemporaryFailure, match="prepared at Facebook again"):
        await stand.publisher.publish(CREDENTIALS, content, Notes())

    assert stand.requests == []


async def test_a_yes_without_an_id_leaves_open_which_comment_it_was(stand: Stand) -> None:
    told = await refused(stand, COMMENT, "published")

    assert isinstance(told, OutcomeUnknown)
    assert told.likely_live


AT_THE_POST = [
    ("unauthorized", CredentialsExpired, "authentication", ""),
    ("permission", Rejected, "authentication", "permission"),
    ("refused", Rejected, "content", ""),
    ("rate_limited", RateLimited, "rate_limit", ""),
    ("throttled", OutcomeUnknown, "rate_limit", ""),
    ("missing", OutcomeUnknown, "content", ""),
    ("trouble", OutcomeUnknown, "platform", ""),
    ("duplicate", OutcomeUnknown, "content", "duplicate"),
    ("photos_used", OutcomeUnknown, "content", ""),
    ("unreadable", OutcomeUnknown, "platform", ""),
    ("not_published", OutcomeUnknown, "platform", ""),
]
LIKELY_LIVE = {"duplicate", "photos_used", "unreadable", "not_published"}


@pytest.mark.parametrize("content", [post("Hi"), COMMENT], ids=["post", "comment"])
@pytest.mark.parametrize(
    ("sample", "error", "cause", "kind"), AT_THE_POST, ids=[row[0] for row in AT_THE_POST]
)
async def test_a_refusal_says_whether_it_may_be_out(
    stand: Stand, content: Content, sample: str, error: type[PublishError], cause: str, kind: str
) -> None:
    told = await refused(stand, content, sample)

    assert (type(told), told.cause, told.kind) == (error, cause, kind)
    assert told.sentence.startswith("Facebook ")
    assert told.sentence.endswith(".")
    assert told.code
    assert getattr(told, "likely_live", False) == (sample in LIKELY_LIVE)


async def test_the_words_of_facebook_are_shown_in_the_readers_language(stand: Stand) -> None:
    told = await refused(stand, post("Hi"), "refused")

    assert told.sentence == (
        "Facebook refused this. Facebook says: “Der Beitrag ist ungültig”. Change the post and "
        "try again."
    )


STRANGE = [[], "null", {"error": []}, {"error": {"message": 5, "code": "x"}}, {"id": "../1"}]


@pytest.mark.parametrize("body", STRANGE, ids=range(len(STRANGE)))
@pytest.mark.parametrize("status", [200, 400, 403, 503])
async def test_a_strange_answer_still_has_a_meaning(
    stand: Stand, body: object, status: int
) -> None:
    stand.at_commit = answer(status, body)

    with pytest.raises(OutcomeUnknown) as caught:
        await publish(stand, post("Hi"), Notes())

    assert caught.value.sentence.isprintable()
