"""The contract that every platform fulfils, and the limits it declares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from publishers._http import Http
from publishers._values import (
    App,
    Checkpoint,
    Content,
    Credentials,
    Intake,
    ManualKit,
    MediaKind,
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
    #: What it takes of each kind of file. Images are made fit for it before they get here; a kind
    #: that is left out goes as it is.
    intake: ClassVar[Mapping[MediaKind, Intake]] = {}
    #: The permissions that people are asked for; an instance may differ where the app is set up in
    #: another way.
    scopes: tuple[str, ...]
    is_idempotent: ClassVar[bool] = False
    #: How Postbot finds out whether a doubtful post is live, in a few words.
    looks: ClassVar[str]
    #: How long before their end tokens are renewed: enough to outlive one failed refresh and the
    #: longest upload.
    refresh_ahead: ClassVar[timedelta] = timedelta(minutes=30)
    #: What of `Content` it has a field for, beside text and media: link, title, first_comment.
    uses: ClassVar[frozenset[str]] = frozenset()
    #: Places that every account has, the main one first; those of `places` are each account's own.
    fixed_places: ClassVar[tuple[Place, ...]] = ()
    has_places: ClassVar[bool] = False
    #: Whether one consent can cover several accounts, so that to revoke it ends all of them.
    shares_consent: ClassVar[bool] = False
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
        """New tokens for old. Raises `Rejected` (authentication) when only a reconnect can help;
        with a `kind` (permission, billing) when it is our app that is refused, not these tokens."""

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
    def room(cls, text: str) -> str:
        """How a text fills a post, such as `120 of 280`."""
        return f"{cls.count(text):,} of {cls.limits.text:,}"

    @classmethod
    def price(cls, content: Content) -> Decimal:
        """About how many US dollars the platform charges for all parts of this together."""
        return Decimal()

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
        """Does all that may be done twice (uploads, containers) and saves the ids it is given.
        Raises `OutcomeUnknown` when it sees that an earlier attempt's post is out."""

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
