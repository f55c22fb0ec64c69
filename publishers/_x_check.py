"""What X will not take, found before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publishers._base import Limits
from publishers._checks import alt_text_problems, intake_problems, text_problems
from publishers._values import Content, Intake, Media, MediaKind, Problem
from publishers._weighted_text import REFUSED, weigh
from publishers._x_thread import MOST_PARTS, split


def problems(
    content: Content, label: str, limits: Limits, intake: Mapping[MediaKind, Intake]
) -> Iterator[Problem]:
    """All of them, those of the text first."""
    if not content.text.strip() and not content.media:
        yield Problem(field="text", text="A post on X needs a text, an image or a video.")
        return
    yield from _length_problems(content.text, label, limits)
    yield from _sign_problems(content.text)
    yield from _combination_problems(content.media, limits)
    for media in content.media:
        yield from intake_problems(label, intake[media.kind], media)
        yield from alt_text_problems(label, limits.alt_text, media)


def _length_problems(text: str, label: str, limits: Limits) -> Iterator[Problem]:
    length = weigh(text)
    yield from text_problems(label, limits.text, length)
    parts = len(split(text)) if length <= limits.text else 0
    if parts > MOST_PARTS:
        yield Problem(
            field="text",
            text=f"This text makes a thread of {parts} posts on X; the most is {MOST_PARTS}. "
            "Shorten it.",
        )


def _sign_problems(words: str) -> Iterator[Problem]:
    for sign in sorted(set(words) & set(REFUSED)):
        yield Problem(
            field="text",
            text=f"X refuses the invisible character U+{ord(sign):04X}, which this text has. "
            "Delete it, or type the words around it anew.",
        )


def _combination_problems(media: tuple[Media, ...], limits: Limits) -> Iterator[Problem]:
    images = sum(one.kind == "image" for one in media)
    others = len(media) - images
    if images > limits.images and not others:
        yield Problem(
            field="media",
            text=f"X takes {limits.images} images in a post; this one has {images}. "
            f"Remove {images - limits.images}.",
        )
    if others and len(media) > 1:
        yield Problem(
            field="media",
            text=f"X takes {limits.images} images, or 1 GIF, or 1 video in a post, never a mix. "
            "Keep only one of these.",
        )
