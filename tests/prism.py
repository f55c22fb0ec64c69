"""`python -m tests.prism`: holds every request of X and Pinterest against a stranger's reading of
their API documents, the mock server Prism, and prints a table. Exits 1 when one is refused, 2 when
there is nothing to try it with. Needs `npx`; only this machine is ever contacted.

What the mock answers are the documents' examples, not what a platform would say: the requests are
judged, never what becomes of a post.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from bot.ports import free_port
from publishers import Content, Credentials, Http, Media, Publisher, PublishError, get, open_clients
from publishers._oauth import bearer
from tests.bot.desk import png
from tests.publishers.openapi import FILES
from tests.publishers.stand import APP, CREDENTIALS, Notes, store

REEL = Path(__file__).parent / "samples/reel.mp4"
START_SECONDS = 120
# No scripts of packages are run, and nobody counts the use.
ENVIRONMENT = {"SCARF_ANALYTICS": "false", "npm_config_ignore_scripts": "true"}
HERE = ("127.0.0.1", "localhost", "::1")
POST = "1700000000000000002"
PLACE = "1022106077902810180/5189992177890122"
#: What our reading needs and the examples do not have, so that the calls behind are made too.
MENDED: dict[str, dict[str, Any]] = {
    "GET /2/users/me": {"data": {"id": CREDENTIALS.profile_id}},
    r"POST /2/media/upload(/initialize|/\d+/finalize)?": {
        "data": {"id": POST, "media_key": f"3_{POST}"}
    },
}
#: A request that must be refused, or else the silence of the mock says nothing.
WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "pinterest": ("/pins", {"board_id": "a board", "media_source": {}}),
    "x": ("/2/tweets", {"text": ["no text"], "media": {"media_ids": []}}),
}


@dataclass(frozen=True)
class Asked:
    """One request, during which call, and why it was refused."""

    call: str
    route: str
    refusals: tuple[str, ...] = ()
    is_sent: bool = True


Step = tuple[str, Callable[[], Awaitable[object]]]


class Witness(httpx.AsyncBaseTransport):
    """Lets requests through to this machine only, and notes what the mock says of each."""

    def __init__(self, inner: httpx.AsyncBaseTransport, asked: list[Asked]) -> None:
        self._inner = inner
        self._asked = asked
        self.call = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        route = f"{request.method} {request.url.path}"
        if request.url.host not in HERE:
            self._asked.append(
                Asked(self.call, f"{request.method} {request.url.host}", is_sent=False)
            )
            await request.aread()
            return httpx.Response(204, request=request)
        response = await self._inner.handle_async_request(request)
        response.request = request
        content = await response.aread()
        self._asked.append(Asked(self.call, route, tuple(refusals(response))))
        return httpx.Response(response.status_code, content=mended(route, content), request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def refusals(response: httpx.Response) -> Iterator[str]:
    """What is wrong with the request, as the mock says; its own examples may be wrong as well, and
    are not counted."""
    violations = json.loads(response.headers.get("sl-violations", "[]"))
    ours = [one for one in violations if one.get("location", [""])[0] == "request"]
    for one in ours:
        yield f"{'.'.join(map(str, one['location'][1:]))}: {one['message']}"
    # No such path or method, or no way to prove who asks.
    if not ours and not response.is_success:
        yield f"{response.status_code} {response.text[:200]}"


def mended(route: str, content: bytes) -> bytes:
    for pattern, changes in MENDED.items():
        if re.fullmatch(pattern, route):
            with suppress(ValueError):
                return json.dumps({**json.loads(content), **changes}).encode()
    return content


def x_steps(x: Publisher, me: Credentials, image: Media, film: Media) -> list[Step]:
    upload = {"id": POST, "key": f"3_{POST}", "at": time.time(), "wait": 0.0}
    at_work = Notes(media={"0": {**upload, "sha256": film.sha256, "wait": 1.0}})
    done = Notes(media={"0": {**upload, "sha256": image.sha256, "described": True}})
    text, pictured = Content(text="Spring sale"), Content(text="Spring sale", media=(image,))
    filmed = Content(text="Spring sale", media=(film,))
    part = Content(text="Spring sale\n---\nUntil Sunday", part=1, reply_to=POST)
    return [
        ("identify", lambda: x.identify(me)),
        ("prepare an image", lambda: x.prepare(me, pictured, Notes())),
        ("prepare a video", lambda: x.prepare(me, filmed, Notes())),
        ("look at a video", lambda: x.prepare(me, filmed, at_work)),
        ("publish a text", lambda: x.publish(me, text, Notes())),
        ("publish an image", lambda: x.publish(me, pictured, done)),
        ("publish a part", lambda: x.publish(me, part, Notes())),
        ("reconcile", lambda: x.reconcile(me, text, Notes(), datetime.now(UTC))),
    ]


def pinterest_steps(pin: Publisher, me: Credentials, image: Media, film: Media) -> list[Step]:
    upload = {"id": POST, "sha256": film.sha256, "at": time.time(), "is_sent": True}
    at_work, done = Notes(video=upload), Notes(video={**upload, "is_ready": True})
    fetched = replace(image, mime="image/webp")
    plain = Content(text="Soft", title="Scarf", link="https://shop.example/scarf", place=PLACE)
    code = {"code": "code-1", "redirect_uri": "https://postbot.example/connect", "verifier": ""}

    def publish(*files: Media) -> Callable[[], Awaitable[object]]:
        return lambda: pin.publish(me, replace(plain, media=files), done)

    filmed = replace(plain, media=(film,))
    return [
        ("exchange", lambda: pin.exchange(**code)),
        ("refresh", lambda: pin.refresh(me)),
        ("identify", lambda: pin.identify(me)),
        ("places", lambda: pin.places(me)),
        ("prepare an image", lambda: pin.prepare(me, replace(plain, media=(image,)), Notes())),
        ("prepare a video", lambda: pin.prepare(me, filmed, Notes())),
        ("look at a video", lambda: pin.prepare(me, filmed, at_work)),
        ("publish bytes", publish(image)),
        ("publish an address", publish(fetched)),
        ("publish a carousel", publish(image, image)),
        ("publish a carousel of addresses", publish(fetched, fetched)),
        ("publish a video", publish(film)),
        ("publish a video with a cover", publish(film, image)),
        ("publish a video with a cover's address", publish(film, fetched)),
        ("reconcile", lambda: pin.reconcile(me, plain, Notes(), datetime.now(UTC))),
        ("revoke", lambda: pin.revoke(me)),
    ]


#: X's token endpoints are in no document, so `exchange`, `refresh` and `revoke` are not tried.
STEPS = {"pinterest": pinterest_steps, "x": x_steps}


async def drive(platform: str, url: str, folder: Path) -> list[Asked]:
    """Every call of a publisher, whatever it makes of the answers."""
    check_that_it_refuses(platform, url)
    asked: list[Asked] = []
    clients = open_clients(connections=8)
    witnesses = [Witness(one._transport, asked) for one in (clients.pooled, clients.fresh)]
    clients.pooled._transport, clients.fresh._transport = witnesses
    publisher = get(platform)(replace(APP, api_url=url), Http(clients))
    image, film = files(folder)
    for call, step in STEPS[platform](publisher, CREDENTIALS, image, film):
        for witness in witnesses:
            witness.call = call
        try:
            await step()
        except PublishError as error:
            print(f"  {platform}, {call}: {error.sentence}", file=sys.stderr)
    await clients.aclose()
    return asked


def check_that_it_refuses(platform: str, url: str) -> None:
    path, body = WRONG[platform]
    headers = bearer(CREDENTIALS)
    response = httpx.post(f"{url}{path}", json=body, headers=headers, trust_env=False)
    told = list(refusals(response))
    if not told:
        raise SystemExit(f"The mock of {platform} takes a wrong request; it proves nothing.")
    print(f"  refuses a wrong POST {path}: {'; '.join(told)}", file=sys.stderr)


def files(folder: Path) -> tuple[Media, Media]:
    """An image and a video, both described."""
    stored = store(folder, "scarf.png", alt_text="A scarf")
    stored.path.write_bytes(png())
    size = stored.path.stat().st_size
    image = replace(stored, mime="image/png", size=size)
    film = store(folder, "reel.mp4", kind="video", alt_text="A turn")
    return image, replace(film, path=REEL, size=REEL.stat().st_size, duration=5.0, codec="h264")


@contextmanager
def mock(document: Path, folder: Path) -> Iterator[str]:
    """The address of a mock server that plays a document."""
    port = free_port()
    command = ["npx", "--yes", "@stoplight/prism-cli@5", "mock", "-h", "127.0.0.1"]
    with (folder / "mock.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "-p", str(port), str(document.resolve())],
            env={**os.environ, **ENVIRONMENT},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(process, f"http://127.0.0.1:{port}", folder / "mock.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        # npx starts the server as a child of its own: both end with their session.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


def wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with suppress(httpx.TransportError):
            httpx.get(url, trust_env=False)
            return
        time.sleep(0.3)
    raise SystemExit(f"The mock server did not start:\n{log.read_text()}")


def report(platform: str, asked: list[Asked], table: Table) -> int:
    """Adds a platform's rows; gives the number of requests that are wrong."""
    for one, times in Counter(asked).items():
        verdict = "; ".join(one.refusals) or ("accepted" if one.is_sent else "answered here")
        route = f"{one.route} ({times} times)" if times > 1 else one.route
        table.add_row(platform, one.call, route, verdict)
    return sum(bool(one.refusals) for one in asked)


def main() -> int:
    # So that the mock server is stopped as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    missing = [str(file) for file in FILES.values() if not file.exists()]
    if not shutil.which("npx"):
        missing.append("npx, which comes with Node.js")
    if missing:
        print(f"Nothing was tried, because this is missing: {', '.join(missing)}", file=sys.stderr)
        return 2
    table, wrong = Table("Platform", "Call", "Request", "Verdict"), 0
    for platform, document in FILES.items():
        print(f"starting the mock of {platform} …", file=sys.stderr)
        with TemporaryDirectory() as folder, mock(document, Path(folder)) as url:
            asked = asyncio.run(drive(platform, url, Path(folder)))
        wrong += report(platform, asked, table)
    Console(width=160).print(table)
    print(f"{wrong} requests were refused." if wrong else "No request was refused.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
