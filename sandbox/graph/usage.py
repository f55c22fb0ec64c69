"""How often an app may call, and the headers that tell how much of it is used up."""

from __future__ import annotations

import json
import math

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.graph.errors import Refusal
from sandbox.graph.tokens import Token
from sandbox.switches import Switch, Switches
from sandbox.windows import Windows

WINDOW_SECONDS = 3600
#: What the percentages are of while nothing is limited.
PLENTY = 4800

USED = web.RequestKey("used", dict[str, str])


def usage_switches() -> list[Switch]:
    return [
        Switch(
            key="calls_an_hour",
            label="Calls in an hour for each profile; 0 means no limit.",
            kind="number",
            default=0,
            group="Rules",
        ),
    ]


class Usage:
    """Counts calls by profile. `business_type` and `code` are the platform's own: `pages` and
    80001, `instagram` and 80002."""

    def __init__(self, switches: Switches, *, business_type: str, code: int) -> None:
        self._switches = switches
        self._business_type = business_type
        self._code = code
        self._windows = Windows()

    def take(self, profile_id: str) -> int:
        """Counts one call; how much is used now, in percent."""
        limit = int(self._switches["calls_an_hour"]) or PLENTY
        window = self._windows.take(profile_id, limit=limit, seconds=WINDOW_SECONDS)
        return math.ceil(100 * window.used / limit)

    def headers(self, token: Token, profile_id: str, percent: int) -> dict[str, str]:
        """What the answer tells of the usage: nothing as long as it is small."""
        if percent <= 1:
            return {}
        if token.kind == "user":
            return app_usage(percent)
        regain = regain_minutes(self._switches) if percent > 100 else 0
        return business_usage(self._business_type, profile_id, percent, regain=regain)

    def check(self, token: Token, percent: int) -> None:
        """Refuses the call that is one too many."""
        if self._switches["calls_an_hour"] and percent > 100:
            raise throttled(17 if token.kind == "user" else self._code)


def app_usage(percent: int) -> dict[str, str]:
    """The header for calls with the token of a person or an app."""
    return {"X-App-Usage": json.dumps(_used(percent))}


def business_usage(
    business_type: str, profile_id: str, percent: int, *, regain: int
) -> dict[str, str]:
    """The header for calls for a Page or an Instagram account; `regain` is in minutes."""
    use_case = {"type": business_type, **_used(percent), "estimated_time_to_regain_access": regain}
    return {"X-Business-Use-Case-Usage": json.dumps({profile_id: [use_case]})}


def _used(percent: int) -> dict[str, int]:
    return dict.fromkeys(("call_count", "total_cputime", "total_time"), percent)


def regain_minutes(switches: Switches) -> int:
    """Meta tells in minutes when a throttled app may call again."""
    seconds: float = switches["rate_limit_seconds"]
    return math.ceil(seconds / 60)


def throttled(code: int) -> Refusal:
    messages = {
        17: "User request limit reached",
        80001: "There have been too many calls to this Page account.",
        80002: "There have been too many calls to this Instagram account.",
    }
    return Refusal(f"(#{code}) {messages[code]} Wait a bit and try again.", code=code)


@web.middleware
async def usage_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Puts the usage headers on the answers of calls that were counted."""
    response = await handler(request)
    if USED in request:
        response.headers.update(request[USED])
    return response
