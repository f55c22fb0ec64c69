"""Facebook Login as apps see it: the dialog, tokens for codes, and what a token is good for."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.graph.access import GRAPH, caller
from sandbox.graph.consent import Dialog
from sandbox.graph.errors import Refusal, invalid
from sandbox.graph.parameters import Accepts, need, read
from sandbox.graph.people import PEOPLE, Person, pages_of
from sandbox.graph.tokens import Token
from sandbox.page import Look

TOKEN: Accepts = {
    "client_id": "text",
    "client_secret": "text",
    "redirect_uri": "text",
    "code": "text",
    "code_verifier": "text",
    "grant_type": "text",
    "fb_exchange_token": "text",
}
DEBUG: Accepts = {"input_token": "text"}

MEANINGS: Mapping[str, str] = {
    "public_profile": "See your name and picture",
    "email": "See your email address",
    "business_management": "Manage your business",
    "pages_show_list": "See a list of the Pages you manage",
    "pages_read_engagement": "Read the posts of your Pages",
    "pages_read_user_content": "Read what people write on your Pages",
    "pages_manage_posts": "Create and delete posts on your Pages",
    "pages_manage_engagement": "Write comments on your Pages",
    "pages_manage_metadata": "Manage the settings of your Pages",
    "publish_video": "Publish videos on your Pages",
    "ads_management": "Manage your ads",
    "ads_read": "Read your ads",
    "instagram_basic": "See your Instagram profile and its posts",
    "instagram_content_publish": "Publish on your Instagram profile",
    "instagram_manage_comments": "Write comments on Instagram",
    "instagram_manage_contents": "Delete posts on Instagram",
    "instagram_manage_insights": "See the figures of your Instagram profile",
}
# Nobody can leave this one out; every consent has it.
BASIC = "public_profile"


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """A person as the dialog shows one: with the Pages that come along."""

    id: str
    username: str
    name: str


def dialog(look: Look) -> Dialog:
    """The dialog at /dialog/oauth, on which a person chooses who they are and what to allow."""
    return Dialog(
        look=look,
        meanings=MEANINGS,
        fixed=frozenset({BASIC}),
        choices=[_choice(person) for person in PEOPLE],
        owners={person.username: person for person in PEOPLE},
        fragment="_=_",
    )


async def token(request: web.Request) -> web.Response:
    """GET and POST /oauth/access_token: a token for a code, for a short-lived one, or for the app.

    The answer is `{access_token, token_type, expires_in}`.
    """
    values = read(request, TOKEN)
    _authenticate(request, values)
    tokens = request.app[GRAPH].tokens
    match values.get("grant_type"):
        case None | "authorization_code":
            grant = tokens.redeem_code(need(values, "code"), need(values, "redirect_uri"))
            if not isinstance(grant.owner, Person):
                raise invalid("This code is not one of Facebook Login.")
            return _token_answer(request, tokens.issue(grant, "user", life="short"))
        case "fb_exchange_token":
            old = tokens.check(need(values, "fb_exchange_token"))
            if old.kind != "user" or old.grant is None:
                raise invalid("Only the token of a person can be exchanged.")
            return _token_answer(request, tokens.issue(old.grant, "user", life="long"))
        case "client_credentials":
            value = f"{tokens.client_id}|{tokens.client_secret}"
            return web.json_response({"access_token": value, "token_type": "bearer"})
        case other:
            raise invalid(f"There is no grant_type {other}.")


async def debug_token(request: web.Request) -> web.Response:
    """GET /debug_token?input_token=…: `{data: {is_valid, expires_at, scopes, …}}`."""
    values = read(request, DEBUG)
    caller(request)
    graph = request.app[GRAPH]
    try:
        found = graph.tokens.check(need(values, "input_token"))
    except Refusal as refusal:
        if refusal.error["code"] != 190:
            raise
        wrong = {key: refusal.error[key] for key in ("code", "message")}
        subcode = {"subcode": refusal.error.get("error_subcode")}
        return web.json_response({"data": {"is_valid": False, "error": wrong | subcode}})
    return web.json_response({"data": _describe(request, found)})


def _choice(person: Person) -> _Choice:
    names = ", ".join(page.name for page in pages_of(person))
    return _Choice(id=person.id, username=person.username, name=f"{person.name}: {names}")


def _authenticate(request: web.Request, values: Mapping[str, Any]) -> None:
    tokens = request.app[GRAPH].tokens
    if need(values, "client_id") != tokens.client_id:
        raise Refusal(
            "Error validating application. Cannot get application info due to a system error.",
            code=101,
        )
    given = str(need(values, "client_secret"))
    if not hmac.compare_digest(given.encode(), tokens.client_secret.encode()):
        raise Refusal("Error validating client secret.", code=1, status=400)


def _token_answer(request: web.Request, new: Token) -> web.Response:
    answer: dict[str, Any] = {"access_token": new.value, "token_type": "bearer"}
    expires_at = new.expires_at(request.app[GRAPH].switches)
    if expires_at is not None:
        answer["expires_in"] = max(0, round(expires_at - time.time()))
    return web.json_response(answer, headers={"Cache-Control": "no-store"})


def _describe(request: web.Request, found: Token) -> dict[str, Any]:
    graph = request.app[GRAPH]
    data: dict[str, Any] = {
        "app_id": graph.tokens.client_id,
        "application": "Postbot",
        "type": found.kind.upper(),
        "is_valid": True,
        "expires_at": int(found.expires_at(graph.switches) or 0),
        "issued_at": int(found.issued_at),
    }
    if found.grant is not None:
        data["user_id"] = found.grant.owner.id
        data["scopes"] = sorted(found.grant.scopes)
    if found.page is not None:
        data["profile_id"] = found.page.id
    return data
