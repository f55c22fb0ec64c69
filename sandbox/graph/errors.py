"""Meta's refusals: `{"error": {message, type, code, error_subcode, …, fbtrace_id}}`."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

OAUTH = "OAuthException"
METHOD = "GraphMethodException"
#: Where people, not apps, are asked for their consent.
DIALOGS = ("/dialog/oauth", "/oauth/authorize")
#: Addresses of posts, which people open.
_PERMALINK = re.compile(r"/(?:[\w.]+/(?:posts|videos)|reel|p|stories/[\w.]+)/[\w-]+/?", re.ASCII)

#: Codes whose answers carry another status than 400.
STATUSES: Mapping[int, int] = {
    **dict.fromkeys((1, 2, -1, -2), 500),
    **dict.fromkeys((3, 4, 10, 17, 25, 32, 200, 283, 341, 368, 492), 403),
}


class Refusal(Exception):
    """A request that Meta refuses; carries the answer.

    `user_title` and `user_message` are what Meta writes for people; real ones are in the language
    of the person.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int,
        subcode: int | None = None,
        kind: str = OAUTH,
        status: int | None = None,
        user_title: str | None = None,
        user_message: str | None = None,
        is_transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = STATUSES.get(code, 400) if status is None else status
        self.error: dict[str, Any] = {"message": message, "type": kind, "code": code}
        if subcode is not None:
            self.error["error_subcode"] = subcode
        self.error["is_transient"] = is_transient
        if user_title is not None:
            self.error["error_user_title"] = user_title
        if user_message is not None:
            self.error["error_user_msg"] = user_message

    def answer(self) -> web.Response:
        trace = f"A{secrets.token_urlsafe(16)}"
        body = {"error": {**self.error, "fbtrace_id": trace}}
        headers = {"x-fb-trace-id": trace, "Cache-Control": "no-store"}
        if self.error["code"] == 190:
            headers["WWW-Authenticate"] = 'OAuth "Facebook Platform" "invalid_token"'
        return web.json_response(body, status=self.status, headers=headers)


def invalid(message: str, *, subcode: int | None = None) -> Refusal:
    """100: a parameter is wrong."""
    return Refusal(f"(#100) {message}", code=100, subcode=subcode)


def missing_object(object_id: str, method: str = "get") -> Refusal:
    """100 with subcode 33: no such object, or none that this token may see."""
    return Refusal(
        f"Unsupported {method} request. Object with ID '{object_id}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation.",
        code=100,
        subcode=33,
        kind=METHOD,
    )


def not_permitted(message: str, *, code: int = 200) -> Refusal:
    return Refusal(f"(#{code}) {message}", code=code)


def invalid_token(message: str, subcode: int | None = None) -> Refusal:
    return Refusal(f"Error validating access token: {message}", code=190, subcode=subcode)


@web.middleware
async def refusals_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers refusals, and aiohttp's own errors in the API, as Meta words them."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.answer()
    except web.HTTPMethodNotAllowed:
        name = request.match_info.get("id", request.path)
        return missing_object(name, request.method.lower()).answer()
    except web.HTTPRequestEntityTooLarge:
        return invalid("The request is too large.").answer()
    except web.HTTPNotFound:
        if not is_api(request):
            raise
        return Refusal(f"Unknown path components: {request.path}", code=2500).answer()


def is_api(request: web.Request) -> bool:
    """Whether the request is for the platform's API and not for the pages of the stand-in."""
    path = request.path
    is_for_people = path == "/" or path.startswith("/_/") or _PERMALINK.fullmatch(path)
    return not is_for_people and not path.endswith(DIALOGS)
