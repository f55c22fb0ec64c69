"""What exists on the stand-in of X: two accounts, their posts and their media. All in memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from aiohttp import web

from sandbox.recorder import Recorder
from sandbox.switches import Switches
from sandbox.x.text import link_entity, shorten

# X numbers things by milliseconds since this instant, shifted by 22 bits.
EPOCH_MS = 1288834974657
MEDIA_SECONDS = 86_400
DUPLICATE_WINDOW = 50
KEY_PREFIXES = {"image": "3", "video": "7", "gif": "16"}


@dataclass(frozen=True, kw_only=True)
class Account:
    """A profile that somebody can connect."""

    id: str
    username: str
    name: str


ACCOUNTS = (
    Account(id="1700000000000000001", username="acme", name="Acme"),
    Account(id="1700000000000000002", username="acme_labs", name="Acme Labs"),
)


@dataclass(kw_only=True)
class Media:
    """An upload. `ready_at` is None until it is finalized; `kind` is image, gif or video."""

    id: str
    owner: Account
    kind: str
    content_type: str
    total_bytes: int
    expires_at: float
    segments: dict[int, bytes] = field(default_factory=dict)
    data: bytes = b""
    finalized_at: float | None = None
    ready_at: float | None = None
    failed: bool = False
    alt_text: str | None = None

    @property
    def key(self) -> str:
        return f"{KEY_PREFIXES[self.kind]}_{self.id}"

    def is_ready(self, now: float) -> bool:
        ready = self.ready_at is not None and self.ready_at <= now < self.expires_at
        return ready and not self.failed


@dataclass(frozen=True, kw_only=True)
class Post:
    """An accepted post: `text` as it was sent, `shown` as the API gives it back."""

    id: str
    account: Account
    text: str
    shown: str
    urls: list[dict[str, Any]]
    media: tuple[Media, ...]
    reply_to: str | None
    created_at: float


class World:
    """The accounts and what they posted; `version` grows with every change that the page shows."""

    def __init__(self, *, switches: Switches, recorder: Recorder) -> None:
        self.switches = switches
        self.recorder = recorder
        self.media: dict[str, Media] = {}
        self.version = 0
        self._posts: dict[str, Post] = {}
        self._by_account: dict[str, dict[str, Post]] = {one.id: {} for one in ACCOUNTS}
        self._last_id = 0

    def account(self, id_or_username: str) -> Account | None:
        names = (id_or_username, id_or_username.removeprefix("@"))
        found = (one for one in ACCOUNTS if one.id == names[0] or one.username == names[1])
        return next(found, None)

    def next_id(self, now: float) -> str:
        self._last_id = max(self._last_id + 1, (int(now * 1000) - EPOCH_MS) << 22)
        return str(self._last_id)

    def accept(
        self,
        *,
        account: Account,
        text: str,
        media: tuple[Media, ...],
        reply_to: str | None,
        received_at: float,
    ) -> Post:
        """Makes the post public and writes it to the record, in this order, before any answer."""
        now = time.time()
        post_id = self.next_id(now)
        shown, urls = _show(text, account=account, post_id=post_id, media=media)
        post = Post(
            id=post_id,
            account=account,
            text=text,
            shown=shown,
            urls=urls,
            media=media,
            reply_to=reply_to,
            created_at=now,
        )
        self._posts[post_id] = self._by_account[account.id][post_id] = post
        self.version += 1
        self._record(post, received_at=received_at)
        return post

    def post(self, post_id: str) -> Post | None:
        return self._posts.get(post_id)

    def delete(self, post: Post) -> None:
        del self._posts[post.id]
        del self._by_account[post.account.id][post.id]
        self.version += 1

    def clear(self) -> None:
        """Forgets every post; the record on disk stays."""
        self._posts.clear()
        for posts in self._by_account.values():
            posts.clear()
        self.version += 1

    def count(self) -> int:
        return len(self._posts)

    def newest_first(self, account: Account | None = None) -> Iterator[Post]:
        posts = self._posts if account is None else self._by_account[account.id]
        return reversed(posts.values())

    def is_duplicate(self, account: Account, text: str) -> bool:
        newest = islice(self.newest_first(account), DUPLICATE_WINDOW)
        return any(post.text == text for post in newest)

    def add_media(self, *, owner: Account, kind: str, content_type: str, total_bytes: int) -> Media:
        now = time.time()
        media = Media(
            id=self.next_id(now),
            owner=owner,
            kind=kind,
            content_type=content_type,
            total_bytes=total_bytes,
            expires_at=now + MEDIA_SECONDS,
        )
        self.media[media.id] = media
        return media

    def _record(self, post: Post, *, received_at: float) -> None:
        self.recorder.write(
            {
                "id": post.id,
                "account": post.account.id,
                "text": post.text,
                "media_keys": [one.key for one in post.media],
                "reply_to": post.reply_to,
                "accepted_at": post.created_at,
                "received_at": received_at,
            }
        )


WORLD = web.AppKey("world", World)


def _show(
    text: str, *, account: Account, post_id: str, media: tuple[Media, ...]
) -> tuple[str, list[dict[str, Any]]]:
    """X hangs one more t.co link, to the media, on the end of a text that has media."""
    shown, urls = shorten(text)
    if not media:
        return shown, urls
    gap = " " if shown else ""
    page = "photo" if media[0].kind == "image" else "video"
    address = f"https://x.com/{account.username}/status/{post_id}/{page}/1"
    link = link_entity(address, start=len(shown) + len(gap))
    return f"{shown}{gap}{link['url']}", [*urls, *({**link, "media_key": m.key} for m in media)]
