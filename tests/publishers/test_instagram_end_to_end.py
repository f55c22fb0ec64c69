"""The publisher of Instagram against its stand-in, over loopback, as the product uses it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
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
    Media,
    NotPublished,
    OutcomeUnknown,
    Processing,
    Profile,
    Published,
    PublishError,
    RateLimited,
    Rejected,
    TemporaryFailure,
    Unsure,
    open_clients,
)
from publishers.instagram import Instagram
from sandbox.instagram import create_app
from sandbox.instagram.plan import PLAN
from sandbox.instagram.world import WORLD, Comment, Container, World
from sandbox.instagram.world import Media as Posted
from tests.publishers.stand import Notes, described, post
from tests.sandbox.graph_caller import eventually, serve_media

CALLBACK = "http://127.0.0.1/connect/instagram/callback"
#: Who agrees at the consent page of each login.
PEOPLE = {"instagram": "acme", "facebook": "alice"}
MOST_ATTEMPTS = 4


@dataclass(frozen=True, kw_only=True)
class Live:
    """The stand-in, a publisher that talks to it, the accounts that a consent opened, the tokens of
    @acme, and `host`, where the files of posts are served."""

    instagram: Instagram
    clients: HttpClients
    world: World
    profiles: list[Profile]
    credentials: Credentials
    host: str

    def with_timeout(self, seconds: float) -> Live:
        http = Http(self.clients, timeout=seconds)
        return replace(self, instagram=Instagram(self.instagram.app, http))

    def switch(self, **values: Any) -> None:
        self.world.switches.change(values)

    def image(self, size: str = "40x40", **facts: Any) -> Media:
        return described(name=f"{size}.jpeg", url=f"{self.host}/{size}.jpeg", **facts)

    def video(self) -> Media:
        return described("video", name="video.mp4", url=f"{self.host}/video.mp4")

    def posts(self) -> list[Posted]:
        return [one for one in self.world.newest_first() if isinstance(one, Posted)]

    def comments(self) -> list[str]:
        return [one.text for one in self.world.newest_first() if isinstance(one, Comment)]

    def containers(self, notes: Notes) -> list[Container]:
        """Those that an attempt noted."""
        noted = [notes.saved.get("container"), *notes.saved.get("children", {}).values()]
        found = [self.world.find(one["id"]) for one in noted if one]
        return [one for one in found if isinstance(one, Container)]


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
async def host() -> AsyncIterator[str]:
    async with serve_media() as address:
        yield address


@pytest.fixture(params=["instagram", "facebook"])
def login(request: pytest.FixtureRequest) -> str:
    return str(request.param)


only_own_login = pytest.mark.parametrize("login", ["instagram"])


@pytest.fixture
async def live(server: TestServer, clients: HttpClients, host: str, login: str) -> Live:
    base = str(server.make_url("")).rstrip("/")
    dialogs = {"instagram": "/oauth/authorize", "facebook": "/v26.0/dialog/oauth"}
    app = App(
        client_id="sandbox-instagram-client",
        client_secret="sandbox-instagram-secret",
        api_url=f"{base}/v26.0",
        authorize_url=f"{base}{dialogs[login]}",
        options={"login": login, "token_url": f"{base}/oauth/access_token"},
    )
    publisher = Instagram(app, Http(clients))
    code = await consent(publisher, clients, PEOPLE[login])
    consented = await publisher.exchange(code=code, redirect_uri=CALLBACK, verifier="")
    profiles = await publisher.identify(consented)
    (acme,) = [one for one in profiles if one.username == "acme"]
    return Live(
        instagram=publisher,
        clients=clients,
        world=server.app[WORLD],
        profiles=profiles,
        credentials=replace(acme.credentials or consented, profile_id=acme.remote_id),
        host=host,
    )


async def consent(publisher: Instagram, browser: HttpClients, person: str) -> str:
    """What a person does: opens the consent page, agrees, is sent back with a code."""
    url = publisher.authorize_url(redirect_uri=CALLBACK, state="s1", challenge="")
    answer = await browser.pooled.get(f"{url}&auto={person}")
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


async def attempt(live: Live, content: Content, notes: Notes) -> Published:
    """One attempt, which waits for the platform's work on the files."""
    while isinstance(await live.instagram.prepare(live.credentials, content, notes), Processing):
        for container in live.containers(notes):
            container.ready_at = 0.0
    return await live.instagram.publish(live.credentials, content, notes)


async def deliver(live: Live, content: Content, notes: Notes) -> Published | Unsure:
    """Attempts as the schedule makes them: tries again what surely is not out, looks for what may
    be, asks a person (`Unsure`) for nothing else."""
    for _ in range(MOST_ATTEMPTS):
        since = datetime.now(UTC)
        try:
            return await attempt(live, content, notes)
        except TemporaryFailure:
            continue
        except OutcomeUnknown:
            args = (live.credentials, content, notes, since)
            verdict = await live.instagram.reconcile(*args)
            if not isinstance(verdict, NotPublished):
                return verdict
    raise AssertionError("never published")


def image_post(live: Live) -> Content:
    return post("Spring sale", live.image())


def carousel(live: Live) -> Content:
    return post("Spring sale", live.image(), live.video(), live.image("50x50"))


def reel(live: Live) -> Content:
    return post("Spring sale", live.video())


def image_story(live: Live) -> Content:
    return replace(post("", live.image("9x16")), place="story")


def video_story(live: Live) -> Content:
    return replace(post("", live.video()), place="story")


Make = Callable[[Live], Content]
KINDS = [image_post, carousel, reel, image_story, video_story]
every_kind = pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)


async def test_a_consent_opens_the_accounts_of_whoever_agreed(live: Live, login: str) -> None:
    names = {"instagram": ["acme"], "facebook": ["acme", "acme_labs"]}

    assert [profile.username for profile in live.profiles] == names[login]
    assert live.credentials.profile_id == "17841400000000101"
    assert set(live.instagram.scopes) <= set(live.credentials.scopes)


async def test_stored_tokens_are_known_to_work_or_not(live: Live) -> None:
    await live.instagram.identify(live.credentials)

    with pytest.raises(CredentialsExpired):
        await live.instagram.identify(Credentials(access_token="EAAdead"))


@only_own_login
async def test_a_token_is_renewed_by_showing_it(live: Live) -> None:
    live.switch(refresh_after_a_day=False)

    first = await live.instagram.refresh(live.credentials)
    second = await live.instagram.refresh(first)

    assert len({live.credentials.access_token, first.access_token, second.access_token}) == 3
    assert await live.instagram.identify(second)


@only_own_login
async def test_a_token_of_today_cannot_be_renewed(live: Live) -> None:
    with pytest.raises(Rejected) as caught:
        await live.instagram.refresh(live.credentials)

    assert caught.value.cause == "authentication"


@only_own_login
async def test_an_expired_token_is_dead_and_cannot_be_renewed(live: Live) -> None:
    live.switch(long_token_seconds=0)

    with pytest.raises(CredentialsExpired):
        await live.instagram.identify(live.credentials)
    with pytest.raises(Rejected):
        await live.instagram.refresh(live.credentials)


SHAPES: list[Any] = [
    (image_post, "image", "Spring sale"),
    (carousel, "carousel", "Spring sale"),
    (reel, "reel", "Spring sale"),
    (image_story, "story", ""),
    (video_story, "story", ""),
]


@pytest.mark.parametrize(
    ("make", "kind", "caption"), SHAPES, ids=[row[0].__name__ for row in SHAPES]
)
async def test_every_kind_of_post_goes_out_by_either_login(
    live: Live, notes: Notes, make: Make, kind: str, caption: str
) -> None:
    published = await attempt(live, make(live), notes)

    (found,) = live.posts()
    assert (found.id, found.container.kind, found.container.caption) == (
        published.remote_id,
        kind,
        caption,
    )
    assert found.id in published.permalink or found.shortcode in published.permalink


@only_own_login
async def test_a_carousel_keeps_the_order_of_its_files_and_their_descriptions(
    live: Live, notes: Notes
) -> None:
    media = (live.image(alt_text="One"), live.image("50x50", alt_text="Two"), live.video())

    await attempt(live, post("Look", *media), notes)

    (found,) = live.posts()
    assert [child.kind for child in found.container.children] == ["image", "image", "video"]
    assert [child.alt_text for child in found.container.children] == ["One", "Two", None]


@only_own_login
@every_kind
async def test_files_in_processing_are_waited_for(live: Live, notes: Notes, make: Make) -> None:
    live.switch(processing_seconds=3600, image_processing_seconds=3600)
    first = await live.instagram.prepare(live.credentials, make(live), notes)
    second = await live.instagram.prepare(live.credentials, make(live), notes)

    published = await attempt(live, make(live), notes)

    assert isinstance(first, Processing)
    assert first == second
    assert [one.id for one in live.posts()] == [published.remote_id]


@only_own_login
@pytest.mark.parametrize("make", [image_post, carousel])
@pytest.mark.parametrize("call", ["prepare", "poll"])
@pytest.mark.parametrize("mode", ["fail_before", "fail_after", "reset_after", "garbage"])
async def test_a_failure_before_the_publication_costs_an_attempt_and_no_more(
    live: Live, notes: Notes, make: Make, call: str, mode: str
) -> None:
    live.switch(mode=mode, mode_times=1, apply_to=call)

    delivered = await deliver(live, make(live), notes)

    assert [one.id for one in live.posts()] == [getattr(delivered, "remote_id", None)]


# With the seconds that the call may take: short where the stand-in never answers.
AT_THE_POST = [
    ("fail_before", 30.0),
    ("reset_before", 30.0),
    ("timeout_before", 0.5),
    ("fail_after", 30.0),
    ("reset_after", 30.0),
    ("timeout_after", 0.5),
    ("garbage", 30.0),
    ("truncated", 30.0),
]


@only_own_login
@every_kind
@pytest.mark.parametrize(("mode", "timeout"), AT_THE_POST, ids=[row[0] for row in AT_THE_POST])
async def test_a_doubtful_publication_ends_as_one_post_without_a_person(
    live: Live, notes: Notes, make: Make, mode: str, timeout: float
) -> None:
    live.switch(mode=mode, mode_times=1, apply_to="publish")

    delivered = await deliver(live.with_timeout(timeout), make(live), notes)

    assert isinstance(delivered, Published)
    assert [one.id for one in live.posts()] == [delivered.remote_id]


ERRORS = sorted(name for name in PLAN.all_modes() if name.startswith("error_"))


@only_own_login
@pytest.mark.parametrize("mode", [name for name in ERRORS if name.endswith("_live")])
async def test_an_error_of_a_post_that_is_live_ends_as_one_post(
    live: Live, notes: Notes, mode: str
) -> None:
    live.switch(mode=mode, mode_times=1, apply_to="publish")

    delivered = await deliver(live, image_post(live), notes)

    assert isinstance(delivered, Published)
    assert [one.id for one in live.posts()] == [delivered.remote_id]


@only_own_login
@pytest.mark.parametrize("mode", [name for name in ERRORS if not name.endswith("_live")])
async def test_any_error_of_a_post_is_a_refusal_or_leads_to_one_post(
    live: Live, notes: Notes, mode: str
) -> None:
    live.switch(mode=mode, mode_times=1, apply_to="publish")

    expected = []
    with contextlib.suppress(Rejected, RateLimited, CredentialsExpired):
        expected.append(await deliver(live, image_post(live), notes))

    assert [one.id for one in live.posts()] == [one.remote_id for one in expected]


async def is_out(live: Live) -> bool:
    return bool(live.posts())


@only_own_login
async def test_a_publication_that_arrives_late_is_not_made_twice(live: Live, notes: Notes) -> None:
    content, since = image_post(live), datetime.now(UTC)
    live.switch(mode="late", mode_times=1, apply_to="publish", late_seconds=0.3)
    with pytest.raises(OutcomeUnknown):
        await attempt(live, content, notes)
    verdict = await live.instagram.reconcile(live.credentials, content, notes, since)
    await live.instagram.prepare(live.credentials, content, notes)
    await eventually(lambda: is_out(live))

    with pytest.raises(TemporaryFailure):
        await live.instagram.publish(live.credentials, content, notes)
    delivered = await deliver(live, content, notes)

    assert verdict == NotPublished()
    assert isinstance(delivered, Published)
    assert [one.id for one in live.posts()] == [delivered.remote_id]


@only_own_login
async def test_a_post_that_is_not_listed_yet_is_found_later(live: Live, notes: Notes) -> None:
    content, since = image_post(live), datetime.now(UTC)
    await attempt(live, content, notes)
    live.switch(listing_lag_seconds=3600)
    early = await live.instagram.reconcile(live.credentials, content, notes, since)
    live.switch(listing_lag_seconds=0)

    late = await live.instagram.reconcile(live.credentials, content, notes, since)

    assert early == Unsure(reason="Instagram says that this post is out, but does not list it.")
    assert isinstance(late, Published)


@only_own_login
async def test_an_older_post_with_the_same_text_is_not_taken_for_ours(
    live: Live, notes: Notes
) -> None:
    await attempt(live, image_post(live), Notes())
    live.posts()[0].published_at -= 3600
    live.switch(mode="fail_after", mode_times=1, apply_to="publish")

    delivered = await deliver(live, image_post(live), notes)

    assert isinstance(delivered, Published)
    assert delivered.remote_id == live.posts()[0].id
    assert len(live.posts()) == 2


@only_own_login
@pytest.mark.parametrize("make", [image_post, carousel])
async def test_an_expired_container_is_made_anew_and_published_once(
    live: Live, notes: Notes, make: Make
) -> None:
    content, since = make(live), datetime.now(UTC)
    live.switch(mode="reset_before", mode_times=1, apply_to="publish")
    with pytest.raises(OutcomeUnknown):
        await attempt(live, content, notes)
    for container in live.containers(notes):
        container.created_at -= 100_000

    verdict = await live.instagram.reconcile(live.credentials, content, notes, since)
    delivered = await deliver(live, content, notes)

    assert verdict == NotPublished()
    assert [one.id for one in live.posts()] == [getattr(delivered, "remote_id", None)]


@only_own_login
async def test_a_container_that_failed_for_a_moment_is_made_anew(live: Live, notes: Notes) -> None:
    live.switch(container_error="2207001")
    with pytest.raises(TemporaryFailure):
        await attempt(live, reel(live), notes)
    live.switch(container_error="none")

    await attempt(live, reel(live), notes)

    assert len(live.posts()) == 1


@only_own_login
async def test_a_video_that_instagram_cannot_use_is_refused(live: Live, notes: Notes) -> None:
    live.switch(container_error="2207026")

    with pytest.raises(Rejected, match="does not take this video's format"):
        await attempt(live, reel(live), notes)

    assert live.posts() == []


REFUSALS = [
    ("unauthorized", "authentication", ""),
    ("error_10", "authentication", "permission"),
    ("error_25_2207050", "authentication", "permission"),
    ("error_368", "content", "policy"),
    ("error_9_2207042", "rate_limit", "quota"),
]


@only_own_login
@pytest.mark.parametrize(("mode", "cause", "kind"), REFUSALS, ids=[row[0] for row in REFUSALS])
async def test_a_refused_publication_did_not_go_out(
    live: Live, notes: Notes, mode: str, cause: str, kind: str
) -> None:
    live.switch(mode=mode, apply_to="publish")

    with pytest.raises(PublishError) as caught:
        await attempt(live, image_post(live), notes)

    assert (caught.value.cause, caught.value.kind) == (cause, kind)
    assert live.posts() == []


async def test_a_used_up_quota_is_noticed_before_anything_is_made(live: Live, notes: Notes) -> None:
    live.switch(quota=1)
    await attempt(live, image_post(live), Notes())

    with pytest.raises(RateLimited):
        await attempt(live, image_post(live), notes)

    assert live.containers(notes) == []


@only_own_login
async def test_a_file_that_cannot_be_fetched_is_tried_again(live: Live, notes: Notes) -> None:
    gone = described(name="gone.jpeg", url=f"{live.host}/gone.jpeg")

    with pytest.raises(TemporaryFailure, match="could not fetch"):
        await attempt(live, post("Hi", gone), notes)


async def with_comment(live: Live) -> Content:
    """The first comment of a post that is out."""
    published = await attempt(live, image_post(live), Notes())
    first = replace(image_post(live), first_comment="#spring #sale")
    return replace(first, part=1, reply_to=published.remote_id)


async def test_a_first_comment_follows_its_post(live: Live, notes: Notes) -> None:
    comment = await with_comment(live)

    published = await attempt(live, comment, notes)

    (found,) = [one for one in live.world.newest_first() if isinstance(one, Comment)]
    assert (found.id, found.text) == (published.remote_id, "#spring #sale")
    assert found.media is live.posts()[0]


@only_own_login
async def test_a_post_that_a_person_linked_to_gets_its_comment_too(
    live: Live, notes: Notes
) -> None:
    comment = await with_comment(live)
    link = f"https://www.instagram.com/p/{live.posts()[0].shortcode}/"

    await attempt(live, replace(comment, reply_to=live.instagram.remote_id_of(link)), notes)

    assert live.comments() == ["#spring #sale"]


COMMENT_LIVE = [
    ("fail_after", 30.0),
    ("reset_after", 30.0),
    ("timeout_after", 0.5),
    ("garbage", 30.0),
]


@only_own_login
@pytest.mark.parametrize(("mode", "timeout"), COMMENT_LIVE, ids=[row[0] for row in COMMENT_LIVE])
async def test_a_comment_whose_answer_was_lost_is_found(
    live: Live, notes: Notes, mode: str, timeout: float
) -> None:
    comment = await with_comment(live)
    live.switch(mode=mode, mode_times=1, apply_to="comment")

    delivered = await deliver(live.with_timeout(timeout), comment, notes)

    assert isinstance(delivered, Published)
    assert live.comments() == ["#spring #sale"]


@only_own_login
@pytest.mark.parametrize(("mode", "timeout"), [("fail_before", 30.0), ("timeout_before", 0.5)])
async def test_a_comment_that_never_arrived_is_asked_about(
    live: Live, notes: Notes, mode: str, timeout: float
) -> None:
    comment = await with_comment(live)
    live.switch(mode=mode, mode_times=1, apply_to="comment")

    delivered = await deliver(live.with_timeout(timeout), comment, notes)

    assert isinstance(delivered, Unsure)
    assert live.comments() == []


async def test_tokens_stay_out_of_every_log(
    live: Live, notes: Notes, caplog: pytest.LogCaptureFixture, login: str
) -> None:
    caplog.set_level(logging.DEBUG)
    live.switch(refresh_after_a_day=False)
    current = live.credentials
    if login == "instagram":
        current = await live.instagram.refresh(current)

    await attempt(replace(live, credentials=current), image_post(live), notes)

    secrets = {live.credentials.access_token, current.access_token, "sandbox-instagram-secret"}
    assert caplog.text
    assert [secret for secret in secrets if secret in caplog.text] == []
