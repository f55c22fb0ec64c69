"""What exists on the stand-in of Facebook: posts, photos, videos and comments. All in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.graph.files import Stored
from sandbox.graph.people import Page
from sandbox.graph.uploads import Upload
from sandbox.recorder import Recorder
from sandbox.switches import Switches


@dataclass(kw_only=True, eq=False)
class Photo:
    """An uploaded photo; `post` is the one post that it belongs to, published or not."""

    id: str
    page: Page
    file: Stored
    caption: str
    alt_text: str | None
    created_at: float
    post: Post | None = None


@dataclass(kw_only=True, eq=False)
class Video:
    """A video or reel. `state` is what was asked for; a reel is there from its upload's start.

    `finished_at` is when the upload was finished, `ready_at` when it is processed.
    """

    id: str
    page: Page
    is_reel: bool
    created_at: float
    upload: Upload = field(default_factory=Upload)
    state: str = "uploading"
    title: str = ""
    description: str = ""
    finished_at: float | None = None
    ready_at: float = 0.0
    failed: bool = False
    post: Post | None = None

    def is_ready(self, now: float) -> bool:
        return self.finished_at is not None and now >= self.ready_at and not self.failed


@dataclass(kw_only=True, eq=False)
class Post:
    """A post of a Page. `published_at` is None while it is unpublished."""

    id: str
    page: Page
    message: str
    created_at: float
    link: str | None = None
    photos: tuple[Photo, ...] = ()
    video: Video | None = None
    published_at: float | None = None
    comments: list[Comment] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.id.partition("_")[2]

    @property
    def kind(self) -> str:
        if self.video is not None:
            return "reel" if self.video.is_reel else "video"
        if self.photos:
            return "photo" if len(self.photos) == 1 else "photos"
        return "link" if self.link else "text"

    def says_the_same_as(self, other: Post) -> bool:
        return (self.message, self.link, _contents(self)) == (
            other.message,
            other.link,
            _contents(other),
        )


@dataclass(kw_only=True, eq=False)
class Comment:
    """A comment of a Page below one of its posts."""

    id: str
    page: Page
    post: Post
    message: str
    created_at: float


Thing = Post | Photo | Video | Comment


class World:
    """What there is; `version` grows with every change that the page shows."""

    def __init__(self, *, switches: Switches, recorder: Recorder) -> None:
        self.switches = switches
        self.recorder = recorder
        self.version = 0
        self._things: dict[str, Thing] = {}
        self._public: dict[str, Post | Comment] = {}
        self._last_id = 0

    def next_id(self) -> str:
        self._last_id = max(self._last_id + 1, int(time.time() * 1000) * 100)
        return str(self._last_id)

    def find(self, thing_id: str) -> Thing | None:
        return self._things.get(thing_id)

    def find_public(self, number: str) -> Post | None:
        """The public post with this number in its id, or of the video with this id."""
        for one in self._public.values():
            if isinstance(one, Post) and number in (one.number, one.video and one.video.id):
                return one
        return None

    def keep(self, thing: Thing) -> None:
        """Makes something known by its id; nothing is public by that."""
        self._things[thing.id] = thing

    def publish(self, post: Post, *, received_at: float, at: float | None = None) -> None:
        """Makes the post public at `at` or now, and writes it to the record before any answer."""
        self.keep(post)
        post.published_at = time.time() if at is None else at
        self._show(post)
        media = [one.id for one in post.photos] + ([post.video.id] if post.video else [])
        more = {"text": post.message, "link": post.link, "media_ids": media, "parent": None}
        self._record(post, kind=post.kind, received_at=received_at, **more)

    def comment(self, post: Post, message: str, *, received_at: float) -> Comment:
        """A new public comment, on the record before any answer."""
        comment = Comment(
            id=f"{post.number}_{self.next_id()}",
            page=post.page,
            post=post,
            message=message,
            created_at=time.time(),
        )
        post.comments.append(comment)
        self.keep(comment)
        self._show(comment)
        more = {"text": message, "link": None, "media_ids": (), "parent": post.id}
        self._record(comment, kind="comment", received_at=received_at, **more)
        return comment

    def delete(self, thing: Thing) -> None:
        """Forgets it, and with a video its post."""
        self._things.pop(thing.id, None)
        self._public.pop(thing.id, None)
        if isinstance(thing, Video) and thing.post is not None:
            self.delete(thing.post)
        if isinstance(thing, Comment) and thing in thing.post.comments:
            thing.post.comments.remove(thing)
        self.version += 1

    def clear(self) -> None:
        """Forgets every post and comment; the record on disk stays."""
        for public_id in list(self._public):
            self.delete(self._public[public_id])
        self.version += 1

    def newest_first(self) -> Iterator[Post | Comment]:
        """Everything public, as the page shows it."""
        return reversed(self._public.values())

    def count(self) -> int:
        return len(self._public)

    def posts(self, page: Page) -> Iterator[Post]:
        """The public posts of the Page, newest first, without those still in processing."""
        now = time.time()
        for one in self.newest_first():
            if isinstance(one, Post) and one.page is page and (one.published_at or now) <= now:
                yield one

    def videos(self, page: Page) -> list[Video]:
        found = (one for one in self._things.values() if isinstance(one, Video))
        return [one for one in found if one.page is page][::-1]

    def _show(self, thing: Post | Comment) -> None:
        self._public[thing.id] = thing
        self.version += 1

    def _record(self, thing: Post | Comment, **entry: Any) -> None:
        self.recorder.write(
            {"id": thing.id, "account": thing.page.id, "accepted_at": time.time(), **entry}
        )


WORLD = web.AppKey("world", World)


def _contents(post: Post) -> list[bytes]:
    videos = [bytes(post.video.upload.data)] if post.video else []
    return [one.file.data for one in post.photos] + videos
