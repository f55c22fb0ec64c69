"""A caller that knows its way around the stand-in of Pinterest, and what it sends."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from aiohttp.test_utils import TestClient
from PIL import Image

REDIRECT = "http://127.0.0.1:9/connect/pinterest/callback"
SCOPES = "boards:read,boards:write,pins:read,pins:write,user_accounts:read"
BASIC = aiohttp.encode_basic_auth("sandbox-pinterest-client", "sandbox-pinterest-secret")
WALLS = "549755885001"
CORAL = "5196000001"
SECRET_BOARD = "549755885003"
OTHERS_BOARD = "549755886001"
VIDEO = b"\0\0\0\x18ftypmp42" + b"\0" * 100
Answer = tuple[int, dict[str, Any]]


def picture(width: int = 40, height: int = 60, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "#c54").save(file, kind)
    return file.getvalue()


def as_base64(data: bytes | None = None, content_type: str = "image/png") -> dict[str, str]:
    """The fields of an image that is sent in the body."""
    encoded = base64.b64encode(picture() if data is None else data).decode()
    return {"content_type": content_type, "data": encoded}


IMAGE = {"source_type": "image_base64", **as_base64()}


def carousel(*items: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"source_type": "multiple_image_base64", "items": list(items), **more}


class Caller:
    """An app that uses the stand-in; every method gives the status and the JSON of the answer."""

    def __init__(self, client: TestClient[Any, Any], record: Path) -> None:
        self.client = client
        self._record = record

    def recorded(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._record.read_text().splitlines()]

    async def link(self, **changes: str) -> aiohttp.ClientResponse:
        query = {
            "client_id": "sandbox-pinterest-client",
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": SCOPES,
            "state": "a state",
            **changes,
        }
        return await self.client.get("/oauth/", params=query, allow_redirects=False)

    async def code(self, **changes: str) -> str:
        response = await self.link(**{"auto": "acme", **changes})
        return parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]

    async def token(self, *, basic: str | None = BASIC, **form: str) -> Answer:
        return await self.form("/v5/oauth/token", basic=basic, **form)

    async def form(self, path: str, *, basic: str | None = BASIC, **form: str) -> Answer:
        headers = {"Authorization": basic} if basic else {}
        response = await self.client.post(path, data=form, headers=headers)
        return response.status, json.loads(await response.text() or "{}")

    async def redeem(self, code: str, **changes: str) -> Answer:
        form = {"redirect_uri": REDIRECT, **changes}
        return await self.token(grant_type="authorization_code", code=code, **form)

    async def refresh(self, refresh_token: str, **more: str) -> Answer:
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **more)

    async def connect(self, account: str = "acme", *, scope: str = SCOPES) -> str:
        """An access token for the account."""
        _, tokens = await self.redeem(await self.code(auto=account, scope=scope))
        return str(tokens["access_token"])

    async def ask(
        self, method: str, path: str, token: str, **options: Any
    ) -> aiohttp.ClientResponse:
        """The answer itself, whose body has been read."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self.client.request(method, path, headers=headers, **options) as response:
            await response.read()
            return response

    async def call(self, method: str, path: str, token: str, **options: Any) -> Answer:
        response = await self.ask(method, path, token, **options)
        return response.status, json.loads(await response.text() or "{}")

    async def pin(self, token: str, title: str = "hello", **changes: Any) -> Answer:
        """Creates a Pin with an image on the first board; a change to None leaves a field out."""
        body = {"board_id": WALLS, "title": title, "media_source": IMAGE, **changes}
        given = {name: value for name, value in body.items() if value is not None}
        return await self.call("POST", "/v5/pins", token, json=given)

    async def pins(self, token: str, board: str = WALLS, **query: str) -> Answer:
        return await self.call("GET", f"/v5/boards/{board}/pins", token, params=query)

    async def titles(self, token: str, **query: str) -> list[str]:
        """The titles of the Pins on the first board, as the API lists them."""
        _, answer = await self.pins(token, **query)
        return [pin["title"] for pin in answer["items"]]

    async def register(self, token: str) -> dict[str, Any]:
        _, registered = await self.call("POST", "/v5/media", token, json={"media_type": "video"})
        return registered

    async def upload(
        self, registered: dict[str, Any], file: bytes = VIDEO, **changes: str | None
    ) -> aiohttp.ClientResponse:
        """Sends the file with the given fields; a change to None leaves one out."""
        fields = {**registered["upload_parameters"], **changes}
        form = aiohttp.FormData({name: value for name, value in fields.items() if value})
        form.add_field("file", io.BytesIO(file), filename="video.mp4")
        path = urlsplit(registered["upload_url"]).path
        async with self.client.post(path, data=form) as response:
            await response.read()
            return response

    async def video(self, token: str, file: bytes = VIDEO) -> str:
        """The id of an uploaded video."""
        registered = await self.register(token)
        await self.upload(registered, file)
        return str(registered["media_id"])

    async def status(self, token: str, media_id: str) -> str:
        _, answer = await self.call("GET", f"/v5/media/{media_id}", token)
        return str(answer["status"])

    async def switch(self, **values: Any) -> Answer:
        response = await self.client.post("/_/switches", json=values)
        return response.status, await response.json()

    async def timeline(self) -> list[dict[str, Any]]:
        """The Pins on the page, newest first."""
        response = await self.client.get("/_/timeline")
        return list((await response.json())["posts"])
