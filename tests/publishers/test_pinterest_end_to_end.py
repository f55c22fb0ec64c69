"""The publisher of Pinterest against its stand-in, over loopback, as the product uses it."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from publishers import (
    App,
    Content,
    Credentials,
    CredentialsExpired,
    Http,
    HttpClients,
    Media,
    OutcomeUnknown,
    Place,
    Processing,
    Published,
    PublishError,
    Ready,
    Rejected,
    TemporaryFailure,
    Unsure,
    open_clients,
)
from publishers.pinterest import Pinterest
from sandbox.pinterest import create_app
from sandbox.pinterest.world import WORLD, Pin, World
from tests.browser import open_browser
from tests.publishers.stand import Notes, post, store

CALLBACK = "http://127.0.0.1/connect/pinterest/callback"
SECRET = "sandbox-pinterest-secret"
WALLS, CORAL = "549755885001", "5196000001"
MIMES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}


@dataclass(frozen=True, kw_only=True)
class Live:
    """The stand-in, a publisher that talks to it, and the tokens of its account @acme."""

    pinterest: Pinterest
    clients: HttpClients
    world: World
    credentials: Credentials

    def with_timeout(self, seconds: float) -> Live:
        impatient = Pinterest(self.pinterest.app, Http(self.clients, timeout=seconds))
        return replace(self, pinterest=impatient)

    def switch(self, **values: Any) -> None:
        self.world.switches.change(values)

    def pins(self) -> list[Pin]:
        return list(self.world.newest_first())


@pytest.fixture
async def clients() -> AsyncIterator[HttpClients]:
    opened = open_clients()
    yield opened
    await opened.aclose()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[TestServer]:
    running = TestServer(create_app(record=tmp_path))
    await running.start_server()
    yield running
    await running.close()


@pytest.fixture
async def live(server: TestServer, clients: HttpClients) -> Live:
    base = str(server.make_url("")).rstrip("/")
    app = App(
        client_id="sandbox-pinterest-client",
        client_secret=SECRET,
        api_url=f"{base}/v5",
        authorize_url=f"{base}/oauth",
    )
    publisher = Pinterest(app, Http(clients))
    code = await consent(publisher)
    credentials = await publisher.exchange(code=code, redirect_uri=CALLBACK, verifier="")
    found = Live(
        pinterest=publisher,
        clients=clients,
        world=server.app[WORLD],
        credentials=credentials,
    )
    found.switch(processing_seconds=0)
    return found


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """Where the files of the folder can be fetched from."""
    app = web.Application()
    app.router.add_static("/media/", tmp_path)
    async with TestServer(app) as running:
        yield str(running.make_url("/media"))


async def consent(publisher: Pinterest) -> str:
    """What a person does: opens the consent page, agrees for @acme, is sent back with a code."""
    url = publisher.authorize_url(redirect_uri=CALLBACK, state="s1", challenge="")
    async with open_browser() as browser:
        answer = await browser.get(f"{url}&auto=acme")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


def picture(folder: Path, name: str, *, colour: str = "navy", alt_text: str = "") -> Media:
    """An image that can be decoded, 40 by 60 pixels."""
    path = folder / name
    Image.new("RGB", (40, 60), colour).save(path)
    content = path.read_bytes()
    return Media(
        name=name,
        path=path,
        kind="image",
        mime=MIMES[path.suffix[1:]],
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        width=40,
        height=60,
        alt_text=alt_text,
    )


def pin(*media: Media, place: str = WALLS, **more: Any) -> Content:
    return post("Spring sale", *media, place=place, **more)


KINDS = ["image", "address", "carousel", "video", "covered video"]


@pytest.fixture
def content(kind: str, tmp_path: Path, address: str) -> Content:
    """A pin of each kind."""
    red, blue = (picture(tmp_path, f"{one}.jpg", colour=one) for one in ("red", "blue"))
    webp = replace(picture(tmp_path, "red.webp", colour="red"), url=f"{address}/red.webp")
    video = store(tmp_path, "clip.mp4", kind="video", size=300_000)
    files = {
        "image": [red],
        "address": [webp],
        "carousel": [red, blue],
        "video": [video],
        "covered video": [video, red],
    }
    return pin(*files[kind], title="Doors", link="https://acme.example/doors")


async def made_ready(live: Live, content: Content, notes: Notes) -> None:
    """Prepares until only the irreversible request is left; processing takes no time here."""
    ready = await live.pinterest.prepare(live.credentials, content, notes)
    if isinstance(ready, Processing):
        ready = await live.pinterest.prepare(live.credentials, content, notes)
    assert ready == Ready()


async def publish(live: Live, content: Content, notes: Notes) -> Published:
    await made_ready(live, content, notes)
    return await live.pinterest.publish(live.credentials, content, notes)


async def test_a_connected_account_is_known_by_its_name(live: Live) -> None:
    (profile,) = await live.pinterest.identify(live.credentials)

    assert (profile.username, profile.name) == ("acme", "Acme")
    assert set(live.pinterest.scopes) <= set(live.credentials.scopes)


async def test_every_board_that_can_be_seen_is_offered_with_its_sections(live: Live) -> None:
    places = await live.pinterest.places(live.credentials)

    assert places[:4] == [
        Place(id=WALLS, name="Summer walls"),
        Place(id=f"{WALLS}/{CORAL}", name="Summer walls › Coral"),
        Place(id=f"{WALLS}/5196000002", name="Summer walls › Lemon"),
        Place(id=f"{WALLS}/5196000003", name="Summer walls › Sky"),
    ]
    names = [place.name for place in places]
    assert "Look of week 28" in names
    assert "Not yet announced" not in names


async def test_tokens_change_with_every_refresh(live: Live) -> None:
    first = await live.pinterest.refresh(live.credentials)
    second = await live.pinterest.refresh(first)

    assert len({live.credentials.refresh_token, first.refresh_token, second.refresh_token}) == 3
    assert await live.pinterest.identify(second)


async def test_a_refresh_token_is_good_once(live: Live) -> None:
    await live.pinterest.refresh(live.credentials)

    with pytest.raises(Rejected) as caught:
        await live.pinterest.refresh(live.credentials)

    assert caught.value.cause == "authentication"


async def test_a_revoked_token_is_dead(live: Live) -> None:
    await live.pinterest.revoke(live.credentials)

    with pytest.raises(CredentialsExpired):
        await live.pinterest.identify(live.credentials)


async def test_where_apps_may_not_revoke_a_person_is_told_how(live: Live) -> None:
    live.switch(revocation=False)

    with pytest.raises(Rejected, match="security settings"):
        await live.pinterest.revoke(live.credentials)


async def test_a_pin_carries_all_that_was_written(live: Live, notes: Notes, tmp_path: Path) -> None:
    image = picture(tmp_path, "door.png", alt_text="A red door")
    content = post(
        "R&D <3 Cafe\u0301 春 👩\u200d🚀\n\nsecond line",
        image,
        place=f"{WALLS}/{CORAL}",
        title="Doors",
        link="https://acme.example/?a=b&c=d",
    )

    published = await publish(live, content, notes)

    (found,) = live.pins()
    assert published == Published(
        remote_id=found.id, permalink=f"https://www.pinterest.com/pin/{found.id}/"
    )
    assert (found.board.id, found.section and found.section.id) == (WALLS, CORAL)
    assert [found.body[name] for name in ("title", "description", "link", "alt_text")] == [
        "Doors",
        content.text,
        content.link,
        "A red door",
    ]
    assert [one.data for one in found.images] == [image.path.read_bytes()]


async def test_images_of_a_carousel_keep_their_order(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    colours = ("red", "green", "blue", "white", "black")
    images = [picture(tmp_path, f"{one}.jpg", colour=one, alt_text=one) for one in colours]

    await publish(live, pin(*images), notes)

    (found,) = live.pins()
    assert (found.creative_type, found.body["alt_text"]) == ("CAROUSEL", "\n".join(colours))
    assert [one.data for one in found.images] == [one.path.read_bytes() for one in images]


@pytest.mark.parametrize("name", ["door.webp", "door.gif"])
async def test_what_pinterest_takes_only_from_an_address_is_fetched(
    live: Live, notes: Notes, tmp_path: Path, address: str, name: str
) -> None:
    image = replace(picture(tmp_path, name), url=f"{address}/{name}")

    await publish(live, pin(image), notes)

    (found,) = live.pins()
    assert [one.data for one in found.images] == [image.path.read_bytes()]


async def test_a_file_that_pinterest_cannot_fetch_is_tried_again(
    live: Live, notes: Notes, tmp_path: Path, address: str
) -> None:
    image = replace(picture(tmp_path, "door.webp"), url=f"{address}/elsewhere.webp")

    with pytest.raises(TemporaryFailure) as caught:
        await publish(live, pin(image), notes)

    assert caught.value.cause == "network"
    assert live.pins() == []


async def test_a_video_goes_out_when_pinterest_has_processed_it(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    video = store(tmp_path, "clip.mp4", kind="video", size=2_300_000)
    live.switch(processing_seconds=3600)
    waiting = [await live.pinterest.prepare(live.credentials, pin(video), notes) for _ in range(3)]
    (upload,) = live.world.uploads.values()
    upload.ready_at = 0.0

    await publish(live, pin(video), notes)

    (found,) = live.pins()
    assert waiting == [Processing(seconds=5.0)] * 3
    assert found.video is upload
    assert upload.data == video.path.read_bytes()
    assert found.body["media_source"]["cover_image_key_frame_time"] == 1


async def test_the_image_beside_a_video_is_its_cover(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    video, cover = store(tmp_path, "clip.mp4", kind="video"), picture(tmp_path, "cover.jpg")

    await publish(live, pin(video, cover), notes)

    (found,) = live.pins()
    assert found.creative_type == "VIDEO"
    assert [one.data for one in found.images] == [cover.path.read_bytes()]


async def test_a_video_that_pinterest_cannot_process_is_refused(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    live.switch(processing_fails=True)
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    await live.pinterest.prepare(live.credentials, content, notes)

    with pytest.raises(Rejected, match=r"Pinterest cannot use clip\.mp4"):
        await live.pinterest.prepare(live.credentials, content, notes)

    assert live.pins() == []


async def test_a_video_that_pinterest_has_lost_is_said_to_be_lost(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    content = pin(store(tmp_path, "clip.mp4", kind="video"))
    await made_ready(live, content, notes)
    live.world.uploads.clear()

    with pytest.raises(TemporaryFailure) as caught:
        await live.pinterest.publish(live.credentials, content, notes)

    assert caught.value.kind == "uploads"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_live_pin_is_found_again(live: Live, notes: Notes, content: Content) -> None:
    since = datetime.now(UTC)
    published = await publish(live, content, notes)
    await publish(live, replace(content, title="Another pin"), notes)

    verdict = await live.pinterest.reconcile(live.credentials, content, notes, since)

    assert verdict == published


async def test_a_pin_is_not_mistaken_for_that_of_a_section(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    since = datetime.now(UTC)
    image = picture(tmp_path, "door.jpg")
    whole, section = pin(image), pin(image, place=f"{WALLS}/{CORAL}")
    await publish(live, whole, notes)

    verdict = await live.pinterest.reconcile(live.credentials, section, notes, since)

    assert isinstance(verdict, Unsure)


async def test_two_equal_pins_are_for_a_person_to_tell_apart(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    since = datetime.now(UTC)
    content = pin(picture(tmp_path, "door.jpg"))
    await publish(live, content, notes)
    await publish(live, content, notes)

    verdict = await live.pinterest.reconcile(live.credentials, content, notes, since)

    assert verdict == Unsure(reason="The board has 2 pins that look like this one.")


async def test_a_pin_that_its_board_does_not_list_yet_is_found_later(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    since = datetime.now(UTC)
    content = pin(picture(tmp_path, "door.jpg"))
    live.switch(listing_lag_seconds=3600)
    published = await publish(live, content, notes)

    early = await live.pinterest.reconcile(live.credentials, content, notes, since)
    live.switch(listing_lag_seconds=0)
    later = await live.pinterest.reconcile(live.credentials, content, notes, since)

    assert isinstance(early, Unsure)
    assert later == published


# With the seconds that the call may take: short where the stand-in never answers.
OPEN_AND_LIVE = [
    ("fail_after", 30.0),
    ("timeout_after", 0.5),
    ("reset_after", 30.0),
    ("garbage", 30.0),
    ("truncated", 30.0),
]
OPEN_AND_NOT_LIVE = [("fail_before", 30.0), ("timeout_before", 0.5), ("reset_before", 30.0)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("mode", "timeout"), OPEN_AND_LIVE)
async def test_a_pin_whose_answer_was_lost_is_found_and_there_is_only_one(
    live: Live, notes: Notes, content: Content, mode: str, timeout: float
) -> None:
    since = datetime.now(UTC)
    await made_ready(live, content, notes)
    live.switch(mode=mode, mode_times=1)
    with pytest.raises(OutcomeUnknown):
        await live.with_timeout(timeout).pinterest.publish(live.credentials, content, notes)

    verdict = await live.pinterest.reconcile(live.credentials, content, notes, since)

    (found,) = live.pins()
    assert isinstance(verdict, Published)
    assert verdict.remote_id == found.id


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("mode", "timeout"), OPEN_AND_NOT_LIVE)
async def test_a_pin_that_never_arrived_is_asked_about_and_can_go_out_then(
    live: Live, notes: Notes, content: Content, mode: str, timeout: float
) -> None:
    since = datetime.now(UTC)
    await made_ready(live, content, notes)
    live.switch(mode=mode, mode_times=1)
    with pytest.raises(OutcomeUnknown):
        await live.with_timeout(timeout).pinterest.publish(live.credentials, content, notes)

    verdict = await live.pinterest.reconcile(live.credentials, content, notes, since)
    before = live.pins()
    published = await publish(live, content, notes)

    assert isinstance(verdict, Unsure)
    assert before == []
    assert [one.id for one in live.pins()] == [published.remote_id]


BEFORE_THE_PIN = ["fail_before", "reset_before", "fail_after", "reset_after", "garbage"]


@pytest.mark.parametrize("kind", ["video", "covered video"])
@pytest.mark.parametrize("mode", BEFORE_THE_PIN)
@pytest.mark.parametrize("spared", [0, 1, 2], ids=["registration", "upload", "look"])
async def test_a_failure_before_the_pin_is_made_good_by_going_on(
    live: Live, notes: Notes, content: Content, mode: str, spared: int
) -> None:
    hits = fail_later(live, mode, spared)
    for _ in range(4):
        with contextlib.suppress(TemporaryFailure):
            await live.pinterest.prepare(live.credentials, content, notes)

    published = await publish(live, content, notes)

    assert [one.id for one in live.pins()] == [published.remote_id]
    assert hits == [mode]


def fail_later(live: Live, mode: str, spared: int) -> list[str]:
    """Lets the request after so many which are spared fail in this way; returns where it is noted
    that it did."""
    live.switch(apply_to="media")
    numbers, hits = itertools.count(), list[str]()

    async def count(_request: httpx.Request) -> None:
        if next(numbers) == spared:
            live.switch(mode=mode, mode_times=1)
            hits.append(mode)

    live.clients.pooled.event_hooks["request"].append(count)
    return hits


REFUSALS = [
    ("rate_limit", "rate_limit", ""),
    ("unauthorized", "authentication", ""),
    ("trial", "authentication", "permission"),
    ("standard_needed", "authentication", "permission"),
    ("not_permitted", "authentication", "permission"),
    ("board_gone", "content", ""),
    ("unreachable", "network", ""),
    ("invalid", "content", ""),
    ("spam", "content", "policy"),
]


@pytest.mark.parametrize(("mode", "cause", "kind_"), REFUSALS, ids=[row[0] for row in REFUSALS])
async def test_a_refused_pin_did_not_go_out(
    live: Live, notes: Notes, tmp_path: Path, mode: str, cause: str, kind_: str
) -> None:
    live.switch(mode=mode)

    with pytest.raises(PublishError) as caught:
        await publish(live, pin(picture(tmp_path, "door.jpg")), notes)

    assert not isinstance(caught.value, OutcomeUnknown)
    assert (caught.value.cause, caught.value.kind) == (cause, kind_)
    assert live.pins() == []


async def test_a_board_that_is_gone_is_told(live: Live, notes: Notes, tmp_path: Path) -> None:
    content = pin(picture(tmp_path, "door.jpg"), place="1")

    with pytest.raises(Rejected, match="Choose another one"):
        await publish(live, content, notes)


async def test_tokens_stay_out_of_every_log(
    live: Live, notes: Notes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    content = pin(store(tmp_path, "clip.mp4", kind="video"), picture(tmp_path, "cover.jpg"))

    refreshed = await live.pinterest.refresh(live.credentials)
    fresh = replace(live, credentials=refreshed)
    await publish(fresh, content, notes)
    await live.pinterest.places(refreshed)

    (upload,) = live.world.uploads.values()
    secrets = {
        refreshed.access_token,
        refreshed.refresh_token,
        SECRET,
        upload.fields["x-amz-signature"],
    }
    assert caplog.text
    assert [secret for secret in secrets if secret and secret in caplog.text] == []
