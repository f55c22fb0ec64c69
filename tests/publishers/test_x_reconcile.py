from __future__ import annotations

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
from tests.publishers.stand import CREDENTIALS, Notes, Stand, answer, post, store

TIMELINE = "GET /2/users/*/tweets"
SINCE = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)


def listed(post_id: str, text: str, *, media_keys: list[str] | None = None, **more: Any) -> Any:
    entry: dict[str, Any] = {"id": post_id, "text": text, **more}
    return {**entry, "attachments": {"media_keys": media_keys}} if media_keys else entry


def link(short: str, expanded: str, **more: Any) -> dict[str, Any]:
    return {"url": short, "expanded_url": expanded, **more}


def timeline(*posts: Any, next_token: str | None = None) -> Any:
    meta = {"result_count": len(posts), **({"next_token": next_token} if next_token else {})}
    return answer(200, {"data": list(posts), "meta": meta})


def live(post_id: str) -> Published:
    return Published(remote_id=post_id, permalink=f"https://x.com/i/web/status/{post_id}")


async def look(
    stand: Stand, content: Content, notes: Notes | None = None
) -> Published | NotPublished | Unsure:
    return await stand.publisher.reconcile(CREDENTIALS, content, notes or Notes(), SINCE)


async def test_a_post_with_the_same_text_is_ours(stand: Stand) -> None:
    stand.on(TIMELINE, timeline(listed("2", "Something else"), listed("1", "Spring sale")))

    verdict = await look(stand, post("Spring sale"))

    assert verdict == live("1")


async def test_looking_writes_nothing_and_starts_two_minutes_early(stand: Stand) -> None:
    await look(stand, post())

    assert stand.routes() == ["GET /2/users/me", "GET /2/users/1700000000000000001/tweets"]
    assert stand.commits == []
    assert stand.requests[1].url.params["start_time"] == "2026-11-24T11:58:30Z"


SAME_TEXT = [
    pytest.param("R&D <3 you", listed("1", "R&amp;D &lt;3 you"), id="escaped"),
    pytest.param("Cafe\u0301", listed("1", "Caf\u00e9"), id="composed"),
    pytest.param(" Hi\r\nyou \n", listed("1", "Hi\nyou"), id="line ends and spaces"),
    pytest.param("literal &amp;", listed("1", "literal &amp;amp;"), id="escaped twice"),
    pytest.param(
        "See https://example.com/a?b=c now",
        listed(
            "1",
            "See https://t.co/aaaaaaaaaa now",
            entities={"urls": [link("https://t.co/aaaaaaaaaa", "https://example.com/a?b=c")]},
        ),
        id="shortened link",
    ),
    pytest.param(
        "Go to Example.com",
        listed(
            "1",
            "Go to https://t.co/aaaaaaaaaa",
            entities={"urls": [link("https://t.co/aaaaaaaaaa", "http://example.com/")]},
        ),
        id="link without scheme",
    ),
    pytest.param(
        "a.com and b.com",
        listed(
            "1",
            "https://t.co/aaaaaaaaaa and https://t.co/bbbbbbbbbb",
            entities={
                "urls": [
                    link("https://t.co/aaaaaaaaaa", "http://a.com"),
                    link("https://t.co/bbbbbbbbbb", "http://b.com"),
                ]
            },
        ),
        id="two links",
    ),
]


@pytest.mark.parametrize(("text", "entry"), SAME_TEXT)
async def test_what_x_does_to_a_text_does_not_hide_it(stand: Stand, text: str, entry: Any) -> None:
    stand.on(TIMELINE, timeline(entry))

    verdict = await look(stand, post(text))

    assert verdict == live("1")


OTHERS = [
    pytest.param([], id="nothing"),
    pytest.param([listed("1", "Spring sales")], id="another text"),
    pytest.param([listed("1", "Spring sale", media_keys=["3_9"])], id="same text with an image"),
    pytest.param([listed("x", "Spring sale")], id="no id"),
    pytest.param([1, None, {"id": "5"}], id="no post"),
]


@pytest.mark.parametrize("posts", OTHERS)
async def test_not_finding_a_post_is_no_proof(stand: Stand, posts: list[Any]) -> None:
    stand.on(TIMELINE, timeline(*posts))

    verdict = await look(stand, post("Spring sale"))

    assert isinstance(verdict, Unsure)


async def test_two_posts_that_match_are_for_a_person_to_tell_apart(stand: Stand) -> None:
    stand.on(TIMELINE, timeline(listed("1", "Spring sale"), listed("2", "Spring sale")))

    verdict = await look(stand, post("Spring sale"))

    assert verdict == Unsure(reason="X lists 2 posts that look like this one.")


async def test_a_post_is_looked_for_on_every_page(stand: Stand) -> None:
    stand.on(
        TIMELINE,
        timeline(listed("3", "Newer"), next_token="page2"),
        timeline(listed("2", "Spring sale"), next_token="page3"),
        timeline(listed("1", "Older")),
    )

    verdict = await look(stand, post("Spring sale"))

    assert verdict == live("2")
    assert [one.url.params.get("pagination_token") for one in stand.requests[1:]] == [
        None,
        "page2",
        "page3",
    ]


async def test_pages_without_end_are_given_up(stand: Stand) -> None:
    stand.on(TIMELINE, timeline(listed("3", "Newer"), next_token="more"))

    verdict = await look(stand, post("Spring sale"))

    assert isinstance(verdict, Unsure)
    assert len(stand.requests) == 11


async def test_our_own_media_key_decides_whatever_the_text_says(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Spring sale", store(tmp_path, "door.jpg"))
    await stand.publisher.prepare(CREDENTIALS, content, notes)
    stand.on(
        TIMELINE,
        timeline(
            listed("2", "Spring sale", media_keys=["3_1"]),
            listed("1", "Text that X changed", media_keys=["3_1880000000000000001"]),
        ),
    )

    verdict = await look(stand, content, notes)

    assert verdict == live("1")


async def test_a_post_with_other_media_is_not_ours(
    stand: Stand, notes: Notes, tmp_path: Path
) -> None:
    content = post("Spring sale", store(tmp_path, "door.jpg"))
    await stand.publisher.prepare(CREDENTIALS, content, notes)
    stand.on(TIMELINE, timeline(listed("1", "Spring sale", media_keys=["3_1"])))

    verdict = await look(stand, content, notes)

    assert isinstance(verdict, Unsure)


async def test_the_link_to_its_media_is_no_part_of_a_text(stand: Stand, tmp_path: Path) -> None:
    entry = listed(
        "1",
        "Spring sale https://t.co/mmmmmmmmmm",
        media_keys=["3_1"],
        entities={
            "urls": [
                link("https://t.co/mmmmmmmmmm", "https://x.com/acme/status/1/photo/1"),
            ]
        },
    )
    stand.on(TIMELINE, timeline(entry))

    verdict = await look(stand, post("Spring sale", store(tmp_path, "door.jpg")))

    assert verdict == live("1")


@pytest.mark.parametrize(
    ("sample", "error"),
    [
        ("unauthorized", CredentialsExpired),
        ("rate_limited", RateLimited),
        ("status_503", TemporaryFailure),
    ],
)
async def test_a_list_that_cannot_be_read_is_an_error(
    stand: Stand, sample: str, error: type[Exception]
) -> None:
    stand.on(TIMELINE, sample)

    with pytest.raises(error):
        await look(stand, post())


async def test_a_part_of_a_thread_is_found_by_its_own_text(stand: Stand) -> None:
    stand.on(TIMELINE, timeline(listed("1", "First"), listed("2", "Second")))
    part = Content(text="First\n---\nSecond\n---\nThird", part=1, reply_to="1")

    assert await look(stand, part) == live("2")
