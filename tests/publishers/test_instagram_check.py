from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from publishers import Content, Media, Place
from publishers._instagram_text import count_hashtags, count_mentions
from publishers.instagram import Instagram
from tests.publishers.stand import described, post

MB = 1024 * 1024


def image(**facts: Any) -> Media:
    return described(**{"name": "door.jpg", "width": 1080, "height": 1080, **facts})


def video(**facts: Any) -> Media:
    return described("video", **{"name": "clip.mp4", **facts})


def story(*media: Media, text: str = "", **more: Any) -> Content:
    return replace(post(text, *media), place="story", **more)


def tags(sign: str, number: int) -> str:
    return " ".join(f"{sign}name{n}" for n in range(number))


FITTING = [
    pytest.param(post("a" * 2200, image()), id="2,200 characters"),
    pytest.param(post("", image()), id="no text"),
    pytest.param(post(tags("#", 30), image()), id="30 hashtags"),
    pytest.param(post(tags("@", 20), image()), id="20 mentions"),
    pytest.param(post("Hi", image(size=8 * MB)), id="8 MB image"),
    pytest.param(post("Hi", image(width=1080, height=1350)), id="4:5"),
    pytest.param(post("Hi", image(width=1080, height=566)), id="1.91:1"),
    pytest.param(post("Hi", image(width=None, height=None)), id="unknown shape"),
    pytest.param(post("Hi", image(alt_text="a" * 1000)), id="long description"),
    pytest.param(post("Hi", *[image()] * 10), id="ten images"),
    pytest.param(post("Hi", image(), video()), id="image and video"),
    pytest.param(post("Hi", video(size=300 * MB, duration=900.0)), id="15 minutes, 300 MB"),
    pytest.param(post("Hi", video(duration=3.0, mime="video/quicktime")), id="3 seconds, MOV"),
    pytest.param(post("Hi", video(codec="hevc", frame_rate=23.0)), id="HEVC"),
    pytest.param(replace(post("Hi", image()), place="feed"), id="feed by its name"),
    pytest.param(replace(post("Hi", image()), first_comment="a" * 2200), id="long comment"),
    pytest.param(story(image(width=1080, height=1920)), id="tall story"),
    pytest.param(story(video(duration=60.0, size=100 * MB)), id="story of a minute"),
    pytest.param(story(image(), text="a" * 3000), id="the text that a story does not show"),
    pytest.param(
        story(image(alt_text="a" * 2000), first_comment="a" * 3000),
        id="the comment and description that a story has not",
    ),
]


@pytest.mark.parametrize("content", FITTING)
def test_what_instagram_takes_has_no_problem(content: Content) -> None:
    assert Instagram.check(content) == []


UNFIT = [
    pytest.param(
        post("a" * 2211, image()),
        ["This text has 2,211 characters; the limit of Instagram is 2,200. Shorten it by 11."],
        id="text too long",
    ),
    pytest.param(
        post(tags("#", 33), image()),
        ["This text has 33 hashtags; the limit of Instagram is 30. Remove 3."],
        id="too many hashtags",
    ),
    pytest.param(
        post(tags("@", 21), image()),
        ["This text has 21 mentions; the limit of Instagram is 20. Remove 1."],
        id="too many mentions",
    ),
    pytest.param(
        replace(post("Hi", image()), first_comment=f"{'a' * 2200} {tags('#', 31)}"),
        [
            "The first comment has 2,438 characters; the limit of Instagram is 2,200. Shorten it "
            "by 238.",
            "The first comment has 31 hashtags; the limit of Instagram is 30. Remove 1.",
        ],
        id="comment too long",
    ),
    pytest.param(
        post("Hi"), ["A post on Instagram needs an image or a video. Add one."], id="no file"
    ),
    pytest.param(
        post("Hi", *[image()] * 12),
        ["A post on Instagram takes 10 images and videos; this one has 12. Remove 2."],
        id="twelve images",
    ),
    pytest.param(
        story(), ["A story on Instagram needs an image or a video. Add one."], id="empty story"
    ),
    pytest.param(
        story(image(), image(), video()),
        ["A story on Instagram takes 1 image or video; this one has 3. Remove 2."],
        id="story of three",
    ),
    pytest.param(
        replace(post("Hi", image()), place="reels"),
        ["Instagram has no such place. Choose the feed or a story."],
        id="unknown place",
    ),
    pytest.param(
        post("Hi", described("gif", name="wave.gif")),
        ["Instagram takes no GIFs. Save wave.gif as an MP4 video or a JPEG image, and add that."],
        id="GIF",
    ),
    pytest.param(
        post("Hi", image(name="door.png", mime="image/png")),
        ["Instagram does not take door.png (image/png). Use JPEG."],
        id="PNG that was not converted",
    ),
    pytest.param(
        post("Hi", image(size=8 * MB + 1)),
        [
            "door.jpg has 8.1 MB; the limit of Instagram for this kind of file is 8 MB. Make it "
            "smaller."
        ],
        id="large image",
    ),
    pytest.param(
        post("Hi", image(width=1000, height=2000)),
        [
            "door.jpg is too tall for Instagram: 1:2, where at least 1:1.25 is needed. Crop it and "
            "add it again."
        ],
        id="tall image",
    ),
    pytest.param(
        post("Hi", image(width=1440, height=480)),
        [
            "door.jpg is too wide for Instagram: 3:1, where at most 1.91:1 fits. Crop it and add "
            "it again."
        ],
        id="wide image",
    ),
    pytest.param(
        post("Hi", image(alt_text="a" * 1005)),
        [
            "The description of door.jpg has 1,005 characters; the limit of Instagram is 1,000. "
            "Shorten it by 5."
        ],
        id="description too long",
    ),
    pytest.param(
        post("Hi", video(duration=2.5)),
        ["clip.mp4 lasts 2.5 seconds; Instagram takes videos from 3 seconds on. Use a longer one."],
        id="short video",
    ),
    pytest.param(
        post("Hi", video(duration=901.0)),
        ["clip.mp4 lasts 901.0 seconds; Instagram takes up to 900. Cut it."],
        id="long video",
    ),
    pytest.param(
        story(video(duration=61.0)),
        ["clip.mp4 lasts 61.0 seconds; Instagram takes up to 60. Cut it."],
        id="long story",
    ),
    pytest.param(
        story(video(size=101 * MB)),
        [
            "clip.mp4 has 101.0 MB; the limit of Instagram for this kind of file is 100 MB. Make "
            "it smaller."
        ],
        id="large story",
    ),
    pytest.param(
        post("Hi", video(width=3840, height=2160)),
        ["clip.mp4 has 3840 × 2160 pixels; Instagram takes up to 1920 × any. Scale it down."],
        id="video too wide",
    ),
    pytest.param(
        post("Hi", video(codec="av1")),
        ["clip.mp4 is encoded as AV1; Instagram takes H.264 or HEVC (H.265). Save it as that."],
        id="codec",
    ),
    pytest.param(
        post("Hi", video(frame_rate=120.0)),
        [
            "clip.mp4 has 120 frames a second; Instagram takes 23 to 60. Save it with another "
            "frame rate."
        ],
        id="frame rate",
    ),
]


@pytest.mark.parametrize(("content", "sentences"), UNFIT)
def test_a_problem_names_the_limit_and_what_to_do(content: Content, sentences: list[str]) -> None:
    assert [problem.text for problem in Instagram.check(content)] == sentences


def test_every_problem_of_a_post_stands_at_its_field() -> None:
    content = replace(
        post("a" * 2300, image(size=9 * MB), video(duration=1.0)),
        first_comment="a" * 2300,
        place="wall",
    )

    problems = Instagram.check(content)

    assert [problem.field for problem in problems] == [
        "place",
        "text",
        "first_comment",
        "media",
        "media",
    ]


HASHTAGS = [
    ("no tags", 0),
    ("#spring", 1),
    ("#spring#sale", 2),
    ("(#spring), #sale.", 2),
    ("#Köln #春 #सेल #2026goals", 4),
    ("＃spring", 1),
    ("room #12, # and ##", 0),
    ("&#39; and &#x27;", 0),
    ("##spring", 1),
    ("#a\n#b", 2),
]


@pytest.mark.parametrize(("text", "number"), HASHTAGS)
def test_hashtags_are_counted_as_instagram_links_them(text: str, number: int) -> None:
    assert count_hashtags(text) == number


MENTIONS = [
    ("nobody", 0),
    ("@acme", 1),
    ("(@acme), @bob_1.", 2),
    ("info@acme.example", 0),
    ("a.@acme and @@acme", 0),
    ("@ acme @.", 0),
    ("@acme\n@bob", 2),
    ("by:@acme", 1),
]


@pytest.mark.parametrize(("text", "number"), MENTIONS)
def test_mentions_are_counted_and_addresses_are_not(text: str, number: int) -> None:
    assert count_mentions(text) == number


@pytest.mark.parametrize("place", Instagram.fixed_places, ids=lambda place: place.name)
def test_every_place_that_people_can_choose_is_taken(place: Place) -> None:
    assert Instagram.check(replace(post("Hi", image()), place=place.id)) == []


def test_a_first_comment_is_a_part_of_its_own() -> None:
    content = replace(post("Hi", image()), first_comment="#spring")

    assert Instagram.parts(content) == 2
    assert Instagram.parts(replace(content, first_comment=" \n")) == 1


def test_a_story_has_no_first_comment() -> None:
    assert Instagram.parts(story(image(), first_comment="#spring")) == 1


LINKS = [
    ("https://www.instagram.com/p/DAbCdEfGhIj/", "DAbCdEfGhIj"),
    ("https://www.instagram.com/reel/DAb_d-fGhIj/?igsh=abc", "DAb_d-fGhIj"),
    ("https://www.instagram.com/acme/p/DAbCdEfGhIj", "DAbCdEfGhIj"),
    ("https://www.instagram.com/reels/DAbCdEfGhIj/", "DAbCdEfGhIj"),
    ("https://www.instagram.com/stories/acme/3210000000000000000/", ""),
    ("https://www.instagram.com/acme/", ""),
    ("", ""),
]


@pytest.mark.parametrize(("link", "code"), LINKS)
def test_the_link_to_a_post_tells_its_code(link: str, code: str) -> None:
    assert Instagram.remote_id_of(link) == code


def test_a_person_gets_everything_to_paste_in_order() -> None:
    content = replace(
        post("Spring sale", image(alt_text="A red door"), video(alt_text="A clip")),
        first_comment="#spring",
    )

    kit = Instagram.manual(content)

    assert kit.url == "https://www.instagram.com/"
    assert kit.pastes == (
        ("Caption", "Spring sale"),
        ("Description of door.jpg", "A red door"),
        ("First comment", "#spring"),
    )
    assert kit.steps == (
        "Save the files of the post where you use Instagram, on a phone or a computer.",
        "Open Instagram as this account, choose Create, then Post, and add door.jpg, clip.mp4 in "
        "this order.",
        "Paste the caption.",
        "Paste each description under Advanced settings, Accessibility.",
        "Share it, open the post, tap Comment and paste the first comment.",
    )


def test_a_story_by_hand_has_nothing_to_paste() -> None:
    kit = Instagram.manual(story(image(), text="Spring sale", first_comment="#spring"))

    assert kit.pastes == ()
    assert kit.steps[1:] == (
        "Open Instagram as this account, choose Create, then Story, and add door.jpg.",
    )


def test_a_single_video_by_hand_is_a_reel() -> None:
    kit = Instagram.manual(post("", video()))

    assert "then Reel, and add clip.mp4." in kit.steps[1]


def test_a_comment_by_hand_is_only_the_comment() -> None:
    content = replace(post("Hi", image()), first_comment="#spring", part=1)

    kit = Instagram.manual(content)

    assert kit.pastes == (("First comment", "#spring"),)
    assert kit.steps == ("Open the post in Instagram, tap Comment and paste the first comment.",)
