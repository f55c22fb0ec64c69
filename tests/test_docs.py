"""What the documents say of settings, states, events, platforms and commands is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from bot.cli import app
from bot.views import ids
from publishers import all_publishers
from scheduler import events, states
from tests.readme import written

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()


def test_the_readmes_tables_of_settings_and_platforms_are_those_of_the_code() -> None:
    assert written(README) == README, "run `make readme`"


@pytest.mark.parametrize("state", list(states.State), ids=str)
def test_every_state_stands_in_the_architecture(state: states.State) -> None:
    assert re.search(rf"\b{state.value}\b", ARCHITECTURE)


@pytest.mark.parametrize(
    "event",
    sorted(
        {move.event for move in states.MOVES}
        | {
            *events.POST_EVENTS,
            *events.ACCOUNT_EVENTS,
            *events.PLATFORM_EVENTS,
            *events.SERIES_EVENTS,
            *events.MEMBER_EVENTS,
            *events.WORKSPACE_EVENTS,
        }
    ),
)
def test_every_event_stands_in_the_architecture(event: str) -> None:
    assert f"| `{event}` |" in ARCHITECTURE


@pytest.mark.parametrize("name", sorted(all_publishers()))
def test_every_platform_has_a_guide_that_names_its_callback_and_permissions(name: str) -> None:
    guide = (ROOT / "docs" / "platforms" / f"{name}.md").read_text()

    assert f"/connect/{name}/callback" in guide
    assert [scope for scope in all_publishers()[name].scopes if scope not in guide] == []


def test_every_command_stands_in_the_readme() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]

    assert {
        name for name in commands if f"`postbot {name}`" in README or f"`{name}`" in README
    } == (commands)


def test_every_linked_document_exists() -> None:
    pages = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")]

    linked = [
        target
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (ROOT / target).exists()
    ]

    assert linked == []


def test_the_manifest_knows_our_command_and_shortcuts() -> None:
    features = json.loads((ROOT / "manifest.json").read_text())["features"]

    assert [command["command"] for command in features["slash_commands"]] == [ids.COMMAND]
    assert {shortcut["callback_id"] for shortcut in features["shortcuts"]} == {
        ids.SHORTCUT_SCHEDULE,
        ids.SHORTCUT_FROM_MESSAGE,
    }


def test_publishers_do_not_serve() -> None:
    sources = [path.read_text() for path in (ROOT / "publishers").glob("*.py")]

    assert [source for source in sources if "aiohttp.web" in source or "import web" in source] == []
