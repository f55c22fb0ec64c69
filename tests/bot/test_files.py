"""Fetching what members uploaded: the token goes to Slack and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import file_chunks
from scheduler.media import UnusableMedia


@dataclass
class Files:
    """A server that hands out files, and what it was asked with."""

    client: AsyncWebClient
    url: str
    tokens: list[str | None] = field(default_factory=list)

    def about(self, path: str, **more: Any) -> dict[str, Any]:
        url = f"{self.url}/{path}"
        return {"id": "F1", "name": "a.png", "url_private_download": url, **more}

    async def fetch(self, about: dict[str, Any]) -> bytes:
        return b"".join([chunk async for chunk in file_chunks(self.client, about)])

    async def refusal(self, about: dict[str, Any]) -> str:
        with pytest.raises(UnusableMedia) as caught:
            await self.fetch(about)
        return str(caught.value)


@pytest.fixture
async def files() -> AsyncIterator[Files]:
    seen: list[str | None] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        match request.match_info["name"]:
            case "page":
                return web.Response(text="<html>Sign in</html>", content_type="text/html")
            case "away":
                return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"})
            case "broken":
                return web.Response(status=500)
            case "a.png":
                return web.Response(body=b"bytes", content_type="image/png")
        return web.Response(status=404)

    async def info(request: web.Request) -> web.Response:
        url = f"http://{request.host}/files/a.png"
        return web.json_response({"ok": True, "file": {"id": "F1", "url_private": url}})

    app = web.Application()
    app.router.add_get("/files/{name}", serve)
    app.router.add_route("*", "/api/files.info", info)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        async with aiohttp.ClientSession() as session:
            client = AsyncWebClient("xoxb-canary", base_url=f"{url}/api/", session=session)
            yield Files(client, f"{url}/files", seen)


async def test_a_file_is_fetched_with_the_token(files: Files) -> None:
    assert await files.fetch(files.about("a.png")) == b"bytes"
    assert files.tokens == ["Bearer xoxb-canary"]


async def test_a_file_that_must_be_asked_for_is_asked_for(files: Files) -> None:
    about = {"id": "F1", "name": "a.png", "file_access": "check_file_info"}

    assert await files.fetch(about) == b"bytes"


async def test_a_file_known_by_its_id_alone_is_fetched(files: Files) -> None:
    assert await files.fetch({"id": "F1", "name": "a.png"}) == b"bytes"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        pytest.param("gone.png", "“a.png” is no longer in Slack, or lies", id="gone"),
        pytest.param("page", "files:read", id="a sign-in page"),
        pytest.param("away", "files:read", id="a redirect"),
        pytest.param("broken", "Try again in a minute", id="Slack is broken"),
    ],
)
async def test_a_file_that_slack_keeps_is_told_with_what_to_do(
    files: Files, path: str, sentence: str
) -> None:
    assert sentence in await files.refusal(files.about(path))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/a.png",
        "https://files.slack.com.evil.example/a.png",
        "https://files.slack.com@evil.example/a.png",
        "http://files.slack.com/a.png",
        "https://files.slack.com:444/a.png",
        "http://127.0.0.1:1/a.png",
        "file:///etc/passwd",
        "",
    ],
)
async def test_the_token_goes_to_slack_and_nowhere_else(files: Files, url: str) -> None:
    about = {"id": "F1", "name": "a.png", "url_private": url, "url_private_download": url}
    # Nothing may be asked with an odd address; only an empty one is looked up.
    known = {**about, "url_private": url or "https://drive.example/a"}

    assert "does not lie in Slack itself" in await files.refusal(known)
    assert files.tokens == []
