"""Secrets are planted, taken through everything that can happen to them in the running product, and
then looked for in all that it wrote, sent and showed."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import asyncpg
import httpx
import pytest

from scheduler.models import Account
from scheduler.runtime import open_runtime
from scheduler.vault import new_key
from tests.chaos.ground import Ground, open_ground
from tests.gallery import CLIENT_SECRET, GalleryStandIn, serving
from tests.test_acceptance import DM, Member

pytestmark = pytest.mark.long
KEY = new_key()
PROGRAM = (sys.executable, "-m", "tests.with_gallery")
# Where there is a terminal, log lines look different.
ON_A_TERMINAL = (sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])", *PROGRAM)
ROOT = Path(__file__).parent.parent


class Story:
    """What happens to the secrets. `seen` is all that browsers and terminals were shown."""

    def __init__(self, ground: Ground, gallery: GalleryStandIn, alice: Member) -> None:
        self.ground, self.gallery, self.alice = ground, gallery, alice
        self.seen: list[str] = []

    def happens(self) -> None:
        self.connects_in_vain()
        self.connects()
        self.publishes_and_refreshes()
        self.fails()
        self.breaks_inside()
        self.loses_access_and_connects_again()
        self.disconnects()
        self.operates()

    def connects_in_vain(self) -> None:
        for path, status in (("/token code", 500), ("/token code", 400), ("/profiles", 500)):
            self.gallery.status = {path: status}
            with httpx.Client(timeout=30) as browser:
                assert self.browses(browser, self.link()).status_code == 400
        self.gallery.status = {}
        self.gallery.scopes = "profiles"
        with httpx.Client(timeout=30) as browser:
            assert "did not grant" in self.browses(browser, self.link()).text
        self.gallery.scopes = "profiles posts"

    def connects(self) -> None:
        with httpx.Client(timeout=30) as browser, httpx.Client(timeout=30) as stranger:
            page = self.browses(browser, self.link())
            self.browses(stranger, str(page.url))
            for request in page.history:
                self.browses(browser, str(request.url))
            self.sees(browser.post(page.url, data={}))
            assert self.sees(browser.post(page.url, data={"profile": "1"})).status_code == 200
            assert self.sees(browser.post(page.url, data={"profile": "1"})).status_code == 400

    def publishes_and_refreshes(self) -> None:
        self.posts("Planted and published", "Published")
        self.expire(lambda token: not token.renews)
        self.posts("Planted and refreshed", "Published")
        assert self.gallery.count("/token refresh") > 0

    def fails(self) -> None:
        for status, told in ((403, "Failed"), (500, "your answer is needed")):
            self.gallery.status = {"/posts": status}
            self.posts(f"Planted and refused with {status}", told)
        self.gallery.status = {"/token refresh": 500}
        self.expire(lambda token: not token.renews)
        self.posts("Planted while the platform renews nothing", "Failed")
        self.gallery.status = {}

    def breaks_inside(self) -> None:
        """Errors of our own, with tracebacks."""
        stored = asyncio.run(self.swap_tokens("sealed with a key that nobody has"))
        self.posts("Planted into an error of ours", "Failed")
        asyncio.run(self.swap_tokens(stored))

    def loses_access_and_connects_again(self) -> None:
        self.expire(lambda token: True)
        self.posts("Planted without access", "no longer accepts the connection")
        url = self.alice.sees(lambda s: _reconnect_link(s))
        with httpx.Client(timeout=30) as browser:
            page = self.browses(browser, url)
            assert self.sees(browser.post(page.url, data={"profile": "1"})).status_code == 200
        self.alice.sees_card("Published", "Planted without access")
        self.posts("Planted once more", "Published")

    def disconnects(self) -> None:
        self.gallery.status = {"/revoke": 500}
        self.alice.does("command", channel=DM, text="/schedule-post accounts")
        ts, block = self.alice.sees(lambda s: _disconnect_button(s))
        container = {"type": "message", "channel": DM, "ts": ts}
        about = {"block_id": block, "action_id": "disconnect", "value": ""}
        self.alice.does("action", container=container, **about)
        self.alice.sees(lambda s: self.gallery.count("/revoke"))

    def operates(self) -> None:
        for command in ("doctor", "stats", "rotate-keys", "migrate"):
            run = subprocess.run(
                [sys.executable, "-c", "from bot.cli import main; main()", command],
                env=self.ground.environment,
                cwd=ROOT,
                capture_output=True,
                text=True,
            )
            self.seen += [run.stdout, run.stderr]

    def link(self) -> str:
        self.alice.does("command", channel=DM, text="/schedule-post accounts")
        found = self.alice.sees(
            lambda s: re.findall(r'"(http[^"]*/connect/gallery\?[^"]*)"', json.dumps(s))
        )
        return str(found[-1])

    def browses(self, browser: httpx.Client, url: str) -> httpx.Response:
        return self.sees(browser.get(url, follow_redirects=True))

    def sees(self, response: httpx.Response) -> httpx.Response:
        for each in [*response.history, response]:
            if each.url.port == int(self.ground.environment["POSTBOT_PORT"]):
                # The address of the answer itself carries the platform's code and our state.
                self.seen.append(f"{each.status_code} {each.headers.multi_items()} {each.text}")
        return response

    def posts(self, text: str, told: str) -> None:
        self.alice.composes(text, "Gallery")
        self.alice.sees_card(told, text, seconds=60)

    def expire(self, which: Any) -> None:
        for token in list(self.gallery.tokens.values()):
            if which(token):
                token.is_good = False

    async def swap_tokens(self, secrets: str) -> str:
        """Stores other sealed tokens for the account and returns those that it had."""
        async with open_runtime(self.ground.settings):
            account = await Account.get(platform="gallery")
            await Account.filter(id=account.id).update(secrets=secrets)
            return account.secrets


def _reconnect_link(state: Any) -> str | None:
    told = [m for c in state["conversations"] if c["id"] == DM for m in c["messages"]]
    lost = [message for message in told if "can no longer post to" in message["text"]]
    found = re.search(r'"(http[^"]*/connect/gallery\?[^"]*)"', json.dumps(lost))
    return found[1] if found else None


def _disconnect_button(state: Any) -> tuple[str, str] | None:
    messages = [m for c in state["conversations"] if c["id"] == DM for m in c["messages"]]
    for message in reversed(messages):
        for block in message.get("blocks") or []:
            if (block.get("accessory") or {}).get("action_id") == "disconnect":
                return message["ts"], block["block_id"]
    return None


def planted(gallery: GalleryStandIn) -> list[str]:
    """Every secret that there was."""
    return [*gallery.tokens, *gallery.verifiers, CLIENT_SECRET, KEY]


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it could be written: plain, in an address, in hexadecimal digits, and in base64
    behind any other text."""
    for plain in {secret, quote(secret, safe=""), quote_plus(secret), secret.encode().hex()}:
        yield plain.encode()
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + secret.encode())
        # The first and last signs also depend on what stands around.
        core = whole[4 if before else 0 : -4]
        yield core
        yield core.translate(bytes.maketrans(b"+/", b"-_"))


def evidence(story: Story) -> dict[str, bytes]:
    """All that Postbot wrote, sent and showed, by where it was found."""
    ground = story.ground
    found = {
        # Logs of all processes, the Slack messages, SQLite's files, the append-only file of Redis.
        str(path.relative_to(ground.folder)): path.read_bytes()
        for path in ground.folder.rglob("*")
        if path.is_file()
    }
    found["browsers and terminals"] = "\n".join(story.seen).encode()
    if ground.url.startswith("postgres"):
        found["database"] = asyncio.run(_dump(ground.url))
        found["redis"] = _keys_and_values(ground)
    return found


async def _dump(url: str) -> bytes:
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        tables = [
            await connection.fetch(f'SELECT row_to_json(t)::text FROM "{row[0]}" AS t')
            for row in names
        ]
    finally:
        await connection.close()
    return "\n".join(str(row[0]) for table in tables for row in table).encode()


def _keys_and_values(ground: Ground) -> bytes:
    with ground.redis as client:
        return b"\n".join(
            key + b" " + (client.dump(key) or b"") for key in client.scan_iter(count=1000)
        )


@pytest.mark.parametrize(
    ("kind", "program"),
    [
        pytest.param("postgres", PROGRAM, id="processes"),
        pytest.param("embedded", ON_A_TERMINAL, id="one process on a terminal"),
    ],
)
def test_planted_secrets_are_found_nowhere(
    kind: str, program: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    if kind == "postgres":
        request.getfixturevalue("postgres_template")
    with serving(GalleryStandIn(mark="canary")) as gallery:
        more = {
            "POSTBOT_LOG_LEVEL": "debug",
            "POSTBOT_ENCRYPTION_KEYS": KEY,
            "GALLERY_CLIENT_ID": "gallery-app",
            "GALLERY_CLIENT_SECRET": CLIENT_SECRET,
            "GALLERY_API_URL": gallery.url,
            "GALLERY_AUTHORIZE_URL": f"{gallery.url}/authorize",
        }
        with (
            open_ground(kind, workers=1, program=program, more=more) as ground,
            closing(Member(ground)) as alice,
        ):
            story = Story(ground, gallery, alice)

            story.happens()

            found = evidence(story)

    secrets = planted(gallery)
    written = b"\n".join(found.values())
    for sign in (b"Planted once more", b"attempt broke", b"Traceback", b"revoke failed"):
        assert sign in written
    assert b"post-execution" in b"".join(data for name, data in found.items() if "aof" in name)
    assert len(gallery.verifiers) >= 5
    assert len(secrets) > 20
    assert {
        name: secret[:12]
        for name, data in found.items()
        for secret in secrets
        if any(form in data for form in forms(secret))
    } == {}


def test_a_secret_is_recognised_in_every_form() -> None:
    secret = f"canary+{'abc' * 8}/="
    basic = base64.b64encode(f"an-app:{secret}".encode())

    written = [
        secret.encode(),
        f"https://example.com/?token={quote(secret, safe='')}&x=1".encode(),
        b"Authorization: Basic " + basic,
        base64.urlsafe_b64encode(b"xx" + secret.encode() + b"more"),
        secret.encode().hex().encode(),
    ]

    assert [any(form in each for form in forms(secret)) for each in written] == [True] * 5
    assert not any(form in b"canary+" for form in forms(secret))
