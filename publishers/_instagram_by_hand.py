"""How a person posts to Instagram by hand: no link can fill anything in there."""

from __future__ import annotations

from collections.abc import Iterator

from publishers._instagram_media import STORY
from publishers._values import Content, ManualKit

HOME = "https://www.instagram.com/"


def manual_kit(content: Content) -> ManualKit:
    """What to paste and do for this part of a post and those after it."""
    if content.part:
        steps = ("Open the post in Instagram, tap Comment and paste the first comment.",)
        pastes: tuple[tuple[str, str], ...] = (("First comment", content.first_comment),)
        return ManualKit(url=HOME, pastes=pastes, steps=steps)
    return ManualKit(url=HOME, pastes=tuple(_pastes(content)), steps=tuple(_steps(content)))


def _pastes(content: Content) -> Iterator[tuple[str, str]]:
    if content.place == STORY:
        return
    if content.text.strip():
        yield "Caption", content.text
    for media in content.media:
        if media.kind == "image" and media.alt_text:
            yield f"Description of {media.name}", media.alt_text
    if content.first_comment.strip():
        yield "First comment", content.first_comment


def _steps(content: Content) -> Iterator[str]:
    names = ", ".join(media.name for media in content.media)
    order = " in this order" if len(content.media) > 1 else ""
    labels = [label for label, _ in _pastes(content)]
    yield "Save the files of the post where you use Instagram, on a phone or a computer."
    yield (
        f"Open Instagram as this account, choose Create, then {_kind(content)}, and add {names}"
        f"{order}."
    )
    if "Caption" in labels:
        yield "Paste the caption."
    if any(label.startswith("Description") for label in labels):
        yield "Paste each description under Advanced settings, Accessibility."
    if "First comment" in labels:
        yield "Share it, open the post, tap Comment and paste the first comment."


def _kind(content: Content) -> str:
    if content.place == STORY:
        return "Story"
    is_reel = [media.kind for media in content.media] == ["video"]
    return "Reel" if is_reel else "Post"
