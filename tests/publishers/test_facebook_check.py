from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from publishers import Content, ManualKit, Media
from publishers.facebook import Facebook
from tests.publishers.stand import described, post

MB = 1024 * 1024


def video(**changes: Any) -> Media:
    return described("video", **{"name": "clip.mp4", "width": 1080, "height": 1920, **changes})


FITTING = [
    pytest.param(post("a" * 63_206), id="63,206 characters"),
    pytest.param(post("春👩\u200d🚀"), id="any script"),
    pytest.param(replace(post(""), link="https://example.com/a?b=c"), id="link alone"),
    pytest.param(post("", described()), id="image without text"),
    pytest.param(post("Hi", *[described(name=f"{n}.jpg") for n in range(10)]), id="ten images"),
    pytest.param(post("Hi", described(mime="image/png", size=4 * MB)), id="4 MB PNG"),
    pytest.param(post("Hi", described("gif"), described()), id="GIF beside an image"),
    pytest.param(post("Hi", described(alt_text="a" * 1000)), id="long description"),
    pytest.param(post("Hi", described("video")), id="video that nobody measured"),
    pytest.param(
        post("Hi", video(duration=90.0, frame_rate=60.0, codec="av1", size=1024 * MB)),
        id="largest reel",
    ),
    pytest.param(
        post("Hi", video(width=540, height=960, duration=3.0, frame_rate=24.0, codec="h264")),
        id="smallest reel",
    ),
    pytest.param(post("Hi", video(mime="video/quicktime")), id="MOV"),
    pytest.param(post("Hi", video(alt_text="a" * 2000)), id="description that no video has"),
    pytest.param(replace(post("Hi"), first_comment="a" * 8000), id="long comment"),
]


@pytest.mark.parametrize("content", FITTING)
def test_what_facebook_takes_has_no_problem(content: Content) -> None:
    assert Facebook.check(content) == []


UNFIT = [
    pytest.param(
        post("a" * 63_211),
        ["This text counts 63,211 on Facebook; the limit is 63,206. Shorten it by 5."],
        id="text too long",
    ),
    pytest.param(
        replace(post("a" * 63_200, described()), link="https://example.com/"),
        ["This text counts 63,222 on Facebook; the limit is 63,206. Shorten it by 16."],
        id="text too long with the link below it",
    ),
    pytest.param(
        post(" \n"),
        ["A post on Facebook needs a text, a link, an image or a video."],
        id="nothing",
    ),
    pytest.param(
        replace(post("Hi"), link="example.com"),
        ["Facebook takes links that begin with http:// or https:// only. Write the whole address."],
        id="link without scheme",
    ),
    pytest.param(
        replace(post("Hi"), link="https://[example"),
        ["Facebook takes links that begin with http:// or https:// only. Write the whole address."],
        id="link that is none",
    ),
    pytest.param(
        replace(post("Hi"), first_comment="a" * 8003),
        [
            "The first comment has 8,003 characters; the limit of Facebook is 8,000. Shorten it "
            "by 3."
        ],
        id="comment too long",
    ),
    pytest.param(
        post("Hi", *[described()] * 12),
        ["Facebook takes 10 images in a post; this one has 12. Remove 2."],
        id="twelve images",
    ),
    pytest.param(
        post("Hi", described(), video()),
        ["Facebook takes 10 images or 1 video in a post, never a mix. Keep only one of these."],
        id="image and video",
    ),
    pytest.param(
        post("Hi", video(), video()),
        ["Facebook takes 10 images or 1 video in a post, never a mix. Keep only one of these."],
        id="two videos",
    ),
    pytest.param(
        post("Hi", described(name="a.webp", mime="image/webp")),
        ["Facebook does not take a.webp (image/webp). Use JPEG or PNG."],
        id="WEBP",
    ),
    pytest.param(
        post("Hi", described(name="a.jpg", size=4 * MB + 1)),
        ["a.jpg has 4.1 MB; the limit of Facebook for this kind of file is 4 MB. Make it smaller."],
        id="large image",
    ),
    pytest.param(
        post("Hi", described("gif", name="a.gif", size=5 * MB)),
        ["a.gif has 5.0 MB; the limit of Facebook for this kind of file is 4 MB. Make it smaller."],
        id="large GIF",
    ),
    pytest.param(
        post("Hi", described(name="a.jpg", alt_text="a" * 1005)),
        [
            "The description of a.jpg has 1,005 characters; the limit of Facebook is 1,000. "
            "Shorten it by 5."
        ],
        id="description too long",
    ),
    pytest.param(
        post("Hi", video(mime="video/webm")),
        ["Facebook does not take clip.mp4 (video/webm). Use MP4 or MOV."],
        id="WEBM",
    ),
    pytest.param(
        post("Hi", video(size=1025 * MB)),
        [
            "clip.mp4 has 1,025.0 MB; the limit of Facebook for this kind of file is 1024 MB. Make "
            "it smaller."
        ],
        id="large video",
    ),
    pytest.param(
        post("Hi", video(width=1920, height=1080)),
        [
            "clip.mp4 is too wide for Facebook: 1.78:1, where at most 1:1.78 fits. Crop it and add "
            "it again."
        ],
        id="wide video",
    ),
    pytest.param(
        post("Hi", video(width=1080, height=2400)),
        [
            "clip.mp4 is too tall for Facebook: 1:2.22, where at least 1:1.78 is needed. Crop it "
            "and add it again."
        ],
        id="tall video",
    ),
    pytest.param(
        post("Hi", video(width=360, height=640)),
        ["clip.mp4 has 360 × 640 pixels; Facebook takes videos from 540 × 960 on. Save it larger."],
        id="small video",
    ),
    pytest.param(
        post("Hi", video(duration=2.0)),
        ["clip.mp4 lasts 2.0 seconds; Facebook takes videos from 3 seconds on. Use a longer one."],
        id="short video",
    ),
    pytest.param(
        post("Hi", video(duration=91.0)),
        ["clip.mp4 lasts 91.0 seconds; Facebook takes up to 90. Cut it."],
        id="long video",
    ),
    pytest.param(
        post("Hi", video(frame_rate=15.0)),
        [
            "clip.mp4 has 15 frames a second; Facebook takes 24 to 60. Save it with another frame "
            "rate."
        ],
        id="slow video",
    ),
    pytest.param(
        post("Hi", video(codec="mpeg4")),
        [
            "clip.mp4 is encoded as mpeg4; Facebook takes H.264 or HEVC (H.265) or VP9 or AV1. "
            "Save it as that."
        ],
        id="old codec",
    ),
]


@pytest.mark.parametrize(("content", "sentences"), UNFIT)
def test_a_problem_names_the_limit_and_what_to_do(content: Content, sentences: list[str]) -> None:
    assert [problem.text for problem in Facebook.check(content)] == sentences


def test_every_problem_of_a_post_is_told_at_once() -> None:
    files = [described(size=6 * MB), video(duration=600.0)]
    content = replace(post("a" * 63_300, *files), link="nowhere", first_comment="a" * 9000)

    problems = Facebook.check(content)

    assert [problem.field for problem in problems] == [
        "text",
        "link",
        "first_comment",
        "media",
        "media",
        "media",
    ]


def test_a_comment_is_a_part_of_its_own() -> None:
    assert Facebook.parts(post()) == 1
    assert Facebook.parts(replace(post(), first_comment="More below")) == 2


def test_by_hand_a_post_is_pasted_piece_by_piece() -> None:
    content = replace(post("Hi"), link="https://example.com/", first_comment="More below")

    assert Facebook.manual(content) == ManualKit(
        url="https://business.facebook.com/latest/composer",
        pastes=(
            ("Text", "Hi"),
            ("Link", "https://example.com/"),
            ("First comment", "More below"),
        ),
        steps=(
            "Choose the Page at the top of the form.",
            "When the post is out, write the first comment below it.",
        ),
    )


def test_by_hand_the_link_of_a_post_with_files_is_part_of_its_text() -> None:
    kit = Facebook.manual(replace(post("Hi", described()), link="https://example.com/"))

    assert kit.pastes == (("Text", "Hi\n\nhttps://example.com/"),)
    assert "Add the files of the post, in their order, with their descriptions." in kit.steps


@pytest.mark.parametrize(
    ("reply_to", "url"),
    [("1_5", "https://www.facebook.com/1_5"), ("", "https://www.facebook.com")],
)
def test_by_hand_a_comment_is_written_below_its_post(reply_to: str, url: str) -> None:
    content = replace(post(), first_comment="More below", part=1, reply_to=reply_to)

    assert Facebook.manual(content) == ManualKit(
        url=url, pastes=(("First comment", "More below"),), steps=("Write it below the post.",)
    )


ADDRESSES = [
    ("https://www.facebook.com/102000000000101_5000000001", "102000000000101_5000000001"),
    ("https://www.facebook.com/102000000000101/posts/5000000001", "102000000000101_5000000001"),
    ("https://m.facebook.com/102000000000101/posts/5000000001/?a=b", "102000000000101_5000000001"),
    (
        "https://www.facebook.com/permalink.php?story_fbid=5000000001&id=102000000000101",
        "102000000000101_5000000001",
    ),
    ("https://www.facebook.com/reel/1200000001/", "1200000001"),
    ("https://www.facebook.com/acme/videos/1200000001", "1200000001"),
    ("https://www.facebook.com/watch/?v=1200000001", "1200000001"),
    ("https://www.facebook.com/acme/posts/5000000001", ""),
    ("https://www.facebook.com/acme/posts/pfbid0abc", ""),
    ("https://example.com/reel/1200000001", ""),
    ("nonsense", ""),
]


@pytest.mark.parametrize(("address", "remote_id"), ADDRESSES)
def test_an_address_tells_the_id_of_a_post_where_it_has_one(address: str, remote_id: str) -> None:
    assert Facebook.remote_id_of(address) == remote_id
