"""The browser page: what both profiles posted, and the switches that make X fail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.x.access import TOKENS
from sandbox.x.world import ACCOUNTS, WORLD, Media, Post

PAGE = Path(__file__).parent / "page"
POLICY = "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
NEWEST = 200


async def page(_request: web.Request) -> web.StreamResponse:
    """GET /: the page itself."""
    return web.FileResponse(PAGE / "index.html", headers={"Content-Security-Policy": POLICY})


async def permalink(request: web.Request) -> web.Response:
    """GET /{username}/status/{id}, X's address of a post: its place on the page."""
    raise web.HTTPFound(f"/#post-{request.match_info['id']}")


async def show(request: web.Request) -> web.Response:
    """GET /_/timeline: `{accounts, total, posts}`, newest first; `?limit=` more or fewer than 200.

    Answers 304 to the `If-None-Match` of an unchanged timeline, so that polling costs little.
    """
    world = request.app[WORLD]
    etag = f'"{id(world)}-{world.version}"'
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers={"ETag": etag})
    limit = request.query.get("limit", "")
    most = int(limit) if limit.isdecimal() else NEWEST
    posts = [_show(post) for post, _ in zip(world.newest_first(), range(most), strict=False)]
    accounts = [{"id": one.id, "username": one.username, "name": one.name} for one in ACCOUNTS]
    body = {"accounts": accounts, "total": world.count(), "posts": posts}
    return web.json_response(body, headers={"ETag": etag, "Cache-Control": "no-cache"})


async def clear(request: web.Request) -> web.Response:
    """DELETE /_/timeline: forgets the posts; the record on disk stays."""
    request.app[WORLD].clear()
    return web.json_response({"ok": True})


async def expire_tokens(request: web.Request) -> web.Response:
    """POST /_/expire_tokens: ends access tokens, with `{"refresh_tokens": true}` all."""
    try:
        wanted = json.loads(await request.read() or b"{}")
    except ValueError:
        return web.json_response({"error": "Send JSON."}, status=400)
    if isinstance(wanted, dict) and wanted.get("refresh_tokens") is True:
        request.app[TOKENS].kill()
    else:
        request.app[TOKENS].expire_access()
    return web.json_response({"ok": True})


async def media(request: web.Request) -> web.Response:
    """GET /_/media/{id}: the bytes of an upload, for the page."""
    found = request.app[WORLD].media.get(request.match_info["id"])
    if found is None or found.finalized_at is None:
        raise web.HTTPNotFound
    return web.Response(
        body=found.data,
        content_type=found.content_type,
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=86400"},
    )


def _show(post: Post) -> dict[str, Any]:
    created = datetime.fromtimestamp(post.created_at, UTC)
    return {
        "id": post.id,
        "account": post.account.id,
        "username": post.account.username,
        "name": post.account.name,
        "text": post.text,
        "reply_to": post.reply_to,
        "media": [_show_media(one) for one in post.media],
        "created_at": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _show_media(one: Media) -> dict[str, Any]:
    return {"type": one.kind, "url": f"/_/media/{one.id}", "alt_text": one.alt_text}
