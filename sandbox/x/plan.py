"""How X fails: the calls that a failure can hit, and the answers that only X gives."""

from __future__ import annotations

import time

from aiohttp import web

from sandbox.modes import Answer, Call, Mode, Plan
from sandbox.switches import Switches
from sandbox.x import problems
from sandbox.x.problems import Refusal

CALLS = {
    "create": Call(label="creating a post", irreversible=True),
    "media": Call(label="uploading media"),
    "token": Call(label="fetching tokens"),
    "read": Call(label="reading profiles and posts, and deleting"),
}


def kind_of(request: web.Request) -> str | None:
    path = request.path
    if path == "/2/tweets" and request.method == "POST":
        return "create"
    if path.startswith("/2/media/"):
        return "media"
    if path.startswith("/2/oauth2/"):
        return "token"
    return "read" if path.startswith("/2/") else None


def _says(refusal: Refusal) -> Answer:
    return lambda _switches: refusal.answer()


def _rate_limited(switches: Switches) -> web.Response:
    answer = problems.too_many_requests().answer()
    reset = int(time.time() + switches["rate_limit_seconds"])
    answer.headers.update(
        {
            "x-rate-limit-limit": "100",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(reset),
        }
    )
    return answer


MODES = {
    "duplicate": Mode(label="says the post is a duplicate", effect=_says(problems.duplicate())),
    "not_permitted": Mode(
        label="says the post is not permitted", effect=_says(problems.not_permitted())
    ),
    "credits": Mode(label="says 402, out of credits", effect=_says(problems.out_of_credits())),
}

PLAN = Plan(
    platform="X",
    calls=CALLS,
    kind_of=kind_of,
    unavailable=_says(problems.blank(503)),
    rate_limited=_rate_limited,
    unauthorized=_says(problems.unauthorized()),
    modes=MODES,
)
