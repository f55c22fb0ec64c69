"""What every platform promises. A new one gets these tests with its folder of samples."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

import publishers
from publishers import (
    Content,
    Credentials,
    CredentialsExpired,
    Media,
    OutcomeUnknown,
    Publisher,
    PublishError,
    RateLimited,
    Ready,
    TemporaryFailure,
    all_publishers,
)
from publishers._checks import _NAMES
from tests.publishers.stand import (
    ACCESS,
    APP,
    CREDENTIALS,
    REFRESH,
    SECRET,
    Answer,
    Notes,
    Stand,
    answer,
    breaking,
    described,
    post,
    store,
)

every_platform = pytest.mark.parametrize("platform", all_publishers())
# What a post to this platform cannot do without, beside a text and an image.
NEEDED: dict[str, dict[str, str]] = {"pinterest": {"place": "549755885001"}}
ECHO = f"You sent {ACCESS} and {REFRESH} and {SECRET}"


@pytest.fixture
def content(platform: str, tmp_path: Path) -> Content:
    """A post that the platform takes: a text and a JPEG image."""
    return fit(platform, "Spring sale", store(tmp_path, "door.jpg"))


def fit(platform: str, text: str, *media: Media) -> Content:
    """A post with all that this platform cannot do without."""
    return post(text, *media, **NEEDED.get(platform, {}))


def publisher(platform: str) -> type[Publisher]:
    return publishers.get(platform)


async def prepared(platform: str, content: Content) -> tuple[Stand, Notes]:
    """A stand whose platform has everything but the irreversible request."""
    stand, notes = Stand(platform), Notes()
    assert await stand.publisher.prepare(CREDENTIALS, content, notes) == Ready()
    return stand, notes


async def failed(platform: str, content: Content, at_commit: Answer) -> PublishError:
    stand, notes = await prepared(platform, content)
    stand.at_commit = at_commit
    with pytest.raises(PublishError) as caught:
        await stand.publisher.publish(CREDENTIALS, content, notes)
    assert len(stand.commits) == 1
    return caught.value


@every_platform
def test_a_platform_is_named_like_its_file(platform: str) -> None:
    assert publisher(platform).name == platform
    assert publisher(platform).__module__ == f"publishers.{platform}"
    assert publisher(platform).label
    assert publisher(platform).scopes


@every_platform
def test_a_platform_declares_its_limits(platform: str) -> None:
    limits = publisher(platform).limits

    assert min(limits.text, limits.images, limits.image_bytes, limits.alt_text) > 0
    assert min(limits.gif_bytes, limits.video_bytes) >= 0


@every_platform
def test_a_platform_says_what_it_takes_in_formats_that_have_a_name(platform: str) -> None:
    takes = publisher(platform).intake

    assert all(intake.mimes and intake.size > 0 for intake in takes.values())
    assert {mime for intake in takes.values() for mime in intake.mimes} <= set(_NAMES)


@every_platform
def test_nothing_counts_nothing_and_a_word_its_letters(platform: str) -> None:
    assert publisher(platform).count("") == 0
    assert publisher(platform).count("Spring") == 6


@every_platform
def test_a_text_one_too_long_is_a_problem_that_names_the_limit(platform: str) -> None:
    limit = publisher(platform).limits.text

    fitting = publisher(platform).check(fit(platform, "a" * limit, described()))
    (problem,) = publisher(platform).check(fit(platform, "a" * (limit + 1), described()))

    assert fitting == []
    assert problem.field == "text"
    assert f"{limit:,}" in problem.text


@every_platform
def test_a_file_too_large_is_a_problem_that_names_the_file(platform: str) -> None:
    size = publisher(platform).limits.image_bytes + 1

    large = described(name="door.jpg", size=size)

    problems = publisher(platform).check(fit(platform, "Hi", large))

    assert [problem.field for problem in problems] == ["media"]
    assert "door.jpg" in problems[0].text


@every_platform
def test_an_empty_post_is_a_problem(platform: str) -> None:
    assert publisher(platform).check(fit(platform, "")) != []


@every_platform
async def test_only_publishing_sends_the_irreversible_request(
    platform: str, content: Content
) -> None:
    stand, notes = await prepared(platform, content)
    await stand.publisher.reconcile(CREDENTIALS, content, notes, datetime.now(UTC))
    before = len(stand.commits)

    await stand.publisher.publish(CREDENTIALS, content, notes)

    assert (before, len(stand.commits)) == (0, 1)
    assert stand.requests[-1] is stand.commits[0]


@every_platform
async def test_publishing_and_looking_save_nothing(platform: str, content: Content) -> None:
    stand, notes = await prepared(platform, content)
    saved = len(notes.history)

    await stand.publisher.publish(CREDENTIALS, content, notes)
    await stand.publisher.reconcile(CREDENTIALS, content, notes, datetime.now(UTC))

    assert len(notes.history) == saved


@every_platform
async def test_a_published_post_has_an_id_and_an_address(platform: str, content: Content) -> None:
    stand, notes = await prepared(platform, content)

    published = await stand.publisher.publish(CREDENTIALS, content, notes)

    assert published.remote_id
    assert published.permalink.startswith("https://")


@every_platform
async def test_a_dead_token_at_the_post_asks_for_a_new_one(platform: str, content: Content) -> None:
    error = await failed(platform, content, Stand(platform).sample("unauthorized"))

    assert isinstance(error, CredentialsExpired)


@every_platform
async def test_a_rate_limit_at_the_post_says_until_when(platform: str, content: Content) -> None:
    limited = Stand(platform).sample("rate_limited", **{"retry-after": "90"})
    before = datetime.now(UTC)

    error = await failed(platform, content, limited)

    assert isinstance(error, RateLimited)
    assert error.until is not None
    assert before + timedelta(seconds=89) < error.until < before + timedelta(seconds=180)


AT_THE_POST = [
    pytest.param(answer(500), OutcomeUnknown, "platform", id="500"),
    pytest.param(answer(302), OutcomeUnknown, "platform", id="302"),
    pytest.param(answer(200, "not JSON"), OutcomeUnknown, "platform", id="unreadable 200"),
    pytest.param(breaking(httpx.ConnectError), TemporaryFailure, "network", id="no connection"),
    pytest.param(
        breaking(httpx.ConnectTimeout), TemporaryFailure, "network", id="no connection in time"
    ),
    pytest.param(breaking(httpx.ReadTimeout), OutcomeUnknown, "network", id="no answer in time"),
    pytest.param(breaking(httpx.ReadError), OutcomeUnknown, "network", id="answer lost"),
    pytest.param(breaking(httpx.WriteError), OutcomeUnknown, "network", id="request lost"),
    pytest.param(
        breaking(httpx.RemoteProtocolError), OutcomeUnknown, "network", id="answer is no HTTP"
    ),
]


@every_platform
@pytest.mark.parametrize(("at_commit", "error", "cause"), AT_THE_POST)
async def test_a_failure_at_the_post_says_whether_it_may_be_out(
    platform: str,
    content: Content,
    at_commit: Answer,
    error: type[PublishError],
    cause: str,
) -> None:
    told = await failed(platform, content, at_commit)

    assert (type(told), told.cause) == (error, cause)


DOWN = [
    pytest.param(answer(500), True, id="500"),
    pytest.param(answer(503, "<html>Bad gateway"), True, id="503"),
    pytest.param(breaking(httpx.ConnectError), True, id="no connection"),
    pytest.param(breaking(httpx.ReadTimeout), True, id="no answer in time"),
    pytest.param(breaking(httpx.ReadError), True, id="answer lost"),
    pytest.param(answer(400), False, id="400"),
    pytest.param(answer(401), False, id="401"),
    pytest.param(answer(409), False, id="409"),
    pytest.param(answer(429), False, id="429"),
    pytest.param(answer(200, "not JSON"), False, id="unreadable 200"),
]


@every_platform
@pytest.mark.parametrize(("at_commit", "is_down"), DOWN)
async def test_a_failure_at_the_post_says_whether_the_platform_is_down(
    platform: str, content: Content, at_commit: Answer, is_down: bool
) -> None:
    stand, notes = await prepared(platform, content)
    stand.at_commit = at_commit

    with pytest.raises(PublishError) as caught:
        await stand.publisher.publish(CREDENTIALS, content, notes)

    told = caught.value
    assert (told.is_outage and not stand.publisher.http.answered) is is_down


@every_platform
async def test_no_secret_is_shown_even_where_the_platform_repeats_it(
    platform: str, content: Content
) -> None:
    body = {
        "title": ECHO,
        "detail": ECHO,
        "type": ECHO,
        "message": ECHO,
        "error": {"message": ECHO, "type": ECHO, "error_user_msg": ECHO},
        "error_description": ECHO,
    }

    error = await failed(platform, content, answer(400, body))

    assert "canary" not in f"{error} {error!r} {error.sentence} {error.code} {error.kind}"


@every_platform
async def test_no_secret_is_logged(
    platform: str, content: Content, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stand, notes = await prepared(platform, content)

    await stand.publisher.refresh(CREDENTIALS)
    await stand.publisher.identify(CREDENTIALS)
    await stand.publisher.publish(CREDENTIALS, content, notes)
    await stand.publisher.reconcile(CREDENTIALS, content, notes, datetime.now(UTC))

    assert stand.requests
    assert "canary" not in caplog.text


@pytest.mark.parametrize("value", [CREDENTIALS, APP, Credentials(access_token=ACCESS)])
def test_values_do_not_show_their_secrets(value: object) -> None:
    assert "canary" not in f"{value} {value!r}"


def test_a_platform_that_does_not_exist_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        publishers.get("myspace")
