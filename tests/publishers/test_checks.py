"""What a platform takes of a file, and the sentences for what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from publishers import Intake, Media, get
from publishers._checks import MB, intake_problems
from tests.publishers.stand import described, post

IMAGE = Intake(mimes=("image/jpeg",), size=8 * MB, ratio=(4 / 5, 1.91))
VIDEO = Intake(
    mimes=("video/mp4", "video/quicktime"),
    size=300 * MB,
    width=1920,
    ratio=(1 / 2, 2.0),
    duration=(3.0, 900.0),
    frame_rate=(23.0, 60.0),
    codecs=("h264", "hevc"),
)


def told(intake: Intake, media: Media) -> list[str]:
    return [problem.text for problem in intake_problems("Orbit", intake, media)]


def image(**facts: Any) -> Media:
    return described("image", name="door.jpg", **facts)


def video(**facts: Any) -> Media:
    return described("video", name="clip.mp4", **facts)


@pytest.mark.parametrize(
    ("intake", "media", "sentence"),
    [
        (
            IMAGE,
            image(mime="image/png"),
            "Orbit does not take door.jpg (image/png). Use JPEG.",
        ),
        (
            VIDEO,
            video(mime="video/webm"),
            "Orbit does not take clip.mp4 (video/webm). Use MP4 or MOV.",
        ),
        (
            IMAGE,
            image(size=9 * MB),
            "door.jpg has 9.0 MB; the limit of Orbit for this kind of file is 8 MB. "
            "Make it smaller.",
        ),
        (
            IMAGE,
            image(width=2400, height=1000),
            "door.jpg is too wide for Orbit: 2.4:1, where at most 1.91:1 fits. Crop it and add "
            "it again.",
        ),
        (
            IMAGE,
            image(width=600, height=1000),
            "door.jpg is too tall for Orbit: 1:1.67, where at least 1:1.25 is needed. Crop it and "
            "add it again.",
        ),
        (
            VIDEO,
            video(width=3840, height=2160),
            "clip.mp4 has 3840 × 2160 pixels; Orbit takes up to 1920 × any. Scale it down.",
        ),
        (
            VIDEO,
            video(duration=2.4),
            "clip.mp4 lasts 2.4 seconds; Orbit takes videos from 3 seconds on. Use a longer one.",
        ),
        (
            VIDEO,
            video(duration=901.0),
            "clip.mp4 lasts 901.0 seconds; Orbit takes up to 900. Cut it.",
        ),
        (
            VIDEO,
            video(frame_rate=120.0),
            "clip.mp4 has 120 frames a second; Orbit takes 23 to 60. Save it with another frame "
            "rate.",
        ),
        (
            VIDEO,
            video(codec="vp9"),
            "clip.mp4 is encoded as VP9; Orbit takes H.264 or HEVC (H.265). Save it as that.",
        ),
    ],
    ids=[
        "format",
        "one of two formats",
        "bytes",
        "wide",
        "tall",
        "pixels",
        "short",
        "long",
        "frames",
        "codec",
    ],
)
def test_what_a_platform_does_not_take_is_told_with_what_to_do(
    intake: Intake, media: Media, sentence: str
) -> None:
    assert told(intake, media) == [sentence]


@pytest.mark.parametrize(
    "media",
    [
        image(),
        image(size=8 * MB, width=1910, height=1000),
        image(width=1080, height=1350),
        video(),
        video(width=1920, height=1080, duration=900.0, frame_rate=59.94, codec="hevc"),
        video(duration=3.0, frame_rate=23.0),
    ],
    ids=["unknown image", "widest", "tallest", "unknown video", "most", "least"],
)
def test_what_is_within_the_limits_or_unknown_is_no_problem(media: Media) -> None:
    assert told(VIDEO if media.kind == "video" else IMAGE, media) == []


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"codec": "hevc"}, "HEVC"),
        ({"frame_rate": 120.0}, "frames a second"),
        ({"duration": 0.2}, "0.5 seconds"),
        ({"width": 4000, "height": 1000}, "too wide"),
    ],
    ids=["codec", "frame rate", "duration", "shape"],
)
def test_x_says_why_it_does_not_take_a_video(facts: dict[str, Any], word: str) -> None:
    (problem,) = get("x").check(post("Hi", video(**facts)))

    assert word in problem.text


def test_x_takes_a_long_video_because_it_may_be_a_subscribers() -> None:
    assert get("x").check(post("Hi", video(duration=600.0, codec="h264"))) == []
