"""The four platforms as stand-ins on loopback, with the settings that lead to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.facebook import create_app as create_facebook
from sandbox.instagram import create_app as create_instagram
from sandbox.pinterest import create_app as create_pinterest
from sandbox.x import create_app as create_x
from scheduler.media import StoredMedia
from scheduler.runtime import Runtime
from tests.world import StandIn, in_pieces, picture, sample

File = Callable[[Runtime], Awaitable[StoredMedia]]
#: A board of Pinterest's stand-in.
WALLS = "549755885001"


async def film(runtime: Runtime) -> StoredMedia:
    """A small video in the media store."""
    return await runtime.media.add(in_pieces(sample("reel.mp4")), name="clip.mp4")


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A platform as its stand-in has it.

    `paths`: what a setting names below its address. `person` agrees on the consent page.
    `publishing` is the irreversible call, `preparing` one that comes before it for a post with a
    file of the kind `prepared`.
    """

    name: str
    create_app: Callable[..., web.Application]
    paths: Mapping[str, str]
    person: str
    publishing: str
    preparing: str
    place: str = ""
    prepared: File = picture

    def settings(self, stand_in: StandIn) -> dict[str, str]:
        """The variables by which the publisher reaches the stand-in."""
        base = str(stand_in.server.make_url("")).rstrip("/")
        values = {
            "CLIENT_ID": f"sandbox-{self.name}-client",
            "CLIENT_SECRET": f"sandbox-{self.name}-secret",
            **{setting: f"{base}{path}" for setting, path in self.paths.items()},
        }
        return {f"{self.name.upper()}_{setting}": value for setting, value in values.items()}

    @asynccontextmanager
    async def run(self, folder: Path) -> AsyncIterator[StandIn]:
        """The stand-in, which works on files in no time, with its record of everything that it
        accepted."""
        async with TestServer(self.create_app(record=folder)) as server:
            stand_in = StandIn(server, folder / f"{self.name}.jsonl")
            await stand_in.switch(processing_seconds=0)
            yield stand_in


FACEBOOK = Platform(
    name="facebook",
    create_app=create_facebook,
    paths={
        "API_URL": "/v26.0",
        "AUTHORIZE_URL": "/v26.0/dialog/oauth",
        "UPLOAD_URL": "",
    },
    person="bob",
    publishing="publish",
    preparing="prepare",
)
INSTAGRAM = Platform(
    name="instagram",
    create_app=create_instagram,
    paths={
        "API_URL": "/v26.0",
        "AUTHORIZE_URL": "/oauth/authorize",
        "TOKEN_URL": "/oauth/access_token",
    },
    person="acme",
    publishing="publish",
    preparing="prepare",
)
PINTEREST = Platform(
    name="pinterest",
    create_app=create_pinterest,
    paths={"API_URL": "/v5", "AUTHORIZE_URL": "/oauth/"},
    person="acme",
    publishing="create",
    preparing="media",
    place=WALLS,
    # The images of a pin go out with it; only a video is uploaded before.
    prepared=film,
)
X = Platform(
    name="x",
    create_app=create_x,
    paths={"API_URL": "", "AUTHORIZE_URL": "/i/oauth2/authorize"},
    person="acme",
    publishing="create",
    preparing="media",
)
PLATFORMS = (FACEBOOK, INSTAGRAM, PINTEREST, X)
