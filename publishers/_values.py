"""Frozen values that cross the border between the schedule and a platform."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

MediaKind = Literal["image", "gif", "video"]


@dataclass(frozen=True, kw_only=True)
class Media:
    """One file of a post, readable at `path` as long as the post exists. Bytes and pixels."""

    name: str
    path: Path
    kind: MediaKind
    mime: str
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None
    alt_text: str = ""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What goes out to one account: the text as people wrote it and its media in order."""

    text: str
    media: tuple[Media, ...] = ()

    @property
    def digest(self) -> str:
        """A hash over everything that a reader of the platform could tell apart."""
        parts = [self.text, *(f"{media.sha256}\x1f{media.alt_text}" for media in self.media)]
        return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Tokens of one account. Never printed: `repr` shows only what is no secret."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Whom a token speaks for: the platform's own id, the handle without `@`, the display name."""

    remote_id: str
    username: str
    name: str


@dataclass(frozen=True, kw_only=True)
class App:
    """Our registration with a platform and where to reach it. URLs have no trailing slash."""

    client_id: str
    client_secret: str = field(repr=False)
    api_url: str
    authorize_url: str


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

    field: Literal["text", "media"]
    text: str


class Checkpoint(Protocol):
    """What earlier attempts of a delivery saved, so that a resumed one continues there."""

    @property
    def saved(self) -> Mapping[str, Any]:
        """The saved ids, JSON values only; empty at first and after the content changed."""

    async def save(self, **ids: Any) -> None:
        """Stores ids durably before it returns, merged into those saved before."""
