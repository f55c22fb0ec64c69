"""A long text becomes the posts of a thread: nothing is lost, every post fits."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from publishers import Content, Ready, Rejected
from publishers._weighted_text import weigh
from publishers._x_thread import split
from publishers.x import X
from tests.publishers.stand import CREDENTIALS, Notes, Stand, described

SENTENCE = "We open at nine and close at six. "


def words_of(text: str) -> str:
    return re.sub(r"\s+", "", text)


@given(st.text(max_size=2000))
@example("👩‍👩‍👧‍👦" * 400)
@example("https://example.com/" + "a" * 300 + " " + "春" * 400)
@example("\n" * 900 + "a")
def test_a_thread_says_all_that_was_written_in_posts_that_fit(text: str) -> None:
    posts = split(text)

    assert max(weigh(post) for post in posts) <= 280
    assert "".join(map(words_of, posts)) == words_of(re.sub(r"(?m)^[ \t]*---[ \t]*$", "", text))


@pytest.mark.parametrize("text", ["", " \n", "Hello\n", "a" * 280, "👍" * 140])
def test_a_text_that_fits_is_left_as_it_is(text: str) -> None:
    assert split(text) == (text,)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        pytest.param(SENTENCE * 9, ["six.", "six."], id="sentence"),
        pytest.param("a" * 150 + "\n\n" + SENTENCE * 6, ["aaaa", "six."], id="paragraph"),
        pytest.param("word " * 60, ["word", "word"], id="word"),
        pytest.param("a" * 300, ["aaaa", "aaaa"], id="no space"),
        pytest.param("One\n---\nTwo\n ---\t\nThree", ["One", "Two", "Three"], id="as written"),
    ],
)
def test_a_text_is_cut_where_a_person_would(text: str, ends: list[str]) -> None:
    assert [post[-len(end) :] for post, end in zip(split(text), ends, strict=True)] == ends


def test_a_link_is_never_cut() -> None:
    link = "https://example.com/" + "a" * 300

    posts = split("word " * 52 + link + " and more " * 10)

    assert [post for post in posts if link in post]


def thread(part: int, reply_to: str = "") -> Content:
    return Content(
        text="First https://acme.com\n---\nSecond\n---\nThird",
        media=(described(alt_text="A door"),),
        part=part,
        reply_to=reply_to,
    )


async def test_each_part_replies_to_the_part_before() -> None:
    stand = Stand("x")

    assert await stand.publisher.prepare(CREDENTIALS, thread(1, "17"), Notes()) == Ready()
    await stand.publisher.publish(CREDENTIALS, thread(1, "17"), Notes())

    assert stand.bodies("/2/tweets") == [
        {"text": "Second", "reply": {"in_reply_to_tweet_id": "17"}}
    ]
    assert X.parts(thread(0)) == 3


@pytest.mark.parametrize("unknown", ["", "abc"])
async def test_a_part_whose_parent_is_unknown_is_left_to_a_person(unknown: str) -> None:
    stand = Stand("x")

    with pytest.raises(Rejected, match="by hand"):
        await stand.publisher.publish(CREDENTIALS, thread(2, unknown), Notes())

    assert stand.requests == []


@pytest.mark.parametrize("part", [0, 1, 2])
async def test_a_person_gets_the_part_and_all_after_it(part: int) -> None:
    kit = X.manual(thread(part, "17" if part else ""))

    texts = ["First https://acme.com", "Second", "Third"][part:]
    assert [text for _, text in kit.pastes] == texts
    assert ("in_reply_to=17" in kit.url) is bool(part)
    assert bool(kit.steps) is (len(texts) > 1)


@pytest.mark.parametrize(
    ("permalink", "remote_id"),
    [
        ("https://x.com/acme/status/17", "17"),
        ("https://x.com/i/web/status/17?s=20", "17"),
        ("https://x.com/acme/status/17/photo/1", "17"),
        ("https://x.com/acme", ""),
        ("", ""),
    ],
)
def test_a_pasted_link_tells_the_post(permalink: str, remote_id: str) -> None:
    assert X.remote_id_of(permalink) == remote_id


def test_a_post_costs_what_x_charges_for_all_its_parts() -> None:
    # A link 0.20, two posts without one, and an alt text.
    assert X.price(thread(0)) == Decimal("0.235")
    assert X.price(Content(text="Hello")) == Decimal("0.015")
