from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import httpx
import pytest
from aiohttp.test_utils import TestServer

from bot.web.app import create_app
from sandbox.slack import Settings as SlackSettings
from sandbox.slack import create_app as create_slack
from sandbox.slack.settings import BOT_TOKEN, SIGNING_SECRET
from scheduler import members
from scheduler.config import Settings
from scheduler.models import Account
from scheduler.runtime import Runtime
from tests.bot.desk import ALICE, BOB, TEAM, Desk
from tests.world import StandIn, connect, settings_for


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind is enough here: the schedule's own tests hold both to the same promises."""
    return sqlite_url


@pytest.fixture
def app_port(unused_tcp_port_factory: Callable[[], int]) -> int:
    return unused_tcp_port_factory()


@pytest.fixture
async def slack_server(app_port: int, tmp_path: Path) -> AsyncIterator[TestServer]:
    settings = SlackSettings(app_url=f"http://127.0.0.1:{app_port}", record=tmp_path / "record")
    server = TestServer(create_slack(settings))
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
def more_settings() -> dict[str, object]:
    """What a module of tests sets beside the usual."""
    return {}


@pytest.fixture
def settings(
    database_url: str,
    tmp_path: Path,
    x_port: int,
    app_port: int,
    slack_server: TestServer,
    more_settings: dict[str, object],
) -> Settings:
    values = {
        "SLACK_API_URL": str(slack_server.make_url("/api")),
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "POSTBOT_PUBLIC_URL": f"http://127.0.0.1:{app_port}",
        "POSTBOT_PORT": app_port,
    }
    return settings_for(database_url, tmp_path, x_port, **{**values, **more_settings})


@pytest.fixture
async def desk(runtime: Runtime, slack_server: TestServer, app_port: int) -> AsyncIterator[Desk]:
    """Postbot behind Slack, with two known members and no account."""
    workspace = await members.workspace(runtime, TEAM, name="Acme Social")
    await members.remember_member(
        runtime, workspace.id, ALICE, name="Alice", timezone="America/New_York", is_admin=True
    )
    await members.remember_member(
        runtime, workspace.id, BOB, name="Bob", timezone="Europe/Berlin", is_admin=False
    )
    async with TestServer(create_app(runtime), port=app_port), aiohttp.ClientSession() as http:
        url = str(slack_server.make_url("")).rstrip("/")
        yield Desk(runtime, workspace, url, f"http://127.0.0.1:{app_port}", http)


@pytest.fixture
async def account(desk: Desk, x: StandIn) -> Account:
    """@acme on X, connected by Alice."""
    return await connect(desk.runtime, desk.workspace)


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """A browser with cookies of its own."""
    async with httpx.AsyncClient(timeout=20) as client:
        yield client
