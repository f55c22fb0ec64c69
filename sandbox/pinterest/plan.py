"""How Pinterest fails: the calls that a failure can hit, and the answers that only it gives."""

from __future__ import annotations

import time

from aiohttp import web

from sandbox.modes import Answer, Call, Mode, Plan
from sandbox.pinterest import problems
from sandbox.pinterest.limits import headers_of
from sandbox.pinterest.problems import Refusal
from sandbox.switches import Switches
from sandbox.windows import Window

CALLS = {
    "create": Call(label="creating a Pin", irreversible=True),
    "media": Call(label="registering, uploading and asking about videos"),
    "token": Call(label="fetching and revoking tokens"),
    "read": Call(label="reading accounts, boards and Pins, and deleting"),
}


def kind_of(request: web.Request) -> str | None:
    path = request.path
    if path == "/v5/pins" and request.method == "POST":
        return "create"
    if path.startswith("/v5/media") or path == "/upload/":
        return "media"
    if path.startswith("/v5/oauth/"):
        return "token"
    return "read" if path.startswith("/v5/") else None


def _says(refusal: Refusal) -> Answer:
    return lambda _switches: refusal.answer()


def _rate_limited(switches: Switches) -> web.Response:
    answer = problems.too_many_requests().answer()
    now = time.time()
    window = Window(limit=100, seconds=60, reset=now + switches["rate_limit_seconds"], used=101)
    answer.headers.update(headers_of({"org_write_app_id_user_id": window}, now))
    return answer


MODES = {
    "spam": Mode(label="says 429, this looks like spam", effect=_says(problems.spam())),
    "trial": Mode(
        label="says 403, an app with Trial access may not create Pins",
        effect=_says(problems.trial_access()),
    ),
    "standard_needed": Mode(
        label="says 403, this needs Standard access",
        effect=_says(problems.standard_access_needed()),
    ),
    "not_permitted": Mode(
        label="says 403, the token may not do this", effect=_says(problems.not_permitted())
    ),
    "board_gone": Mode(
        label="says 404, the board is not there", effect=_says(problems.board_not_found())
    ),
    "unreachable": Mode(
        label="says 400, it cannot reach the image's address",
        effect=_says(problems.unreachable()),
    ),
    "invalid": Mode(
        label="says 400, something about the Pin is wrong",
        effect=_says(problems.invalid("'link' is not a valid URL")),
    ),
}

PLAN = Plan(
    platform="Pinterest",
    calls=CALLS,
    kind_of=kind_of,
    unavailable=_says(problems.unavailable()),
    rate_limited=_rate_limited,
    unauthorized=_says(problems.unauthorized()),
    modes=MODES,
)
