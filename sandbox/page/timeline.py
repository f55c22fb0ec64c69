"""The page of a platform: what it accepted, and the switches that make it fail.

A platform describes itself in a `Timeline` and adds `page_routes(timeline)` to its application.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol

from aiohttp import web

from sandbox.page.look import Look, look_routes
from sandbox.switches import Switches

POLICY = "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
NEWEST = 200


class Profile(Protocol):
    """Somebody who posts: an account, a Page. `username` is without the @."""

    @property
    def id(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One medium of a post: an image, gif or video. Its bytes are at `/_/media/{id}`.

    Without an `id` there is nothing to see but the `caption`.
    """

    id: str | None
    type: str
    alt_text: str | None = None
    caption: str | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A post, or a reply or comment that hangs below the entry `reply_to`.

    `place` is where on the platform it is: a board, a section, “story”. `created_at` is in epoch
    seconds. As JSON it is `{id, account, username, name, text, title, link, place, reply_to, media,
    created_at}`, where `account` is the profile's id, `created_at` is ISO 8601 in UTC with
    milliseconds, and `media` is a list of `{type, url, alt_text, caption}`.
    """

    id: str
    profile: Profile
    created_at: float
    text: str = ""
    title: str | None = None
    link: str | None = None
    place: str | None = None
    reply_to: str | None = None
    media: Sequence[Picture] = ()

    def as_json(self) -> dict[str, Any]:
        created = datetime.fromtimestamp(self.created_at, UTC).isoformat(timespec="milliseconds")
        return {
            "id": self.id,
            "account": self.profile.id,
            "username": self.profile.username,
            "name": self.profile.name,
            "text": self.text,
            "title": self.title,
            "link": self.link,
            "place": self.place,
            "reply_to": self.reply_to,
            "media": [_show_picture(one) for one in self.media],
            "created_at": created.replace("+00:00", "Z"),
        }


@dataclass(frozen=True, kw_only=True)
class File:
    """The bytes of a medium."""

    content_type: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """What the page needs of a platform.

    `entries` gives all entries, the newest first, and `count` their number. `version` is a number
    that changes whenever they do. `media` gives the bytes of a picture by its id. `clear` forgets
    the entries. `expire_access` ends access tokens; `kill_tokens` ends all tokens.
    """

    look: Look
    profiles: Sequence[Profile]
    switches: Switches
    version: Callable[[], int]
    entries: Callable[[], Iterable[Entry]]
    count: Callable[[], int]
    media: Callable[[str], File | None]
    clear: Callable[[], None]
    expire_access: Callable[[], None]
    kill_tokens: Callable[[], None]


def page_routes(timeline: Timeline) -> list[web.AbstractRouteDef]:
    """The page at `/` and what it asks for below `/_/`."""
    page = _Page(timeline)
    return [
        web.get("/", page.show),
        web.get("/_/timeline", page.timeline),
        web.delete("/_/timeline", page.clear),
        web.get("/_/media/{id}", page.media),
        web.get("/_/switches", timeline.switches.show),
        web.post("/_/switches", timeline.switches.turn),
        web.post("/_/expire_tokens", page.expire_tokens),
        *look_routes(timeline.look),
    ]


class _Page:
    def __init__(self, timeline: Timeline) -> None:
        self._shown = timeline
        self._life = secrets.token_hex(4)  # A restarted stand-in counts its versions anew.

    async def show(self, _request: web.Request) -> web.Response:
        """GET /: the page itself."""
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
        return web.Response(
            text=self._shown.look.fill("index.html"), content_type="text/html", headers=headers
        )

    async def timeline(self, request: web.Request) -> web.Response:
        """GET /_/timeline: `{accounts, total, posts}`, newest first; `?limit=` instead of 200.

        Answers 304 to the `If-None-Match` of an unchanged timeline: polling costs little.
        """
        etag = f'"{self._life}-{self._shown.version()}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        limit = request.query.get("limit", "")
        most = int(limit) if limit.isdecimal() else NEWEST
        body = {
            "accounts": [_show_profile(one) for one in self._shown.profiles],
            "total": self._shown.count(),
            "posts": [entry.as_json() for entry in islice(self._shown.entries(), most)],
        }
        return web.json_response(body, headers={"ETag": etag, "Cache-Control": "no-cache"})

    async def clear(self, _request: web.Request) -> web.Response:
        """DELETE /_/timeline: forgets the posts; the record on disk stays."""
        self._shown.clear()
        return web.json_response({"ok": True})

    async def media(self, request: web.Request) -> web.Response:
        """GET /_/media/{id}: the bytes of a picture."""
        found = self._shown.media(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound
        return web.Response(
            body=found.data,
            content_type=found.content_type,
            headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=86400"},
        )

    async def expire_tokens(self, request: web.Request) -> web.Response:
        """POST /_/expire_tokens: ends access tokens, with `{"refresh_tokens": true}` all."""
        try:
            wanted = json.loads(await request.read() or b"{}")
        except ValueError:
            return web.json_response({"error": "Send JSON."}, status=400)
        if isinstance(wanted, dict) and wanted.get("refresh_tokens") is True:
            self._shown.kill_tokens()
        else:
            self._shown.expire_access()
        return web.json_response({"ok": True})


def _show_profile(one: Profile) -> dict[str, str]:
    return {"id": one.id, "username": one.username, "name": one.name}


def _show_picture(one: Picture) -> dict[str, Any]:
    url = None if one.id is None else f"/_/media/{one.id}"
    return {"type": one.type, "url": url, "alt_text": one.alt_text, "caption": one.caption}
