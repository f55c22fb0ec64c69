"""Every refusal that Pinterest is known to give, before the pin is sent and as the answer to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publishers import (
    Content,
    CredentialsExpired,
    OutcomeUnknown,
    Published,
    PublishError,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from tests.publishers.stand import ACCESS, CREDENTIALS, Notes, Stand, answer, post, store

CREATE = "POST /pins"
ME = "GET /user_account"

PLACE = (
    "Pinterest no longer has the board or the section of this post. Choose another one and try "
    "again."
)
STANDARD = (
    "Pinterest allows this only to apps with Standard access. Ask your Postbot administrator to "
    "request it for Postbot's app at developers.pinterest.com, then retry."
)
SPAM = (
    "Pinterest takes this for spam and holds back the pins of this account for a while. Wait some "
    "hours, then retry; later post less often and vary text and links."
)
LIMITED = (
    "Pinterest limits how often this account may post; the pin goes out when Pinterest allows it "
    "again."
)
LOST = "Pinterest no longer has the uploaded video of this post. Postbot uploads it again."
BUSY = "Pinterest has a problem of its own at the moment. Postbot tries again."

# The sample of an answer, and what it means: error, cause, kind, what the member reads.
DEFINITE = [
    (
        "unauthorized",
        CredentialsExpired,
        "authentication",
        "",
        "Pinterest no longer accepts the connection of this account. Reconnect the account.",
    ),
    (
        "trial_access",
        Rejected,
        "authentication",
        "permission",
        "Postbot's Pinterest app has Trial access only, and such apps may not create pins that "
        "others see. Ask your Postbot administrator to request Standard access for the app at "
        "developers.pinterest.com, or, just to try it, to set PINTEREST_API_URL to Pinterest's "
        "sandbox.",
    ),
    ("standard_access", Rejected, "authentication", "permission", STANDARD),
    ("restricted_feature", Rejected, "authentication", "permission", STANDARD),
    (
        "missing_scopes",
        Rejected,
        "authentication",
        "permission",
        "This account was connected without every permission that Postbot needs. Connect it "
        "again, leave every permission switched on, then retry.",
    ),
    (
        "not_permitted",
        Rejected,
        "authentication",
        "permission",
        "Pinterest does not permit this account to post there. Choose one of its own boards, or "
        "connect the account again with every permission switched on, then retry.",
    ),
    (
        "forbidden",
        Rejected,
        "authentication",
        "permission",
        "Pinterest does not permit this. Pinterest says: “You cannot do this”. Look at the "
        "account on pinterest.com, then retry.",
    ),
    ("board_not_found", Rejected, "content", "", PLACE),
    ("board_not_found_400", Rejected, "content", "", PLACE),
    ("section_not_found", Rejected, "content", "", PLACE),
    (
        "invalid",
        Rejected,
        "content",
        "",
        "Pinterest refused this. Pinterest says: “Invalid request: 'title' is too long, the most "
        "is 100”. Change the post and try again.",
    ),
    (
        "unprocessable",
        Rejected,
        "content",
        "",
        "Pinterest refused this. Pinterest says: “The image is broken”. Change the post and try "
        "again.",
    ),
    (
        "too_large",
        Rejected,
        "content",
        "",
        "The images of this post are too large for Pinterest. Make them smaller and add them "
        "again.",
    ),
    ("spam", Rejected, "content", "policy", SPAM),
    ("spam_400", Rejected, "content", "policy", SPAM),
    ("rate_limited", RateLimited, "rate_limit", "", LIMITED),
    ("rate_limited_window", RateLimited, "rate_limit", "", LIMITED),
    ("rate_limited_epoch", RateLimited, "rate_limit", "", LIMITED),
    (
        "unreachable",
        TemporaryFailure,
        "network",
        "",
        "Pinterest could not fetch a file of this post from Postbot. Postbot tries again; should "
        "it go on, use JPEG or PNG files, which Postbot sends by itself.",
    ),
    ("media_not_found", TemporaryFailure, "platform", "uploads", LOST),
    ("media_invalid", TemporaryFailure, "platform", "uploads", LOST),
]


def open_outcome(status: int) -> str:
    return (
        f"Pinterest answered with an error ({status}) that leaves open whether the pin went out. "
        "Look at the board before you post again."
    )


UNREAD = "Pinterest accepted the pin, but its answer could not be read. Look at the board."
AT_THE_PIN = [
    *DEFINITE,
    *[
        (f"status_{status}", OutcomeUnknown, "platform", "", open_outcome(status))
        for status in (408, 409, 410, 500, 502, 503, 504)
    ],
    ("redirect", OutcomeUnknown, "platform", "", open_outcome(302)),
    ("created_unreadable", OutcomeUnknown, "platform", "", UNREAD),
    ("created_without_id", OutcomeUnknown, "platform", "", UNREAD),
]
BEFORE_THE_PIN = [
    *DEFINITE,
    (
        "status_410",
        Rejected,
        "content",
        "",
        "Pinterest refused this. Change the post and try again.",
    ),
    *[
        (f"status_{status}", TemporaryFailure, "platform", "", BUSY)
        for status in (408, 409, 500, 502, 503, 504)
    ],
    ("redirect", TemporaryFailure, "platform", "", BUSY),
]
Row = tuple[str, type[PublishError], str, str, str]


def names(rows: list[Row]) -> list[str]:
    return [row[0] for row in rows]


@pytest.fixture
def content(tmp_path: Path) -> Content:
    return post("Spring sale", store(tmp_path, "door.jpg"), place="549755885001")


async def refused(stand: Stand, content: Content, sample: str) -> PublishError:
    stand.on(CREATE, sample)
    with pytest.raises(PublishError) as caught:
        await stand.publisher.publish(CREDENTIALS, content, Notes())
    return caught.value


@pytest.mark.parametrize(
    ("sample", "error", "cause", "kind", "sentence"), AT_THE_PIN, ids=names(AT_THE_PIN)
)
async def test_a_refused_pin_has_one_meaning(
    stand: Stand,
    content: Content,
    sample: str,
    error: type[PublishError],
    cause: str,
    kind: str,
    sentence: str,
) -> None:
    told = await refused(stand, content, sample)

    assert (type(told), told.cause, told.kind) == (error, cause, kind)
    assert told.sentence == sentence
    assert told.code
    assert len(stand.commits) == 1


@pytest.mark.parametrize(
    ("sample", "error", "cause", "kind", "sentence"), BEFORE_THE_PIN, ids=names(BEFORE_THE_PIN)
)
async def test_a_refusal_before_the_pin_leaves_nothing_open(
    stand: Stand, sample: str, error: type[PublishError], cause: str, kind: str, sentence: str
) -> None:
    stand.on(ME, sample)

    with pytest.raises(error) as caught:
        await stand.publisher.identify(CREDENTIALS)

    assert (type(caught.value), caught.value.cause, caught.value.kind) == (error, cause, kind)
    assert caught.value.sentence == sentence
    assert caught.value.code


@pytest.mark.parametrize("sample", ["created_unreadable", "created_without_id"])
async def test_some_failures_are_signs_of_success(
    stand: Stand, content: Content, sample: str
) -> None:
    told = await refused(stand, content, sample)

    assert isinstance(told, OutcomeUnknown)
    assert told.likely_live


async def test_a_server_error_is_no_sign_of_success(stand: Stand, content: Content) -> None:
    told = await refused(stand, content, "status_503")

    assert isinstance(told, OutcomeUnknown)
    assert not told.likely_live


async def test_a_rate_limit_ends_as_many_seconds_later_as_pinterest_says(
    stand: Stand, content: Content
) -> None:
    before = datetime.now(UTC)

    told = await refused(stand, content, "rate_limited_window")

    assert isinstance(told, RateLimited)
    assert told.until is not None
    assert timedelta(seconds=42) <= told.until - before < timedelta(seconds=60)


async def test_a_rate_limit_that_names_a_date_ends_then(stand: Stand, content: Content) -> None:
    told = await refused(stand, content, "rate_limited_epoch")

    assert isinstance(told, RateLimited)
    assert told.until == datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("headers", [{}, {"x-ratelimit-reset": "soon"}])
async def test_a_rate_limit_without_an_end_has_none(
    stand: Stand, content: Content, headers: dict[str, str]
) -> None:
    stand.on(CREATE, answer(429, headers=headers))

    with pytest.raises(RateLimited) as caught:
        await stand.publisher.publish(CREDENTIALS, content, Notes())

    assert caught.value.until is None


async def test_the_code_tells_support_what_to_look_for(stand: Stand, content: Content) -> None:
    told = await refused(stand, content, "trial_access")

    assert told.code == "403 29 rid 8271964001552735"


async def test_words_of_the_post_in_a_refusal_do_not_change_its_meaning(
    stand: Stand, content: Content
) -> None:
    message = "Invalid request: 'Ten tips against spam and trial access' is too long"
    stand.on(CREATE, answer(400, {"code": 1, "message": message}))

    with pytest.raises(Rejected) as caught:
        await stand.publisher.publish(CREDENTIALS, content, Notes())

    assert (caught.value.kind, message in caught.value.sentence) == ("", True)


async def test_a_pin_is_one_request(stand: Stand, content: Content) -> None:
    published = await stand.publisher.publish(CREDENTIALS, content, Notes())

    assert published == Published(
        remote_id="813744226420795884",
        permalink="https://www.pinterest.com/pin/813744226420795884/",
    )
    assert stand.routes() == [CREATE]
    assert stand.commits == stand.requests
    assert stand.requests[0].headers["authorization"] == f"Bearer {ACCESS}"


STRANGE = [
    [],
    "null",
    {"code": "x", "message": 5},
    {"code": 10**400, "message": {"nested": True}, "data": []},
    {"code": True, "message": "a\x00b\ud800" + "word " * 500},
]


@pytest.mark.parametrize("body", STRANGE, ids=range(len(STRANGE)))
@pytest.mark.parametrize("status", [200, 400, 403, 503])
async def test_a_strange_answer_still_has_a_meaning(
    stand: Stand, content: Content, body: object, status: int
) -> None:
    stand.on(CREATE, answer(status, body, {"x-pinterest-rid": "a" * 300}))

    with pytest.raises(PublishError) as caught:
        await stand.publisher.publish(CREDENTIALS, content, Notes())

    assert caught.value.sentence.isprintable()
    assert len(caught.value.sentence) < 500
    assert len(caught.value.code) < 64
