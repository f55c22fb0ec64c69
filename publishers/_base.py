"""The contract that every platform fulfils, and the limits it declares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from publishers._http import Http
from publishers._values import (
    App,
    Checkpoint,
    Content,
    Credentials,
    ManualKit,
    NotPublished,
    Place,
    Problem,
    Processing,
    Profile,
    Published,
    Ready,
    Unsure,
)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a platform accepts. Lengths in the platform's own counting, sizes in bytes."""

    text: int
    images: int
    image_bytes: int
    gif_bytes: int
    video_bytes: int
    alt_text: int
    #: Posts that an account may make in any 15 minutes, and in any 24 hours; 0 where no number is
    #: known.
    posts_per_quarter_hour: int = 0
    posts_per_day: int = 0

    @property
    def quotas(self) -> tuple[tuple[int, timedelta], ...]:
        """How many posts in how long, shortest first."""
        known = (
            (self.posts_per_quarter_hour, timedelta(minutes=15)),
            (self.posts_per_day, timedelta(days=1)),
        )
        return tuple((posts, window) for posts, window in known if posts)


class Publisher(ABC):
    """One platform. Handed its app registration and a request helper; knows no database.

    Everything but `publish` may be called any number of times.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    limits: ClassVar[Limits]
    scopes: ClassVar[tuple[str, ...]]
    is_idempotent: ClassVar[bool] = False
    #: How long before their end tokens are renewed: enough to outlive one failed refresh and the
    #: longest upload.
    refresh_ahead: ClassVar[timedelta] = timedelta(minutes=30)
    #: What the parts of a post after the first are: of a thread, comments below it, or none.
    follow_up: ClassVar[Literal["", "thread", "comment"]] = ""

    def __init__(self, app: App, http: Http) -> None:
        self.app = app
        self.http = http

    @abstractmethod
    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        """The consent page; `challenge` is the S256 PKCE challenge."""

    @abstractmethod
    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Credentials:
        """Turns the code of a consent into tokens. Raises `Rejected` when the code is refused."""

    @abstractmethod
    async def refresh(self, credentials: Credentials) -> Credentials:
        """New tokens for old. Raises `Rejected` (authentication) when only a reconnect can help."""

    @abstractmethod
    async def revoke(self, credentials: Credentials) -> None:
        """Ends the platform's grant, where it can."""

    @abstractmethod
    async def identify(self, credentials: Credentials) -> list[Profile]:
        """Whom these tokens may publish for."""

    async def audit(self, credentials: Credentials) -> None:
        """Asks, as cheaply as the platform allows, whether these tokens work. Raises what
        publishing with them would raise: `CredentialsExpired`, or `Rejected` (authentication)."""
        await self.identify(credentials)

    @classmethod
    @abstractmethod
    def count(cls, text: str) -> int:
        """Length of a text as this platform counts it."""

    @classmethod
    @abstractmethod
    def check(cls, content: Content) -> list[Problem]:
        """Why this content will not fit; empty when it will. Pure: no file is opened."""

    @classmethod
    def parts(cls, content: Content) -> int:
        """Of how many requests that cannot be taken back a post consists."""
        return 2 if cls.follow_up == "comment" and content.first_comment.strip() else 1

    async def places(self, credentials: Credentials) -> list[Place]:
        """Where within the account a post can go; empty where there is no choice."""
        return []

    @abstractmethod
    async def prepare(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Ready | Processing:
        """Does all that may be done twice (uploads, containers) and saves the ids it is given."""

    @abstractmethod
    async def publish(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint
    ) -> Published:
        """The one request that cannot be taken back, and nothing else. Called after `prepare` said
        `Ready`, with the checkpoint it left. Neither this nor `reconcile` may save into the
        checkpoint: by then it belongs to the record of what was sent."""

    @abstractmethod
    async def reconcile(
        self, credentials: Credentials, content: Content, checkpoint: Checkpoint, since: datetime
    ) -> Published | NotPublished | Unsure:
        """Looks, without writing, whether an attempt started at `since` (UTC) went out."""

    @classmethod
    @abstractmethod
    def manual(cls, content: Content) -> ManualKit:
        """How a person posts this part and those after it by hand."""

    @classmethod
    def remote_id_of(cls, permalink: str) -> str:
        """The platform's id of the post behind a link that a person pasted; empty when the link
        does not tell."""
        return ""
