"""The payloads that Slack sends to the app, with every field that Slack sends."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.slack import messages
from sandbox.slack.cast import (
    APP_ID,
    BOT_USER_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    VERIFICATION_TOKEN,
    Member,
)
from sandbox.slack.elements import entry_value, is_stateful, option_named
from sandbox.slack.ids import new_id
from sandbox.slack.world import Conversation, Message, OpenView, World

Json = dict[str, Any]


@dataclass(frozen=True)
class Parcel:
    """One payload and the way it travels: form fields, a form's `payload`, or plain JSON."""

    kind: Literal["slash_commands", "interactive", "events_api"]
    payload: Json


def slash_command(
    world: World,
    member: Member,
    conversation: Conversation,
    *,
    command: str,
    text: str,
    origin: str,
) -> Parcel:
    name = "directmessage" if conversation.kind == "dm" else conversation.name
    payload = {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": conversation.id,
        "channel_name": name,
        "user_id": member.id,
        "user_name": member.username,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": origin + world.response_urls.issue(conversation.id, member.id),
        "trigger_id": world.triggers.issue(member.id),
    }
    return Parcel("slash_commands", payload)


def action_in_view(world: World, view: OpenView, action: Json) -> Parcel:
    payload = {
        **_interaction("block_actions", view.member),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": world.triggers.issue(view.member.id, view_id=view.id),
        "view": copy.deepcopy(view.body),
        "actions": [action],
    }
    return Parcel("interactive", payload)


def action_in_message(
    world: World, member: Member, message: Message, *, action: Json, origin: str
) -> Parcel:
    ephemeral = message.only_for is not None
    response_url = world.response_urls.issue(message.channel, member.id, message_ts=message.ts)
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": ephemeral,
    }
    payload = {
        **_interaction("block_actions", member),
        "container": container | ({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        "trigger_id": world.triggers.issue(member.id),
        "channel": _channel(world, message.channel),
        # Slack leaves the message out when it is ephemeral.
        **({} if ephemeral else {"message": messages.as_json(message, with_metadata=False)}),
        "state": {"values": copy.deepcopy(messages.inputs_of(message, member))},
        "response_url": origin + response_url,
        "actions": [action],
    }
    return Parcel("interactive", payload)


def suggestion_in_view(view: OpenView, about: Json) -> Parcel:
    """`about` has the block, the action and what was typed."""
    payload = {
        **_interaction("block_suggestion", view.member),
        **about,
        "container": {"type": "view", "view_id": view.id},
        "view": copy.deepcopy(view.body),
    }
    return Parcel("interactive", payload)


def suggestion_in_message(world: World, member: Member, message: Message, about: Json) -> Parcel:
    ephemeral = message.only_for is not None
    payload = {
        **_interaction("block_suggestion", member),
        **about,
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": ephemeral,
        },
        "channel": _channel(world, message.channel),
        **({} if ephemeral else {"message": messages.as_json(message, with_metadata=False)}),
    }
    return Parcel("interactive", payload)


def action_object(
    world: World, block: Json, element: Json, *, entry: Json | None, value: Any
) -> Json:
    """The item of `actions`: the element's identity and what was chosen."""
    action: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": world.next_ts(),
    }
    for name in ("text", "value", "style", "placeholder"):
        if name in element:
            action[name] = element[name]
    if is_stateful(element) and entry is not None:
        action.update(entry)
    elif element["type"] == "overflow":
        action["selected_option"] = option_named(element, value)
    return action


def view_submission(world: World, view: OpenView, *, origin: str) -> Parcel:
    payload = {
        **_interaction("view_submission", view.member),
        "trigger_id": world.triggers.issue(view.member.id, view_id=view.id),
        "view": copy.deepcopy(view.body),
        "response_urls": _response_urls(world, view, origin),
    }
    return Parcel("interactive", payload)


def view_closed(view: OpenView, *, is_cleared: bool) -> Parcel:
    payload = {
        **_interaction("view_closed", view.member),
        "view": copy.deepcopy(view.body),
        "is_cleared": is_cleared,
    }
    return Parcel("interactive", payload)


def global_shortcut(world: World, member: Member, callback_id: str) -> Parcel:
    payload = {
        **_interaction("shortcut", member),
        "callback_id": callback_id,
        "trigger_id": world.triggers.issue(member.id),
        "action_ts": world.next_ts(),
    }
    return Parcel("interactive", payload)


def message_shortcut(
    world: World, member: Member, message: Message, *, callback_id: str, origin: str
) -> Parcel:
    payload = {
        **_interaction("message_action", member),
        "callback_id": callback_id,
        "trigger_id": world.triggers.issue(member.id),
        "action_ts": world.next_ts(),
        "message_ts": message.ts,
        "channel": _channel(world, message.channel),
        "message": messages.as_json(message, with_metadata=False),
        "response_url": origin + world.response_urls.issue(message.channel, member.id),
    }
    return Parcel("interactive", payload)


def event(world: World, inner: Json) -> Parcel:
    authorization = {
        "enterprise_id": None,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    payload = {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": inner,
        "type": "event_callback",
        "event_id": new_id("Ev"),
        "event_time": int(world.clock()),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": new_id("EC"),
    }
    return Parcel("events_api", payload)


def home_opened(world: World, member: Member, tab: str) -> Parcel:
    inner: Json = {
        "type": "app_home_opened",
        "user": member.id,
        "channel": member.dm_id,
        "tab": tab,
        "event_ts": world.next_ts(),
    }
    home = world.homes.get(member.id)
    if home is not None:
        inner["view"] = copy.deepcopy(home.body)
    return event(world, inner)


def direct_message(world: World, message: Message) -> Parcel:
    inner = {
        **messages.as_json(message, with_metadata=False),
        "channel": message.channel,
        "channel_type": "im",
        "event_ts": message.ts,
        "client_msg_id": new_id("M"),
    }
    if message.files:
        inner["subtype"] = "file_share"
    return event(world, inner)


def _interaction(kind: str, member: Member) -> Json:
    user = {
        "id": member.id,
        "username": member.username,
        "name": member.username,
        "team_id": TEAM_ID,
    }
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": user,
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _channel(world: World, channel: str) -> Json:
    conversation = world.conversations[channel]
    return {
        "id": channel,
        "name": "directmessage" if conversation.kind == "dm" else conversation.name,
    }


def _response_urls(world: World, view: OpenView, origin: str) -> list[Json]:
    """One URL for each conversation that the form asked an answer for."""
    urls = []
    for block in view.body["blocks"]:
        element = block.get("element", {})
        if element.get("response_url_enabled"):
            entry = view.values[block["block_id"]][element["action_id"]]
            channel = entry_value(entry)
            about = {"block_id": block["block_id"], "action_id": element["action_id"]}
            path = world.response_urls.issue(channel, view.member.id) if channel else None
            urls += (
                [{**about, "channel_id": channel, "response_url": origin + path}] if path else []
            )
    return urls
