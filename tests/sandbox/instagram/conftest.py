"""The stand-in of Instagram on a loopback port, and a caller that knows its way around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiohttp.test_utils import TestClient, TestServer

from sandbox.instagram import create_app
from tests.sandbox.graph_caller import REDIRECT, Answer, GraphCaller, code_of, serve_media

ACME = "17841400000000101"
LABS = "17841400000000102"
OWN_SCOPES = (
    "instagram_business_basic,instagram_business_content_publish,instagram_business_manage_comments"
)


class Caller(GraphCaller):
    """An app that posts on Instagram by either login; `host` serves its media."""

    credentials: ClassVar = {
        "client_id": "sandbox-instagram-client",
        "client_secret": "sandbox-instagram-secret",
    }
    scopes = (
        "instagram_basic,instagram_content_publish,instagram_manage_comments,"
        "instagram_manage_contents,pages_show_list,pages_read_engagement"
    )

    def __init__(self, client: TestClient[Any, Any], record: Path, host: str) -> None:
        super().__init__(client, record)
        self.host = host

    async def own_code(self, account: str = "acme", **changes: str) -> str:
        """The code of a consent by Instagram Login."""
        query = {"scope": OWN_SCOPES, "auto": account, **changes}
        return code_of(await self.link("/oauth/authorize", **query))

    async def own_token(self, code: str, **changes: str) -> Answer:
        form = {
            **self.credentials,
            "grant_type": "authorization_code",
            "redirect_uri": REDIRECT,
            "code": code,
            **changes,
        }
        return await self.call("POST", "/oauth/access_token", data=form)

    async def own_exchange(self, token: str, **changes: str) -> Answer:
        query = {
            "grant_type": "ig_exchange_token",
            "client_secret": self.credentials["client_secret"],
            "access_token": token,
            **changes,
        }
        return await self.get("/access_token", **query)

    async def own_refresh(self, token: str) -> Answer:
        query = {"grant_type": "ig_refresh_token", "access_token": token}
        return await self.get("/refresh_access_token", **query)

    async def sign_in(self, account: str = "acme", **changes: str) -> str:
        """A long-lived token of the account by Instagram Login."""
        _, short = await self.own_token(await self.own_code(account, **changes))
        _, long = await self.own_exchange(short["access_token"])
        return str(long["access_token"])

    def filled(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values with `{host}` in them replaced by the address of the media."""
        return {
            name: value.replace("{host}", self.host) if isinstance(value, str) else value
            for name, value in values.items()
        }

    async def prepare(self, token: str, account: str = ACME, **values: Any) -> Answer:
        return await self.send(f"{account}/media", token, **values)

    async def image(self, token: str, caption: str = "hello", **values: Any) -> str:
        """The id of a container with an image."""
        address = f"{self.host}/40x40.jpeg"
        _, made = await self.prepare(token, **{"image_url": address, "caption": caption, **values})
        return str(made["id"])

    async def reel(self, token: str, **values: Any) -> str:
        """The id of a container with a reel."""
        given = {"media_type": "REELS", "video_url": f"{self.host}/video.mp4", **values}
        return str((await self.prepare(token, **given))[1]["id"])

    async def items(self, token: str, count: int) -> list[str]:
        """The ids of containers for the items of a carousel."""
        return [await self.image(token, is_carousel_item=True) for _ in range(count)]

    async def publish(self, token: str, container: str, account: str = ACME) -> Answer:
        return await self.send(f"{account}/media_publish", token, creation_id=container)

    async def post(self, token: str, caption: str = "hello") -> str:
        """The id of a published image."""
        _, answer = await self.publish(token, await self.image(token, caption))
        return str(answer["id"])

    async def state(self, token: str, container: str) -> str:
        _, answer = await self.get(container, token, fields="status_code,status")
        return str(answer["status_code"])

    async def read(self, thing_id: str, token: str, fields: str) -> dict[str, Any]:
        _, answer = await self.get(thing_id, token, fields=fields)
        return answer

    async def listed(self, token: str, edge: str = "media", **query: str) -> list[Any]:
        _, answer = await self.get(f"{ACME}/{edge}", token, **query)
        return list(answer["data"])


@pytest.fixture
async def instagram(tmp_path: Path) -> AsyncIterator[Caller]:
    async with (
        serve_media() as host,
        TestClient(TestServer(create_app(record=tmp_path))) as client,
    ):
        yield Caller(client, tmp_path / "instagram.jsonl", host)


@pytest.fixture
async def token(instagram: Caller) -> str:
    """A token of @acme by Instagram Login, with every scope that a publisher needs."""
    return await instagram.sign_in()


@pytest.fixture
async def page_token(instagram: Caller) -> str:
    """The token of the Page that @acme is linked to, by Facebook Login."""
    return await instagram.connect()
