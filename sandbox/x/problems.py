"""X's refusals: `application/problem+json` bodies, and the OAuth endpoints' own shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

PROBLEM_JSON = "application/problem+json"
PROBLEMS = "https://api.x.com/2/problems"
BLANK = "about:blank"


class Refusal(Exception):
    """A request that X refuses; carries the answer."""

    def __init__(
        self, status: int, body: Mapping[str, Any] | None, *, content_type: str = PROBLEM_JSON
    ) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.content_type = content_type

    def answer(self) -> web.Response:
        if self.body is None:
            return web.Response(status=self.status)
        return web.Response(
            status=self.status, text=json.dumps(self.body), content_type=self.content_type
        )


def blank(status: int, detail: str | None = None) -> Refusal:
    """A problem of type `about:blank`, titled by its HTTP status."""
    title = HTTPStatus(status).phrase
    body = {"title": title, "type": BLANK, "status": status, "detail": detail or title}
    return Refusal(status, body)


def invalid(*messages: str, parameters: Mapping[str, list[str]] | None = None) -> Refusal:
    """400: one or more parameters or body fields are wrong."""
    errors = [{"parameters": dict(parameters or {}), "message": message} for message in messages]
    body = {
        "errors": errors,
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}/invalid-request",
    }
    return Refusal(400, body)


def not_found(resource_type: str, resource_id: str) -> dict[str, Any]:
    """The entry of `errors` for a thing that does not exist."""
    return {
        "value": resource_id,
        "detail": f"Could not find {resource_type} with id: [{resource_id}].",
        "title": "Not Found Error",
        "resource_type": resource_type,
        "parameter": "id",
        "resource_id": resource_id,
        "type": f"{PROBLEMS}/resource-not-found",
    }


def unauthorized() -> Refusal:
    return blank(401)


def not_permitted() -> Refusal:
    return blank(403, "You are not permitted to perform this action.")


def duplicate() -> Refusal:
    return blank(403, "You are not allowed to create a Tweet with duplicate content.")


def too_many_requests() -> Refusal:
    body = {
        "title": "Too Many Requests",
        "type": f"{PROBLEMS}/rate-limit-exceeded",
        "status": 429,
        "detail": "Too Many Requests",
    }
    return Refusal(429, body)


def out_of_credits() -> Refusal:
    body = {
        "title": "CreditsDepleted",
        "type": f"{PROBLEMS}/credits",
        "status": 402,
        "detail": "Your enrolled account does not have any credits to fulfill this request.",
    }
    return Refusal(402, body)


def oauth(description: str, *, error: str = "invalid_request", status: int = 400) -> Refusal:
    """A refusal of the token endpoints: `{error, error_description}`."""
    body = {"error": error, "error_description": description}
    return Refusal(status, body, content_type="application/json")


@web.middleware
async def problems_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers refusals, and aiohttp's own errors below `/2/`, as X words them."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.answer()
    except web.HTTPClientError as error:
        if not request.path.startswith("/2/"):
            raise
        return blank(error.status).answer()
