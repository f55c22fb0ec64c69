"""Messages: posted, changed, removed, and as Slack shows them to the app."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.slack.cast import APP_ID, BOT_ID, BOT_NAME, BOT_USER_ID, SLACKBOT_ID, Member
from sandbox.slack.elements import state_values, with_ids
from sandbox.slack.world import Conversation, Message, World

Json = dict[str, Any]


def post(world: World, conversation: Conversation, *, user: str, text: str, **more: Any) -> Message:
    """Add a message; `more` are further fields of `Message`."""
    blocks = with_ids(copy.deepcopy(more.pop("blocks", None) or []))
    message = Message(
        ts=world.next_ts(),
        channel=conversation.id,
        team_id=conversation.team_id,
        user=user,
        text=text,
        blocks=blocks,
        **more,
    )
    conversation.messages[message.ts] = message
    parent = conversation.messages.get(message.thread_ts or "")
    if parent is not None and message.only_for is None:
        parent.reply_count += 1
    world.touch()
    return message


def say_to(world: World, member: Member, channel: str, text: str) -> None:
    """Slackbot's ephemeral word to one member, as for a command that failed."""
    conversation = world.conversations[channel]
    post(world, conversation, user=SLACKBOT_ID, text=text, only_for=member.id)


def replace_blocks(message: Message, blocks: list[Json]) -> None:
    """Show other blocks; what members chose stays where both ids stay."""
    message.blocks = with_ids(copy.deepcopy(blocks))
    message.inputs = {
        member_id: state_values(message.blocks, values)
        for member_id, values in message.inputs.items()
    }


def remove(world: World, message: Message) -> None:
    conversation = world.conversations[message.channel]
    conversation.messages.pop(message.ts, None)
    parent = conversation.messages.get(message.thread_ts or "")
    if parent is not None and message.only_for is None:
        parent.reply_count -= 1
    world.touch()


def inputs_of(message: Message, member: Member) -> Json:
    """What this member has chosen in the message, in the shape of `state.values`."""
    return message.inputs.setdefault(member.id, state_values(message.blocks))


def as_json(message: Message, *, with_metadata: bool = True) -> Json:
    """Slack's message object."""
    shown: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": message.team_id,
        **_author(message),
    }
    for name in ("blocks", "attachments", "thread_ts", "reply_count", "edited", "files"):
        if getattr(message, name):
            shown[name] = getattr(message, name)
    if message.reply_count:
        shown["thread_ts"] = message.ts
    if message.metadata and with_metadata:
        shown["metadata"] = message.metadata
    return shown


def _author(message: Message) -> Json:
    if message.user != BOT_USER_ID:
        return {}
    profile = {
        "id": BOT_ID,
        "app_id": APP_ID,
        "name": BOT_NAME,
        "deleted": False,
        "team_id": message.team_id,
    }
    return {"bot_id": BOT_ID, "app_id": APP_ID, "bot_profile": profile}
