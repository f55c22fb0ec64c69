"""What people need to know of a platform, for the parts that may not reach it themselves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from publishers import ManualKit as ManualKit
from publishers import MediaKind, Publisher, all_publishers, get
from publishers import Place as Place
from scheduler import contents, spending
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
    #: What the platform charges for it, such as `$0.20`; empty where it charges nothing.
    price: str = ""


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
    content = words.content(publisher.name)
    cost = spending.price(publisher.name, content) if content.text.strip() else 0
    return Room(
        label=publisher.label,
        filled=publisher.room(content.text),
        excess=max(0, publisher.count(content.text) - publisher.limits.text),
        price=spending.dollars(cost) if cost else "",
    )


def used_fields(platforms: Collection[str]) -> frozenset[str]:
    """What of link, title and first_comment at least one of these platforms has a field for."""
    return frozenset().union(*(get(platform).uses for platform in platforms))


def fixed_places(platform: str) -> tuple[Place, ...]:
    """The places that every account of a platform has, the main one first."""
    return get(platform).fixed_places


def has_places(platform: str) -> bool:
    """Whether each account of a platform has places of its own."""
    return get(platform).has_places


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
