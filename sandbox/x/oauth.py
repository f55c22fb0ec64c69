"""OAuth 2.0 with PKCE as X plays it: the consent page, tokens that rotate, revocation."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from sandbox.oauth import basic_credentials, is_web_address, lead_back, read_choice
from sandbox.page import consent_page, error_page
from sandbox.x import problems
from sandbox.x.access import TOKENS
from sandbox.x.timeline import LOOK
from sandbox.x.tokens import Code, Family
from sandbox.x.world import ACCOUNTS, WORLD

# A confidential client has a secret and must send it; a public one has none.
CLIENTS: Mapping[str, str | None] = {
    "sandbox-x-client": "sandbox-x-secret",
    "sandbox-x-public-client": None,
}
SCOPES = frozenset(
    {
        "tweet.read",
        "tweet.write",
        "tweet.moderate.write",
        "users.read",
        "follows.read",
        "follows.write",
        "offline.access",
        "space.read",
        "mute.read",
        "mute.write",
        "like.read",
        "like.write",
        "list.read",
        "list.write",
        "block.read",
        "block.write",
        "bookmark.read",
        "bookmark.write",
        "dm.read",
        "dm.write",
        "media.write",
    }
)
MEANINGS = {
    "tweet.read": "See the posts of this profile",
    "tweet.write": "Post and delete posts for this profile",
    "users.read": "See this profile's name and picture",
    "media.write": "Upload images and videos for this profile",
    "offline.access": "Stay connected until you take the access back",
}
MAX_STATE = 500


class WrongLink(Exception):
    """An authorize link that X would not show its consent page for; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an app asks a person for on the consent page."""

    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    state: str
    challenge: str
    method: str


async def authorize(request: web.Request) -> web.Response:
    """GET and POST /i/oauth2/authorize: the consent page, and where its buttons lead."""
    try:
        asked = _read_link(request.query)
        choice = await read_choice(request)
        if choice is not None and choice != "deny":
            code = _issue_code(request, asked, choice)
            return lead_back(asked.redirect_uri, state=asked.state, code=code)
    except WrongLink as wrong:
        return error_page(LOOK, str(wrong))
    if choice == "deny":
        return lead_back(asked.redirect_uri, state=asked.state, error="access_denied")
    return consent_page(
        LOOK,
        action=str(request.rel_url),
        client_id=asked.client_id,
        redirect_uri=asked.redirect_uri,
        profiles=ACCOUNTS,
        abilities=[MEANINGS.get(scope, scope) for scope in sorted(asked.scopes)],
    )


async def token(request: web.Request) -> web.Response:
    """POST /2/oauth2/token: a code or a refresh token for new tokens."""
    form = await _read_form(request)
    client_id = _authenticate(request, form)
    tokens = request.app[TOKENS]
    match form.get("grant_type"):
        case "authorization_code":
            family = tokens.redeem_code(
                _need(form, "code"),
                client_id=client_id,
                redirect_uri=_need(form, "redirect_uri"),
                verifier=_need(form, "code_verifier"),
            )
        case "refresh_token":
            family = tokens.redeem_refresh(_need(form, "refresh_token"), client_id=client_id)
        case None:
            raise problems.oauth("Missing required parameter [grant_type].")
        case other:
            raise problems.oauth(f"Grant type {other} is not supported.")
    return _token_answer(request, family)


async def revoke(request: web.Request) -> web.Response:
    """POST /2/oauth2/revoke."""
    form = await _read_form(request)
    client_id = _authenticate(request, form)
    request.app[TOKENS].revoke(_need(form, "token"), client_id=client_id)
    return web.json_response({"revoked": True})


def _read_link(query: Mapping[str, str]) -> Asked:
    if query.get("response_type") != "code":
        raise WrongLink("response_type must be “code”.")
    if query.get("client_id") not in CLIENTS:
        raise WrongLink(f"There is no app with the client_id “{query.get('client_id', '')}”.")
    if not is_web_address(query.get("redirect_uri", "")):
        raise WrongLink("redirect_uri must be an http or https address.")
    scopes = frozenset(query.get("scope", "").split())
    if not scopes or not scopes <= SCOPES:
        unknown = ", ".join(sorted(scopes - SCOPES)) or "nothing"
        raise WrongLink(f"scope asks for {unknown}.")
    if not 1 <= len(query.get("state", "")) <= MAX_STATE:
        raise WrongLink("state must have 1 to 500 characters.")
    if query.get("code_challenge_method") not in ("S256", "plain"):
        raise WrongLink("code_challenge_method must be “S256” or “plain”.")
    if not query.get("code_challenge"):
        raise WrongLink("code_challenge is missing.")
    return Asked(
        client_id=query["client_id"],
        redirect_uri=query["redirect_uri"],
        scopes=scopes,
        state=query["state"],
        challenge=query["code_challenge"],
        method=query["code_challenge_method"],
    )


def _issue_code(request: web.Request, asked: Asked, username: str) -> str:
    account = request.app[WORLD].account(username)
    if account is None:
        raise WrongLink("There is no such profile here.")
    code = Code(
        account=account,
        client_id=asked.client_id,
        redirect_uri=asked.redirect_uri,
        scopes=asked.scopes,
        challenge=asked.challenge,
        method=asked.method,
        issued_at=time.time(),
    )
    return request.app[TOKENS].issue_code(code)


async def _read_form(request: web.Request) -> Mapping[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise problems.oauth("The content type must be application/x-www-form-urlencoded.")
    form = await request.post()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _need(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise problems.oauth(f"Missing required parameter [{name}].")
    return form[name]


def _authenticate(request: web.Request, form: Mapping[str, str]) -> str:
    """The id of the calling client, which a confidential one proves by Basic authorization."""
    given = basic_credentials(request.headers.get("Authorization"))
    client_id, given_secret = given or (form.get("client_id", ""), None)
    if client_id not in CLIENTS:
        raise problems.oauth("Value passed for the client id was invalid.")
    secret = CLIENTS[client_id]
    if secret is None:
        return client_id
    if given_secret is None or not hmac.compare_digest(given_secret.encode(), secret.encode()):
        raise problems.oauth(
            "Missing valid authorization header", error="unauthorized_client", status=401
        )
    return client_id


def _token_answer(request: web.Request, family: Family) -> web.Response:
    access_token, refresh_token = request.app[TOKENS].issue(family)
    answer: dict[str, str | int] = {
        "token_type": "bearer",
        "expires_in": int(request.app[WORLD].switches["token_seconds"]),
        "access_token": access_token,
        "scope": " ".join(sorted(family.scopes)),
    }
    if refresh_token is not None:
        answer["refresh_token"] = refresh_token
    return web.json_response(answer, headers={"Cache-Control": "no-store"})
