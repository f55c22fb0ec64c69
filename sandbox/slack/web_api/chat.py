"""chat.*: messages posted, changed and removed by the bot."""

from __future__ import annotations

import json
from typing import Any

from sandbox.slack import messages, payloads
from sandbox.slack.cast import BOT_USER_ID
from sandbox.slack.errors import RateLimited, SlackError
from sandbox.slack.interactions import announce
from sandbox.slack.rules import check_blocks
from sandbox.slack.web_api.call import Call, Method
from sandbox.slack.world import Conversation, Message

Json = dict[str, Any]

#: Slack cuts a longer text; refusing it shows the mistake.
TEXT_LIMIT = 40_000
ATTACHMENTS_LIMIT = 100
METADATA_LIMIT = 8_000


def post_message(call: Call) -> Json:
    conversation = _target(call)
    content = _content(call)
    thread_ts = _thread(call, conversation)
    wait = call.desk.rate_limits.for_post(call.place, conversation.id)
    if wait:
        raise RateLimited(wait)
    message = messages.post(
        call.world,
        conversation,
        user=BOT_USER_ID,
        thread_ts=thread_ts,
        metadata=_metadata(call),
        **content,
    )
    call.record(channel=conversation.id, ts=message.ts)
    _tell_app(call, conversation, message)
    return {
        "channel": conversation.id,
        "ts": message.ts,
        "message": messages.as_json(message),
    }


def update(call: Call) -> Json:
    message = _own_message(call, refusal="cant_update_message")
    content = _content(call)
    metadata = _metadata(call)
    message.text = content["text"]
    if "attachments" in call.args:
        message.attachments = content["attachments"]
    messages.replace_blocks(message, content["blocks"])
    if not content["blocks"]:
        # Slack marks a message as edited only when it is plain text.
        message.edited = {"user": BOT_USER_ID, "ts": call.world.next_ts()}
    if "metadata" in call.args:
        message.metadata = metadata
    call.world.touch()
    call.record(channel=message.channel, ts=message.ts)
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": message.text,
        "message": messages.as_json(message),
    }


def post_ephemeral(call: Call) -> Json:
    conversation = _target(call)
    content = _content(call)
    user = call.text("user") or ""
    if user not in conversation.members:
        raise SlackError("user_not_in_channel")
    message = messages.post(
        call.world,
        conversation,
        user=BOT_USER_ID,
        only_for=user,
        thread_ts=_thread(call, conversation),
        **content,
    )
    return {"message_ts": message.ts}


def delete(call: Call) -> Json:
    message = _own_message(call, refusal="cant_delete_message")
    messages.remove(call.world, message)
    return {"channel": message.channel, "ts": message.ts}


def permalink(call: Call) -> Json:
    conversation = call.conversation(call.text("channel") or "")
    ts = call.text("message_ts") or ""
    if ts not in conversation.messages:
        raise SlackError("message_not_found")
    link = f"{call.origin}/archives/{conversation.id}/p{ts.replace('.', '')}"
    return {"channel": conversation.id, "permalink": link}


def _target(call: Call) -> Conversation:
    """The conversation to post in; a user id stands for the direct messages with that user."""
    channel = call.text("channel") or ""
    conversation = _named_conversation(call, channel)
    closed = conversation.members & set(call.desk.switches.dm_closed)
    if closed and conversation.kind == "dm":
        raise SlackError("messages_tab_disabled")
    if not conversation.has_bot:
        raise SlackError("not_in_channel")
    if conversation.kind == "dm" and conversation.members & set(call.desk.switches.left):
        raise SlackError("is_archived")
    return conversation


def _named_conversation(call: Call, channel: str) -> Conversation:
    if channel in call.world.members:
        return call.world.dm_of(call.member(channel))
    for conversation in call.world.conversations.values():
        is_here = conversation.kind == "channel" and conversation.team_id in call.teams
        if is_here and conversation.name == channel.removeprefix("#"):
            return conversation
    return call.conversation(channel)


def _own_message(call: Call, *, refusal: str) -> Message:
    """The bot's message of that channel id and ts; a user id is not a channel here."""
    conversation = call.conversation(call.text("channel") or "")
    message = conversation.messages.get(call.text("ts") or "")
    if message is None or message.only_for is not None:
        raise SlackError("message_not_found")
    if message.user != BOT_USER_ID:
        raise SlackError(refusal)
    return message


def _content(call: Call) -> Json:
    text = call.text("text") or ""
    if not text.strip():
        raise SlackError("no_text")
    if len(text) > TEXT_LIMIT:
        raise SlackError("msg_too_long")
    if call.args.get("markdown_text"):
        raise SlackError("markdown_text_conflict")
    blocks = call.structure("blocks", error="invalid_blocks_format") or []
    problems = check_blocks(blocks)
    if problems:
        raise SlackError.with_messages("invalid_blocks", problems)
    return {"text": text, "blocks": blocks, "attachments": _attachments(call)}


def _attachments(call: Call) -> list[Json]:
    attachments = call.structure("attachments", error="invalid_attachments") or []
    if not isinstance(attachments, list) or not all(isinstance(a, dict) for a in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > ATTACHMENTS_LIMIT:
        raise SlackError("too_many_attachments")
    return attachments


def _metadata(call: Call) -> Json | None:
    """The metadata, None when empty or absent."""
    metadata = call.structure("metadata", error="invalid_metadata_format")
    if not metadata:
        return None
    well_formed = (
        isinstance(metadata, dict)
        and set(metadata) <= {"event_type", "event_payload", "entities"}
        and isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), dict)
    )
    if not well_formed:
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata)) > METADATA_LIMIT:
        raise SlackError("metadata_too_large")
    return dict(metadata)


def _thread(call: Call, conversation: Conversation) -> str | None:
    """The ts of the thread's first message, also when a reply in it was named."""
    thread_ts = call.text("thread_ts")
    if not thread_ts:
        return None
    parent = conversation.messages.get(thread_ts)
    if parent is None:
        raise SlackError("thread_not_found")
    return parent.thread_ts or parent.ts


def _tell_app(call: Call, conversation: Conversation, message: Message) -> None:
    switches = call.desk.switches
    if switches.own_messages and conversation.kind == "dm" and "im:history" in call.scopes:
        announce(call.desk, payloads.direct_message(call.world, message))


METHODS = {
    "chat.postMessage": Method(post_message, scope="chat:write"),
    "chat.update": Method(update, scope="chat:write", tier=3),
    "chat.postEphemeral": Method(post_ephemeral, scope="chat:write", tier=4),
    "chat.delete": Method(delete, scope="chat:write", tier=3),
    "chat.getPermalink": Method(permalink),
}
