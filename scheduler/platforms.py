"""What people need to know of a platform, for the parts that may not reach it themselves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from publishers import Content, MediaKind, all_publishers, get
from scheduler.media import StoredMedia
from scheduler.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class Room:
    """How much of a platform's text limit a text uses, in the platform's own counting."""

    label: str
    used: int
    limit: int


def names() -> list[str]:
    """Every platform that Postbot knows."""
    return list(all_publishers())


def label(platform: str) -> str:
    """The platform's name as people write it."""
    return get(platform).label


def connectable(runtime: Runtime) -> list[str]:
    """The platforms to which accounts can be connected here."""
    return runtime.settings.platforms()


def rooms(text: str, platforms: Collection[str]) -> list[Room]:
    """How a text fills each of these platforms."""
    found = [get(platform) for platform in sorted(set(platforms))]
    return [
        Room(label=publisher.label, used=publisher.count(text), limit=publisher.limits.text)
        for publisher in found
    ]


def manual_url(platform: str, text: str) -> str:
    """Where a person can post this text by hand."""
    return get(platform).manual_url(Content(text=text))


def announced(*, name: str, mime: str, size: int, alt_text: str = "") -> StoredMedia:
    """A file that was named but not fetched yet, good for finding problems and nothing else."""
    return StoredMedia(
        name=name, key="", kind=_kind(mime), mime=mime, size=size, sha256="", alt_text=alt_text
    )


def _kind(mime: str) -> MediaKind:
    if mime.startswith("video/"):
        return "video"
    return "gif" if mime == "image/gif" else "image"
