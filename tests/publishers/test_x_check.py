from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from publishers import Content, Media
from publishers.x import X
from tests.publishers.stand import described, post

MB = 1024 * 1024

FITTING = [
    pytest.param(post("a" * 280), id="280 characters"),
    pytest.param(post("a" * 281), id="a thread"),
    pytest.param(post("春" * 140), id="140 CJK characters"),
    pytest.param(post("a" * 256 + " https://example.com/" + "b" * 200), id="long link"),
    pytest.param(post("", described()), id="image without text"),
    pytest.param(post("Hi", *[described(name=f"{n}.jpg") for n in range(4)]), id="four images"),
    pytest.param(post("Hi", described(mime="image/webp", size=5 * MB)), id="5 MB WEBP"),
    pytest.param(post("Hi", described("gif", size=15 * MB)), id="15 MB GIF"),
    pytest.param(post("Hi", described("video", size=512 * MB)), id="512 MB video"),
    pytest.param(post("Hi", described("video", mime="video/quicktime")), id="MOV"),
    pytest.param(post("Hi", described(alt_text="a" * 1000)), id="long description"),
]


@pytest.mark.parametrize("content", FITTING)
def test_what_x_takes_has_no_problem(content: Content) -> None:
    assert X.check(content) == []


UNFIT = [
    pytest.param(
        post("a" * 7011),
        ["This text counts 7,011 on X; the limit is 7,000. Shorten it by 11."],
        id="text too long",
    ),
    pytest.param(
        post("春" * 3501),
        ["This text counts 7,002 on X; the limit is 7,000. Shorten it by 2."],
        id="CJK text too long",
    ),
    pytest.param(
        post("\n---\n".join("a" * 26)),
        ["This text makes a thread of 26 posts on X; the most is 25. Shorten it."],
        id="too many posts",
    ),
    pytest.param(post(" \n"), ["A post on X needs a text, an image or a video."], id="nothing"),
    pytest.param(
        post("a\ufeffb"),
        [
            "X refuses the invisible character U+FEFF, which this text has. Delete it, or type "
            "the words around it anew."
        ],
        id="byte order mark",
    ),
    pytest.param(
        post("Hi", *[described()] * 6),
        ["X takes 4 images in a post; this one has 6. Remove 2."],
        id="six images",
    ),
    pytest.param(
        post("Hi", described(), described("video")),
        ["X takes 4 images, or 1 GIF, or 1 video in a post, never a mix. Keep only one of these."],
        id="image and video",
    ),
    pytest.param(
        post("Hi", described("gif"), described("gif")),
        ["X takes 4 images, or 1 GIF, or 1 video in a post, never a mix. Keep only one of these."],
        id="two GIFs",
    ),
    pytest.param(
        post("Hi", described(name="a.tiff", mime="image/tiff")),
        ["X does not take a.tiff (image/tiff). Use JPEG, PNG or WEBP."],
        id="TIFF",
    ),
    pytest.param(
        post("Hi", described("gif", name="a.gif", mime="image/apng")),
        ["X does not take a.gif (image/apng). Use GIF."],
        id="APNG",
    ),
    pytest.param(
        post("Hi", described(name="a.jpg", size=5 * MB + 1)),
        ["a.jpg has 5.1 MB; the limit of X for this kind of file is 5 MB. Make it smaller."],
        id="large image",
    ),
    pytest.param(
        post("Hi", described("video", name="a.mp4", size=1300 * MB)),
        ["a.mp4 has 1,300.0 MB; the limit of X for this kind of file is 512 MB. Make it smaller."],
        id="large video",
    ),
    pytest.param(
        post("Hi", described(name="a.jpg", alt_text="a" * 1005)),
        [
            "The description of a.jpg has 1,005 characters; the limit of X is 1,000. Shorten it "
            "by 5."
        ],
        id="description too long",
    ),
]


@pytest.mark.parametrize(("content", "sentences"), UNFIT)
def test_a_problem_names_the_limit_and_what_to_do(content: Content, sentences: list[str]) -> None:
    assert [problem.text for problem in X.check(content)] == sentences


def test_every_problem_of_a_post_is_told_at_once() -> None:
    files: list[Media] = [described(size=6 * MB), described("video", size=600 * MB)]

    problems = X.check(post("a" * 7300, *files))

    assert [problem.field for problem in problems] == ["text", "media", "media", "media"]


def test_a_person_can_post_by_hand_with_the_text_filled_in() -> None:
    url = X.manual(post("50% off & more #sale\nhttps://example.com/?a=b")).url

    assert url.startswith("https://x.com/intent/tweet?text=50%25%20off%20%26%20more%20%23sale%0A")
    assert parse_qs(urlsplit(url).query)["text"] == [
        "50% off & more #sale\nhttps://example.com/?a=b"
    ]
