"""Frozen values that cross the border between the schedule and a platform."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

MediaKind = Literal["image", "gif", "video"]
ProblemField = Literal["text", "media", "link", "title", "first_comment", "place"]


@dataclass(frozen=True, kw_only=True)
class Media:
    """One file of a post, readable at `path` during an attempt. Bytes, pixels, seconds; `None` and
    empty where nobody knows."""

    name: str
    path: Path
    kind: MediaKind
    mime: str
    size: int
    sha256: str
    #: As it is shown: after the turn that a camera noted.
    width: int | None = None
    height: int | None = None
    #: Of a video.
    duration: float | None = None
    frame_rate: float | None = None
    #: Of a video: `h264`, `hevc`, `av1`, `vp9`, or whatever four letters the file says.
    codec: str = ""
    #: How an image must be turned to be upright, as EXIF counts it; 1 when it is.
    orientation: int = 1
    #: An image that says where it was taken.
    is_located: bool = False
    #: An image that may have transparent parts.
    is_transparent: bool = False
    alt_text: str = ""
    #: A signed address that the platform may fetch the file from for a while; no secret in it
    #: outlives that, but it belongs into no log.
    url: str = field(default="", repr=False)
    #: What Postbot's own store calls it; means nothing to a platform.
    key: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What a platform takes of one kind of file: what an image is fitted to, and what any file is
    held against. Bytes, pixels, seconds, frames a second; `None` and empty for no limit."""

    mimes: tuple[str, ...]
    size: int
    #: An image with more pixels is scaled down; of other kinds it is a problem.
    width: int | None = None
    height: int | None = None
    #: Narrowest and widest shape, as width divided by height. Nothing is ever cropped to it.
    ratio: tuple[float, float] | None = None
    #: Shortest and longest.
    duration: tuple[float, float | None] | None = None
    frame_rate: tuple[float, float] | None = None
    codecs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Content:
    """What goes out to one account: the text that people wrote for this platform, its media in
    order, and where it goes.

    A post may consist of several requests that cannot be taken back: a thread, or a comment below
    the post. Each is a part (0 is the post itself) with attempts of its own; `reply_to` is the
    remote id of the part before, empty for part 0 and when nobody knows it.
    """

    text: str
    media: tuple[Media, ...] = ()
    #: The page that the post points to, for platforms that have a field for it.
    link: str = ""
    title: str = ""
    first_comment: str = ""
    #: A place within the account, in the platform's own words; empty for its main one.
    place: str = ""
    part: int = 0
    reply_to: str = field(default="", compare=False)

    @property
    def digest(self) -> str:
        """A hash over everything that a reader of the platform could tell apart."""
        parts = [self.text, *(f"{media.sha256}\x1f{media.alt_text}" for media in self.media)]
        more = (self.link, self.title, self.first_comment, self.place, str(self.part or ""))
        parts += [f"\x1d{number}{value}" for number, value in enumerate(more) if value]
        return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Tokens of one account. Never printed: `repr` shows only what is no secret."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    #: The remote id of the profile that these are stored for; empty before they belong to one.
    profile_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Whom a token speaks for: the platform's own id, the handle without `@`, the display name.

    `credentials` are those of this profile where the platform gives each its own.
    """

    remote_id: str
    username: str
    name: str
    credentials: Credentials | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Somewhere within an account that a post can go to, such as a board. `id` is what
    `Content.place` holds; `name` is what people choose from."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class App:
    """Our registration with a platform and where to reach it. URLs have no trailing slash.

    `options` are the platform's further settings by the name that follows the platform's.
    """

    client_id: str
    client_secret: str = field(repr=False)
    api_url: str
    authorize_url: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Published:
    """The post is live."""

    remote_id: str
    permalink: str


@dataclass(frozen=True, kw_only=True)
class Processing:
    """Nothing is out yet: the platform still works on the media. Ask again in `seconds`."""

    seconds: float


@dataclass(frozen=True)
class Ready:
    """Everything that may be done twice is done; only the irreversible step is left."""


@dataclass(frozen=True)
class NotPublished:
    """Proof that the post did not go out."""


@dataclass(frozen=True, kw_only=True)
class Unsure:
    """The platform was asked and its answer proves nothing. `reason` is for the author."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why content will not fit, found before sending. `text` names the limit and what to do."""

    field: ProblemField
    text: str


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How many more posts the platform takes from an account until `reset` (UTC), as it says."""

    remaining: int
    reset: datetime


@dataclass(frozen=True, kw_only=True)
class ManualKit:
    """What a person needs to post something by hand: where, and what to paste there in order, each
    with a label. `steps` are sentences for what a link cannot do."""

    url: str
    pastes: tuple[tuple[str, str], ...] = ()
    steps: tuple[str, ...] = ()


class Checkpoint(Protocol):
    """What earlier attempts of a delivery saved, so that a resumed one continues there."""

    @property
    def saved(self) -> Mapping[str, Any]:
        """The saved ids, JSON values only; empty at first and after the content changed."""

    async def save(self, **ids: Any) -> None:
        """Stores ids durably before it returns, merged into those saved before."""
