"""The publisher of Facebook against its stand-in, over loopback, as the product uses it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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
    NotPublished,
    OutcomeUnknown,
    Processing,
    Published,
    PublishError,
    RateLimited,
    Ready,
    Rejected,
    TemporaryFailure,
    Unsure,
    open_clients,
)
from publishers.facebook import Facebook
from sandbox.facebook import create_app
from sandbox.facebook.world import WORLD, Comment, Photo, Post, World
from sandbox.graph.access import GRAPH
from sandbox.graph.people import PEOPLE
from sandbox.graph.tokens import Tokens
from tests.browser import open_browser
from tests.publishers.stand import Notes, post, store

CALLBACK = "http://127.0.0.1/connect/facebook/callback"
SECRET = "sandbox-facebook-secret"
ACME, LABS = "102000000000101", "102000000000102"
# Seconds that a call may take where the stand-in never answers.
IMPATIENT = 0.5


@dataclass(frozen=True, kw_only=True)
class Live:
    """The stand-in, a publisher that talks to it, and the tokens of the Page Acme."""

    facebook: Facebook
    clients: HttpClients
    world: World
    tokens: Tokens
    person: Credentials
    credentials: Credentials

    def with_timeout(self, seconds: float) -> Live:
        impatient = Facebook(self.facebook.app, Http(self.clients, timeout=seconds))
        return replace(self, facebook=impatient)

    def in_one_step(self) -> Live:
        app = self.facebook.app
        app = replace(app, options={**app.options, "two_step": False})
        return replace(self, facebook=Facebook(app, Http(self.clients)))

    def switch(self, **values: Any) -> None:
        self.world.switches.change(values)

    def public(self) -> list[Post | Comment]:
        return list(self.world.newest_first())

    async def prepare(self, content: Content, notes: Notes) -> Ready | Processing:
        return await self.facebook.prepare(self.credentials, content, notes)

    async def publish(self, content: Content, notes: Notes) -> Published:
        assert await self.prepare(content, notes) == Ready()
        return await self.facebook.publish(self.credentials, content, notes)

    async def look(
        self, content: Content, notes: Notes, since: datetime | None = None
    ) -> Published | NotPublished | Unsure:
        since = since or datetime.now(UTC) - timedelta(seconds=5)
        return await self.facebook.reconcile(self.credentials, content, notes, since)


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
        client_id="sandbox-facebook-client",
        client_secret=SECRET,
        api_url=f"{base}/v26.0",
        authorize_url=f"{base}/v26.0/dialog/oauth",
        options={"upload_url": base, "two_step": True},
    )
    facebook = Facebook(app, Http(clients))
    world, tokens = server.app[WORLD], server.app[GRAPH].tokens
    world.switches.change({"require_proof": True, "processing_seconds": 0})
    code = await consent(facebook, "alice")
    person = await facebook.exchange(code=code, redirect_uri=CALLBACK, verifier="")
    return Live(
        facebook=facebook,
        clients=clients,
        world=world,
        tokens=tokens,
        person=person,
        credentials=await of_page(facebook, person, ACME),
    )


async def consent(facebook: Facebook, person: str, *, without: str = "") -> str:
    """What a person does: opens the consent page, agrees, is sent back with a code."""
    url = facebook.authorize_url(redirect_uri=CALLBACK, state="s1", challenge="")
    async with open_browser() as browser:
        answer = await browser.get(f"{url}&auto={person}&without={without}")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


async def of_page(facebook: Facebook, person: Credentials, page_id: str) -> Credentials:
    """The tokens of a Page, as the schedule keeps them."""
    (found,) = [one for one in await facebook.identify(person) if one.remote_id == page_id]
    assert found.credentials is not None
    return replace(found.credentials, profile_id=page_id)


async def carry_through(live: Live, content: Content, notes: Notes) -> Published | Unsure:
    """What the schedule does with a delivery, without its pauses: tries until it is published,
    looks where the outcome is open, publishes again what surely is not out."""
    since = datetime.now(UTC)
    for _ in range(12):
        try:
            ready = await live.prepare(content, notes)
            if isinstance(ready, Ready):
                return await live.facebook.publish(live.credentials, content, notes)
        except TemporaryFailure as error:
            if error.kind == "uploads":
                notes.saved = {}
        except OutcomeUnknown:
            verdict = await look_until_answered(live, content, notes, since)
            if not isinstance(verdict, NotPublished):
                return verdict
    raise AssertionError("it never ends")


async def look_until_answered(
    live: Live, content: Content, notes: Notes, since: datetime
) -> Published | NotPublished | Unsure:
    for _ in range(5):
        try:
            return await live.look(content, notes, since)
        except (TemporaryFailure, RateLimited):
            continue
    return Unsure(reason="Facebook cannot be asked.")


def made(kind: str, folder: Path) -> Content:
    """A post of each kind."""
    match kind:
        case "text":
            return post("Spring sale")
        case "link":
            return replace(post("Read"), link="https://example.com/sale")
        case "photo":
            return post("Look", store(folder, "1.jpg", alt_text="A red door"))
        case "photos":
            return post("Look", *[store(folder, f"{n}.jpg", alt_text=f"No. {n}") for n in range(3)])
        case _:
            clip = store(folder, "clip.mp4", kind="video", size=300_000)
            return replace(post("Watch", clip), title="A clip")


KINDS = ["text", "link", "photo", "photos", "reel"]
EACH_KIND = pytest.mark.parametrize("kind", KINDS)


async def test_a_person_speaks_for_the_pages_that_they_may_post_on(live: Live) -> None:
    pages = await live.facebook.identify(live.person)

    assert [(page.remote_id, page.username, page.name) for page in pages] == [
        (ACME, "acme", "Acme"),
        (LABS, "acmelabs", "Acme Labs"),
    ]
    assert set(live.facebook.scopes) <= set(live.person.scopes)


async def test_a_person_who_may_only_look_has_no_page_to_post_on(live: Live) -> None:
    code = await consent(live.facebook, "carol")
    carol = await live.facebook.exchange(code=code, redirect_uri=CALLBACK, verifier="")

    with pytest.raises(Rejected, match="names no Page that you may post on"):
        await live.facebook.identify(carol)


async def test_a_permission_that_was_switched_off_is_missing(live: Live) -> None:
    code = await consent(live.facebook, "alice", without="pages_manage_posts")

    part = await live.facebook.exchange(code=code, redirect_uri=CALLBACK, verifier="")

    assert set(live.facebook.scopes) - set(part.scopes) == {"pages_manage_posts"}


async def test_a_code_is_good_once(live: Live) -> None:
    code = await consent(live.facebook, "alice")
    await live.facebook.exchange(code=code, redirect_uri=CALLBACK, verifier="")

    with pytest.raises(Rejected, match="Connect the account again") as caught:
        await live.facebook.exchange(code=code, redirect_uri=CALLBACK, verifier="")

    assert caught.value.cause == "authentication"


async def test_a_refresh_brings_a_token_of_the_same_page(live: Live) -> None:
    labs = await of_page(live.facebook, live.person, LABS)

    refreshed = replace(await live.facebook.refresh(labs), profile_id=LABS)

    (profile,) = await live.facebook.identify(refreshed)
    assert profile.name == "Acme Labs"
    await replace(live, credentials=refreshed).publish(post("Hi"), Notes())
    assert [one.page.name for one in live.public()] == ["Acme Labs"]


@pytest.mark.parametrize("subcode", [458, 460])
async def test_an_ended_consent_needs_a_reconnect(live: Live, subcode: int) -> None:
    live.tokens.end_grants_of(PEOPLE[0], subcode)

    with pytest.raises(CredentialsExpired):
        await live.prepare(post("Hi"), Notes())
    with pytest.raises(Rejected) as caught:
        await live.facebook.refresh(live.credentials)

    assert caught.value.cause == "authentication"


async def test_a_revoked_consent_is_dead_and_may_be_revoked_again(live: Live) -> None:
    await live.facebook.revoke(live.credentials)

    with pytest.raises(CredentialsExpired):
        await live.facebook.identify(live.person)
    await live.facebook.revoke(live.credentials)


@EACH_KIND
@pytest.mark.parametrize("two_steps", [True, False], ids=["two steps", "one step"])
async def test_a_post_of_each_kind_goes_out_as_it_was_written(
    live: Live, notes: Notes, tmp_path: Path, kind: str, two_steps: bool
) -> None:
    content = made(kind, tmp_path)
    live = live if two_steps else live.in_one_step()

    verdict = await carry_through(live, content, notes)

    assert isinstance(verdict, Published)
    (found,) = live.public()
    assert isinstance(found, Post)
    assert (found.kind, found.message, found.link) == (kind, content.text, content.link or None)
    assert [one.alt_text for one in found.photos] == [
        one.alt_text for one in content.media if one.kind == "image"
    ]
    shown = [one.file.data for one in found.photos]
    shown += [bytes(found.video.upload.data)] if found.video else []
    assert shown == [one.path.read_bytes() for one in content.media]
    async with open_browser() as reader:
        local = live.facebook.app.api_url.removesuffix("/v26.0")
        page = await reader.get(f"{local}{urlsplit(verdict.permalink).path}")
    assert page.headers["location"].startswith("/#post-")


async def test_nothing_is_public_before_it_is_published(live: Live, tmp_path: Path) -> None:
    for kind in KINDS:
        await live.prepare(made(kind, tmp_path), Notes())

    assert live.public() == []


async def test_a_reel_in_processing_is_waited_for(live: Live, notes: Notes, tmp_path: Path) -> None:
    content = made("reel", tmp_path)
    live.switch(processing_seconds=3600)
    with pytest.raises(OutcomeUnknown) as caught:
        await live.publish(content, notes)
    in_work = await live.look(content, notes)
    video = live.world.find(notes.saved["reel"]["id"])
    video.ready_at = 0.0  # type: ignore[union-attr]

    done = await live.look(content, notes)

    assert caught.value.likely_live
    assert in_work == Unsure(reason="Facebook still works on the reel.")
    assert done == Published(
        remote_id=notes.saved["reel"]["id"],
        permalink=f"https://www.facebook.com/reel/{notes.saved['reel']['id']}",
    )


async def test_a_reel_that_cannot_be_processed_is_refused_and_never_silent(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    live.switch(processing_fails=True)

    with pytest.raises(Rejected, match=r"Facebook cannot use clip\.mp4: The video file could not"):
        await carry_through(live, made("reel", tmp_path), notes)

    assert live.public() == []


async def test_a_broken_upload_goes_on_where_it_broke(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    content = made("reel", tmp_path)
    live.switch(upload_breaks_after=100_000)

    broken = await live.prepare(content, notes)
    video_id = notes.saved["reel"]["id"]
    whole = await live.prepare(content, notes)

    assert (broken, whole) == (Processing(seconds=1.0), Ready())
    video = live.world.find(video_id)
    assert bytes(video.upload.data) == content.media[0].path.read_bytes()  # type: ignore[union-attr]
    assert notes.saved["reel"]["id"] == video_id


async def test_a_first_comment_goes_below_each_kind_of_post(live: Live, tmp_path: Path) -> None:
    for kind in KINDS:
        content = replace(made(kind, tmp_path), first_comment=f"Below the {kind}")
        head = await carry_through(live, content, Notes())
        assert isinstance(head, Published)

        comment = replace(content, part=1, reply_to=head.remote_id)
        assert isinstance(await live.publish(comment, Notes()), Published)

    comments = [one for one in live.public() if isinstance(one, Comment)]
    assert [(one.post.kind, one.message) for one in reversed(comments)] == [
        (kind, f"Below the {kind}") for kind in KINDS
    ]


LOST = ["fail_after", "timeout_after", "reset_after", "garbage", "truncated"]
NEVER_ARRIVED = ["fail_before", "timeout_before", "reset_before"]
# What Meta was seen to say of posts that went out, and what it says when they did not.
LIVE_ALL_THE_SAME = ["error_1_live", "error_2_live", "error_4_live", "error_80001_live"]
NOT_LIVE = ["error_1", "error_2", "error_4", "error_80001", "rate_limit"]


def patience(mode: str) -> float:
    return IMPATIENT if mode.startswith("timeout") else 30.0


@EACH_KIND
@pytest.mark.parametrize("mode", [*LOST, *NEVER_ARRIVED, *LIVE_ALL_THE_SAME, *NOT_LIVE, "late"])
async def test_whatever_happens_at_the_post_it_is_out_once_without_a_person(
    live: Live, notes: Notes, tmp_path: Path, kind: str, mode: str
) -> None:
    content = made(kind, tmp_path)
    live.switch(mode=mode, mode_times=1, apply_to="publish", late_seconds=0.1)

    verdict = await carry_through(live.with_timeout(patience(mode)), content, notes)
    await asyncio.sleep(0.2 if mode == "late" else 0)

    assert isinstance(verdict, Published)
    assert [one.message for one in live.public()] == [content.text]


@EACH_KIND
@pytest.mark.parametrize("mode", [*LOST, *NEVER_ARRIVED])
async def test_whatever_happens_before_the_post_it_is_out_once(
    live: Live, notes: Notes, tmp_path: Path, kind: str, mode: str
) -> None:
    content = made(kind, tmp_path)
    live.switch(mode=mode, mode_times=2, apply_to="prepare")

    verdict = await carry_through(live.with_timeout(patience(mode)), content, notes)

    assert isinstance(verdict, Published)
    assert [one.message for one in live.public()] == [content.text]


@pytest.mark.parametrize("mode", [*LOST, *NEVER_ARRIVED])
async def test_whatever_happens_to_an_upload_the_reel_is_out_once(
    live: Live, notes: Notes, tmp_path: Path, mode: str
) -> None:
    content = made("reel", tmp_path)
    live.switch(mode=mode, mode_times=2, apply_to="upload")

    verdict = await carry_through(live.with_timeout(patience(mode)), content, notes)

    assert isinstance(verdict, Published)
    (found,) = live.public()
    assert isinstance(found, Post)
    assert found.video is not None
    assert bytes(found.video.upload.data) == content.media[0].path.read_bytes()


@EACH_KIND
@pytest.mark.parametrize("mode", [*NEVER_ARRIVED, "error_100_33", "error_80001"])
async def test_a_look_that_fails_is_made_again(
    live: Live, notes: Notes, tmp_path: Path, kind: str, mode: str
) -> None:
    content, since = made(kind, tmp_path), datetime.now(UTC)
    await live.prepare(content, notes)
    live.switch(mode="reset_after", mode_times=1, apply_to="publish")
    with pytest.raises(OutcomeUnknown):
        await live.facebook.publish(live.credentials, content, notes)
    live.switch(mode=mode, mode_times=2, apply_to="read")

    impatient = live.with_timeout(patience(mode))
    verdict = await look_until_answered(impatient, content, notes, since)

    assert isinstance(verdict, Published)
    assert len(live.public()) == 1


ONE_STEP_KINDS = pytest.mark.parametrize("kind", ["text", "link", "photo", "photos"])


@ONE_STEP_KINDS
@pytest.mark.parametrize("mode", [*LOST, *LIVE_ALL_THE_SAME])
async def test_in_one_step_a_post_whose_answer_was_lost_is_found(
    live: Live, notes: Notes, tmp_path: Path, kind: str, mode: str
) -> None:
    content = made(kind, tmp_path)
    live.switch(mode=mode, mode_times=1, apply_to="publish")

    verdict = await carry_through(live.in_one_step().with_timeout(patience(mode)), content, notes)

    assert isinstance(verdict, Published)
    (found,) = live.public()
    assert verdict.remote_id == found.id


@ONE_STEP_KINDS
@pytest.mark.parametrize("mode", [*NEVER_ARRIVED, *NOT_LIVE])
async def test_in_one_step_a_post_that_never_arrived_is_for_a_person(
    live: Live, notes: Notes, tmp_path: Path, kind: str, mode: str
) -> None:
    content = made(kind, tmp_path)
    live.switch(mode=mode, mode_times=1, apply_to="publish")

    verdict = await carry_through(live.in_one_step().with_timeout(patience(mode)), content, notes)

    assert isinstance(verdict, Unsure)
    assert live.public() == []


async def commented(live: Live, notes: Notes) -> Content:
    head = await live.publish(post("Spring sale"), notes)
    comment = replace(post("Spring sale"), first_comment="Details below")
    return replace(comment, part=1, reply_to=head.remote_id)


@pytest.mark.parametrize("mode", [*LOST, *LIVE_ALL_THE_SAME])
async def test_a_comment_whose_answer_was_lost_is_found(
    live: Live, notes: Notes, mode: str
) -> None:
    comment = await commented(live, notes)
    live.switch(mode=mode, mode_times=1, apply_to="comment")

    verdict = await carry_through(live.with_timeout(patience(mode)), comment, Notes())

    assert isinstance(verdict, Published)
    assert [one.message for one in live.public()] == ["Details below", "Spring sale"]


@pytest.mark.parametrize("mode", [*NEVER_ARRIVED, *NOT_LIVE])
async def test_a_comment_that_never_arrived_is_for_a_person(
    live: Live, notes: Notes, mode: str
) -> None:
    comment = await commented(live, notes)
    live.switch(mode=mode, mode_times=1, apply_to="comment")

    verdict = await carry_through(live.with_timeout(patience(mode)), comment, Notes())

    assert isinstance(verdict, Unsure)
    assert [one.message for one in live.public()] == ["Spring sale"]


async def test_publishing_the_same_id_again_makes_no_second_post(live: Live, notes: Notes) -> None:
    first = await live.publish(post("Spring sale"), notes)

    second = await live.facebook.publish(live.credentials, post("Spring sale"), notes)

    assert first == second
    assert len(live.public()) == 1


async def test_a_second_equal_post_is_refused_before_it_is_made(live: Live, notes: Notes) -> None:
    await live.publish(post("Spring sale"), notes)

    with pytest.raises(Rejected, match="the same as the last post") as caught:
        await live.publish(post("Spring sale"), Notes())

    assert caught.value.kind == "duplicate"
    assert len(live.public()) == 1


async def test_in_one_step_a_second_equal_post_is_a_sign_of_the_first(
    live: Live, notes: Notes
) -> None:
    since = datetime.now(UTC)
    first = await live.in_one_step().publish(post("Spring sale"), notes)

    with pytest.raises(OutcomeUnknown) as caught:
        await live.in_one_step().publish(post("Spring sale"), Notes())

    assert (caught.value.kind, caught.value.likely_live) == ("duplicate", True)
    assert await live.in_one_step().look(post("Spring sale"), Notes(), since) == first


REFUSALS = [
    ("unauthorized", CredentialsExpired, "authentication", ""),
    ("error_200", Rejected, "authentication", "permission"),
    ("error_368", Rejected, "content", "policy"),
    ("error_100", Rejected, "content", ""),
]


@pytest.mark.parametrize(
    ("mode", "error", "cause", "kind"), REFUSALS, ids=[row[0] for row in REFUSALS]
)
async def test_a_refused_post_did_not_go_out(
    live: Live, notes: Notes, mode: str, error: type[PublishError], cause: str, kind: str
) -> None:
    live.switch(mode=mode, mode_times=1)

    with pytest.raises(error) as caught:
        await live.publish(post("Spring sale"), notes)

    assert (caught.value.cause, caught.value.kind) == (cause, kind)
    assert live.public() == []


async def test_a_throttled_page_says_in_how_many_minutes_to_come_back(live: Live) -> None:
    live.switch(calls_an_hour=1, rate_limit_seconds=600)
    before = datetime.now(UTC)
    await live.prepare(post("Spring sale"), Notes())

    with pytest.raises(RateLimited) as caught:
        await live.prepare(post("Summer sale"), Notes())

    assert caught.value.until is not None
    assert timedelta(minutes=10) <= caught.value.until - before < timedelta(minutes=11)


async def test_photos_of_a_post_that_was_lost_are_uploaded_anew(
    live: Live, notes: Notes, tmp_path: Path
) -> None:
    content = made("photos", tmp_path)
    await live.in_one_step().prepare(content, notes)
    live.switch(mode="reset_after", mode_times=1, apply_to="prepare")
    with pytest.raises(TemporaryFailure):
        await live.prepare(content, notes)

    verdict = await carry_through(live, content, notes)

    assert isinstance(verdict, Published)
    (found,) = live.public()
    assert isinstance(found, Post)
    assert all(isinstance(one, Photo) and one.post is found for one in found.photos)


async def test_tokens_stay_out_of_every_log(
    live: Live, notes: Notes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    refreshed = replace(await live.facebook.refresh(live.credentials), profile_id=ACME)
    for kind in KINDS:
        await carry_through(replace(live, credentials=refreshed), made(kind, tmp_path), Notes())

    secrets = {refreshed.access_token, refreshed.refresh_token, live.person.access_token, SECRET}
    assert caplog.text
    assert [secret for secret in secrets if secret and secret in caplog.text] == []
