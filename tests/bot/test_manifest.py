"""The manifest is one that Slack takes, and asks for all that the code needs and nothing more."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient
from typer.testing import CliRunner

from bot.app import build_app
from bot.cli import app as command_line
from bot.clients import open_clients
from bot.manifest import EVENTS, SCOPES, manifest
from bot.views import ids
from sandbox.slack import cast
from tests.bot.desk import Desk

Json = dict[str, Any]

ROOT = Path(__file__).parent.parent.parent
URL = "https://postbot.example.com"
VARIANTS = {
    "over http": manifest(URL),
    "with rotation": manifest(URL, token_rotation=True),
    "by socket": manifest(URL, socket_mode=True),
    "by socket without an address": manifest("", socket_mode=True),
}
#: What Slack demands for a method of its Web API; nothing where any bot token will do.
NEEDED = {
    "auth.revoke": "",
    "auth.test": "",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "im:history",
    "conversations.open": "im:write",
    "conversations.replies": "im:history",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "functions.completeError": "",
    "functions.completeSuccess": "",
    "oauth.v2.access": "",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "views.open": "",
    "views.publish": "",
    "views.push": "",
    "views.update": "",
}
#: Events that an app like this one could listen to.
CONCEIVABLE = (
    *EVENTS,
    "app_mention",
    "link_shared",
    "member_joined_channel",
    "message",
    "reaction_added",
    "team_join",
    "user_change",
)


@pytest.mark.parametrize("made", VARIANTS.values(), ids=VARIANTS.keys())
def test_every_manifest_is_within_slacks_limits(made: Json) -> None:
    shown, features = made["display_information"], made["features"]
    assert made["_metadata"]["major_version"] == 2
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert re.fullmatch("#[0-9a-f]{6}", shown["background_color"])
    assert len(features["bot_user"]["display_name"]) <= 80
    assert len(features["shortcuts"]) <= 10
    for shortcut in features["shortcuts"]:
        assert shortcut["type"] in ("message", "global")
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["callback_id"]) <= 255
        assert len(shortcut["description"]) <= 150
    for command in features["slash_commands"]:
        assert re.fullmatch("/[a-z0-9_-]{1,31}", command["command"])
        assert command["description"]
        assert len(command["usage_hint"]) <= 1000
    assert len(made["settings"]["event_subscriptions"]["bot_events"]) <= 100
    assert made["settings"]["interactivity"]["is_enabled"] is True
    # Steps of workflows demand both.
    assert made["settings"]["org_deploy_enabled"] is True
    assert made["settings"]["function_runtime"] == "remote"
    for function in made["functions"].values():
        assert function["title"]
        assert function["description"]
        for side in ("input_parameters", "output_parameters"):
            assert set(function[side]) == {"properties", "required"}
            assert set(function[side]["required"]) <= set(function[side]["properties"])


@pytest.mark.parametrize("made", VARIANTS.values(), ids=VARIANTS.keys())
def test_nothing_stands_in_it_that_slack_does_not_know(made: Json) -> None:
    assert set(made) <= {
        "_metadata",
        "display_information",
        "features",
        "functions",
        "oauth_config",
        "settings",
    }
    assert set(made["features"]) == {"app_home", "bot_user", "shortcuts", "slash_commands"}
    assert set(made["oauth_config"]) <= {"redirect_urls", "scopes"}
    assert set(made["settings"]) <= {
        "event_subscriptions",
        "function_runtime",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    }


def urls_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from urls_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from urls_of(each)
    elif isinstance(value, str) and value.startswith("http"):
        yield value


def test_over_http_every_address_is_ours() -> None:
    assert set(urls_of(VARIANTS["over http"])) == {
        f"{URL}/slack/events",
        f"{URL}/slack/oauth_redirect",
    }


def test_with_socket_mode_slack_is_told_no_address_but_for_installing() -> None:
    made = VARIANTS["by socket"]

    assert made["settings"]["socket_mode_enabled"] is True
    assert [*urls_of(made)] == [f"{URL}/slack/oauth_redirect"]
    assert [*urls_of(VARIANTS["by socket without an address"])] == []


def test_the_manifest_in_the_repository_is_that_of_the_command() -> None:
    assert json.loads((ROOT / "manifest.json").read_text()) == manifest(URL), (
        "run `postbot manifest --url https://postbot.example.com > manifest.json`"
    )


def test_the_stand_in_is_set_up_like_the_manifest() -> None:
    (command,) = manifest(URL)["features"]["slash_commands"]

    made = manifest(URL)["functions"]
    assert set(cast.SCOPES) == set(SCOPES)
    assert set(cast.FUNCTIONS) == set(made)
    for name, function in cast.FUNCTIONS.items():
        for side in ("input_parameters", "output_parameters"):
            kinds = {
                key: {"type": each["type"]} for key, each in made[name][side]["properties"].items()
            }
            assert function[side]["properties"] == kinds
            assert function[side]["required"] == made[name][side]["required"]
    assert [{name: command[name] for name in ("command", "usage_hint")}] == cast.COMMANDS


def test_every_permission_is_needed_and_every_need_is_asked_for() -> None:
    called = set(called_methods())

    assert called - NEEDED.keys() == set(), "a new method needs a row above, and maybe a scope"
    assert NEEDED.keys() - called == set()
    needed = {scope for scope in NEEDED.values() if scope} | {"commands"}
    assert needed == set(SCOPES)


def called_methods() -> Iterator[str]:
    """The methods of the Web API that the code calls."""
    known = {
        name: name.replace("_", ".", 1)
        for name in dir(AsyncWebClient)
        if re.match(r"[a-z]+_[a-z]", name) and not name.startswith("api_")
    }
    dotted = {each.casefold(): each for each in NEEDED}
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in known:
                name = known[node.attr]
                yield dotted.get(name.replace("_", ".").casefold(), name)
            if isinstance(node, ast.Constant) and str(node.value).casefold() in dotted:
                yield str(node.value)


async def test_slack_tells_of_what_the_code_listens_to_and_of_nothing_else(desk: Desk) -> None:
    async with open_clients(desk.runtime) as clients:
        app = build_app(desk.runtime, clients)

    heard = {name for name in CONCEIVABLE if await listens(app, name)}

    assert heard == set(EVENTS)


async def listens(app: AsyncApp, name: str) -> bool:
    about = {"function": {"callback_id": ids.STEP}, "function_execution_id": "Fx1"}
    event = {"type": name, **about}
    body = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event}
    request = AsyncBoltRequest(body=body, mode="socket_mode")
    found = [
        await listener.async_matches(req=request, resp=BoltResponse(status=404))
        for listener in app._async_listeners
    ]
    return any(found)


def test_every_shortcut_of_ours_stands_in_it() -> None:
    known = {value for name, value in vars(ids).items() if name.startswith("SHORTCUT_")}

    shortcuts = manifest(URL)["features"]["shortcuts"]

    assert {each["callback_id"] for each in shortcuts} == known


@pytest.mark.parametrize(
    "url",
    ["http://postbot.example.com", "", "postbot.example.com", "https://", "https://a.example?x"],
)
def test_an_address_that_slack_does_not_take_is_told(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POSTBOT_PUBLIC_URL", raising=False)

    run = CliRunner().invoke(command_line, ["manifest", "--url", url])

    assert run.exit_code == 2
    assert "https" in run.stderr
    assert "features" not in run.output


def test_the_command_prints_it_ready_to_paste() -> None:
    run = CliRunner().invoke(command_line, ["manifest", "--url", f"{URL}/", "--socket-mode"])

    assert json.loads(run.stdout) == VARIANTS["by socket"]
