"""The stand-in of X on a loopback port, and a caller that knows its way around it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from sandbox.x import create_app

REDIRECT = "http://127.0.0.1:9/connect/x/callback"
VERIFIER = "correct-horse-battery-staple-correct-horse-battery"
SCOPES = "tweet.read tweet.write users.read media.write offline.access"
BASIC = aiohttp.encode_basic_auth("sandbox-x-client", "sandbox-x-secret")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


class Caller:
    """An app that uses the stand-in; every method gives the status and the JSON of the answer."""

    def __init__(self, client: TestClient[Any, Any], record: Path) -> None:
        self.client = client
        self._record = record

    def recorded(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._record.read_text().splitlines()]

    async def link(self, **changes: str) -> aiohttp.ClientResponse:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": "sandbox-x-client",
            "redirect_uri": REDIRECT,
            "scope": SCOPES,
            "state": "a state",
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **changes,
        }
        return await self.client.get("/i/oauth2/authorize", params=query, allow_redirects=False)

    async def code(self, **changes: str) -> str:
        response = await self.link(**{"auto": "acme", **changes})
        return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]

    async def token(self, *, basic: str | None = BASIC, **form: str) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": basic} if basic else {}
        response = await self.client.post("/2/oauth2/token", data=form, headers=headers)
        return response.status, await response.json()

    async def redeem(self, code: str, **changes: str) -> tuple[int, dict[str, Any]]:
        form = {"redirect_uri": REDIRECT, "code_verifier": VERIFIER, **changes}
        return await self.token(grant_type="authorization_code", code=code, **form)

    async def refresh(self, refresh_token: str) -> tuple[int, dict[str, Any]]:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token)

    async def connect(self, account: str = "acme", *, scope: str = SCOPES) -> str:
        """An access token for the account."""
        _, tokens = await self.redeem(await self.code(auto=account, scope=scope))
        return str(tokens["access_token"])

    async def call(
        self, method: str, path: str, token: str, **options: Any
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.request(method, path, headers=headers, **options) as response:
            return response.status, json.loads(await response.text() or "{}")

    async def post(self, token: str, text: str, **more: Any) -> tuple[int, dict[str, Any]]:
        return await self.call("POST", "/2/tweets", token, json={"text": text, **more})

    async def post_many(self, token: str, count: int) -> list[int]:
        """Posts “post 0”, “post 1” and so on; the statuses of the answers."""
        return [(await self.post(token, f"post {n}"))[0] for n in range(count)]

    async def posts(
        self, token: str, account: str = "1700000000000000001", **query: str
    ) -> tuple[int, dict[str, Any]]:
        return await self.call("GET", f"/2/users/{account}/tweets", token, params=query)

    async def upload(self, token: str, data: bytes = PNG) -> tuple[int, dict[str, Any]]:
        form = aiohttp.FormData({"media_category": "tweet_image"})
        form.add_field("media", io.BytesIO(data), filename="image.png")
        return await self.call("POST", "/2/media/upload", token, data=form)

    async def switch(self, **values: Any) -> tuple[int, dict[str, Any]]:
        response = await self.client.post("/_/switches", json=values)
        return response.status, await response.json()

    async def texts(self) -> list[str]:
        """The texts on the page, newest first."""
        response = await self.client.get("/_/timeline")
        return [post["text"] for post in (await response.json())["posts"]]


@pytest.fixture
async def x(tmp_path: Path) -> AsyncIterator[Caller]:
    client = TestClient(TestServer(create_app(record=tmp_path)))
    async with client:
        yield Caller(client, tmp_path / "x.jsonl")


@pytest.fixture
async def token(x: Caller) -> str:
    """An access token of @acme with every scope that a publisher needs."""
    return await x.connect()
