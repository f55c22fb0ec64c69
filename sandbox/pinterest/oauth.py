"""OAuth 2.0 as Pinterest plays it: the consent page, tokens that rotate, revocation."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from sandbox.oauth import basic_credentials, is_web_address, lead_back, read_choice
from sandbox.page import consent_page, error_page
from sandbox.pinterest import problems
from sandbox.pinterest.access import TOKENS
from sandbox.pinterest.cast import ACCOUNTS
from sandbox.pinterest.timeline import LOOK
from sandbox.pinterest.tokens import REFRESH_SECONDS, Code, Grant
from sandbox.pinterest.world import WORLD

CLIENTS = {"sandbox-pinterest-client": "sandbox-pinterest-secret"}
SCOPES = {
    "ads:read": "See your advertising data",
    "ads:write": "Change your advertising data",
    "billing:read": "See your billing data",
    "billing:write": "Change your billing data",
    "biz_access:read": "See who has access to your business",
    "biz_access:write": "Change who has access to your business",
    "boards:read": "See your public boards",
    "boards:read_secret": "See your secret boards",
    "boards:write": "Create, change and delete your public boards",
    "boards:write_secret": "Create, change and delete your secret boards",
    "catalogs:read": "See your catalogs",
    "catalogs:write": "Change your catalogs",
    "msot:write": "Send figures about your conversions",
    "pins:read": "See your public Pins",
    "pins:read_secret": "See your secret Pins",
    "pins:write": "Create, change and delete your public Pins",
    "pins:write_secret": "Create, change and delete your secret Pins",
    "user_accounts:read": "See your account and its followers",
    "user_accounts:write": "Change your account and its followers",
}
LINK = frozenset({"client_id", "redirect_uri", "response_type", "scope", "state", "auto"})
FORMS = {
    "authorization_code": frozenset({"grant_type", "code", "redirect_uri", "continuous_refresh"}),
    "refresh_token": frozenset({"grant_type", "refresh_token", "scope", "continuous_refresh"}),
}


class WrongLink(Exception):
    """An authorize link that Pinterest would show no consent page for; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an app asks a person for on the consent page."""

    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    state: dict[str, str]


async def authorize(request: web.Request) -> web.Response:
    """GET and POST /oauth/: the consent page, and where its buttons lead."""
    try:
        asked = _read_link(request.query)
        choice = await read_choice(request)
        if choice is not None and choice != "deny":
            code = _issue_code(request, asked, choice)
            return lead_back(asked.redirect_uri, **asked.state, code=code)
    except WrongLink as wrong:
        return error_page(LOOK, str(wrong))
    if choice == "deny":
        return lead_back(asked.redirect_uri, **asked.state, error="access_denied")
    return consent_page(
        LOOK,
        action=str(request.rel_url),
        client_id=asked.client_id,
        redirect_uri=asked.redirect_uri,
        profiles=ACCOUNTS,
        abilities=[SCOPES[scope] for scope in sorted(asked.scopes)],
    )


async def token(request: web.Request) -> web.Response:
    """POST /v5/oauth/token: a code or a refresh token for new tokens."""
    client_id = _authenticate(request)
    form = await _read_form(request)
    kind = form.get("grant_type", "")
    if kind not in FORMS:
        raise problems.invalid(f"grant_type: {kind!r} is not one of {sorted(FORMS)}")
    _check_names(form, FORMS[kind])
    tokens = request.app[TOKENS]
    if kind == "authorization_code":
        code, redirect_uri = _need(form, "code"), _need(form, "redirect_uri")
        grant = tokens.redeem_code(code, client_id=client_id, redirect_uri=redirect_uri)
    else:
        scopes = frozenset(form["scope"].split(",")) if "scope" in form else None
        refresh_token = _need(form, "refresh_token")
        grant = tokens.redeem_refresh(refresh_token, client_id=client_id, scopes=scopes)
    return _token_answer(request, grant, kind)


async def revoke(request: web.Request) -> web.Response:
    """POST /v5/oauth/token/revoke."""
    client_id = _authenticate(request)
    form = await _read_form(request)
    _check_names(form, frozenset({"token", "token_type_hint"}))
    if form.get("token_type_hint", "access_token") not in ("access_token", "refresh_token"):
        raise problems.invalid("token_type_hint: is not one of [access_token, refresh_token]")
    if not request.app[WORLD].switches["revocation"]:
        raise problems.not_permitted()
    request.app[TOKENS].revoke(_need(form, "token"), client_id=client_id)
    return web.Response()


def _read_link(query: Mapping[str, str]) -> Asked:
    unknown = ", ".join(sorted(query.keys() - LINK))
    if unknown:
        raise WrongLink(f"it has the parameter {unknown}.")
    if query.get("response_type") != "code":
        raise WrongLink("response_type must be “code”.")
    if query.get("client_id") not in CLIENTS:
        raise WrongLink(f"There is no app with the client_id “{query.get('client_id', '')}”.")
    if not is_web_address(query.get("redirect_uri", "")):
        raise WrongLink("redirect_uri must be an http or https address.")
    scopes = frozenset(query.get("scope", "").split(","))
    if not scopes <= SCOPES.keys():
        raise WrongLink(f"scope asks for “{', '.join(sorted(scopes - SCOPES.keys()))}”.")
    return Asked(
        client_id=query["client_id"],
        redirect_uri=query["redirect_uri"],
        scopes=scopes,
        state={"state": query["state"]} if "state" in query else {},
    )


def _issue_code(request: web.Request, asked: Asked, username: str) -> str:
    account = request.app[WORLD].account(username)
    if account is None:
        raise WrongLink("There is no such account here.")
    grant = Grant(account=account, client_id=asked.client_id, scopes=asked.scopes)
    code = Code(grant=grant, redirect_uri=asked.redirect_uri, issued_at=time.time())
    return request.app[TOKENS].issue_code(code)


def _authenticate(request: web.Request) -> str:
    client_id, secret = basic_credentials(request.headers.get("Authorization")) or ("", "")
    expected = CLIENTS.get(client_id)
    if expected is None or not hmac.compare_digest(secret.encode(), expected.encode()):
        raise problems.unauthorized()
    return client_id


async def _read_form(request: web.Request) -> Mapping[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise problems.invalid("the content type must be application/x-www-form-urlencoded")
    form = await request.post()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _check_names(form: Mapping[str, str], known: frozenset[str]) -> None:
    if unknown := sorted(form.keys() - known):
        raise problems.invalid(f"unknown parameter {', '.join(unknown)}")


def _need(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise problems.invalid(f"{name}: is missing but it is required")
    return form[name]


def _token_answer(request: web.Request, grant: Grant, kind: str) -> web.Response:
    access_token, refresh_token = request.app[TOKENS].issue(grant)
    answer = {
        "access_token": access_token,
        "refresh_token": refresh_token,
        "response_type": kind,
        "token_type": "bearer",
        "expires_in": int(request.app[WORLD].switches["token_seconds"]),
        "refresh_token_expires_in": REFRESH_SECONDS,
        "refresh_token_expires_at": int(time.time()) + REFRESH_SECONDS,
        "scope": " ".join(sorted(grant.scopes)),
    }
    return web.json_response(answer, headers={"Cache-Control": "no-store"})
