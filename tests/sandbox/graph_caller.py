"""An app that calls the stand-ins of Facebook and Instagram, and the web server with its media."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

REDIRECT = "http://127.0.0.1:9/connect/callback"
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 500
Answer = tuple[int, dict[str, Any]]


class GraphCaller:
    """An app; most methods give the status and the JSON of the answer."""

    credentials: Mapping[str, str]
    scopes: str

    def __init__(self, client: TestClient[Any, Any], record: Path) -> None:
        self.client = client
        self._record = record

    def recorded(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._record.read_text().splitlines()]

    async def link(
        self, path: str = "/v26.0/dialog/oauth", **changes: str
    ) -> aiohttp.ClientResponse:
        query = {
            "client_id": self.credentials["client_id"],
            "redirect_uri": REDIRECT,
            "scope": self.scopes,
            "state": "a state",
            "response_type": "code",
            **changes,
        }
        return await self.client.get(path, params=query, allow_redirects=False)

    async def code(self, path: str = "/v26.0/dialog/oauth", **changes: str) -> str:
        return code_of(await self.link(path, **{"auto": "alice", **changes}))

    async def redeem(self, code: str, **changes: str) -> Answer:
        query = {**self.credentials, "redirect_uri": REDIRECT, "code": code, **changes}
        return await self.get("oauth/access_token", **query)

    async def exchange(self, token: str) -> Answer:
        query = {**self.credentials, "grant_type": "fb_exchange_token", "fb_exchange_token": token}
        return await self.get("oauth/access_token", **query)

    async def log_in(self, person: str = "alice", **changes: str) -> str:
        """A long-lived token of the person."""
        _, short = await self.redeem(await self.code(auto=person, **changes))
        _, long = await self.exchange(short["access_token"])
        return str(long["access_token"])

    async def pages(self, token: str, **query: str) -> dict[str, Any]:
        """The Pages of the person, by name."""
        asked = {"fields": "id,name,access_token,tasks", **query}
        _, answer = await self.get("me/accounts", token, **asked)
        return {page["name"]: page for page in answer["data"]}

    async def connect(self, page: str = "Acme", person: str = "alice", **changes: str) -> str:
        """The token of a Page."""
        pages = await self.pages(await self.log_in(person, **changes))
        return str(pages[page]["access_token"])

    async def ask(
        self, method: str, path: str, token: str = "", **options: Any
    ) -> aiohttp.ClientResponse:
        """The answer itself, whose body has been read. A path is below a version, or absolute."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        path = path if path.startswith("/") else f"/v26.0/{path}"
        async with self.client.request(method, path, headers=headers, **options) as response:
            await response.read()
            return response

    async def call(self, method: str, path: str, token: str = "", **options: Any) -> Answer:
        response = await self.ask(method, path, token, **options)
        return response.status, json.loads(await response.text())

    async def get(self, path: str, token: str = "", **query: str) -> Answer:
        return await self.call("GET", path, token, params=query)

    async def send(self, path: str, token: str, **values: Any) -> Answer:
        return await self.call("POST", path, token, json=values)

    async def upload(self, address: str, token: str, data: bytes = MP4, **headers: str) -> Answer:
        """Sends the bytes of a video to the address that the platform named."""
        sent = {
            "Authorization": f"OAuth {token}",
            "offset": "0",
            "file_size": str(len(data)),
            "Content-Type": "application/octet-stream",
            **headers,
        }
        async with self.client.session.post(address, data=data, headers=sent) as response:
            return response.status, await response.json()

    async def switch(self, **values: Any) -> Answer:
        response = await self.client.post("/_/switches", json=values)
        return response.status, await response.json()

    async def timeline(self) -> list[dict[str, Any]]:
        """What the page shows, newest first."""
        response = await self.client.get("/_/timeline")
        return list((await response.json())["posts"])

    async def texts(self) -> list[str]:
        return [post["text"] for post in await self.timeline()]


def code_of(response: aiohttp.ClientResponse) -> str:
    """The code with which the dialog led back to the app."""
    return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]


def error_of(answer: Answer) -> tuple[int, int | None]:
    """Code and subcode of a refusal."""
    status, body = answer
    assert status >= 400, body
    return body["error"]["code"], body["error"].get("error_subcode")


async def eventually(look: Callable[[], Awaitable[bool]]) -> None:
    """Waits until the look succeeds; fails after five seconds."""
    for _ in range(500):
        if await look():
            return
        await asyncio.sleep(0.01)
    pytest.fail("It did not happen within five seconds.")


def picture(width: int = 40, height: int = 40, kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "#c54").save(file, kind)
    return file.getvalue()


@asynccontextmanager
async def serve_media() -> AsyncIterator[str]:
    """The address of a web server with media, as the app that publishes has one: `40x40.jpeg`,
    `video.mp4`, `text`, `moved`."""

    async def image(request: web.Request) -> web.Response:
        width, height = map(int, request.match_info["size"].split("x"))
        return web.Response(body=picture(width, height, request.match_info["kind"].upper()))

    async def video(_request: web.Request) -> web.Response:
        return web.Response(body=MP4)

    async def large(_request: web.Request) -> web.Response:
        return web.Response(body=picture() + b"\0" * (11 * 1024 * 1024))

    async def text(_request: web.Request) -> web.Response:
        return web.Response(text="no media")

    async def moved(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/40x40.jpeg")

    app = web.Application()
    app.router.add_get("/{size:[0-9]+x[0-9]+}.{kind}", image)
    app.router.add_get("/video.mp4", video)
    app.router.add_get("/large", large)
    app.router.add_get("/text", text)
    app.router.add_get("/moved", moved)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")
