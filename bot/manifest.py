"""What the Slack app must be allowed and set up to do: `postbot manifest` prints it, ready to paste
where Slack asks for an app manifest."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from bot.views import ids

Json = dict[str, Any]

#: What the bot token must be allowed, each with what needs it.
SCOPES = {
    "commands": "the command and the shortcuts",
    "chat:write": "cards and notices",
    "im:write": "direct messages",
    "im:history": "looking for a message before it is sent again",
    "users:read": "names, time zones and roles",
    "files:read": "the files of a post",
    "files:write": "the calendar as a file",
    "usergroups:read": "the approvers of a user group",
}
#: What Slack must tell us of by itself.
EVENTS = ("app_home_opened", "app_uninstalled", "function_executed", "tokens_revoked")
REDIRECT = "/slack/oauth_redirect"
USAGE = (
    "[text] | list | drafts | repeats | digest <time> | status <id> | accounts | import | export | "
    "calendar | stats | settings | help"
)


class WrongUrl(ValueError):
    """An address that Slack does not take."""


def manifest(url: str, *, socket_mode: bool = False, token_rotation: bool = False) -> Json:
    """The manifest of an app at a public address. With Socket Mode Slack needs no address but for
    installing by OAuth; then `url` may be empty. Raises `WrongUrl`."""
    url = url.rstrip("/")
    if url or not socket_mode:
        _check(url)
    endpoint = "" if socket_mode else f"{url}/slack/events"
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Postbot",
            "description": "Schedule social-media posts from Slack: none lost, none doubled, "
            "nothing fails in silence.",
            "background_color": "#1f3a4d",
        },
        "features": _features(endpoint),
        "oauth_config": {
            **({"redirect_urls": [f"{url}{REDIRECT}"]} if url else {}),
            "scopes": {"bot": [*SCOPES]},
        },
        "functions": {ids.STEP: _step()},
        "settings": {
            "event_subscriptions": {**_at("request_url", endpoint), "bot_events": [*EVENTS]},
            "interactivity": {
                "is_enabled": True,
                **_at("request_url", endpoint),
                **_at("message_menu_options_url", endpoint),
            },
            # Steps of workflows demand both.
            "org_deploy_enabled": True,
            "function_runtime": "remote",
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": token_rotation,
        },
    }


def printed(made: Json) -> str:
    """A manifest as text."""
    return json.dumps(made, indent=2, ensure_ascii=False)


def _features(endpoint: str) -> Json:
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Postbot", "always_online": True},
        "shortcuts": [
            {
                "name": "Schedule a post",
                "type": "global",
                "callback_id": ids.SHORTCUT_SCHEDULE,
                "description": "Write a post and choose when it goes out",
            },
            {
                "name": "Turn into a post",
                "type": "message",
                "callback_id": ids.SHORTCUT_FROM_MESSAGE,
                "description": "Begin a post with the text of this message",
            },
        ],
        "slash_commands": [
            {
                "command": ids.COMMAND,
                **_at("url", endpoint),
                "description": "Schedule a post",
                "usage_hint": USAGE,
                "should_escape": False,
            }
        ],
    }


def _step() -> Json:
    """The step of Workflow Builder."""
    inputs = {
        ids.STEP_AUTHOR: _parameter(
            "slack#/types/user_id",
            "Author",
            "Whose post it is; choose the person who used the workflow",
        ),
        ids.STEP_TEXT: _parameter("string", "Text", "What the post says"),
        ids.STEP_ACCOUNTS: _parameter(
            "string", "Accounts", "Where it goes, such as x:@acme; facebook:@acme"
        ),
        ids.STEP_TIME: _parameter(
            "slack#/types/timestamp", "Time", "When it goes out; at once when empty"
        ),
    }
    post = _parameter("string", "Post", "Its id, as in /schedule-post status")
    return {
        "title": "Schedule a post",
        "description": "Publishes a text on your social-media accounts, now or later",
        "input_parameters": {
            "properties": inputs,
            "required": [ids.STEP_AUTHOR, ids.STEP_TEXT, ids.STEP_ACCOUNTS],
        },
        "output_parameters": {"properties": {ids.STEP_POST: post}, "required": [ids.STEP_POST]},
    }


def _parameter(kind: str, title: str, description: str) -> Json:
    return {"type": kind, "title": title, "description": description}


def _at(name: str, endpoint: str) -> Json:
    """An address, where there is one."""
    return {name: endpoint} if endpoint else {}


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise WrongUrl(
            "Slack reaches Postbot only by https: give the public address with --url "
            "https://postbot.example.com, or use --socket-mode."
        )
