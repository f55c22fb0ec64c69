from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from publishers import (
    Content,
    CredentialsExpired,
    NotPublished,
    Published,
    RateLimited,
    TemporaryFailure,
    Unsure,
)
from tests.publishers.stand import APP, CREDENTIALS, Answer, Notes, Stand, answer, post, store

PAGE = "1700000000000000001"
POST_ID = f"{PAGE}_5000000000000000001"
VIDEO = "1200000000000000001"
PHOTO = "1300000000000000001"
LIST = "GET /*/published_posts"
COMMENTS = "GET /*/comments"
SINCE = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
NOW = "2026-11-24T12:00:31+0000"
COMMENT = replace(post("Hi"), first_comment="More below", part=1, reply_to=POST_ID)


@pytest.fixture
def stand() -> Stand:
    return Stand("facebook")


@pytest.fixture
def in_one_step() -> Stand:
    return Stand("facebook", app=replace(APP, options={"two_step": False}))


async def look(
    stand: Stand, content: Content, notes: Notes | None = None
) -> Published | NotPublished | Unsure:
    return await stand.publisher.reconcile(CREDENTIALS, content, notes or Notes(), SINCE)


async def prepared(stand: Stand, content: Content, notes: Notes) -> None:
    await stand.publisher.prepare(CREDENTIALS, content, notes)
    stand.requests.clear()


def listed(post_id: str, message: str, *attachments: Any, at: str = NOW) -> dict[str, Any]:
    entry = {
        "id": post_id,
        "message": message,
        "created_time": at,
        "permalink_url": f"https://www.facebook.com/{post_id}/here",
    }
    return {**entry, "attachments": {"data": list(attachments)}} if attachments else entry


def photo(photo_id: str) -> dict[str, Any]:
    return {"media_type": "photo", "target": {"id": photo_id}}


def album(*photo_ids: str) -> dict[str, Any]:
    below = {"data": [photo(one) for one in photo_ids]}
    return {"media_type": "album", "target": {"id": "9"}, "subattachments": below}


def shared(link: str) -> dict[str, Any]:
    return {"media_type": "link", "url": f"https://l.facebook.com/?u={link}", "unshimmed_url": link}


def below(comment_id: str, message: str, *, by: str = PAGE, at: str = NOW) -> dict[str, Any]:
    return {
        "id": comment_id,
        "message": message,
        "created_time": at,
        "from": {"id": by},
        "permalink_url": f"https://www.facebook.com/{comment_id}/here",
    }


def page_of(*entries: Any, after: str | None = None) -> Answer:
    paging = {"cursors": {"after": after}, "next": "https://next.example"} if after else {}
    return answer(200, {"data": list(entries), "paging": paging})


def live(remote_id: str) -> Published:
    return Published(remote_id=remote_id, permalink=f"https://www.facebook.com/{remote_id}/here")


async def test_a_post_that_is_public_went_out(stand: Stand, notes: Notes) -> None:
    await prepared(stand, post("Hi"), notes)
    stand.on(f"GET /{PAGE}_*", "post_published")

    verdict = await look(stand, post("Hi"), notes)

    link = f"https://www.facebook.com/{PAGE}/posts/5000000000000000001"
    assert verdict == Published(remote_id=POST_ID, permalink=link)
    assert stand.routes() == [f"GET /{POST_ID}"]
    assert stand.commits == []


async def test_a_post_that_is_still_unpublished_is_proof(stand: Stand, notes: Notes) -> None:
    await prepared(stand, post("Hi"), notes)

    assert await look(stand, post("Hi"), notes) == NotPublished()


@pytest.mark.parametrize("body", [{"id": POST_ID}, {"is_published": "no"}, []])
async def test_a_post_that_says_neither_proves_nothing(
    stand: Stand, notes: Notes, body: object
) -> None:
    await prepared(stand, post("Hi"), notes)
    stand.on(f"GET /{PAGE}_*", answer(200, body))

    assert await look(stand, post("Hi"), notes) == Unsure(
        reason="Facebook does not say whether the post is public."
    )


REELS = [
    (
        "reel_published",
        Published(remote_id=VIDEO, permalink=f"https://www.facebook.com/reel/{VIDEO}"),
    ),
    ("reel_processing", Unsure(reason="Facebook still works on the reel.")),
    ("reel_uploaded", NotPublished()),
    ("reel_ready", NotPublished()),
    ("reel_error", NotPublished()),
    ("reel_expired", NotPublished()),
]


@pytest.mark.parametrize(("sample", "verdict"), REELS, ids=[row[0] for row in REELS])
async def test_a_reel_is_as_live_as_its_publishing_phase_says(
    stand: Stand, notes: Notes, tmp_path: Path, sample: str, verdict: object
) -> None:
    content = post("Watch", store(tmp_path, "clip.mp4", kind="video"))
    await prepared(stand, content, notes)
    stand.on("GET /12*", sample)

    assert await look(stand, content, notes) == verdict
    assert stand.routes() == [f"GET /{VIDEO}"]


@pytest.mark.parametrize("status", [None, [], {"publishing_phase": 5, "video_status": 1}])
async def test_a_strange_status_is_no_reel_that_went_out(
    stand: Stand, notes: Notes, tmp_path: Path, status: object
) -> None:
    content = post("Watch", store(tmp_path, "clip.mp4", kind="video"))
    await prepared(stand, content, notes)
    stand.on("GET /12*", answer(200, {"status": status}))

    assert await look(stand, content, notes) == Unsure(
        reason="Facebook does not say how far it is with the reel."
    )


async def test_a_post_without_an_id_is_looked_for_in_the_list(in_one_step: Stand) -> None:
    in_one_step.on(LIST, page_of(listed("1_2", "Something else"), listed("1_1", "Spring sale")))

    verdict = await look(in_one_step, post("Spring sale"))

    assert verdict == live("1_1")
    (request,) = in_one_step.requests
    assert request.url.path == f"/{PAGE}/published_posts"
    assert request.url.params["since"] == str(int(SINCE.timestamp()) - 120)


SAME = [
    pytest.param(post("Cafe\u0301"), listed("1_1", "Caf\u00e9"), id="composed"),
    pytest.param(post(" Hi \r\nyou \n"), listed("1_1", "Hi\nyou"), id="line ends and spaces"),
    pytest.param(
        post("Read https://a.example/ now"),
        listed("1_1", "Read https://a.example/ now", shared("https://a.example/")),
        id="link in the text",
    ),
    pytest.param(
        replace(post("Read"), link="https://a.example"),
        listed("1_1", "Read", shared("https://a.example/")),
        id="link",
    ),
    pytest.param(
        replace(post("Read"), link="https://a.example"),
        listed("1_1", "Read"),
        id="link that Facebook made nothing of",
    ),
]


@pytest.mark.parametrize(("content", "entry"), SAME)
async def test_what_facebook_does_to_a_text_does_not_hide_it(
    in_one_step: Stand, content: Content, entry: Any
) -> None:
    in_one_step.on(LIST, page_of(entry))

    assert await look(in_one_step, content) == live("1_1")


OTHERS = [
    pytest.param([], id="nothing"),
    pytest.param([listed("1_1", "Spring sales")], id="another text"),
    pytest.param([listed("1_1", "Spring sale", photo("9"))], id="same text with a photo"),
    pytest.param([listed("1_1", "Spring sale", at="2026-11-24T11:58:29+0000")], id="older"),
    pytest.param([listed("1_1", "Spring sale", at="yesterday")], id="of no time"),
    pytest.param([{"message": "Spring sale", "created_time": NOW}], id="no id"),
    pytest.param([1, None, {"id": 5}], id="no post"),
]


@pytest.mark.parametrize("entries", OTHERS)
async def test_not_finding_a_post_is_no_proof(in_one_step: Stand, entries: list[Any]) -> None:
    in_one_step.on(LIST, page_of(*entries))

    assert await look(in_one_step, post("Spring sale")) == Unsure(
        reason="Facebook does not list this post, but its list can lag behind."
    )


async def test_a_post_with_another_link_is_not_ours(in_one_step: Stand) -> None:
    in_one_step.on(LIST, page_of(listed("1_1", "Read", shared("https://b.example/"))))

    verdict = await look(in_one_step, replace(post("Read"), link="https://a.example/"))

    assert isinstance(verdict, Unsure)


async def test_two_posts_that_match_are_for_a_person_to_tell_apart(in_one_step: Stand) -> None:
    in_one_step.on(LIST, page_of(listed("1_1", "Spring sale"), listed("1_2", "Spring sale")))

    assert await look(in_one_step, post("Spring sale")) == Unsure(
        reason="Facebook lists 2 posts that look like this one."
    )


async def test_a_post_is_looked_for_on_every_page(in_one_step: Stand) -> None:
    in_one_step.on(
        LIST,
        page_of(listed("1_3", "Newer"), after="page2"),
        page_of(listed("1_2", "Spring sale"), after="page3"),
        page_of(listed("1_1", "Older")),
    )

    verdict = await look(in_one_step, post("Spring sale"))

    assert verdict == live("1_2")
    assert [one.url.params.get("after") for one in in_one_step.requests] == [
        None,
        "page2",
        "page3",
    ]


async def test_pages_without_end_are_given_up(in_one_step: Stand) -> None:
    in_one_step.on(LIST, page_of(listed("1_3", "Newer"), after="more"))

    assert isinstance(await look(in_one_step, post("Spring sale")), Unsure)
    assert len(in_one_step.requests) == 10


@pytest.mark.parametrize("shown", [photo(PHOTO), album("8", PHOTO)], ids=["photo", "album"])
async def test_our_own_photos_decide_whatever_the_text_says(
    in_one_step: Stand, notes: Notes, tmp_path: Path, shown: Any
) -> None:
    content = post("Spring sale", store(tmp_path, "door.jpg"))
    await prepared(in_one_step, content, notes)
    others = listed("1_2", "Spring sale", photo("9"))
    in_one_step.on(LIST, page_of(others, listed("1_1", "Text that somebody edited", shown)))

    assert await look(in_one_step, content, notes) == live("1_1")


async def test_the_pages_own_comment_below_the_post_is_ours(stand: Stand) -> None:
    others = [
        below("5_1", "More below", by="7"),
        below("5_2", "Less below"),
        below("5_3", "More below", at="2026-11-24T11:00:00+0000"),
    ]
    stand.on(COMMENTS, page_of(*others, below("5_4", "More below ")))

    verdict = await look(stand, COMMENT)

    assert verdict == live("5_4")
    assert stand.routes() == [f"GET /{POST_ID}/comments"]


async def test_a_comment_that_is_not_listed_is_no_proof(stand: Stand) -> None:
    assert await look(stand, COMMENT) == Unsure(
        reason="Facebook does not list this comment, but its list can lag behind."
    )


async def test_two_comments_that_match_are_for_a_person_to_tell_apart(stand: Stand) -> None:
    stand.on(COMMENTS, page_of(below("5_1", "More below"), below("5_2", "More below")))

    assert await look(stand, COMMENT) == Unsure(
        reason="Facebook lists 2 comments that look like this one."
    )


@pytest.mark.parametrize(
    ("sample", "error"),
    [
        ("unauthorized", CredentialsExpired),
        ("rate_limited", RateLimited),
        ("throttled", RateLimited),
        ("trouble", TemporaryFailure),
        ("missing", TemporaryFailure),
    ],
)
async def test_what_cannot_be_read_is_an_error(
    stand: Stand, notes: Notes, sample: str, error: type[Exception]
) -> None:
    await prepared(stand, post("Hi"), notes)
    stand.on(f"GET /{PAGE}_*", sample)

    with pytest.raises(error):
        await look(stand, post("Hi"), notes)
