"""What a delivery says: a person's words laid out for one account, with files and place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from publishers import Cause, Content, Media, Rejected, TemporaryFailure, get
from scheduler import versions
from scheduler.conversion import ConversionFailed
from scheduler.media import StoredMedia
from scheduler.models import Delivery, MediaFile, Post
from scheduler.runtime import Runtime
from scheduler.shelf import ShelfFailed
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
        frame_rate=file.frame_rate,
        codec=file.codec or "",
        orientation=file.orientation or 1,
        is_located=bool(file.is_located),
        is_transparent=bool(file.is_transparent),
        alt_text=clean(file.alt_text),
        slack_file_id=file.slack_file_id,
    )


async def load(runtime: Runtime, rows: Collection[Delivery]) -> dict[int, Content]:
    """What each of these deliveries says, by delivery id. A file that is not fit for its platform
    is the version that was made of it, if there is one yet; `at_hand` makes it."""
    ids = list({row.post_id for row in rows})
    posts = {post.id: post for post in await Post.filter(id__in=ids)}
    files = await MediaFile.filter(post_id__in=ids).order_by("post_id", "position")
    made = await versions.known(runtime, [file.key for file in files])
    before = await _before(rows)
    contents = {}
    for row in rows:
        media = [
            made.best(runtime.media.media(stored(file)), row.platform)
            for file in files
            if file.post_id == row.post_id
        ]
        post = posts[row.post_id]
        head = Words.of(post).content(row.platform, media, place=row.place)
        contents[row.id] = _part(head, row, before.get(row.parent_id or 0))
    return contents


@asynccontextmanager
async def at_hand(runtime: Runtime, content: Content, platform: str) -> AsyncIterator[Content]:
    """What a delivery says, every file of it fit for the platform and readable at its path. Raises
    `Rejected` and `TemporaryFailure`."""
    async with AsyncExitStack() as stack:
        try:
            files = await versions.make_all(runtime, content.media, platform)
            await stack.enter_async_context(runtime.media.at_hand(files))
        except FileNotFoundError as error:
            raise Rejected(
                "A file of this post is gone from Postbot's store. Add it to the post again."
            ) from error
        except ShelfFailed as error:
            raise TemporaryFailure(
                "Postbot's store of files cannot be reached.", cause=Cause.NETWORK
            ) from error
        except ConversionFailed as error:
            raise _unmade(error, platform) from error
        yield replace(content, media=files)


def _unmade(error: ConversionFailed, platform: str) -> Rejected | TemporaryFailure:
    label = get(platform).label
    if not error.is_certain:
        return TemporaryFailure(f"Postbot had no time to make an image fit for {label}.")
    return Rejected(
        f"Postbot cannot make an image of this post fit for {label}; it may be damaged. Save it as "
        "JPEG and add it to the post again."
    )


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
