"""What people need to know of a platform, for the parts that may not reach it themselves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from publishers import ManualKit as ManualKit
from publishers import MediaKind, Publisher, all_publishers, get
from scheduler import contents
from scheduler.contents import Words
from scheduler.media import StoredMedia
from scheduler.models import Delivery
from scheduler.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class Room:
    """How a text fills a platform, such as `120 of 280`; `excess` is by how much it is too long,
    in the platform's own counting."""

    label: str
    filled: str
    excess: int


def names() -> list[str]:
    """Every platform that Postbot knows."""
    return list(all_publishers())


def label(platform: str) -> str:
    """The platform's name as people write it."""
    return get(platform).label


def connectable(runtime: Runtime) -> list[str]:
    """The platforms to which accounts can be connected here."""
    return runtime.settings.platforms()


def rooms(words: Words, platforms: Collection[str]) -> list[Room]:
    """How the text for each of these platforms fills it."""
    return [_room(words, get(platform)) for platform in sorted(set(platforms))]


def _room(words: Words, publisher: type[Publisher]) -> Room:
    text = words.content(publisher.name).text
    excess = max(0, publisher.count(text) - publisher.limits.text)
    return Room(label=publisher.label, filled=publisher.room(text), excess=excess)


async def manual(runtime: Runtime, row: Delivery, *, longest_url: int) -> ManualKit:
    """How a person posts this delivery and what follows it by hand. A link that would be longer
    goes without the text, which can still be pasted."""
    content = (await contents.load(runtime, [row]))[row.id]
    kit = get(row.platform).manual(content)
    if len(kit.url) <= longest_url:
        return kit
    bare = get(row.platform).manual(replace(content, text=""))
    return replace(kit, url=bare.url)


def announced(*, name: str, mime: str, size: int, alt_text: str = "") -> StoredMedia:
    """A file that was named but not fetched yet, good for finding problems and nothing else."""
    return StoredMedia(
        name=name, key="", kind=_kind(mime), mime=mime, size=size, sha256="", alt_text=alt_text
    )


def _kind(mime: str) -> MediaKind:
    if mime.startswith("video/"):
        return "video"
    return "gif" if mime == "image/gif" else "image"
