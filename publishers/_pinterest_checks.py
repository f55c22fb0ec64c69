"""Why a pin will not fit, and how a person makes one by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlencode, urlsplit

from publishers._base import Limits
from publishers._checks import MB, alt_text_problems, intake_problems, text_problems
from publishers._pinterest_media import AS_BYTES, video_of
from publishers._pinterest_pins import alt_text
from publishers._values import (
    Content,
    Intake,
    ManualKit,
    Media,
    MediaKind,
    Problem,
    ProblemField,
)

LIMITS = Limits(
    text=800,
    images=5,
    image_bytes=20 * MB,
    gif_bytes=20 * MB,
    video_bytes=1024 * MB,
    alt_text=500,
)
INTAKE: Mapping[MediaKind, Intake] = {
    "image": Intake(
        mimes=("image/jpeg", "image/png", "image/webp", "image/gif"), size=LIMITS.image_bytes
    ),
    "gif": Intake(mimes=("image/gif",), size=LIMITS.gif_bytes),
    "video": Intake(
        mimes=("video/mp4", "video/quicktime"),
        size=LIMITS.video_bytes,
        ratio=(1 / 2, 1.91),
        duration=(4.0, 15 * 60.0),
    ),
}
TITLE, LINK = 100, 2048


def problems(label: str, content: Content) -> Iterator[Problem]:
    """Every limit of Pinterest that the content breaks."""
    yield from _place_problems(content)
    yield from text_problems(label, LIMITS.text, len(content.text))
    yield from _title_problems(content)
    yield from _link_problems(content)
    yield from _combination_problems(content.media)
    for media in content.media:
        yield from intake_problems(label, INTAKE[media.kind], media)
        yield from alt_text_problems(label, LIMITS.alt_text, media)
        yield from _address_problems(media)
    yield from _joint_alt_text_problems(content)


def manual_kit(content: Content) -> ManualKit:
    """The pin builder where it can be filled in, else the tool in which a pin is made from
    scratch."""
    images = [one for one in content.media if one.kind != "video"]
    if content.link and len(content.media) == len(images) == 1 and images[0].url:
        asked = {"url": content.link, "media": images[0].url, "description": content.text}
        url = f"https://www.pinterest.com/pin/create/button/?{urlencode(asked, quote_via=quote)}"
        steps = ["Choose the board, correct the title and press Save."]
    else:
        url = "https://www.pinterest.com/pin-creation-tool/"
        steps = [_add_files(content.media), "Choose the board and press Publish."]
    said = (
        ("Title", content.title),
        ("Text", content.text),
        ("Link", content.link),
        ("Alt text", alt_text(content)),
    )
    return ManualKit(
        url=url, pastes=tuple(pair for pair in said if pair[1].strip()), steps=tuple(steps)
    )


def _place_problems(content: Content) -> Iterator[Problem]:
    if not re.fullmatch(r"[0-9]+(/[0-9]+)?", content.place):
        yield _problem("place", "Every pin is on a board of its account. Choose a board for it.")


def _title_problems(content: Content) -> Iterator[Problem]:
    excess = len(content.title) - TITLE
    if excess > 0:
        yield _problem(
            "title",
            f"The title has {len(content.title):,} characters; the limit of Pinterest is {TITLE}. "
            f"Shorten it by {excess:,}.",
        )


def _link_problems(content: Content) -> Iterator[Problem]:
    link = content.link.strip()
    if len(link) > LINK:
        yield _problem(
            "link",
            f"The link has {len(link):,} characters; the limit of Pinterest is {LINK:,}. Use a "
            "shorter one.",
        )
    if link and not _is_web_address(link):
        yield _problem(
            "link", "Pinterest takes no such link. Write it whole, beginning with https://."
        )


def _is_web_address(link: str) -> bool:
    try:
        address = urlsplit(link)
    except ValueError:
        return False
    is_web = address.scheme in ("http", "https") and bool(address.hostname)
    return is_web and not re.search(r"\s", link)


def _combination_problems(files: tuple[Media, ...]) -> Iterator[Problem]:
    videos = [one for one in files if one.kind == "video"]
    if not files:
        yield _of_media("A pin needs an image or a video. Add one.")
    elif videos and (len(videos) > 1 or len(files) > 2):
        yield _of_media(
            "Pinterest takes 1 video in a pin, and beside it at most 1 image, which becomes its "
            "cover. Remove the others."
        )
    elif any(one.kind == "gif" for one in files) and len(files) > 1:
        yield _of_media(
            "Pinterest takes a moving GIF only alone in a pin. Keep the GIF or the other files."
        )
    elif len(files) > LIMITS.images:
        yield _of_media(
            f"Pinterest takes {LIMITS.images} images in a pin; this one has {len(files)}. Remove "
            f"{len(files) - LIMITS.images}."
        )
    if not videos and len(files) > 1:
        yield from _carousel_problems(files)


def _carousel_problems(files: tuple[Media, ...]) -> Iterator[Problem]:
    """Unlike sizes, of images whose size is known."""
    known = [one for one in files if one.width and one.height]
    unlike = [one for one in known if (one.width, one.height) != (known[0].width, known[0].height)]
    if unlike:
        yield _of_media(
            f"Pinterest wants all images of a pin in the same size. {known[0].name} has "
            f"{_size(known[0])} pixels, but {unlike[0].name} has {_size(unlike[0])}. Crop them "
            "alike and add them again."
        )


def _address_problems(media: Media) -> Iterator[Problem]:
    """A file that is not in the store yet has no address yet either, so nothing is known of it."""
    is_stored = bool(media.sha256)
    if media.kind != "video" and media.mime not in AS_BYTES and is_stored and not media.url:
        yield _of_media(
            f"Pinterest takes {media.name} only from a public address, and this Postbot has none. "
            "Save it as JPEG or PNG and add it again."
        )


def _joint_alt_text_problems(content: Content) -> Iterator[Problem]:
    """Descriptions that fit one by one but not together."""
    excess = len(alt_text(content)) - LIMITS.alt_text
    if excess > 0 and all(len(one.alt_text) <= LIMITS.alt_text for one in content.media):
        yield _of_media(
            f"Pinterest has one description for the whole pin, of up to {LIMITS.alt_text} "
            f"characters; those of its files together have {len(alt_text(content)):,}. Shorten "
            f"them by {excess:,}."
        )


def _add_files(files: tuple[Media, ...]) -> str:
    if video_of(files):
        cover = " and choose the image as its cover" if len(files) > 1 else ""
        return f"Add the video of this post{cover}."
    return "Add the images of this post, in their order." if len(files) > 1 else "Add the image."


def _size(media: Media) -> str:
    return f"{media.width} × {media.height}"


def _of_media(text: str) -> Problem:
    return _problem("media", text)


def _problem(field: ProblemField, text: str) -> Problem:
    return Problem(field=field, text=text)
