"""What a delivery says: a person's words laid out for one account, with files and place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from publishers import Content, Media, get
from scheduler.media import StoredMedia
from scheduler.models import Delivery, MediaFile, Post
from scheduler.runtime import Runtime
from scheduler.sql import clean
from scheduler.states import Role


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a person wrote, before it is laid out for an account. `variants` are texts for single
    platforms, by platform, in place of the common one."""

    text: str
    link: str = ""
    title: str = ""
    first_comment: str = ""
    variants: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, post: Post) -> Words:
        return cls(
            text=post.text,
            link=post.link,
            title=post.title,
            first_comment=post.first_comment,
            variants=post.variants,
        )

    def columns(self) -> dict[str, Any]:
        """The columns of a post that hold these words."""
        return {
            "text": clean(self.text),
            "link": clean(self.link),
            "title": clean(self.title),
            "first_comment": clean(self.first_comment),
            "variants": {name: clean(text) for name, text in self.variants.items() if text.strip()},
        }

    def content(self, platform: str, media: Sequence[Media] = (), *, place: str = "") -> Content:
        """The post itself as it goes to an account of this platform."""
        return Content(
            text=clean(self.variants.get(platform) or self.text),
            media=tuple(media),
            link=clean(self.link),
            title=clean(self.title),
            first_comment=clean(self.first_comment),
            place=place,
        )


def stored(file: MediaFile) -> StoredMedia:
    """A file of a post as the media store knows it."""
    return StoredMedia(
        name=file.name,
        key=file.key,
        kind=file.kind,  # type: ignore[arg-type]
        mime=file.mime,
        size=file.size,
        sha256=file.sha256,
        width=file.width,
        height=file.height,
        duration=file.duration,
        alt_text=clean(file.alt_text),
        slack_file_id=file.slack_file_id,
    )


async def load(runtime: Runtime, rows: Collection[Delivery]) -> dict[int, Content]:
    """What each of these deliveries says, by delivery id."""
    ids = list({row.post_id for row in rows})
    posts = {post.id: post for post in await Post.filter(id__in=ids)}
    files = await MediaFile.filter(post_id__in=ids).order_by("post_id", "position")
    before = await _before(rows)
    contents = {}
    for row in rows:
        media = [runtime.media.media(stored(file)) for file in files if file.post_id == row.post_id]
        post = posts[row.post_id]
        head = Words.of(post).content(row.platform, media, place=row.place)
        contents[row.id] = _part(head, row, before.get(row.parent_id or 0))
    return contents


async def _before(rows: Collection[Delivery]) -> dict[int, Delivery]:
    parents = [row.parent_id for row in rows if row.parent_id is not None]
    found = await Delivery.filter(id__in=parents) if parents else []
    return {row.id: row for row in found}


def _part(head: Content, row: Delivery, parent: Delivery | None) -> Content:
    if parent is None:
        return head
    known = parent.remote_id or get(row.platform).remote_id_of(parent.permalink)
    return replace(head, part=row.part, reply_to=known)


async def successor(runtime: Runtime, row: Delivery, now: datetime) -> dict[str, Any] | None:
    """What `next_part` gives for a delivery that is about to be known as published."""
    content = (await load(runtime, [row]))[row.id]
    return next_part(row.id, content, row.platform, now)


def next_part(row_id: int, content: Content, platform: str, now: datetime) -> dict[str, Any] | None:
    """The columns in which the part after this one differs from its delivery; `None` after the
    last. It is stored in the transaction in which this part becomes published."""
    part = content.part + 1
    if part >= get(platform).parts(content):
        return None
    role = Role.COMMENT if get(platform).follow_up == "comment" else Role.THREAD
    return {"parent_id": row_id, "part": part, "role": role, "due_at": now, "next_attempt_at": now}
