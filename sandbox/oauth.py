"""What the OAuth pages and token endpoints of all platforms have in common."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlsplit

from aiohttp import web
from yarl import URL


def is_web_address(address: str) -> bool:
    """Whether an app may be called back there: http or https, with a host, without a fragment."""
    try:
        target = urlsplit(address)
    except ValueError:
        return False
    return target.scheme in ("http", "https") and bool(target.hostname) and not target.fragment


async def read_choice(request: web.Request) -> str | None:
    """What a person chose on the consent page: a username, `deny`, or None for nothing yet.

    `?auto=<username>` in the link chooses without a person.
    """
    form = await request.post()
    if form.get("choice") == "deny":
        return "deny"
    username = form.get("account") or request.query.get("auto")
    return username if isinstance(username, str) else None


def lead_back(redirect_uri: str, **answer: str) -> web.Response:
    """The way back to the app, with the answer in the query."""
    target = URL(redirect_uri, encoded=True).update_query(answer)
    return web.Response(status=302, headers={"Location": str(target), "Cache-Control": "no-store"})


def basic_credentials(header: str | None) -> tuple[str, str] | None:
    """Client id and secret of an `Authorization: Basic …` header."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return client_id, secret
