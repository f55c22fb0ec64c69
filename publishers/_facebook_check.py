"""What Facebook will not take, found before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from publishers._base import Limits
from publishers._checks import MB, alt_text_problems, intake_problems, text_problems
from publishers._facebook_text import message
from publishers._values import Content, Intake, Media, MediaKind, Problem

LABEL = "Facebook"
LIMITS = Limits(
    text=63_206,
    images=10,
    image_bytes=4 * MB,
    gif_bytes=4 * MB,
    video_bytes=1024 * MB,
    alt_text=1000,
)
COMMENT = 8000
_NARROWEST, _LOWEST = 540, 960
_UPRIGHT = 9 / 16
INTAKE: Mapping[MediaKind, Intake] = {
    "image": Intake(mimes=("image/jpeg", "image/png"), size=LIMITS.image_bytes),
    "gif": Intake(mimes=("image/gif",), size=LIMITS.gif_bytes),
    "video": Intake(
        mimes=("video/mp4", "video/quicktime"),
        size=LIMITS.video_bytes,
        ratio=(_UPRIGHT, _UPRIGHT),
        duration=(3.0, 90.0),
        frame_rate=(24.0, 60.0),
        codecs=("h264", "hevc", "vp9", "av1"),
    ),
}


def find_problems(content: Content) -> Iterator[Problem]:
    """All of them, those of the text first."""
    if not content.text.strip() and not content.link and not content.media:
        yield Problem(
            field="text", text="A post on Facebook needs a text, a link, an image or a video."
        )
    yield from text_problems(LABEL, LIMITS.text, len(message(content)))
    yield from _link_problems(content.link)
    yield from _comment_problems(content.first_comment)
    yield from _combination_problems(content.media)
    for media in content.media:
        yield from intake_problems(LABEL, INTAKE[media.kind], media)
        yield from _pixel_problems(media)
        if media.kind != "video":
            yield from alt_text_problems(LABEL, LIMITS.alt_text, media)


def _link_problems(link: str) -> Iterator[Problem]:
    if link and not _is_address(link):
        yield Problem(
            field="link",
            text="Facebook takes links that begin with http:// or https:// only. Write the whole "
            "address.",
        )


def _is_address(link: str) -> bool:
    try:
        parts = urlsplit(link)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and link.split() == [link]
    except ValueError:
        return False


def _comment_problems(comment: str) -> Iterator[Problem]:
    excess = len(comment) - COMMENT
    if excess > 0:
        yield Problem(
            field="first_comment",
            text=f"The first comment has {len(comment):,} characters; the limit of Facebook is "
            f"{COMMENT:,}. Shorten it by {excess:,}.",
        )


def _combination_problems(media: tuple[Media, ...]) -> Iterator[Problem]:
    videos = sum(one.kind == "video" for one in media)
    photos = len(media) - videos
    if videos and len(media) > 1:
        yield _of_media(
            f"Facebook takes {LIMITS.images} images or 1 video in a post, never a mix. Keep only "
            "one of these."
        )
    elif photos > LIMITS.images:
        yield _of_media(
            f"Facebook takes {LIMITS.images} images in a post; this one has {photos}. Remove "
            f"{photos - LIMITS.images}."
        )


def _pixel_problems(media: Media) -> Iterator[Problem]:
    if media.kind != "video" or not media.width or not media.height:
        return
    if media.width < _NARROWEST or media.height < _LOWEST:
        yield _of_media(
            f"{media.name} has {media.width} × {media.height} pixels; Facebook takes videos from "
            f"{_NARROWEST} × {_LOWEST} on. Save it larger."
        )


def _of_media(text: str) -> Problem:
    return Problem(field="media", text=text)
