"""conversations.*: direct messages are opened, and their messages are read."""

from __future__ import annotations

from typing import Any

from sandbox.slack import messages
from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.call import Call, Method
from sandbox.slack.world import Conversation, Message

Json = dict[str, Any]

_MOST = 999


def open_dm(call: Call) -> Json:
    """Open the direct messages with one member, by user or by D… id."""
    channel = call.text("channel")
    if channel:
        conversation = call.conversation(channel)
        return {"channel": {"id": conversation.id}, "no_op": True, "already_open": True}
    member = call.member(_only_user(call))
    if member.id in call.desk.switches.left:
        raise SlackError("user_disabled")
    was_open = call.world.conversations[member.dm_id].is_open
    conversation = call.world.dm_of(member)
    about: Json = {"id": conversation.id}
    if call.flag("return_im"):
        about |= {"is_im": True, "user": member.id, "created": int(call.received_at)}
    return {"channel": about} | ({"no_op": True, "already_open": True} if was_open else {})


def history(call: Call) -> Json:
    """Messages outside threads, newest first."""
    conversation = _readable(call)
    found = [m for m in _within(call, conversation) if m.thread_ts in (None, m.ts)]
    return _page(call, found[::-1])


def replies(call: Call) -> Json:
    """A message and its thread, oldest first."""
    conversation = _readable(call)
    ts = call.required("ts")
    if ts not in conversation.messages:
        raise SlackError("thread_not_found")
    found = [m for m in _within(call, conversation) if ts in (m.ts, m.thread_ts)]
    return _page(call, found)


def _only_user(call: Call) -> str:
    users = call.args.get("users") or ""
    listed = users if isinstance(users, list) else str(users).split(",")
    if listed in ([], [""]):
        raise SlackError("users_list_not_supplied")
    if len(listed) > 1:
        raise SlackError("missing_scope", needed="mpim:write", provided=_scopes(call))
    return str(listed[0]).strip()


def _readable(call: Call) -> Conversation:
    conversation = call.conversation(call.text("channel") or "")
    if conversation.kind != "dm":
        raise SlackError("missing_scope", needed="channels:history", provided=_scopes(call))
    return conversation


def _scopes(call: Call) -> str:
    return ",".join(call.scopes)


def _within(call: Call, conversation: Conversation) -> list[Message]:
    oldest, latest = _instant(call, "oldest", "0"), _instant(call, "latest", "9999999999")
    edges = (oldest, latest) if call.flag("inclusive") else ()
    return [
        message
        for message in conversation.messages.values()
        if message.only_for is None
        and (oldest < float(message.ts) < latest or float(message.ts) in edges)
    ]


def _instant(call: Call, name: str, default: str) -> float:
    try:
        return float(call.text(name) or default)
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _page(call: Call, found: list[Message]) -> Json:
    start = call.number("cursor", 0)
    limit = min(call.number("limit", 100), _MOST)
    more = len(found) > start + limit
    with_metadata = call.flag("include_all_metadata")
    return {
        "messages": [
            messages.as_json(message, with_metadata=with_metadata)
            for message in found[start : start + limit]
        ],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }


METHODS = {
    "conversations.open": Method(open_dm, scope="im:write", tier=3),
    "conversations.history": Method(history, scope="im:history", tier=3),
    "conversations.replies": Method(replies, scope="im:history", tier=3),
}
