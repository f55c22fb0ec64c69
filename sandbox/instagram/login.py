"""Instagram Login: its dialog, tokens of an hour for codes, and of sixty days for these."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.graph import login as facebook_login
from sandbox.graph.access import GRAPH
from sandbox.graph.consent import Dialog
from sandbox.graph.errors import Refusal, invalid
from sandbox.graph.parameters import Accepts, need, read
from sandbox.graph.people import ACCOUNTS, Account
from sandbox.graph.tokens import Token
from sandbox.page import Look

TOKEN: Accepts = {
    "client_id": "text",
    "client_secret": "text",
    "code": "text",
    "grant_type": "text",
    "redirect_uri": "text",
}
EXCHANGE: Accepts = {"client_secret": "text", "grant_type": "text"}
REFRESH: Accepts = {"grant_type": "text"}
REFRESHABLE_AFTER = 86_400.0

MEANINGS: Mapping[str, str] = {
    "instagram_business_basic": "See your profile and your posts",
    "instagram_business_content_publish": "Publish posts, reels and stories",
    "instagram_business_manage_comments": "Read and write comments",
    "instagram_business_manage_messages": "Read and write messages",
    "instagram_business_manage_insights": "See the figures of your profile",
}


def dialog(look: Look) -> Dialog:
    """The dialog at /oauth/authorize, on which an account allows an app to act for it."""
    return Dialog(
        look=look,
        meanings=MEANINGS,
        fixed=frozenset({"instagram_business_basic"}),
        choices=ACCOUNTS,
        owners={account.username: account for account in ACCOUNTS},
        fragment="_",
    )


async def token(request: web.Request) -> web.Response:
    """POST /oauth/access_token: `{access_token, user_id, permissions}` for a code.

    Below a version, or by GET, it is the endpoint of Facebook Login.
    """
    if request.method == "GET" or "version" in request.match_info:
        return await facebook_login.token(request)
    try:
        return _redeem(request)
    except Refusal as refusal:
        body = {
            "error_type": refusal.error["type"],
            "code": 400,
            "error_message": refusal.error["message"],
        }
        return web.json_response(body, status=400)


async def exchange(request: web.Request) -> web.Response:
    """GET /access_token?grant_type=ig_exchange_token: a token of sixty days for one of an hour."""
    values = read(request, EXCHANGE)
    _need_grant_type(values, "ig_exchange_token")
    _check_secret(request, need(values, "client_secret"))
    old = _living(request)
    if old.life != "short" or old.grant is None:
        raise invalid("Only a short-lived token can be exchanged.")
    return _answer(request, request.app[GRAPH].tokens.issue(old.grant, "instagram", life="long"))


async def refresh(request: web.Request) -> web.Response:
    """GET /refresh_access_token?grant_type=ig_refresh_token: sixty more days.

    For a long-lived token that has not expired and is 24 hours old.
    """
    _need_grant_type(read(request, REFRESH), "ig_refresh_token")
    graph = request.app[GRAPH]
    old = _living(request)
    is_young = time.time() < old.issued_at + REFRESHABLE_AFTER
    if is_young and graph.switches["refresh_after_a_day"]:
        raise invalid("A token can be refreshed once it is 24 hours old.")
    if old.life != "long" or old.grant is None:
        raise invalid("Only a long-lived token can be refreshed.")
    new = graph.tokens.issue(old.grant, "instagram", life="long")
    return _answer(request, new, permissions=",".join(sorted(old.grant.scopes)))


def _redeem(request: web.Request) -> web.Response:
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise invalid("The parameters must be sent as a form.")
    values = read(request, TOKEN)
    tokens = request.app[GRAPH].tokens
    if need(values, "client_id") != tokens.client_id:
        raise invalid("Invalid platform app")
    _check_secret(request, need(values, "client_secret"))
    _need_grant_type(values, "authorization_code")
    grant = tokens.redeem_code(need(values, "code"), need(values, "redirect_uri"))
    if not isinstance(grant.owner, Account):
        raise invalid("This code is not one of Instagram Login.")
    new = tokens.issue(grant, "instagram", life="short")
    body = {
        "access_token": new.value,
        "user_id": int(grant.owner.app_scoped_id),
        "permissions": sorted(grant.scopes),
    }
    return web.json_response(body, headers={"Cache-Control": "no-store"})


def _need_grant_type(values: Mapping[str, Any], wanted: str) -> None:
    if need(values, "grant_type") != wanted:
        raise invalid(f"grant_type must be {wanted}.")


def _check_secret(request: web.Request, given: str) -> None:
    expected = request.app[GRAPH].tokens.client_secret
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refusal("Error validating client secret.", code=101)


def _living(request: web.Request) -> Token:
    """The token that is to be replaced, which the call carries as `access_token`."""
    found = request.app[GRAPH].tokens.check(need(read(request, EXCHANGE), "access_token"))
    if found.kind != "instagram":
        raise invalid("This is not a token of Instagram Login.")
    return found


def _answer(request: web.Request, new: Token, **more: str) -> web.Response:
    expires_at = new.expires_at(request.app[GRAPH].switches) or time.time()
    body = {
        "access_token": new.value,
        "token_type": "bearer",
        "expires_in": max(0, round(expires_at - time.time())),
        **more,
    }
    return web.json_response(body, headers={"Cache-Control": "no-store"})
