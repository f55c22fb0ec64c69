"""Who is calling: the bearer token, its scopes and the account's rate limit."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.windows import Window
from sandbox.x import problems
from sandbox.x.limits import Limits, headers_of
from sandbox.x.tokens import Tokens
from sandbox.x.world import WORLD, Account

TOKENS = web.AppKey("tokens", Tokens)
LIMITS = web.AppKey("limits", Limits)
WINDOW = web.RequestKey("window", Window)

READ = frozenset({"tweet.read", "users.read"})
WRITE = frozenset({"tweet.read", "tweet.write", "users.read"})
MEDIA = frozenset({"media.write"})


def authorize(request: web.Request, *, scopes: frozenset[str], endpoint: str) -> Account:
    """The account that the bearer token stands for; else 401, 403 (scopes) or 429."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise problems.unauthorized()
    switches = request.app[WORLD].switches
    family = request.app[TOKENS].check(token, lifetime=switches["token_seconds"])
    if not scopes <= family.scopes:
        raise problems.blank(403)
    limits = request.app[LIMITS]
    if not switches["limits"]:
        request[WINDOW] = limits.untouched(endpoint)
        return family.account
    window = request[WINDOW] = limits.take(family.account.id, endpoint)
    if window.used > window.limit:
        raise problems.too_many_requests()
    return family.account


@web.middleware
async def limit_headers_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Puts the `x-rate-limit-…` headers on the answers of authorized calls."""
    response = await handler(request)
    if WINDOW in request:
        response.headers.update(headers_of(request[WINDOW]))
    return response
