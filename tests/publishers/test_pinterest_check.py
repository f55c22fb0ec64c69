from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from publishers import Content, ManualKit, Media, MediaKind
from publishers.pinterest import Pinterest
from tests.publishers.stand import described, post

MB = 1024 * 1024
BOARD = "549755885001"
ADDRESS = "https://postbot.example/media/signed"
TOOL = "https://www.pinterest.com/pin-creation-tool/"


def pin(text: str = "Hi", *media: Media, **more: Any) -> Content:
    return post(text, *(media or (described(),)), **{"place": BOARD, **more})


def images(count: int, **facts: Any) -> list[Media]:
    return [described(name=f"{number}.jpg", **facts) for number in range(1, count + 1)]


FITTING = [
    pytest.param(pin("a" * 800), id="800 characters"),
    pytest.param(pin(""), id="image without words"),
    pytest.param(pin(place=f"{BOARD}/5196000001"), id="section of a board"),
    pytest.param(pin(title="a" * 100), id="long title"),
    pytest.param(pin(link="https://acme.example/" + "a" * 2027), id="long link"),
    pytest.param(pin(link=" http://acme.example/door?a=b#c "), id="link with spaces around"),
    pytest.param(pin("Hi", *images(5, width=1000, height=1500)), id="five images of a size"),
    pytest.param(pin("Hi", *images(2)), id="images whose size nobody knows"),
    pytest.param(
        pin("Hi", described(width=1000, height=1500), described()), id="one size nobody knows"
    ),
    pytest.param(pin("Hi", described(mime="image/png", size=20 * MB)), id="20 MB PNG"),
    pytest.param(pin("Hi", described(mime="image/webp", url=ADDRESS)), id="WEBP with an address"),
    pytest.param(pin("Hi", described("gif", url=ADDRESS)), id="GIF with an address"),
    pytest.param(pin("Hi", described("video", size=1024 * MB)), id="1 GB video"),
    pytest.param(pin("Hi", described("video", mime="video/quicktime")), id="MOV"),
    pytest.param(pin("Hi", described("video", duration=4.0)), id="4 seconds"),
    pytest.param(pin("Hi", described("video", duration=900.0)), id="15 minutes"),
    pytest.param(pin("Hi", described("video", width=1080, height=2160)), id="1:2"),
    pytest.param(pin("Hi", described("video", width=1910, height=1000)), id="1.91:1"),
    pytest.param(pin("Hi", described("video"), described()), id="video and its cover"),
    pytest.param(pin("Hi", described(alt_text="a" * 500)), id="long description"),
    pytest.param(
        pin("Hi", *[described(alt_text="a" * 249), described(alt_text="a" * 250)]),
        id="two descriptions that fit together",
    ),
]


@pytest.mark.parametrize("content", FITTING)
def test_what_pinterest_takes_has_no_problem(content: Content) -> None:
    assert Pinterest.check(content) == []


COVERED = (
    "Pinterest takes 1 video in a pin, and beside it at most 1 image, which becomes its cover. "
    "Remove the others."
)
ALONE = "Pinterest takes a moving GIF only alone in a pin. Keep the GIF or the other files."
UNFIT = [
    pytest.param(
        pin("a" * 1813),
        "text",
        "This text counts 1,813 on Pinterest; the limit is 800. Shorten it by 1,013.",
        id="text too long",
    ),
    pytest.param(
        pin(place=""),
        "place",
        "Every pin is on a board of its account. Choose a board for it.",
        id="no board",
    ),
    pytest.param(
        pin(place="Summer walls"),
        "place",
        "Every pin is on a board of its account. Choose a board for it.",
        id="no id of a board",
    ),
    pytest.param(
        pin(title="a" * 103),
        "title",
        "The title has 103 characters; the limit of Pinterest is 100. Shorten it by 3.",
        id="title too long",
    ),
    pytest.param(
        pin(link="https://acme.example/" + "a" * 2028),
        "link",
        "The link has 2,049 characters; the limit of Pinterest is 2,048. Use a shorter one.",
        id="link too long",
    ),
    *[
        pytest.param(
            pin(link=link),
            "link",
            "Pinterest takes no such link. Write it whole, beginning with https://.",
            id=f"link {link}",
        )
        for link in ("acme.example", "mailto:a@acme.example", "https://", "https://a b", "http://[")
    ],
    pytest.param(
        post("Hi", place=BOARD),
        "media",
        "A pin needs an image or a video. Add one.",
        id="no image",
    ),
    pytest.param(
        pin("Hi", *images(7)),
        "media",
        "Pinterest takes 5 images in a pin; this one has 7. Remove 2.",
        id="seven images",
    ),
    pytest.param(
        pin(
            "Hi",
            described(name="1.jpg", width=1000, height=1500),
            described(name="2.jpg"),
            described(name="3.jpg", width=1000, height=1000),
        ),
        "media",
        "Pinterest wants all images of a pin in the same size. 1.jpg has 1000 × 1500 pixels, but "
        "3.jpg has 1000 × 1000. Crop them alike and add them again.",
        id="images of two sizes",
    ),
    pytest.param(pin("Hi", described("video"), *images(2)), "media", COVERED, id="two covers"),
    pytest.param(
        pin("Hi", described("video"), described("video")), "media", COVERED, id="two videos"
    ),
    pytest.param(
        pin("Hi", described("gif", url=ADDRESS), described()), "media", ALONE, id="GIF and image"
    ),
    pytest.param(
        pin("Hi", described(name="a.tiff", mime="image/tiff", url=ADDRESS)),
        "media",
        "Pinterest does not take a.tiff (image/tiff). Use JPEG, PNG, WEBP or GIF.",
        id="TIFF",
    ),
    pytest.param(
        pin("Hi", described(name="a.webp", mime="image/webp")),
        "media",
        "Pinterest takes a.webp only from a public address, and this Postbot has none. Save it as "
        "JPEG or PNG and add it again.",
        id="WEBP without an address",
    ),
    pytest.param(
        pin("Hi", described(name="a.jpg", size=20 * MB + 1)),
        "media",
        "a.jpg has 20.1 MB; the limit of Pinterest for this kind of file is 20 MB. Make it "
        "smaller.",
        id="large image",
    ),
    pytest.param(
        pin("Hi", described("video", name="a.mp4", size=1024 * MB + 1)),
        "media",
        "a.mp4 has 1,024.1 MB; the limit of Pinterest for this kind of file is 1024 MB. Make it "
        "smaller.",
        id="large video",
    ),
    pytest.param(
        pin("Hi", described("video", name="a.mp4", duration=3.94)),
        "media",
        "a.mp4 lasts 3.9 seconds; Pinterest takes videos from 4 seconds on. Use a longer one.",
        id="short video",
    ),
    pytest.param(
        pin("Hi", described("video", name="a.mp4", duration=1000.0)),
        "media",
        "a.mp4 lasts 1000.0 seconds; Pinterest takes up to 900. Cut it.",
        id="long video",
    ),
    pytest.param(
        pin("Hi", described("video", name="a.mp4", width=2000, height=1000)),
        "media",
        "a.mp4 is too wide for Pinterest: 2:1, where at most 1.91:1 fits. Crop it and add it "
        "again.",
        id="wide video",
    ),
    pytest.param(
        pin("Hi", described("video", name="a.mp4", width=400, height=1000)),
        "media",
        "a.mp4 is too tall for Pinterest: 1:2.5, where at least 1:2 is needed. Crop it and add it "
        "again.",
        id="tall video",
    ),
    pytest.param(
        pin("Hi", described(name="a.jpg", alt_text="a" * 505)),
        "media",
        "The description of a.jpg has 505 characters; the limit of Pinterest is 500. Shorten it "
        "by 5.",
        id="description too long",
    ),
    pytest.param(
        pin("Hi", *images(3, alt_text="a" * 200)),
        "media",
        "Pinterest has one description for the whole pin, of up to 500 characters; those of its "
        "files together have 602. Shorten them by 102.",
        id="descriptions too long together",
    ),
]


@pytest.mark.parametrize(("content", "field", "sentence"), UNFIT)
def test_a_problem_names_the_limit_and_what_to_do(
    content: Content, field: str, sentence: str
) -> None:
    assert [(one.field, one.text) for one in Pinterest.check(content)] == [(field, sentence)]


def test_people_are_asked_for_what_a_pin_has() -> None:
    assert Pinterest.uses == {"link", "title"}
    assert Pinterest.has_places


def test_every_problem_of_a_post_is_told_at_once() -> None:
    files = [described(size=21 * MB), described("video", duration=1.0), described("video")]

    problems = Pinterest.check(post("a" * 801, *files, title="a" * 101, link="acme"))

    assert [problem.field for problem in problems] == [
        *("place", "text", "title", "link"),
        *("media", "media", "media"),
    ]


@pytest.mark.parametrize("kind", ["image", "gif"])
def test_of_a_file_that_is_not_stored_yet_no_address_is_demanded(kind: MediaKind) -> None:
    announced = replace(described(kind, mime="image/gif"), sha256="")

    assert Pinterest.check(pin("Hi", announced)) == []


def test_a_pin_with_a_link_and_an_address_is_filled_in_by_hand() -> None:
    image = described(url=f"{ADDRESS}?a=b&c=d", alt_text="A red door")

    kit = Pinterest.manual(
        pin("50% off & more #sale", image, title="Doors", link="https://acme.example/?a=b&c=d")
    )

    assert kit.url.startswith("https://www.pinterest.com/pin/create/button/?")
    assert "+" not in kit.url
    assert parse_qs(urlsplit(kit.url).query) == {
        "url": ["https://acme.example/?a=b&c=d"],
        "media": [f"{ADDRESS}?a=b&c=d"],
        "description": ["50% off & more #sale"],
    }
    assert kit.pastes == (
        ("Title", "Doors"),
        ("Text", "50% off & more #sale"),
        ("Link", "https://acme.example/?a=b&c=d"),
        ("Alt text", "A red door"),
    )
    assert kit.steps == ("Choose the board, correct the title and press Save.",)


LAST = "Choose the board and press Publish."
BY_TOOL = [
    pytest.param(pin("Hi", described(url=ADDRESS)), ("Add the image.", LAST), id="no link"),
    pytest.param(pin("Hi", link="https://a.example"), ("Add the image.", LAST), id="no address"),
    pytest.param(
        pin("Hi", *images(2, url=ADDRESS), link="https://a.example"),
        ("Add the images of this post, in their order.", LAST),
        id="carousel",
    ),
    pytest.param(
        pin("Hi", described("video", url=ADDRESS), link="https://a.example"),
        ("Add the video of this post.", LAST),
        id="video",
    ),
    pytest.param(
        pin("Hi", described("video"), described()),
        ("Add the video of this post and choose the image as its cover.", LAST),
        id="video and cover",
    ),
]


@pytest.mark.parametrize(("content", "steps"), BY_TOOL)
def test_any_other_pin_is_made_by_hand_with_the_tool(
    content: Content, steps: tuple[str, ...]
) -> None:
    kit = Pinterest.manual(content)

    assert (kit.url, kit.steps) == (TOOL, steps)
    assert ("Text", "Hi") in kit.pastes


def test_what_a_pin_does_not_have_is_not_pasted() -> None:
    assert Pinterest.manual(pin(" ")) == ManualKit(url=TOOL, steps=("Add the image.", LAST))


@pytest.mark.parametrize(
    ("link", "pin_id"),
    [
        ("https://www.pinterest.com/pin/813744226420795884/", "813744226420795884"),
        ("https://pinterest.de/pin/813744226420795884", "813744226420795884"),
        ("https://www.pinterest.com/pin/813744226420795884/?mt=login", "813744226420795884"),
        ("https://www.pinterest.com/pin/a-red-door--813744226420795884/", "813744226420795884"),
        ("https://pin.it/4Xyz", ""),
        ("https://www.pinterest.com/acme/summer-walls/", ""),
        ("https://www.pinterest.com/pin/create/button/", ""),
        ("", ""),
    ],
)
def test_a_pasted_link_tells_which_pin_it_is(link: str, pin_id: str) -> None:
    assert Pinterest.remote_id_of(link) == pin_id
