"""What one member's client shows: the answer to `GET /_/state`."""

from __future__ import annotations

from typing import Any

from sandbox.slack.cast import COMMANDS, TEAM_ID, Member
from sandbox.slack.desk import Desk
from sandbox.slack.world import Conversation, Message, OpenView, World

Json = dict[str, Any]

#: The newest messages of a conversation that a page gets unless it asks for another number.
MESSAGES_SHOWN = 500


def state_for(desk: Desk, member: Member, *, limit: int = MESSAGES_SHOWN) -> Json:
    world = desk.world
    home = world.homes.get(member.id)
    return {
        "version": world.version,
        "now": world.clock(),
        "me": _person(member),
        "members": [_person(each) for each in _shown_members(desk)],
        "commands": COMMANDS,
        "conversations": [
            _conversation(world, each, member, limit=limit)
            for each in world.visible_conversations(member)
        ],
        "views": [_view(view) for view in world.stacks[member.id]],
        "home": home.body if home else None,
        "toasts": world.toasts[member.id],
        "executions": desk.executions.as_json(),
        "files": {file.id: file.for_page() for file in world.files.all()},
        "links": dict(desk.settings.links),
        "apps_up": desk.app_is_up or desk.socket_mode.is_connected,
    }


def _shown_members(desk: Desk) -> list[Member]:
    """Those of the workspaces in which the app is, and always those of the first."""
    teams = {TEAM_ID, *desk.installs.teams()}
    return [each for each in desk.world.members.values() if each.team_id in teams]


def _person(member: Member) -> Json:
    return {"id": member.id, "name": member.name, "tz": member.tz}


def _view(view: OpenView) -> Json:
    return {"view": view.body, "errors": view.errors, "busy": view.busy, "notice": view.notice}


def _conversation(world: World, conversation: Conversation, member: Member, *, limit: int) -> Json:
    visible = [
        message
        for message in conversation.messages.values()
        if message.only_for in (None, member.id)
    ]
    return {
        "id": conversation.id,
        "name": conversation.name,
        "kind": conversation.kind,
        "messages": [
            _message(message, member, name=world.name_of(message.user))
            for message in visible[-limit:]
        ],
    }


def _message(message: Message, member: Member, *, name: str) -> Json:
    shown: Json = {
        "ts": message.ts,
        "user": message.user,
        "username": name,
        "text": message.text,
        "blocks": message.blocks,
        "ephemeral": message.only_for is not None,
    }
    for name in ("attachments", "thread_ts", "reply_count", "edited", "metadata"):
        if getattr(message, name):
            shown[name] = getattr(message, name)
    if message.files:
        shown["files"] = [file["id"] for file in message.files]
    if member.id in message.inputs:
        shown["state"] = {"values": message.inputs[member.id]}
    return shown
