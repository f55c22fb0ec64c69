"""The publisher of X against X's stand-in, over loopback, as the product uses it."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp.test_utils import TestServer

from publishers import (
    App,
    Content,
    Credentials,
    CredentialsExpired,
    Http,
    HttpClients,
    OutcomeUnknown,
    Processing,
    Published,
    PublishError,
    Ready,
    Rejected,
    TemporaryFailure,
    Unsure,
    open_clients,
)
from publishers.x import X
from sandbox.x import create_app
from sandbox.x.world import WORLD, World
from tests.browser import open_browser
from tests.publishers.stand import Notes, post, store

CALLBACK = "http://127.0.0.1/connect/x/callback"
VERIFIER = "correct-horse-battery-staple-correct-horse-battery"


@dataclass(frozen=True, kw_only=True)
class Live:
    """The stand-in, a publisher that talks to it, and the tokens of its profile @acme."""

    x: X
    clients: HttpClients
    world: World
    credentials: Credentials

    def with_timeout(self, seconds: float) -> Live:
        return replace(self, x=X(self.x.app, Http(self.clients, timeout=seconds)))

    def switch(self, **values: Any) -> None:
        self.world.switches.change(values)

    def texts(self) -> list[str]:
        return [one.text for one in self.world.newest_first()]


@pytest.fixture
async def clients() -> AsyncIterator[HttpClients]:
    opened = open_clients()
    yield opened
    await opened.aclose()


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    running = TestServer(create_app())
    await running.start_server()
    yield running
    await running.close()


@pytest.fixture
async def live(server: TestServer, clients: HttpClients) -> Live:
    base = str(server.make_url("")).rstrip("/")
    app = App(
        client_id="sandbox-x-client",
        client_secret="sandbox-x-secret",
        api_url=base,
        authorize_url=f"{base}/i/oauth2/authorize",
    )
    publisher = X(app, Http(clients))
    credentials = await publisher.exchange(
        code=await consent(publisher), redirect_uri=CALLBACK, verifier=VERIFIER
    )
    return Live(x=publisher, clients=clients, world=server.app[WORLD], credentials=credentials)


async def consent(publisher: X) -> str:
    """What a person does: opens the consent page, agrees for @acme, is sent back with a code."""
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    url = publisher.authorize_url(redirect_uri=CALLBACK, state="s1", challenge=challenge)
    async with open_browser() as browser:
        answer = await browser.get(f"{url}&auto=acme")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


async def publish(live: Live, content: Content, notes: Notes) -> Published:
    assert await live.x.prepare(live.credentials, content, notes) == Ready()
    return await live.x.publish(live.credentials, content, notes)


async def test_a_connected_profile_is_known_by_its_name(live: Live) -> None:
    (profile,) = await live.x.identify(live.credentials)

    assert (profile.username, profile.name) == ("acme", "Acme")


async def test_tokens_change_with_every_refresh(live: Live) -> None:
    first = await live.x.refresh(live.credentials)
    second = await live.x.refresh(first)

    assert len({live.credentials.refresh_token, first.refresh_token, second.refresh_token}) == 3
    assert await live.x.identify(second)


async def test_a_refresh_token_is_good_once(live: Live) -> None:
    await live.x.refresh(live.credentials)

    with pytest.raises(Rejected) as caught:
        await live.x.refresh(live.credentials)

    assert caught.value.cause == "authentication"


async def test_a_revoked_token_is_dead(live: Live) -> None:
    await live.x.revoke(live.credentials)

    with pytest.raises(CredentialsExpired):
        await live.x.identify(live.credentials)


async def test_four_described_images_go_out_in_order(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    images = [store(tmp_path, f"{n}.jpg", alt_text=f"Picture {n}") for n in range(4)]

    published = await publish(live, post("Look", *images), notes)

    found = live.world.post(published.remote_id)
    assert found is not None
    assert [one.alt_text for one in found.media] == [f"Picture {n}" for n in range(4)]
    assert [one.data for one in found.media] == [one.path.read_bytes() for one in images]


async def test_a_video_goes_out_when_x_has_processed_it(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    video = store(tmp_path, "clip.mp4", kind="video", size=2_300_000)
    content = post("Watch", video)
    live.switch(processing_seconds=3600)
    waiting = await live.x.prepare(live.credentials, content, notes)
    still_waiting = await live.x.prepare(live.credentials, content, notes)
    (media,) = live.world.media.values()
    media.ready_at = 0.0

    published = await publish(live, content, notes)

    assert (waiting, still_waiting) == (Processing(seconds=1.0), Processing(seconds=1.0))
    assert media.data == video.path.read_bytes()
    assert live.world.post(published.remote_id) is not None


async def test_a_gif_that_x_cannot_process_is_refused(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    live.switch(processing_fails=True, processing_seconds=0)
    content = post("Wave", store(tmp_path, "wave.gif", kind="gif"))

    with pytest.raises(Rejected, match=r"X cannot use wave\.gif"):
        await live.x.prepare(live.credentials, content, notes)

    assert live.texts() == []


TEXTS = [
    pytest.param("R&D <3 you", id="signs that X escapes"),
    pytest.param("Read example.com/a and https://example.org/?a=b&c=d today", id="links"),
    pytest.param("Cafe\u0301 春 👩\u200d🚀\n\nsecond line", id="accents, CJK, emoji, lines"),
]


@pytest.mark.parametrize("text", TEXTS)
async def test_a_live_post_is_found_again(live: Live, notes: Notes, text: str) -> None:
    since = datetime.now(UTC)
    published = await publish(live, post(text), notes)
    await publish(live, post("Another post"), Notes())

    verdict = await live.x.reconcile(live.credentials, post(text), notes, since)

    assert verdict == published


async def test_a_live_post_with_an_image_is_found_by_its_media(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    content = post("Look", store(tmp_path, "1.jpg"))
    published = await publish(live, content, notes)

    verdict = await live.x.reconcile(live.credentials, content, notes, datetime.now(UTC))

    assert verdict == published


async def test_a_second_equal_post_is_a_sign_of_the_first(live: Live, notes: Notes) -> None:
    await publish(live, post("Spring sale"), notes)

    with pytest.raises(OutcomeUnknown) as caught:
        await publish(live, post("Spring sale"), notes)

    assert (caught.value.kind, caught.value.likely_live) == ("duplicate", True)
    assert live.texts() == ["Spring sale"]


# With the seconds that the call may take: short where the stand-in never answers.
OPEN_AND_LIVE = [
    ("fail_after", 30.0),
    ("timeout_after", 1.0),
    ("reset_after", 30.0),
    ("garbage", 30.0),
    ("truncated", 30.0),
]
OPEN_AND_NOT_LIVE = [("fail_before", 30.0), ("timeout_before", 1.0), ("reset_before", 30.0)]


@pytest.mark.parametrize(("mode", "timeout"), OPEN_AND_LIVE)
async def test_a_post_whose_answer_was_lost_is_found(
    live: Live, notes: Notes, mode: str, timeout: float
) -> None:
    since = datetime.now(UTC)
    live.switch(mode=mode, mode_times=1)
    with pytest.raises(OutcomeUnknown):
        await publish(live.with_timeout(timeout), post("Spring sale"), notes)

    verdict = await live.x.reconcile(live.credentials, post("Spring sale"), notes, since)

    assert isinstance(verdict, Published)
    assert live.texts() == ["Spring sale"]


@pytest.mark.parametrize(("mode", "timeout"), OPEN_AND_NOT_LIVE)
async def test_a_post_that_never_arrived_stays_unsure(
    live: Live, notes: Notes, mode: str, timeout: float
) -> None:
    since = datetime.now(UTC)
    live.switch(mode=mode, mode_times=1)
    with pytest.raises(OutcomeUnknown):
        await publish(live.with_timeout(timeout), post("Spring sale"), notes)

    verdict = await live.x.reconcile(live.credentials, post("Spring sale"), notes, since)

    assert isinstance(verdict, Unsure)
    assert live.texts() == []


REFUSALS = [
    ("rate_limit", "rate_limit", ""),
    ("unauthorized", "authentication", ""),
    ("not_permitted", "content", "permission"),
    ("credits", "authentication", "billing"),
]


@pytest.mark.parametrize(("mode", "cause", "kind"), REFUSALS, ids=[row[0] for row in REFUSALS])
async def test_a_refused_post_did_not_go_out(
    live: Live, notes: Notes, mode: str, cause: str, kind: str
) -> None:
    live.switch(mode=mode)

    with pytest.raises(PublishError) as caught:
        await publish(live, post("Spring sale"), notes)

    assert (caught.value.cause, caught.value.kind) == (cause, kind)
    assert live.texts() == []


async def test_uploads_that_x_has_lost_are_said_to_be_lost(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    content = post("Look", store(tmp_path, "1.jpg"))
    await live.x.prepare(live.credentials, content, notes)
    live.world.media.clear()

    with pytest.raises(TemporaryFailure) as caught:
        await publish(live, content, notes)

    assert caught.value.kind == "uploads"


async def test_tokens_stay_out_of_every_log(
    live: Live, notes: Notes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    content = post("Look", store(tmp_path, "1.jpg"))

    refreshed = await live.x.refresh(live.credentials)
    await live.x.prepare(refreshed, content, notes)
    await live.x.publish(refreshed, content, notes)

    secrets = {refreshed.access_token, refreshed.refresh_token, "sandbox-x-secret"}
    assert caplog.text
    assert [secret for secret in secrets if secret and secret in caplog.text] == []
