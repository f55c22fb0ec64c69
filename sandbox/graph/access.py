"""Who is calling: the token, the proof that the caller knows the app's secret, the scopes."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from aiohttp import web

from sandbox.graph.errors import METHOD, Refusal, not_permitted
from sandbox.graph.parameters import PARAMETERS
from sandbox.graph.people import Account, Page, Person
from sandbox.graph.tokens import Token, Tokens
from sandbox.graph.usage import USED, Usage
from sandbox.switches import Switches


@dataclass(frozen=True, kw_only=True)
class Graph:
    """What the calls of both platforms need."""

    switches: Switches
    tokens: Tokens
    usage: Usage


GRAPH = web.AppKey("graph", Graph)


def caller(request: web.Request) -> Token:
    """The token that the call carries, counted; else 190, a wrong proof or a throttle."""
    graph = request.app[GRAPH]
    value = token_value(request)
    if not value:
        raise Refusal(
            "An active access token must be used to query information about the current user.",
            code=2500,
        )
    token = graph.tokens.check(value)
    _check_proof(request, token)
    if token.kind != "app":
        percent = graph.usage.take(profile_id(token))
        request[USED] = graph.usage.headers(token, profile_id(token), percent)
        graph.usage.check(token, percent)
    return token


def token_value(request: web.Request) -> str:
    """The token as the call carries it: as a parameter, or as a bearer of its headers."""
    given = request[PARAMETERS].get("access_token")
    if isinstance(given, str):
        return given
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() in ("bearer", "oauth") else ""


def person_calling(request: web.Request) -> tuple[Token, Person]:
    """The token of a person who logged in with Facebook, and that person."""
    token = caller(request)
    if token.kind != "user" or token.grant is None or not isinstance(token.grant.owner, Person):
        raise not_permitted("A user access token is required for this call.")
    return token, token.grant.owner


def profile_id(token: Token) -> str:
    """The Page, account or person that the token speaks for."""
    if token.page is not None:
        return token.page.id
    return token.grant.owner.id if token.grant is not None else ""


def has_scopes(token: Token, *scopes: str) -> bool:
    return token.grant is not None and token.grant.scopes.issuperset(scopes)


def need_scopes(token: Token, *scopes: str, code: int = 200) -> None:
    """Refuses a token whose consent leaves one of the scopes out."""
    for scope in scopes:
        if not has_scopes(token, scope):
            raise not_permitted(f"Requires the {scope} permission.", code=code)


def tasks_on(token: Token, page: Page) -> tuple[str, ...]:
    """What the person behind the token may do on the Page; nothing for somebody without a role."""
    owner: Person | Account | None = token.grant.owner if token.grant is not None else None
    return owner.tasks.get(page.id, ()) if isinstance(owner, Person) else ()


def _check_proof(request: web.Request, token: Token) -> None:
    proof = request[PARAMETERS].get("appsecret_proof")
    graph = request.app[GRAPH]
    if proof is None:
        if graph.switches["require_proof"]:
            raise _wrong_proof("API calls from the server require an appsecret_proof argument")
        return
    secret = graph.tokens.client_secret.encode()
    expected = hmac.new(secret, token.value.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(str(proof), expected):
        raise _wrong_proof("Invalid appsecret_proof provided in the API argument")


def _wrong_proof(message: str) -> Refusal:
    return Refusal(message, code=100, kind=METHOD)
