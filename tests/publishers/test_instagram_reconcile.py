from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishers import (
    Content,
    CredentialsExpired,
    MediaKind,
    NotPublished,
    Published,
    RateLimited,
    Ready,
    TemporaryFailure,
    Unsure,
)
from tests.publishers.stand import CREDENTIALS, Answer, Notes, Stand, answer, described, post

STATE = "GET /[0-9]*"
POSTS = "GET /[0-9]*/media"
STORIES = "GET /[0-9]*/stories"
COMMENTS = "GET /[0-9]*/comments"
SINCE = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
LINK = "https://www.instagram.com/p/DAbCdEfGhIj/"
LIVE = Published(remote_id="18000000000000001", permalink=LINK)
PARENT = "18000000000000009"


@pytest.fixture
def notes() -> Notes:
    """What an attempt noted that made its container at the start."""
    container = {"id": "17900000000000001", "at": SINCE.timestamp(), "is_finished": False}
    account = {"id": "1700000000000000001", "username": "acme"}
    return Notes(account=account, container=container)


def listed(number: int = 1, *, caption: str | None = "Spring sale", **more: Any) -> dict[str, Any]:
    entry = {
        "id": f"1800000000000000{number}",
        "caption": caption,
        "media_type": "IMAGE",
        "permalink": LINK,
        "timestamp": "2026-11-24T12:01:00+0000",
        **more,
    }
    return {name: value for name, value in entry.items() if value is not None}


def page(*entries: Any, after: str = "") -> Answer:
    paging = {
        "cursors": {"after": after or "QQ"},
        **({"next": "https://n.example"} if after else {}),
    }
    return answer(200, {"data": list(entries), "paging": paging})


def sale(text: str = "Spring sale", kind: MediaKind = "image") -> Content:
    return post(text, described(kind))


async def look(stand: Stand, content: Content, notes: Notes) -> Published | NotPublished | Unsure:
    return await stand.publisher.reconcile(CREDENTIALS, content, notes, SINCE)


@pytest.mark.parametrize("sample", ["finished", "in_progress", "expired", "failed_server"])
async def test_a_container_that_is_not_published_is_proof(
    stand: Stand, notes: Notes, sample: str
) -> None:
    stand.on(STATE, sample)

    verdict = await look(stand, sale(), notes)

    assert verdict == NotPublished()
    assert stand.routes() == ["GET /17900000000000001"]


async def test_the_post_of_a_published_container_is_found_in_the_list(
    stand: Stand, notes: Notes
) -> None:
    stand.on(STATE, "published_container")
    stand.on(POSTS, page(listed(2, caption="Something else"), listed(1)))

    verdict = await look(stand, sale(), notes)

    assert verdict == LIVE


async def test_looking_writes_nothing(stand: Stand, notes: Notes) -> None:
    stand.on(STATE, "published_container")

    await look(stand, sale(), notes)

    assert {request.method for request in stand.requests} == {"GET"}
    assert notes.history == []


SAME = [
    pytest.param("Cafe\u0301", listed(caption="Caf\u00e9"), id="composed"),
    pytest.param(" Hi \r\nyou \n", listed(caption="Hi\nyou"), id="line ends and spaces"),
    pytest.param("", listed(caption=None), id="no caption"),
    pytest.param("Hi", listed(caption="Hi", media_type=None), id="kind not told"),
    pytest.param("Hi", listed(caption="Hi", timestamp="2026-11-24T11:58:30+0000"), id="clocks"),
    pytest.param("Hi", listed(caption="Hi", timestamp="2026-11-24T13:01:00+0100"), id="time zone"),
]


@pytest.mark.parametrize(("text", "entry"), SAME)
async def test_what_instagram_changes_does_not_hide_a_post(
    stand: Stand, notes: Notes, text: str, entry: dict[str, Any]
) -> None:
    stand.on(STATE, "published_container")
    stand.on(POSTS, page(entry))

    assert await look(stand, sale(text), notes) == LIVE


OTHERS = [
    pytest.param([], id="nothing"),
    pytest.param([listed(caption="Spring sales")], id="another text"),
    pytest.param([listed(caption=None)], id="no text"),
    pytest.param([listed(media_type="VIDEO")], id="a video"),
    pytest.param([listed(media_type="CAROUSEL_ALBUM")], id="a carousel"),
    pytest.param([listed(timestamp="2026-11-24T11:58:29+0000")], id="older"),
    pytest.param([listed(timestamp="yesterday")], id="no time"),
    pytest.param([listed(timestamp="2026-11-24T12:01:00")], id="no time zone"),
    pytest.param([listed(id=None)], id="no id"),
    pytest.param([1, None, {"id": "5"}], id="no post"),
]


@pytest.mark.parametrize("entries", OTHERS)
async def test_a_published_container_that_is_not_listed_is_for_a_person_to_find(
    stand: Stand, notes: Notes, entries: list[Any]
) -> None:
    stand.on(STATE, "published_container")
    stand.on(POSTS, page(*entries))

    verdict = await look(stand, sale(), notes)

    assert verdict == Unsure(reason="Instagram says that this post is out, but does not list it.")


async def test_two_posts_that_match_are_for_a_person_to_tell_apart(
    stand: Stand, notes: Notes
) -> None:
    stand.on(STATE, "published_container")
    stand.on(POSTS, page(listed(1), listed(2)))

    verdict = await look(stand, sale(), notes)

    assert verdict == Unsure(reason="Instagram lists 2 posts that look like this one.")


KINDS = [
    pytest.param(post("Hi", described("video")), "VIDEO", id="reel"),
    pytest.param(post("Hi", described(), described()), "CAROUSEL_ALBUM", id="carousel"),
]


@pytest.mark.parametrize(("content", "kind"), KINDS)
async def test_a_post_is_found_among_those_of_its_kind(
    stand: Stand, notes: Notes, content: Content, kind: str
) -> None:
    stand.on(STATE, "published_container")
    stand.on(POSTS, page(listed(2, caption="Hi"), listed(1, caption="Hi", media_type=kind)))

    assert await look(stand, content, notes) == LIVE


async def test_a_story_is_found_among_the_stories_by_its_time(stand: Stand, notes: Notes) -> None:
    stand.on(STATE, "published_container")
    old = listed(2, caption=None, timestamp="2026-11-24T09:00:00+0000")
    stand.on(STORIES, page(listed(1, caption=None), listed(3, media_type="VIDEO"), old))

    verdict = await look(stand, replace(sale(), place="story"), notes)

    assert verdict == LIVE
    assert stand.routes()[-1] == "GET /1700000000000000001/stories"


async def test_a_post_of_an_earlier_attempt_with_the_same_container_is_found(
    stand: Stand, notes: Notes
) -> None:
    stand.on(STATE, "published_container")
    stand.on(POSTS, page(listed(1)))
    later = SINCE + timedelta(hours=1)

    verdict = await stand.publisher.reconcile(CREDENTIALS, sale(), notes, later)

    assert verdict == LIVE


async def test_a_post_is_looked_for_on_every_page_since_two_minutes_before_its_start(
    stand: Stand, notes: Notes
) -> None:
    stand.on(STATE, "published_container")
    stand.on(
        POSTS,
        page(listed(4, caption="Newer"), after="p2"),
        page(listed(1), after="p3"),
        page(listed(3, caption="Older")),
    )

    verdict = await look(stand, sale(), notes)

    assert verdict == LIVE
    assert [one.url.params.get("after") for one in stand.requests[1:]] == [None, "p2", "p3"]
    since = str(int(SINCE.timestamp()) - 120)
    assert {one.url.params["since"] for one in stand.requests[1:]} == {since}


async def test_pages_without_end_are_given_up(stand: Stand, notes: Notes) -> None:
    stand.on(STATE, "published_container")
    stand.on(POSTS, page(listed(4, caption="Newer"), after="more"))

    verdict = await look(stand, sale(), notes)

    assert isinstance(verdict, Unsure)
    assert len(stand.requests) == 11


async def test_without_a_container_the_list_alone_proves_no_absence(stand: Stand) -> None:
    verdict = await look(stand, sale(), Notes())

    assert verdict == Unsure(
        reason="Instagram does not list this post, but its list can lag behind."
    )


async def test_without_a_container_a_post_is_found_by_its_text(stand: Stand) -> None:
    stand.on(POSTS, page(listed(1)))

    assert await look(stand, sale(), Notes()) == LIVE


async def test_the_container_of_the_last_attempt_is_published_again(
    stand: Stand, notes: Notes
) -> None:
    verdict = await look(stand, sale(), notes)
    ready = await stand.publisher.prepare(CREDENTIALS, sale(), notes)
    await stand.publisher.publish(CREDENTIALS, sale(), notes)

    assert (verdict, ready) == (NotPublished(), Ready())
    assert stand.bodies("/1700000000000000001/media_publish") == [
        {"creation_id": "17900000000000001"}
    ]


FAILURES = [
    ("unauthorized", CredentialsExpired),
    ("rate_limited", RateLimited),
    ("app_throttled", RateLimited),
    ("status_503", TemporaryFailure),
    ("not_found", TemporaryFailure),
]


@pytest.mark.parametrize(("sample", "error"), FAILURES, ids=[row[0] for row in FAILURES])
async def test_a_container_that_cannot_be_read_is_an_error(
    stand: Stand, notes: Notes, sample: str, error: type[Exception]
) -> None:
    stand.on(STATE, sample)

    with pytest.raises(error):
        await look(stand, sale(), notes)


@pytest.mark.parametrize(("sample", "error"), FAILURES, ids=[row[0] for row in FAILURES])
async def test_a_list_that_cannot_be_read_is_an_error(
    stand: Stand, notes: Notes, sample: str, error: type[Exception]
) -> None:
    stand.on(STATE, "published_container")
    stand.on(POSTS, sample)

    with pytest.raises(error):
        await look(stand, sale(), notes)


def comment() -> Content:
    return replace(sale(), first_comment="#spring #sale", part=1, reply_to=PARENT)


def said(number: int = 1, words: str = "#spring #sale", **more: Any) -> dict[str, Any]:
    return {
        "id": f"1810000000000000{number}",
        "text": words,
        "timestamp": "2026-11-24T12:01:00+0000",
        "username": "acme",
        **more,
    }


async def test_a_comment_is_found_below_its_post(stand: Stand) -> None:
    stand.on(COMMENTS, page(said(2, "Lovely!", username="bob"), said(1)))

    verdict = await look(stand, comment(), Notes(parent=PARENT))

    assert verdict == Published(remote_id="18100000000000001", permalink="")
    assert stand.routes()[-1] == f"GET /{PARENT}/comments"


OTHER_COMMENTS = [
    pytest.param([], id="nothing"),
    pytest.param([said(words="#spring")], id="another text"),
    pytest.param([said(username="bob")], id="another account"),
    pytest.param([said(timestamp="2026-11-24T11:00:00+0000")], id="older"),
]


@pytest.mark.parametrize("entries", OTHER_COMMENTS)
async def test_not_finding_a_comment_is_no_proof(stand: Stand, entries: list[Any]) -> None:
    stand.on(COMMENTS, page(*entries))

    verdict = await look(stand, comment(), Notes(parent=PARENT))

    assert verdict == Unsure(
        reason="Instagram does not list this comment, but its list can lag behind."
    )


async def test_two_comments_that_match_are_for_a_person_to_tell_apart(stand: Stand) -> None:
    stand.on(COMMENTS, page(said(1), said(2)))

    verdict = await look(stand, comment(), Notes(parent=PARENT))

    assert verdict == Unsure(reason="Instagram lists 2 comments that look like this one.")


async def test_a_comment_is_looked_for_where_it_belongs_when_nothing_was_noted(
    stand: Stand,
) -> None:
    stand.on(COMMENTS, page(said(1)))

    verdict = await look(stand, comment(), Notes())

    assert isinstance(verdict, Published)
