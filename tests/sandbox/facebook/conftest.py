"""The stand-in of Facebook on a loopback port, and a caller that knows its way around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from sandbox.facebook import create_app
from tests.sandbox.graph_caller import Answer, GraphCaller, serve_media

ACME = "102000000000101"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


class Caller(GraphCaller):
    """An app that posts on Pages; `token` is the token of a Page."""

    credentials: ClassVar = {
        "client_id": "sandbox-facebook-client",
        "client_secret": "sandbox-facebook-secret",
    }
    scopes = (
        "pages_show_list,pages_read_engagement,pages_manage_posts,pages_manage_engagement,"
        "business_management"
    )

    async def post(self, token: str, message: str, page: str = ACME, **more: Any) -> Answer:
        return await self.send(f"{page}/feed", token, message=message, **more)

    async def post_many(self, token: str, *messages: str) -> None:
        for message in messages:
            await self.post(token, message)

    async def draft(self, token: str, message: str, **more: Any) -> str:
        """The id of an unpublished post."""
        _, answer = await self.post(token, message, published=False, **more)
        return str(answer["id"])

    async def photo(self, token: str, data: bytes = PNG, **more: str) -> Answer:
        """Uploads an unpublished photo."""
        form = aiohttp.FormData({"published": "false", **more})
        form.add_field("source", data, filename="a.png", content_type="image/png")
        return await self.call("POST", f"{ACME}/photos", token, data=form)

    async def photos(self, token: str, count: int) -> list[dict[str, str]]:
        """The value of `attached_media` for so many new photos."""
        uploaded = [await self.photo(token, PNG + bytes([n])) for n in range(count)]
        return [{"media_fbid": answer["id"]} for _, answer in uploaded]

    async def start_reel(self, token: str) -> dict[str, Any]:
        return (await self.send(f"{ACME}/video_reels", token, upload_phase="start"))[1]

    async def finish_reel(self, reel: dict[str, Any], token: str, **more: str) -> Answer:
        values = {"upload_phase": "finish", "video_state": "PUBLISHED", **more}
        return await self.send(f"{ACME}/video_reels", token, video_id=reel["video_id"], **values)

    async def reel(self, token: str, description: str = "a reel", **more: str) -> str:
        """The id of a reel that was uploaded and finished."""
        reel = await self.start_reel(token)
        await self.upload(reel["upload_url"], token)
        await self.finish_reel(reel, token, description=description, **more)
        return str(reel["video_id"])

    async def read(self, thing_id: str, token: str, fields: str) -> dict[str, Any]:
        _, answer = await self.get(thing_id, token, fields=fields)
        return answer

    async def listed(self, token: str, edge: str = "published_posts", **query: str) -> list[Any]:
        _, answer = await self.get(f"{ACME}/{edge}", token, **query)
        return list(answer["data"])


@pytest.fixture
async def facebook(tmp_path: Path) -> AsyncIterator[Caller]:
    async with TestClient(TestServer(create_app(record=tmp_path))) as client:
        yield Caller(client, tmp_path / "facebook.jsonl")


@pytest.fixture
async def token(facebook: Caller) -> str:
    """The token of the Page Acme, with every scope that a publisher needs."""
    return await facebook.connect()


@pytest.fixture
async def host() -> AsyncIterator[str]:
    async with serve_media() as address:
        yield address
