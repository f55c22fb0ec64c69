"""Where Slack knocks. Whatever is not provably Slack's own is turned away before it is read."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response

from bot.intake import dispatch_once
from bot.web.keys import BOLT, RUNTIME

Json = dict[str, Any]

log = structlog.get_logger(__name__)

MOST_BYTES = 1024 * 1024
# Slack signs anew for every delivery; older requests are replays.
FRESH_SECONDS = 300
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_SSL_CHECK = re.compile(rb"(?:^|&)ssl_check=1(?:&|$)")
_MOST_FIELDS = 100
#: Fields that a payload of each type must have, with their JSON types.
_SHAPES: dict[str, dict[str, type]] = {
    "event_callback": {"event": dict, "event_id": str},
    "url_verification": {"challenge": str},
    "block_actions": {"user": dict, "actions": list},
    "view_submission": {"user": dict, "view": dict},
    "view_closed": {"user": dict, "view": dict},
    "shortcut": {"user": dict, "trigger_id": str},
    "message_action": {"user": dict, "trigger_id": str, "message": dict},
    "block_suggestion": {"user": dict, "action_id": str, "block_id": str},
}
_COMMAND = {"command": str, "trigger_id": str, "user_id": str, "team_id": str}


class Refused(Exception):
    """A request that is not handled; the text is short and tells an operator why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def add_routes(app: web.Application) -> None:
    app.router.add_post("/slack/events", events)


async def events(request: web.Request) -> web.StreamResponse:
    """POST /slack/events: commands, interactivity and events."""
    try:
        body = await _read(request)
        if _is_ssl_check(body):
            return web.Response()
        _verify(request, body)
        payload = _parse(request.content_type, body)
        if payload.get("type") == "url_verification":
            return web.json_response({"challenge": payload["challenge"]})
    except Refused as refused:
        log.info("request refused", status=refused.status, reason=str(refused))
        return web.json_response({"error": str(refused)}, status=refused.status)
    return await _dispatch(request, payload)


async def _dispatch(request: web.Request, payload: Json) -> web.StreamResponse:
    bolt, runtime = request.app.get(BOLT), request.app[RUNTIME]
    if bolt is None:
        return web.json_response(
            {"error": "neither SLACK_BOT_TOKEN nor SLACK_CLIENT_ID is set"}, status=503
        )
    timestamp, signature = _signed(request)
    delivery = f"signed:{timestamp}:{signature}"
    response = await dispatch_once(bolt, runtime, payload, delivery=delivery)
    return await to_aiohttp_response(response)


async def _read(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Refused(413, f"larger than {MOST_BYTES} bytes") from None


def _is_ssl_check(body: bytes) -> bool:
    """Slack tests our certificate with unsigned requests, for which nothing is done."""
    return len(body) < 1000 and _SSL_CHECK.search(body) is not None


def _verify(request: web.Request, body: bytes) -> None:
    secret = request.app[RUNTIME].settings.slack_signing_secret.get_secret_value()
    if not secret:
        raise Refused(401, "SLACK_SIGNING_SECRET is not set")
    timestamp, signature = _signed(request)
    if not _TIMESTAMP.fullmatch(timestamp):
        raise Refused(401, "no timestamp")
    if not _SIGNATURE.fullmatch(signature):
        raise Refused(401, "no signature")
    now = request.app[RUNTIME].clock.now().timestamp()
    if abs(now - int(timestamp)) > FRESH_SECONDS:
        raise Refused(401, "timestamp too far from now")
    base = b"v0:" + timestamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"v0={digest}", signature):
        raise Refused(401, "wrong signature")


def _signed(request: web.Request) -> tuple[str, str]:
    headers = request.headers
    return (
        headers.get("X-Slack-Request-Timestamp", ""),
        headers.get("X-Slack-Signature", ""),
    )


def _parse(content_type: str, body: bytes) -> Json:
    """The payload, of a form that Slack sends. Raises `Refused`."""
    try:
        payload = _decode(content_type, body)
    except (ValueError, RecursionError):
        raise Refused(400, "not readable") from None
    if not isinstance(payload, dict):
        raise Refused(400, "not an object")
    shape = _COMMAND if "command" in payload else _SHAPES.get(str(payload.get("type")), {})
    if not all(isinstance(payload.get(name), kind) for name, kind in shape.items()):
        raise Refused(400, "fields are missing")
    return payload


def _decode(content_type: str, body: bytes) -> Any:
    text = body.decode()
    if content_type == "application/json":
        return json.loads(text)
    fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    return json.loads(fields["payload"]) if "payload" in fields else fields
