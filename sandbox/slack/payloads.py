"""The payloads that Slack sends to the app, with every field that Slack sends."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.slack import messages
from sandbox.slack.cast import (
    APP_ID,
    BOT_USER_ID,
    ENTERPRISES,
    FUNCTIONS,
    TEAMS,
    VERIFICATION_TOKEN,
    Member,
    Team,
)
from sandbox.slack.elements import entry_value, is_stateful, option_named
from sandbox.slack.executions import Execution
from sandbox.slack.ids import new_id
from sandbox.slack.installs import Install
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
        "team_id": member.team_id,
        "team_domain": member.team.domain,
        **_enterprise_fields(member.team),
        "channel_id": conversation.id,
        "channel_name": name,
        "user_id": member.id,
        "user_name": member.username,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "true" if _is_org_wide(world, member.team_id) else "false",
        "response_url": origin + world.response_urls.issue(conversation.id, member.id),
        "trigger_id": world.triggers.issue(member.id),
    }
    return Parcel("slash_commands", payload)


def action_in_view(world: World, view: OpenView, action: Json) -> Parcel:
    payload = {
        **_interaction(world, "block_actions", view.member),
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
        **_interaction(world, "block_actions", member),
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


def suggestion_in_view(world: World, view: OpenView, about: Json) -> Parcel:
    """`about` has the block, the action and what was typed."""
    payload = {
        **_interaction(world, "block_suggestion", view.member),
        **about,
        "container": {"type": "view", "view_id": view.id},
        "view": copy.deepcopy(view.body),
    }
    return Parcel("interactive", payload)


def suggestion_in_message(world: World, member: Member, message: Message, about: Json) -> Parcel:
    ephemeral = message.only_for is not None
    payload = {
        **_interaction(world, "block_suggestion", member),
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
        **_interaction(world, "view_submission", view.member),
        "trigger_id": world.triggers.issue(view.member.id, view_id=view.id),
        "view": copy.deepcopy(view.body),
        "response_urls": _response_urls(world, view, origin),
    }
    return Parcel("interactive", payload)


def view_closed(world: World, view: OpenView, *, is_cleared: bool) -> Parcel:
    payload = {
        **_interaction(world, "view_closed", view.member),
        "view": copy.deepcopy(view.body),
        "is_cleared": is_cleared,
    }
    return Parcel("interactive", payload)


def global_shortcut(world: World, member: Member, callback_id: str) -> Parcel:
    payload = {
        **_interaction(world, "shortcut", member),
        "callback_id": callback_id,
        "trigger_id": world.triggers.issue(member.id),
        "action_ts": world.next_ts(),
    }
    return Parcel("interactive", payload)


def message_shortcut(
    world: World, member: Member, message: Message, *, callback_id: str, origin: str
) -> Parcel:
    payload = {
        **_interaction(world, "message_action", member),
        "callback_id": callback_id,
        "trigger_id": world.triggers.issue(member.id),
        "action_ts": world.next_ts(),
        "message_ts": message.ts,
        "channel": _channel(world, message.channel),
        "message": messages.as_json(message, with_metadata=False),
        "response_url": origin + world.response_urls.issue(message.channel, member.id),
    }
    return Parcel("interactive", payload)


def event(world: World, team: Team, inner: Json) -> Parcel:
    is_org_wide = _is_org_wide(world, team.id)
    authorization = {
        "enterprise_id": team.enterprise_id or None,
        # Of an installation for the whole organisation Slack names no workspace here.
        "team_id": None if is_org_wide else team.id,
        "user_id": BOT_USER_ID,
        "is_bot": True,
        "is_enterprise_install": is_org_wide,
    }
    payload = {
        "token": VERIFICATION_TOKEN,
        "team_id": team.id,
        **({"enterprise_id": team.enterprise_id} if team.enterprise_id else {}),
        "context_team_id": team.id,
        "context_enterprise_id": team.enterprise_id or None,
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


def uninstalled(world: World, install: Install) -> list[Parcel]:
    """What the app hears when somebody removes it: two events, in any order. Nobody's token stands
    behind them."""
    team = next(team for team in TEAMS.values() if team.id in install.teams)
    stamp = {"event_ts": world.next_ts()}
    revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER_ID]}, **stamp}
    parcels = [event(world, team, each) for each in ({"type": "app_uninstalled", **stamp}, revoked)]
    for parcel in parcels:
        parcel.payload["authorizations"] = []
        parcel.payload["is_enterprise_install"] = install.is_enterprise_install
        if install.is_enterprise_install:
            parcel.payload["team_id"] = install.place
    return parcels


def function_executed(world: World, execution: Execution, token: str) -> Parcel:
    about = FUNCTIONS[execution.callback_id]
    inner = {
        "type": "function_executed",
        "function": {
            "id": new_id("Fn"),
            "callback_id": execution.callback_id,
            "type": "app",
            "app_id": APP_ID,
            "input_parameters": _parameters(about["input_parameters"]),
            "output_parameters": _parameters(about["output_parameters"]),
        },
        "inputs": execution.inputs,
        "function_execution_id": execution.id,
        "workflow_execution_id": new_id("Wx"),
        "event_ts": world.next_ts(),
        "bot_access_token": token,
    }
    return event(world, TEAMS[execution.team_id], inner)


def _parameters(about: Json) -> list[Json]:
    return [
        {"name": name, "is_required": name in about["required"], **each}
        for name, each in about["properties"].items()
    ]


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
    return event(world, member.team, inner)


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
    return event(world, TEAMS[message.team_id], inner)


def _interaction(world: World, kind: str, member: Member) -> Json:
    team, is_org_wide = member.team, _is_org_wide(world, member.team_id)
    user = {
        "id": member.id,
        "username": member.username,
        "name": member.username,
        "team_id": team.id,
    }
    org = {"id": team.enterprise_id, "name": ENTERPRISES.get(team.enterprise_id)}
    return {
        "type": kind,
        # Slack names no workspace here when the whole organisation has the app.
        "team": None if is_org_wide else {"id": team.id, "domain": team.domain},
        "user": user,
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": org if team.enterprise_id else None,
        "is_enterprise_install": is_org_wide,
    }


def _is_org_wide(world: World, team_id: str) -> bool:
    install = world.installs.of_team(team_id)
    return install is not None and install.is_enterprise_install


def _enterprise_fields(team: Team) -> Json:
    if not team.enterprise_id:
        return {}
    return {
        "enterprise_id": team.enterprise_id,
        "enterprise_name": ENTERPRISES[team.enterprise_id],
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
