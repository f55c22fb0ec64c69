"""What exists on the stand-in of Instagram: containers, media and comments. All in memory."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from sandbox.graph.files import Stored
from sandbox.graph.people import Account
from sandbox.graph.uploads import Upload
from sandbox.recorder import Recorder
from sandbox.switches import Switches

DAY = 86_400.0
STORY_SECONDS = DAY

Kind = Literal["image", "video", "reel", "story", "carousel"]
State = Literal["IN_PROGRESS", "FINISHED", "PUBLISHED", "ERROR", "EXPIRED"]


@dataclass(kw_only=True, eq=False)
class Container:
    """What is prepared for publishing. `kind` video is an item of a carousel only.

    `file` is None for a carousel, and while an upload is not complete. `ready_at` is when it is
    processed; `error` is the subcode with which that ends badly.
    """

    id: str
    account: Account
    kind: Kind
    created_at: float
    caption: str = ""
    alt_text: str | None = None
    is_item: bool = False
    share_to_feed: bool = True
    children: tuple[Container, ...] = ()
    file: Stored | None = None
    upload: Upload | None = None
    ready_at: float = 0.0
    error: int | None = None
    media: Media | None = None

    def state(self, now: float, *, lifetime: float) -> State:
        if self.media is not None:
            return "PUBLISHED"
        if now >= self.created_at + lifetime:
            return "EXPIRED"
        if now < self.ready_at or (self.upload is not None and self.file is None):
            return "IN_PROGRESS"
        return "ERROR" if self.error is not None else "FINISHED"


@dataclass(kw_only=True, eq=False)
class Media:
    """A published post, reel or story."""

    id: str
    container: Container
    published_at: float
    shortcode: str = field(default_factory=lambda: f"D{secrets.token_urlsafe(8)[:10]}")

    @property
    def account(self) -> Account:
        return self.container.account


@dataclass(kw_only=True, eq=False)
class Comment:
    """A comment of an account below a post."""

    id: str
    account: Account
    media: Media
    text: str
    created_at: float


Thing = Container | Media | Comment


class World:
    """What there is; `version` grows with every change that the page shows."""

    def __init__(self, *, switches: Switches, recorder: Recorder) -> None:
        self.switches = switches
        self.recorder = recorder
        self.version = 0
        self._things: dict[str, Thing] = {}
        self._public: dict[str, Media | Comment] = {}
        self._publications: dict[str, list[float]] = {}
        self._last_id = 0

    def next_id(self) -> str:
        self._last_id = max(self._last_id + 1, int(time.time() * 1000) * 1000)
        return f"1{self._last_id}"

    def find(self, thing_id: str) -> Thing | None:
        return self._things.get(thing_id)

    def keep(self, container: Container) -> None:
        self._things[container.id] = container

    def state_of(self, container: Container) -> State:
        return container.state(time.time(), lifetime=self.switches["container_seconds"])

    def publish(self, container: Container, *, received_at: float) -> Media:
        """Makes the container public, and writes it to the record before any answer."""
        media = Media(id=self.next_id(), container=container, published_at=time.time())
        container.media = media
        self._publications.setdefault(media.account.id, []).append(media.published_at)
        self._show(media)
        self._record(
            media,
            kind=container.kind,
            text=container.caption,
            media_ids=[one.id for one in container.children or (container,)],
            parent=None,
            received_at=received_at,
        )
        return media

    def comment(self, account: Account, media: Media, text: str, *, received_at: float) -> Comment:
        """A new public comment, on the record before any answer."""
        comment = Comment(
            id=self.next_id(), account=account, media=media, text=text, created_at=time.time()
        )
        self._show(comment)
        self._record(
            comment,
            kind="comment",
            text=text,
            media_ids=[],
            parent=media.id,
            received_at=received_at,
        )
        return comment

    def published_in_a_day(self, account: Account) -> int:
        since = time.time() - DAY
        return sum(moment > since for moment in self._publications.get(account.id, ()))

    def delete(self, thing: Thing) -> None:
        self._things.pop(thing.id, None)
        self._public.pop(thing.id, None)
        self.version += 1

    def clear(self) -> None:
        """Forgets every post and comment, and what of the quota is used; the record stays."""
        for thing in list(self._public.values()):
            self.delete(thing)
        self._publications.clear()
        self.version += 1

    def newest_first(self) -> Iterator[Media | Comment]:
        """Everything public, as the page shows it."""
        return reversed(self._public.values())

    def count(self) -> int:
        return len(self._public)

    def media(self, account: Account, *, stories: bool) -> Iterator[Media]:
        """The account's posts, or its stories of the last day; the newest first."""
        since = time.time() - STORY_SECONDS if stories else 0.0
        for one in self.newest_first():
            if (
                isinstance(one, Media)
                and one.account is account
                and (one.container.kind == "story") is stories
                and one.published_at > since
            ):
                yield one

    def comments(self, media: Media) -> list[Comment]:
        """Newest first."""
        shown = self.newest_first()
        return [one for one in shown if isinstance(one, Comment) and one.media is media]

    def find_public(self, name: str) -> Media | None:
        """The public media with this shortcode or id."""
        for one in self._public.values():
            if isinstance(one, Media) and name in (one.shortcode, one.id):
                return one
        return None

    def _show(self, thing: Media | Comment) -> None:
        self._things[thing.id] = self._public[thing.id] = thing
        self.version += 1

    def _record(self, thing: Media | Comment, **entry: Any) -> None:
        self.recorder.write(
            {"id": thing.id, "account": thing.account.id, "accepted_at": time.time(), **entry}
        )


WORLD = web.AppKey("world", World)
