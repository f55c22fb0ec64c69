"""The stand-in of Slack in this process, with an app behind it that checks every signature."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import Settings, create_app
from sandbox.slack.settings import BOT_TOKEN
from tests.sandbox.slack.slack_stand import App, Clock, Slack


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[Slack]:
    app, clock = App(), Clock()
    behind = web.Application()
    behind.router.add_post("/slack/events", app.handle)
    async with TestServer(behind) as app_server, aiohttp.ClientSession() as http:
        settings = Settings(
            app_url=str(app_server.make_url("/")), record=tmp_path / "record", clock=clock
        )
        async with TestServer(create_app(settings)) as server:
            url = str(server.make_url("")).rstrip("/")
            client = AsyncWebClient(token=BOT_TOKEN, base_url=f"{url}/api/", session=http)
            app_url = settings.app_url.rstrip("/")
            yield Slack(url, app, clock, client, http, tmp_path / "record", app_url)
