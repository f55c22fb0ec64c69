"""The other side of `tests.platforms.gallery`: a server that plays it, and the way to have it among
the platforms."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import secrets
import sys
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import AliasChoices, Field, SecretStr

import publishers
from scheduler import accounts
from scheduler.accounts import Offer
from scheduler.config import Settings
from scheduler.models import Account
from scheduler.runtime import Runtime
from tests.browser import open_browser
from tests.world import ALICE

FOLDER = Path(__file__).parent / "platforms"
CLIENT_SECRET = "gallery+secret/for=tests"
SIXTY_DAYS = 60 * 24 * 3600


class GallerySettings(Settings):
    """The settings of an installation that has Gallery."""

    gallery_client_id: str = Field("", validation_alias=AliasChoices("GALLERY_CLIENT_ID"))
    gallery_client_secret: SecretStr = Field(
        SecretStr(""), validation_alias=AliasChoices("GALLERY_CLIENT_SECRET")
    )
    gallery_api_url: str = Field("", validation_alias=AliasChoices("GALLERY_API_URL"))
    gallery_authorize_url: str = Field("", validation_alias=AliasChoices("GALLERY_AUTHORIZE_URL"))


def settings_of(url: str) -> dict[str, Any]:
    """What an installation sets that reaches Gallery at `url`."""
    return {
        "kind": GallerySettings,
        "GALLERY_CLIENT_ID": "gallery-app",
        "GALLERY_CLIENT_SECRET": CLIENT_SECRET,
        "GALLERY_API_URL": url,
        "GALLERY_AUTHORIZE_URL": f"{url}/authorize",
    }


@contextlib.contextmanager
def registered() -> Iterator[None]:
    """Gallery is one of the platforms."""
    before = publishers.__path__
    publishers.__path__ = [*before, str(FOLDER)]
    publishers.all_publishers.cache_clear()
    try:
        yield
    finally:
        publishers.__path__ = before
        publishers.all_publishers.cache_clear()
        sys.modules.pop("publishers.gallery", None)


@contextlib.contextmanager
def serving(stand_in: GalleryStandIn) -> Iterator[GalleryStandIn]:
    """The server on a thread of its own, for tests that wait for other processes."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = TestServer(stand_in.app())

    def there(work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result()

    try:
        there(server.start_server())
        stand_in.url = str(server.make_url("")).rstrip("/")
        yield stand_in
    finally:
        there(server.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass
class Token:
    """`speaks_for` is the id of a profile, empty for a person who has several. A refresh token
    `renews` and is good once."""

    speaks_for: str = ""
    renews: bool = False
    is_good: bool = True


class Hold(asyncio.Event):
    """What a request waits for before it is carried out, or dropped."""

    drops = False


@dataclass
class GalleryStandIn:
    """The server. `asked` are the requests in order, as path and grant type; `status` answers
    paths with a failure; `held` paths wait for their event before anything is done."""

    profiles: dict[str, str] = field(default_factory=lambda: {"1": "acme", "2": "acme_jobs"})
    rooms: dict[str, str] = field(default_factory=lambda: {"r1": "Hall", "r2": "Attic"})
    scopes: str = "profiles posts"
    own_tokens: bool = True
    gives_refresh_tokens: bool = True
    lifetime: int = SIXTY_DAYS
    #: The beginning of every token, to search for.
    mark: str = "gallery"
    status: dict[str, int] = field(default_factory=dict)
    held: dict[str, Hold] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    posts: list[dict[str, str]] = field(default_factory=list)
    tokens: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    verifiers: list[str] = field(default_factory=list)
    url: str = ""

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._gate])
        app.add_routes(
            [
                web.get("/authorize", self._authorize),
                web.post("/token", self._token),
                web.get("/profiles", self._profiles),
                web.get("/me", self._me),
                web.get("/rooms", self._rooms),
                web.post("/posts", self._post),
                web.post("/revoke", self._revoke),
            ]
        )
        return app

    def count(self, what: str) -> int:
        return self.asked.count(what)

    def drop_held(self) -> None:
        """Lets go of what is held, without carrying it out; what comes later is answered."""
        for hold in self.held.values():
            hold.drops = True
            hold.set()
        self.held = {}

    def kill_tokens(self) -> None:
        """Ends every token, as when a member takes the app off."""
        for token in self.tokens.values():
            token.is_good = False

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        grant = (await request.post()).get("grant_type") if request.path == "/token" else None
        what = f"{request.path} {grant}" if grant else request.path
        self.asked.append(what)
        hold = self.held.get(what)
        if hold is not None:
            await hold.wait()
            if hold.drops:
                return _refused(503)
        if what in self.status:
            return web.json_response({"error": "as asked"}, status=self.status[what])
        return await handler(request)

    async def _authorize(self, request: web.Request) -> web.Response:
        code = secrets.token_urlsafe(16)
        self.codes[code] = request.query["code_challenge"]
        back = urlencode({"code": code, "state": request.query["state"]})
        return web.Response(
            status=302, headers={"Location": f"{request.query['redirect_uri']}?{back}"}
        )

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form["grant_type"] == "code":
            challenge = self.codes.pop(str(form["code"]), None)
            verifier = str(form["code_verifier"])
            self.verifiers.append(verifier)
            fits = challenge == _challenge(verifier) and form["client_secret"] == CLIENT_SECRET
            return self._give(Token()) if fits else _refused(400)
        old = self.tokens.get(str(form["refresh_token"]))
        if old is None or not old.renews or not old.is_good:
            return _refused(400)
        old.is_good = False
        return self._give(Token(old.speaks_for))

    def _give(self, token: Token) -> web.Response:
        return web.json_response({**self._issue(token), "scope": self.scopes})

    def _issue(self, token: Token) -> dict[str, Any]:
        given = {"access_token": self._new(token), "expires_in": self.lifetime}
        if self.gives_refresh_tokens:
            given["refresh_token"] = self._new(Token(token.speaks_for, renews=True))
        return given

    def _new(self, token: Token) -> str:
        # With signs that look different in an address.
        name = f"{self.mark}+{secrets.token_urlsafe(24)}/="
        self.tokens[name] = token
        return name

    async def _profiles(self, request: web.Request) -> web.Response:
        if not self._speaker(request):
            return _refused(401)
        found = [
            {
                "id": id_,
                "handle": handle,
                "name": handle.replace("_", " ").title(),
                **(self._issue(Token(id_)) if self.own_tokens else {}),
            }
            for id_, handle in self.profiles.items()
        ]
        return web.json_response({"profiles": found})

    async def _me(self, request: web.Request) -> web.Response:
        return web.json_response({}) if self._speaker(request) else _refused(401)

    async def _rooms(self, request: web.Request) -> web.Response:
        rooms = [{"id": id_, "name": name} for id_, name in self.rooms.items()]
        return web.json_response({"rooms": rooms}) if self._speaker(request) else _refused(401)

    async def _post(self, request: web.Request) -> web.Response:
        token = self._speaker(request)
        if not token:
            return _refused(401)
        self.posts.append({**await request.json(), "profile": token.speaks_for})
        return web.json_response({"id": str(next(_numbers))}, status=201)

    async def _revoke(self, request: web.Request) -> web.Response:
        token = self._speaker(request)
        if token:
            token.is_good = False
        return web.json_response({})

    def _speaker(self, request: web.Request) -> Token | None:
        name = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = self.tokens.get(name)
        return token if token and token.is_good and not token.renews else None


_numbers = itertools.count(1)


def _refused(status: int) -> web.Response:
    return web.json_response({"error": "no"}, status=status)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


async def consent(
    runtime: Runtime, workspace_id: int, *, user_id: str = ALICE, browser: str = "b"
) -> dict[str, str]:
    """What Gallery sends a member back with."""
    url = await accounts.begin_connect(
        runtime, workspace_id=workspace_id, user_id=user_id, platform="gallery", browser=browser
    )
    async with open_browser() as client:
        back = await client.get(url)
    query = parse_qs(urlsplit(back.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


async def offered(runtime: Runtime, workspace_id: int, *, user_id: str = ALICE) -> Offer:
    """The offer of a consent that gives several profiles."""
    query = await consent(runtime, workspace_id, user_id=user_id)
    found = await accounts.finish_connect(runtime, platform="gallery", **query, browser="b")
    assert isinstance(found, Offer)
    return found


async def connect_gallery(
    runtime: Runtime, workspace_id: int, *chosen: str, user_id: str = ALICE
) -> list[Account]:
    """Connects profiles as a member would, the first by default."""
    offer = await offered(runtime, workspace_id, user_id=user_id)
    return await accounts.choose(
        runtime, platform="gallery", choice_id=offer.id, browser="b", chosen=chosen or ("1",)
    )
