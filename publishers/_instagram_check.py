"""What can be known of a post before it is sent: why Instagram would refuse it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from publishers._base import Limits
from publishers._checks import MB, alt_text_problems, intake_problems
from publishers._instagram_media import FEED, STORY
from publishers._instagram_text import LONGEST, text_problems
from publishers._values import Content, Intake, Media, MediaKind, Problem

LABEL = "Instagram"
LIMITS = Limits(
    text=LONGEST,
    images=10,
    image_bytes=8 * MB,
    gif_bytes=0,
    video_bytes=300 * MB,
    alt_text=1000,
)
_IMAGE = Intake(mimes=("image/jpeg",), size=LIMITS.image_bytes, width=1440, ratio=(4 / 5, 1.91))
_VIDEO = Intake(
    mimes=("video/mp4", "video/quicktime"),
    size=LIMITS.video_bytes,
    width=1920,
    duration=(3.0, 15 * 60.0),
    frame_rate=(23.0, 60.0),
    codecs=("h264", "hevc"),
)
INTAKE: Mapping[MediaKind, Intake] = {"image": _IMAGE, "video": _VIDEO}
STORY_INTAKE: Mapping[MediaKind, Intake] = {
    "image": replace(_IMAGE, ratio=None),
    "video": replace(_VIDEO, size=100 * MB, duration=(3.0, 60.0)),
}


def find_problems(content: Content) -> Iterator[Problem]:
    """Why this will not fit. A story shows neither text nor comments, so they do not count."""
    if content.place not in ("", FEED, STORY):
        yield Problem(
            field="place", text="Instagram has no such place. Choose the feed or a story."
        )
    if content.place != STORY:
        yield from text_problems("text", "This text", content.text)
        yield from text_problems("first_comment", "The first comment", content.first_comment)
    yield from _number_problems(content)
    for media in content.media:
        yield from _file_problems(content, media)


def _number_problems(content: Content) -> Iterator[Problem]:
    is_story, number = content.place == STORY, len(content.media)
    what, most = ("story", 1) if is_story else ("post", LIMITS.images)
    if not number:
        yield _of_media(f"A {what} on Instagram needs an image or a video. Add one.")
    if number > most:
        things = "image or video" if is_story else "images and videos"
        yield _of_media(
            f"A {what} on Instagram takes {most} {things}; this one has {number}. "
            f"Remove {number - most}."
        )


def _file_problems(content: Content, media: Media) -> Iterator[Problem]:
    if media.kind == "gif":
        yield _of_media(
            f"Instagram takes no GIFs. Save {media.name} as an MP4 video or a JPEG image, and add "
            "that."
        )
        return
    intake = STORY_INTAKE if content.place == STORY else INTAKE
    yield from intake_problems(LABEL, intake[media.kind], media)
    if media.kind == "image" and content.place != STORY:
        yield from alt_text_problems(LABEL, LIMITS.alt_text, media)


def _of_media(text: str) -> Problem:
    return Problem(field="media", text=text)
