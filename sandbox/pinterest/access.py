"""Who is calling: the bearer token, its scopes and the rate limits."""

from __future__ import annotations

import time

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.pinterest import problems
from sandbox.pinterest.limits import Limits, Taken, exceeded, headers_of, untouched_windows
from sandbox.pinterest.tokens import Grant, Tokens
from sandbox.pinterest.world import WORLD

TOKENS = web.AppKey("tokens", Tokens)
LIMITS = web.AppKey("limits", Limits)
TAKEN = web.RequestKey("taken", Taken)

ACCOUNT = frozenset({"user_accounts:read"})
READ_BOARDS = frozenset({"boards:read"})
READ_PINS = frozenset({"boards:read", "pins:read"})
WRITE_PINS = frozenset({"boards:read", "boards:write", "pins:read", "pins:write"})
READ_MEDIA = frozenset({"pins:read"})
WRITE_MEDIA = frozenset({"pins:read", "pins:write"})


def authorize(request: web.Request, *, scopes: frozenset[str], category: str) -> Grant:
    """What the bearer token stands for; else 401, 403 (scopes) or 429.

    The accounts here have no ad accounts: whoever names one is not permitted.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise problems.unauthorized()
    switches = request.app[WORLD].switches
    grant = request.app[TOKENS].check(token, lifetime=switches["token_seconds"])
    request[TAKEN] = _count(request, grant, category)
    if exceeded(request[TAKEN]):
        raise problems.too_many_requests()
    if not scopes <= grant.scopes or "ad_account_id" in request.query:
        raise problems.not_permitted()
    return grant


def _count(request: web.Request, grant: Grant, category: str) -> Taken:
    tier = request.app[WORLD].switches["limits"]
    if tier == "off":
        return untouched_windows(category)
    return request.app[LIMITS].take(grant, category, tier=tier)


@web.middleware
async def limit_headers_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Puts the `x-ratelimit-…` headers on the answers of authorized calls."""
    response = await handler(request)
    if TAKEN in request:
        response.headers.update(headers_of(request[TAKEN], time.time()))
    return response
