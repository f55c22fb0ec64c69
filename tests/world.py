"""Alice's workspace and what happens in it, for tests of the schedule."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp.test_utils import TestServer
from PIL import Image

from scheduler import accounts, members, posts, tokens
from scheduler.accounts import Offer
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.media import StoredMedia
from scheduler.models import Account, Delivery, Event, Post, Workspace
from scheduler.runtime import Runtime
from tests.browser import open_browser

ALICE = "U0ALICE"


def settings_for(
    database_url: str,
    data_dir: Path,
    x_port: int,
    *,
    kind: type[Settings] = Settings,
    **more: Any,
) -> Settings:
    """Settings for tests: everything on loopback, waits short enough to be waited for."""
    values = {
        "POSTBOT_DATABASE_URL": database_url,
        "POSTBOT_DATA_DIR": data_dir,
        "X_CLIENT_ID": "sandbox-x-client",
        "X_CLIENT_SECRET": "sandbox-x-secret",
        "X_API_URL": f"http://127.0.0.1:{x_port}",
        "X_AUTHORIZE_URL": f"http://127.0.0.1:{x_port}/i/oauth2/authorize",
        "POSTBOT_REQUEST_TIMEOUT": 2.0,
        "POSTBOT_SETTLE": 2.1,
        "POSTBOT_LOOK_GAPS": "0.2,0.2",
        **more,
    }
    return kind(_env_file=None, **values)


@dataclass
class StandIn:
    """A platform on a loopback port: its switches, and what it accepted."""

    server: TestServer
    record: Path

    async def switch(self, **switches: Any) -> None:
        async with open_browser() as client:
            answer = await client.post(str(self.server.make_url("/_/switches")), json=switches)
            answer.raise_for_status()

    async def switches(self) -> dict[str, Any]:
        """Their present values."""
        async with open_browser() as client:
            answer = await client.get(str(self.server.make_url("/_/switches")))
            return dict(answer.raise_for_status().json()["values"])

    async def expire_tokens(self, *, refresh_tokens: bool = False) -> None:
        """Ends access tokens before their time, and refresh tokens too if asked."""
        async with open_browser() as client:
            url = str(self.server.make_url("/_/expire_tokens"))
            answer = await client.post(url, json={"refresh_tokens": refresh_tokens})
            answer.raise_for_status()

    def accepted(self) -> list[dict[str, Any]]:
        if not self.record.exists():
            return []
        return [json.loads(line) for line in self.record.read_text().splitlines()]


@dataclass
class World:
    """One workspace with one connected account."""

    runtime: Runtime
    x: StandIn
    workspace: Workspace
    account: Account

    @classmethod
    async def build(cls, runtime: Runtime, x: StandIn) -> World:
        workspace = await members.workspace(runtime, "T0SANDBOX", name="Acme")
        account = await connect(runtime, workspace)
        return cls(runtime, x, workspace, account)

    def new_post(self, text: str = "Hello", **changes: Any) -> posts.NewPost:
        values = {
            "workspace_id": self.workspace.id,
            "author": ALICE,
            "words": Words(text=text),
            "account_ids": (self.account.id,),
            "timezone": "UTC",
            "means_it_twice": True,
            **changes,
        }
        return posts.NewPost(**values)

    async def schedule(
        self, text: str = "Hello", *, seconds: float | None = None, **changes: Any
    ) -> Delivery:
        """A post due in `seconds`, or now; returns its one delivery."""
        due = None
        if seconds is not None:
            due = self.runtime.clock.now() + timedelta(seconds=seconds)
        post = await posts.schedule(self.runtime, self.new_post(text, due_at=due, **changes))
        return await Delivery.get(post_id=post.id)

    def ref(self, post: Post | Delivery) -> posts.Ref:
        post_id = post.post_id if isinstance(post, Delivery) else post.id
        return posts.Ref(workspace_id=self.workspace.id, post_id=post_id, actor=ALICE)

    async def fresh(self, delivery: Delivery) -> Delivery:
        return await Delivery.get(id=delivery.id)

    async def kinds(self, delivery: Delivery) -> list[str]:
        """What happened to a delivery, in order."""
        return list(
            await Event.filter(delivery_id=delivery.id)
            .order_by("id")
            .values_list("kind", flat=True)
        )


async def connect(
    runtime: Runtime, workspace: Workspace, profile: str = "acme", *, platform: str = "x"
) -> Account:
    """Connects an account as a member would: over the consent page and back, and the first of the
    profiles where there are several."""
    url = await accounts.begin_connect(
        runtime, workspace_id=workspace.id, user_id=ALICE, platform=platform
    )
    async with open_browser() as browser:
        back = await browser.get(f"{url}&auto={profile}", follow_redirects=False)
    query = parse_qs(urlsplit(back.headers["location"]).query)
    connected = await accounts.finish_connect(
        runtime, platform=platform, state=query["state"][0], code=query["code"][0]
    )
    if isinstance(connected, Offer):
        connected = await accounts.choose(
            runtime,
            platform=platform,
            choice_id=connected.id,
            browser="",
            chosen=[connected.profiles[0].remote_id],
        )
    return connected[0]


async def accounts_like(runtime: Runtime, account: Account, number: int) -> list[Account]:
    """Further accounts with the tokens of one that is connected."""
    names = set(account._meta.fields_db_projection) - {"id", "remote_id", "username"}
    values = {name: getattr(account, name) for name in names}
    current = tokens.unseal(runtime, account)
    like = []
    for index in range(number):
        one = Account(**values, remote_id=f"like {index}", username=f"acme_{index}")
        one.secrets = tokens.seal(runtime, one, current)
        await one.save()
        like.append(one)
    return like


async def until(
    condition: Callable[[], Awaitable[Any]], *, seconds: float = 15, what: str = ""
) -> Any:
    """Waits for a condition and returns its value; fails after a deadline that is far away."""
    deadline = time.monotonic() + seconds
    while not (value := await condition()):
        assert time.monotonic() < deadline, f"never came true: {what or condition}"
        await asyncio.sleep(0.02)
    return value


async def picture(runtime: Runtime, *, colour: str = "navy") -> StoredMedia:
    """A small image in the media store."""
    return await runtime.media.add(in_pieces(drawn("PNG", colour=colour)), name="picture.png")


def drawn(
    kind: str = "PNG", *, size: tuple[int, int] = (8, 8), colour: Any = "navy", **saved: Any
) -> bytes:
    """An image file of this format and colour; `saved` goes to Pillow."""
    out = io.BytesIO()
    mode = "RGBA" if isinstance(colour, tuple) and len(colour) == 4 else "RGB"
    Image.new(mode, size, colour).save(out, kind, **saved)
    return out.getvalue()


def sample(name: str) -> bytes:
    """A video file from `tests/samples`, made with ffmpeg."""
    return (Path(__file__).parent / "samples" / name).read_bytes()


async def in_pieces(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    """Bytes as they come from a network."""
    for start in range(0, len(content), size):
        yield content[start : start + size]
