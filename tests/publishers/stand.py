"""A platform played from its samples, and the values that tests of publishers start from."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from publishers import (
    App,
    Content,
    Credentials,
    Http,
    HttpClients,
    Media,
    MediaKind,
    Publisher,
    get,
)
from tests.publishers.openapi import contract_of

SAMPLES = Path(__file__).parent / "samples"
API = "https://api.platform.example"
# As long as real ones are: what is shown of an answer leaves out long words.
ACCESS, REFRESH, SECRET = (
    f"canary-{name}-1-{'a1' * 30}" for name in ("access", "refresh", "secret")
)
CREDENTIALS = Credentials(
    access_token=ACCESS, refresh_token=REFRESH, profile_id="1700000000000000001"
)
APP = App(
    client_id="client-1",
    client_secret=SECRET,
    api_url=API,
    authorize_url="https://platform.example/authorize",
)
PUBLIC_APP = App(
    client_id="client-1", client_secret="", api_url=API, authorize_url=APP.authorize_url
)

Answer = Callable[[httpx.Request], httpx.Response]


class Stand:
    """Plays a platform: answers each route from a sample, keeps every request, and holds every
    request against the platform's contract."""

    def __init__(self, platform: str, *, app: App = APP) -> None:
        self.platform = platform
        self.requests: list[httpx.Request] = []
        self.commits: list[httpx.Request] = []
        routes = json.loads((SAMPLES / platform / "routes.json").read_text())
        self._answers: dict[str, Iterator[Answer]] = {
            route: _repeat([self.sample(name)]) for route, name in routes.items()
        }
        #: Answers the irreversible request instead of its route.
        self.at_commit: Answer | None = None
        self.publisher = self._publisher(app)

    def sample(self, name: str, **headers: str) -> Answer:
        """The answer of a sample file, with further headers."""
        sample = json.loads((SAMPLES / self.platform / f"{name}.json").read_text())
        return answer(sample["status"], sample["body"], {**sample["headers"], **headers})

    def on(self, route: str, *answers: str | Answer) -> None:
        """What a route answers, one after another; the last one stays."""
        told = [self.sample(one) if isinstance(one, str) else one for one in answers]
        self._answers[route] = _repeat(told)

    def routes(self) -> list[str]:
        """What was asked for, in order."""
        return [f"{request.method} {request.url.path}" for request in self.requests]

    def bodies(self, path: str) -> list[Any]:
        """The JSON bodies that reached a path."""
        return [json.loads(one.content) for one in self.requests if one.url.path == path]

    def forms(self, path: str) -> list[dict[str, str]]:
        """The URL-encoded forms that reached a path."""
        found = [one for one in self.requests if one.url.path == path]
        return [dict(httpx.QueryParams(one.content.decode())) for one in found]

    def _publisher(self, app: App) -> Publisher:
        clients = HttpClients(
            pooled=httpx.AsyncClient(transport=httpx.MockTransport(self._play)),
            fresh=httpx.AsyncClient(transport=httpx.MockTransport(self._play_commit)),
        )
        return get(self.platform)(app, Http(clients))

    def _play_commit(self, request: httpx.Request) -> httpx.Response:
        self.commits.append(request)
        return self.at_commit(request) if self.at_commit else self._play(request)

    def _play(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        contract = contract_of(self.platform)
        # Where files are uploaded to is a host of its own, outside of the contract.
        is_inside = request.url.host == httpx.URL(API).host
        breaches = contract.breaches(request) if contract and is_inside else []
        assert breaches == [], breaches
        asked = f"{request.method} {request.url.path}"
        (route,) = [one for one in self._answers if _matches(asked, one)]
        return next(self._answers[route])(request)


def _matches(asked: str, route: str) -> bool:
    return fnmatch.fnmatchcase(asked, route) and asked.count("/") == route.count("/")


def _repeat(answers: list[Answer]) -> Iterator[Answer]:
    yield from answers
    while True:
        yield answers[-1]


def answer(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with this JSON, text or empty body."""

    def play(request: httpx.Request) -> httpx.Response:
        text = (body or "") if body is None or isinstance(body, str) else json.dumps(body)
        return httpx.Response(status, text=text, headers=headers)

    return play


def breaking(error: type[httpx.TransportError]) -> Answer:
    """A connection that breaks in this way instead of an answer."""

    def play(request: httpx.Request) -> httpx.Response:
        raise error("broken", request=request)

    return play


class Notes:
    """A checkpoint in memory; `history` holds what was there after each save."""

    def __init__(self, **ids: Any) -> None:
        self.saved: Mapping[str, Any] = ids
        self.history: list[Mapping[str, Any]] = []

    async def save(self, **ids: Any) -> None:
        self.saved = json.loads(json.dumps({**self.saved, **ids}))
        self.history.append(self.saved)


MIMES: dict[MediaKind, str] = {"image": "image/jpeg", "gif": "image/gif", "video": "video/mp4"}
HEADS: dict[MediaKind, bytes] = {
    "image": b"\xff\xd8\xff\xe0",
    "gif": b"GIF89a",
    "video": b"\0\0\0\x18ftypisom",
}


def store(
    folder: Path,
    name: str,
    *,
    kind: MediaKind = "image",
    size: int = 64,
    alt_text: str = "",
) -> Media:
    """A file of this size in the folder, as a post holds it."""
    content = (HEADS[kind] + name.encode() + b"\0" * size)[:size]
    path = folder / name
    path.write_bytes(content)
    return Media(
        name=name,
        path=path,
        kind=kind,
        mime=MIMES[kind],
        size=size,
        sha256=hashlib.sha256(content).hexdigest(),
        alt_text=alt_text,
        url=f"https://postbot.example/media/{name}",
    )


def described(kind: MediaKind = "image", **changes: Any) -> Media:
    """A file that need not exist, for checks that open none."""
    values = {"name": f"a.{kind}", "mime": MIMES[kind], "size": 1000, **changes}
    return Media(path=Path("nowhere"), kind=kind, sha256="0" * 64, **values)


def post(text: str = "Spring sale", *media: Media, **more: Any) -> Content:
    return Content(text=text, media=media, **more)
