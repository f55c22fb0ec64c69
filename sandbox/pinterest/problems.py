"""Pinterest's refusals: `{"code": …, "message": …}`. The codes begin anew in every area."""

from __future__ import annotations

import secrets

from aiohttp import web
from aiohttp.typedefs import Handler


class Refusal(Exception):
    """A request that Pinterest refuses; carries the answer."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> web.Response:
        body = {"status": "failure", "code": self.code, "message": self.message}
        return web.json_response(body, status=self.status)


def invalid(*messages: str) -> Refusal:
    return Refusal(400, 1, f"Invalid request: {'; '.join(messages)}")


def unreachable() -> Refusal:
    return Refusal(400, 1, "Unable to reach the URL. Please check the URL and try again.")


def unauthorized() -> Refusal:
    return Refusal(401, 2, "Authentication failed.")


def wrong_grant() -> Refusal:
    """401 for a code or a refresh token that is unknown, used, too old or another client's."""
    return Refusal(401, 283, "The authorization grant is invalid")


def not_permitted() -> Refusal:
    return Refusal(403, 29, "You are not permitted to access that resource.")


def trial_access() -> Refusal:
    return Refusal(
        403,
        29,
        "Apps with Trial access may not create Pins in production https://api.pinterest.com "
        "— use API Sandbox https://api-sandbox.pinterest.com instead.",
    )


def standard_access_needed() -> Refusal:
    return Refusal(403, 3, "This app requires Standard access.")


def board_not_found() -> Refusal:
    return Refusal(404, 40, "Board not found.")


def section_not_found() -> Refusal:
    return Refusal(404, 2030, "Board section not found.")


def pin_not_found() -> Refusal:
    return Refusal(404, 50, "Pin not found.")


def media_not_found() -> Refusal:
    return Refusal(404, 2, "Media not found.")


def too_many_requests() -> Refusal:
    return Refusal(429, 8, "You have exceeded your rate limit. Try again later.")


def spam() -> Refusal:
    return Refusal(429, 9, "Your account was blocked from this action because it looks like spam.")


def unavailable() -> Refusal:
    return Refusal(503, 12, "Something went wrong on our end. Sorry about that.")


@web.middleware
async def problems_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers refusals, and aiohttp's own errors below `/v5/`, as Pinterest words them.

    Every answer has the id by which Pinterest's support finds the request.
    """
    try:
        response = await handler(request)
    except Refusal as refusal:
        response = refusal.answer()
    except web.HTTPClientError as error:
        if not request.path.startswith("/v5/"):
            raise
        response = Refusal(error.status, 1, error.reason).answer()
    if not response.prepared:
        response.headers["x-pinterest-rid"] = str(secrets.randbits(63))
    return response
