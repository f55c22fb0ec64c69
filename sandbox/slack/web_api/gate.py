"""What every Web API call passes: failures played by switch, token, scope, rate limit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from aiohttp import web

from sandbox.slack.desk import DESK, Desk
from sandbox.slack.errors import RateLimited, Refusal, SlackError
from sandbox.slack.installs import Install
from sandbox.slack.web_api import (
    account,
    chat,
    conversations,
    files,
    functions,
    usergroups,
    users,
    views,
)
from sandbox.slack.web_api.call import Call, Method, read_call

METHODS: dict[str, Method] = {
    **account.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **functions.METHODS,
    **usergroups.METHODS,
    **users.METHODS,
    **views.METHODS,
}


async def handle(request: web.Request) -> web.StreamResponse:
    name = request.match_info["method"]
    failure = request.app[DESK].switches.next_failure(name) or {}
    await asyncio.sleep(failure.get("delay", 0))
    if not failure.keys() & {"error", "status", "reset"}:
        return await _answer(request, name)
    if failure.get("after"):
        await _answer(request, name)
    return _fail(request, failure)


def add_routes(app: web.Application) -> None:
    for path in ("/api/{method}", "/api/{method}/"):
        app.router.add_get(path, handle)
        app.router.add_post(path, handle)
    app.router.add_post("/upload/v1/{secret}", files.receive)


async def _answer(request: web.Request, name: str) -> web.Response:
    desk = request.app[DESK]
    try:
        call, token = await read_call(request, name)
        await asyncio.sleep(desk.slow_tokens.get(str(token), 0))
        method = _method(name)
        call = replace(call, install=_checked_token(desk, method, token), token=token)
        _check_scope(call, method)
        wait = desk.rate_limits.for_method(call.place, name, method.tier)
        if wait:
            raise RateLimited(wait)
        body = {"ok": True, **method.run(call)}
    except RateLimited as refusal:
        return _limited(refusal.retry_after)
    except Refusal as refusal:
        body = refusal.body()
    return web.json_response(body, headers=_scope_headers(desk, name))


def _method(name: str) -> Method:
    if name not in METHODS:
        raise SlackError("unknown_method", req_method=name)
    return METHODS[name]


def _checked_token(desk: Desk, method: Method, token: Any) -> Install | None:
    """The installation whose token it is; None where it takes no bot token."""
    if method.token == "none":  # noqa: S105
        return None
    if not token:
        raise SlackError("not_authed")
    is_app = token == desk.settings.app_token
    install = None if is_app else desk.installs.who(str(token))
    if is_app != (method.token == "app"):  # noqa: S105
        raise SlackError("not_allowed_token_type")
    return install


def _check_scope(call: Call, method: Method) -> None:
    scopes = call.scopes
    if method.scope and method.scope not in scopes:
        raise SlackError("missing_scope", needed=method.scope, provided=",".join(scopes))


def _scope_headers(desk: Desk, name: str) -> dict[str, str]:
    needed = METHODS[name].scope if name in METHODS else None
    headers = {"X-OAuth-Scopes": ",".join(desk.switches.scopes)}
    return headers | ({"X-Accepted-OAuth-Scopes": needed} if needed else {})


def _limited(retry_after: int) -> web.Response:
    body = {"ok": False, "error": "ratelimited"}
    return web.json_response(body, status=429, headers={"Retry-After": str(retry_after)})


def _fail(request: web.Request, failure: dict[str, Any]) -> web.Response:
    if failure.get("reset"):
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError
    if failure.get("status") == 429:
        return _limited(failure.get("retry_after", 1))
    if "status" in failure:
        return web.Response(status=failure["status"], text="upstream failure")
    return web.json_response({"ok": False, "error": failure["error"]})
