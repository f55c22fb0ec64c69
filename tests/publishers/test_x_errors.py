"""Every refusal that X is known to give, before the post is sent and as the answer to it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from publishers import (
    CredentialsExpired,
    OutcomeUnknown,
    Published,
    PublishError,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from tests.publishers.stand import ACCESS, CREDENTIALS, Notes, Stand, answer, post

CREATE = "POST /2/tweets"
ME = "GET /2/users/me"

DEFINITE = [
    ("unauthorized", CredentialsExpired, "authentication", ""),
    ("authenticating_with_unknown", CredentialsExpired, "authentication", ""),
    ("client_forbidden", Rejected, "authentication", "permission"),
    ("oauth1_permissions", Rejected, "authentication", "permission"),
    ("code_453", Rejected, "authentication", "permission"),
    ("suspended", Rejected, "authentication", "permission"),
    ("locked", Rejected, "authentication", "permission"),
    ("automated", Rejected, "content", "policy"),
    ("not_permitted", Rejected, "content", "permission"),
    ("cashtags", Rejected, "content", ""),
    ("invalid_url", Rejected, "content", ""),
    ("video_too_long", Rejected, "content", ""),
    ("too_long", Rejected, "content", ""),
    ("invalid_request", Rejected, "content", ""),
    ("forbidden", Rejected, "content", ""),
    ("not_found", Rejected, "content", ""),
    ("unprocessable", Rejected, "content", ""),
    ("media_lost", TemporaryFailure, "platform", "uploads"),
    ("credits_depleted", Rejected, "authentication", "billing"),
    ("credits_depleted_403", Rejected, "authentication", "billing"),
    ("usage_capped", Rejected, "authentication", "billing"),
    ("rate_limited", RateLimited, "rate_limit", ""),
    ("rate_limited_window", RateLimited, "rate_limit", ""),
    ("rate_limited_day", RateLimited, "rate_limit", ""),
    ("rate_limited_code", RateLimited, "rate_limit", ""),
]
AT_THE_POST = [
    *DEFINITE,
    ("duplicate", OutcomeUnknown, "content", "duplicate"),
    ("duplicate_v1", OutcomeUnknown, "content", "duplicate"),
    ("status_408", OutcomeUnknown, "platform", ""),
    ("status_409", OutcomeUnknown, "platform", ""),
    ("status_410", OutcomeUnknown, "platform", ""),
    ("status_500", OutcomeUnknown, "platform", ""),
    ("status_502", OutcomeUnknown, "platform", ""),
    ("status_503", OutcomeUnknown, "platform", ""),
    ("status_504", OutcomeUnknown, "platform", ""),
    ("redirect", OutcomeUnknown, "platform", ""),
    ("too_large", OutcomeUnknown, "platform", ""),
    ("created_unreadable", OutcomeUnknown, "platform", ""),
    ("created_without_id", OutcomeUnknown, "platform", ""),
]
BEFORE_THE_POST = [
    *DEFINITE,
    ("duplicate", Rejected, "content", ""),
    ("too_large", Rejected, "content", ""),
    ("header_fields_too_large", Rejected, "content", ""),
    ("status_410", Rejected, "content", ""),
    ("status_408", TemporaryFailure, "platform", ""),
    ("status_409", TemporaryFailure, "platform", ""),
    ("status_500", TemporaryFailure, "platform", ""),
    ("status_502", TemporaryFailure, "platform", ""),
    ("status_503", TemporaryFailure, "platform", ""),
    ("status_504", TemporaryFailure, "platform", ""),
    ("redirect", TemporaryFailure, "platform", ""),
]
LIKELY_LIVE = ["duplicate", "duplicate_v1", "created_unreadable", "created_without_id"]


def names(rows: list[tuple[str, type[PublishError], str, str]]) -> list[str]:
    return [row[0] for row in rows]


async def refused(stand: Stand, sample: str) -> PublishError:
    stand.on(CREATE, sample)
    with pytest.raises(PublishError) as caught:
        await stand.publisher.publish(CREDENTIALS, post(), Notes())
    return caught.value


@pytest.mark.parametrize(("sample", "error", "cause", "kind"), AT_THE_POST, ids=names(AT_THE_POST))
async def test_a_refused_post_has_one_meaning(
    stand: Stand, sample: str, error: type[PublishError], cause: str, kind: str
) -> None:
    told = await refused(stand, sample)

    assert (type(told), told.cause, told.kind) == (error, cause, kind)
    assert told.sentence.endswith(".")
    assert told.code
    assert len(stand.commits) == 1


@pytest.mark.parametrize(
    ("sample", "error", "cause", "kind"), BEFORE_THE_POST, ids=names(BEFORE_THE_POST)
)
async def test_a_refusal_before_the_post_leaves_nothing_open(
    stand: Stand, sample: str, error: type[PublishError], cause: str, kind: str
) -> None:
    stand.on(ME, sample)

    with pytest.raises(error) as caught:
        await stand.publisher.identify(CREDENTIALS)

    assert (type(caught.value), caught.value.cause, caught.value.kind) == (error, cause, kind)
    assert caught.value.sentence.endswith(".")
    assert caught.value.code


@pytest.mark.parametrize("sample", LIKELY_LIVE)
async def test_some_failures_are_signs_of_success(stand: Stand, sample: str) -> None:
    told = await refused(stand, sample)

    assert isinstance(told, OutcomeUnknown)
    assert told.likely_live


async def test_a_server_error_is_no_sign_of_success(stand: Stand) -> None:
    told = await refused(stand, "status_503")

    assert isinstance(told, OutcomeUnknown)
    assert not told.likely_live


@pytest.mark.parametrize(
    ("sample", "until"),
    [
        ("rate_limited_window", datetime(2100, 1, 1, tzinfo=UTC)),
        ("rate_limited_day", datetime(2100, 1, 1, 15, 20, tzinfo=UTC)),
    ],
)
async def test_a_rate_limit_ends_when_its_window_ends(
    stand: Stand, sample: str, until: datetime
) -> None:
    told = await refused(stand, sample)

    assert isinstance(told, RateLimited)
    assert told.until == until


async def test_a_rate_limit_without_an_end_has_none(stand: Stand) -> None:
    stand.on(CREATE, answer(429))

    with pytest.raises(RateLimited) as caught:
        await stand.publisher.publish(CREDENTIALS, post(), Notes())

    assert caught.value.until is None


async def test_a_success_with_errors_beside_it_is_a_success(stand: Stand) -> None:
    stand.on(CREATE, "created_with_errors")

    published = await stand.publisher.publish(CREDENTIALS, post(), Notes())

    assert published == Published(
        remote_id="1990000000000000001",
        permalink="https://x.com/i/web/status/1990000000000000001",
    )


async def test_a_post_is_one_request_with_the_text_as_written(stand: Stand) -> None:
    await stand.publisher.publish(CREDENTIALS, post("Caf\u0065\u0301 & <b>\n春"), Notes())

    assert stand.routes() == [CREATE]
    assert stand.bodies("/2/tweets") == [{"text": "Caf\u0065\u0301 & <b>\n春"}]
    assert stand.commits == stand.requests
    assert stand.requests[0].headers["authorization"] == f"Bearer {ACCESS}"


async def test_the_words_of_x_are_shown_where_they_help(stand: Stand) -> None:
    told = await refused(stand, "invalid_request")

    assert "X says: “One of text or media is required”." in told.sentence


STRANGE = [
    [],
    "null",
    {"errors": "no list"},
    {"errors": [1, None, {"code": "x", "message": 5}]},
    {"detail": {"nested": True}, "type": 7, "status": "?"},
    {"detail": "a\x00b\ud800" + "word " * 500},
]


@pytest.mark.parametrize("body", STRANGE, ids=range(len(STRANGE)))
@pytest.mark.parametrize("status", [200, 400, 403, 503])
async def test_a_strange_answer_still_has_a_meaning(
    stand: Stand, body: object, status: int
) -> None:
    stand.on(CREATE, answer(status, body))

    with pytest.raises(PublishError) as caught:
        await stand.publisher.publish(CREDENTIALS, post(), Notes())

    assert caught.value.sentence.isprintable()
    assert len(caught.value.sentence) < 500


async def test_what_x_says_is_left_of_an_accounts_posts_is_kept() -> None:
    stand = Stand("x")
    reset = int(datetime(2026, 11, 24, 12, 15, tzinfo=UTC).timestamp())
    headers = {"x-rate-limit-remaining": "41", "x-rate-limit-reset": str(reset)}
    stand.at_commit = stand.sample("created", **headers)

    await stand.publisher.publish(CREDENTIALS, post("Spring sale"), Notes())

    left = stand.publisher.http.budget
    assert left is not None
    assert (left.remaining, left.reset.timestamp()) == (41, reset)
