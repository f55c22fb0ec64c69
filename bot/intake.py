"""From a payload that is provably Slack's to its listener, once."""

from __future__ import annotations

from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.views import ids
from scheduler import seen
from scheduler.runtime import Runtime

Json = dict[str, Any]

log = structlog.get_logger(__name__)


async def dispatch_once(
    app: AsyncApp, runtime: Runtime, payload: Json, *, delivery: str
) -> BoltResponse:
    """Hands a payload to its listener, unless it was handled before: events are known by their
    own id, everything else by `delivery`. What could not be handled may come again."""
    key = _key(payload, delivery)
    if key is not None and not await seen.first_time(key, runtime.clock.now()):
        log.info("request handled before", key=key)
        return BoltResponse(status=200, body="")
    try:
        # Bolt's own reader of forms loses commands that have the word "payload" in their text, so
        # it gets what was read already, as in Socket Mode.
        request = AsyncBoltRequest(body=payload, mode="socket_mode")
    except (TypeError, AttributeError, KeyError):
        return BoltResponse(status=400, body="")
    response = await app.async_dispatch(request)
    if key is not None and response.status >= 500:
        await seen.forget(key)
    return response


def _key(payload: Json, delivery: str) -> str | None:
    """By what a payload is recognised when it comes again; `None` where twice does no harm."""
    if payload.get("type") == "event_callback":
        return f"event:{payload['event_id']}"
    if payload.get("type") == "block_suggestion":
        return None
    actions = payload.get("actions") or []
    if actions and all(action.get("action_id") in ids.TYPED for action in actions):
        return None
    return delivery
