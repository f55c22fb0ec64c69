"""The stand-in of Pinterest on a loopback port, and a host of images for it to fetch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from sandbox.pinterest import create_app
from tests.sandbox.pinterest.pinterest_stand import Caller, picture


@pytest.fixture
async def pinterest(tmp_path: Path) -> AsyncIterator[Caller]:
    async with TestClient(TestServer(create_app(record=tmp_path))) as client:
        yield Caller(client, tmp_path / "pinterest.jsonl")


@pytest.fixture
async def token(pinterest: Caller) -> str:
    """An access token of @acme with every scope that a publisher needs."""
    return await pinterest.connect()


@pytest.fixture
async def host() -> AsyncIterator[str]:
    """The address of a web server with images, as the app that publishes has one."""

    async def image(request: web.Request) -> web.Response:
        width, height = map(int, request.match_info["size"].split("x"))
        kind = request.match_info["kind"]
        return web.Response(body=picture(width, height, kind.upper()), content_type="image/png")

    async def text(_request: web.Request) -> web.Response:
        return web.Response(text="no image")

    async def moved(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/40x60.png")

    app = web.Application()
    app.router.add_get("/{size:[0-9]+x[0-9]+}.{kind}", image)
    app.router.add_get("/text", text)
    app.router.add_get("/moved", moved)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")
