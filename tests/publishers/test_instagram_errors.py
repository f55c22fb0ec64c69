"""Every refusal that Instagram is known to give: to a container, to its publication, and as the
state of one. The meanings that it shares with Facebook are in `test_graph_errors.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from publishers import (
    Content,
    CredentialsExpired,
    OutcomeUnknown,
    Published,
    PublishError,
    RateLimited,
    Ready,
    Rejected,
    TemporaryFailure,
)
from tests.publishers.stand import CREDENTIALS, Answer, Notes, Stand, answer, post, store

CREATE = "POST /[0-9]*/media"
STATE = "GET /[0-9]*"
PUBLISH = "POST /[0-9]*/media_publish"
LIVE = Published(
    remote_id="18000000000000001", permalink="https://www.instagram.com/p/DAbCdEfGhIj/"
)


@dataclass(frozen=True)
class Case:
    """Codes that mean the same: what for a container, and what as the answer to publishing."""

    codes: tuple[tuple[int, int | None], ...]
    error: type[PublishError]
    at_post: type[PublishError]
    cause: str
    kind: str
    sentence: str
    message: str = "(#0) Something"

    def __str__(self) -> str:
        return " ".join(f"{code}/{subcode or '-'}" for code, subcode in self.codes)


def codes(*numbers: int) -> tuple[tuple[int, int | None], ...]:
    return tuple((number, None) for number in numbers)


CASES = [
    Case(
        ((190, 463), (190, 467), (190, None), (102, None), (104, None)),
        CredentialsExpired,
        CredentialsExpired,
        "authentication",
        "",
        "Instagram no longer accepts the connection of this account. Connect the account again, "
        "then retry.",
    ),
    Case(
        ((190, 458),),
        CredentialsExpired,
        CredentialsExpired,
        "authentication",
        "",
        "Postbot was removed from the apps of the person who connected this account. Connect the "
        "account again, then retry.",
    ),
    Case(
        ((190, None),),
        Rejected,
        Rejected,
        "authentication",
        "permission",
        "Instagram does not permit Postbot to do this. Instagram says: “Told”. Connect the account "
        "again with every permission switched on; if that does not help, ask your Postbot "
        "administrator to check the permissions of the Meta app.",
        message="You must have a permission before impersonating a user's page",
    ),
    Case(
        codes(3, 10, 200),
        Rejected,
        Rejected,
        "authentication",
        "permission",
        "Instagram does not permit Postbot to do this. Instagram says: “Told”. Connect the account "
        "again with every permission switched on; if that does not help, ask your Postbot "
        "administrator to check the permissions of the Meta app.",
    ),
    Case(
        ((25, 2207050),),
        Rejected,
        Rejected,
        "authentication",
        "permission",
        "Instagram has restricted this account. Instagram says: “Told”. Open the Instagram app, "
        "follow its instructions, then retry.",
    ),
    Case(
        ((100, 2207081),),
        Rejected,
        Rejected,
        "authentication",
        "permission",
        "Instagram does not allow this account to post trial reels. Post it as a normal reel, or "
        "by hand.",
    ),
    Case(
        codes(4, 17, 32, 341, 613, 80002),
        RateLimited,
        OutcomeUnknown,
        "rate_limit",
        "",
        "Instagram limits how often Postbot may call for this account; it goes on when Instagram "
        "allows it.",
    ),
    Case(
        ((9, 2207042),),
        RateLimited,
        RateLimited,
        "rate_limit",
        "quota",
        "This account has published as many posts as Instagram allows in 24 hours. Postbot tries "
        "again every hour for a day.",
    ),
    Case(
        ((4, 2207051),),
        Rejected,
        OutcomeUnknown,
        "content",
        "policy",
        "Instagram took this for spam and blocked it. Instagram says: “Told”. Wait some hours and "
        "change the post, or post it by hand.",
    ),
    Case(
        codes(368),
        Rejected,
        Rejected,
        "content",
        "policy",
        "Instagram has blocked posting from this account for a while. Instagram says: “Told”. Wait "
        "some hours, then retry, or post it by hand.",
    ),
    Case(
        ((100, 33),),
        Rejected,
        OutcomeUnknown,
        "content",
        "",
        "Instagram cannot find what this post belongs to, or does not show it to Postbot. Check "
        "the account, connect it again, then retry.",
    ),
    Case(
        codes(100),
        Rejected,
        Rejected,
        "content",
        "",
        "Instagram refused this. Instagram says: “Told”. Change the post and try again.",
    ),
    Case(
        codes(1, 2, -1, -2),
        TemporaryFailure,
        OutcomeUnknown,
        "platform",
        "",
        "Instagram has a problem of its own at the moment. Postbot tries again.",
    ),
    Case(
        ((24, 2207008),),
        TemporaryFailure,
        OutcomeUnknown,
        "platform",
        "",
        "Instagram cannot find the prepared post yet. Postbot tries again.",
    ),
    Case(
        ((24, 2207006),),
        TemporaryFailure,
        OutcomeUnknown,
        "platform",
        "uploads",
        "Instagram no longer has the uploaded files of this post. Postbot uploads them again.",
    ),
    Case(
        ((-2, 2207003), (9004, 2207052)),
        TemporaryFailure,
        OutcomeUnknown,
        "network",
        "",
        "Instagram could not fetch a file of this post from Postbot. Postbot tries again; if it "
        "keeps failing, ask your Postbot administrator to check that its public address can be "
        "reached.",
    ),
    Case(
        ((-2, 2207020), (-1, 2207001), (-1, 2207032), (-1, 2207053)),
        TemporaryFailure,
        OutcomeUnknown,
        "platform",
        "uploads",
        "Instagram could not work on the files of this post. Postbot hands them over again.",
    ),
    Case(
        ((-1, 2207077), (-1, 2207082), (-1, 2207085)),
        TemporaryFailure,
        OutcomeUnknown,
        "content",
        "uploads",
        "Instagram could not process a file of this post. Postbot hands it over again; if it keeps "
        "failing, save the file in another format or quality and add it again.",
    ),
    Case(
        ((9007, 2207027),),
        TemporaryFailure,
        TemporaryFailure,
        "platform",
        "",
        "Instagram is still working on the files of this post. Postbot tries again.",
    ),
    Case(
        ((352, 2207026),),
        Rejected,
        Rejected,
        "content",
        "",
        "Instagram does not take this video's format. Save it as MP4 or MOV (H.264, AAC) and add "
        "it again.",
    ),
    Case(
        ((36000, 2207004),),
        Rejected,
        Rejected,
        "content",
        "",
        "Instagram finds an image too large. Make it smaller and add it again.",
    ),
    Case(
        ((36001, 2207005),),
        Rejected,
        Rejected,
        "content",
        "",
        "Instagram does not take an image's format. Save it as JPEG and add it again.",
    ),
    Case(
        ((36003, 2207009),),
        Rejected,
        Rejected,
        "content",
        "",
        "Instagram does not take the shape of an image. Crop it to a ratio between 4:5 and 1.91:1 "
        "and add it again.",
    ),
    Case(
        ((36004, 2207010),),
        Rejected,
        Rejected,
        "content",
        "",
        "Instagram finds the text too long, or with too many hashtags or mentions. Shorten it and "
        "try again.",
    ),
    Case(
        ((100, 2207023),),
        Rejected,
        Rejected,
        "content",
        "",
        "Instagram does not know this kind of media. Instagram says: “Told”. Use an image or a "
        "video.",
    ),
    Case(
        ((100, 2207028),),
        Rejected,
        Rejected,
        "content",
        "",
        "Instagram cannot make a carousel of these files. Instagram says: “Told”. Use 2 to 10 "
        "images and videos.",
    ),
    Case(
        ((100, 2207035), (100, 2207036), (100, 2207037), (100, 2207040)),
        Rejected,
        Rejected,
        "content",
        "",
        "Instagram refused the tags of this post. Instagram says: “Told”. Correct or remove them.",
    ),
    Case(
        ((1, 2207057),),
        Rejected,
        Rejected,
        "content",
        "",
        "Instagram finds the chosen cover outside the video. Choose another moment of it.",
    ),
]


@pytest.fixture
def content(tmp_path: Path) -> Content:
    return post("Spring sale", store(tmp_path, "door.jpg"))


def refusal(code: int, subcode: int | None = None, message: str = "(#0) Something") -> Answer:
    error: dict[str, Any] = {"message": message, "code": code, "error_user_msg": "Told."}
    return answer(400, {"error": {**error, **({"error_subcode": subcode} if subcode else {})}})


async def prepared(stand: Stand, content: Content) -> Notes:
    notes = Notes()
    assert await stand.publisher.prepare(CREDENTIALS, content, notes) == Ready()
    return notes


async def refused(stand: Stand, content: Content, at_post: Answer | str) -> PublishError:
    notes = await prepared(stand, content)
    stand.on(PUBLISH, at_post)
    with pytest.raises(PublishError) as caught:
        await stand.publisher.publish(CREDENTIALS, content, notes)
    assert len(stand.commits) == 1
    return caught.value


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_refused_container_has_one_meaning(
    stand: Stand, content: Content, case: Case
) -> None:
    stand.on(CREATE, *[refusal(*codes, case.message) for codes in case.codes])

    told = set()
    for _ in case.codes:
        with pytest.raises(PublishError) as caught:
            await stand.publisher.prepare(CREDENTIALS, content, Notes())
        error = caught.value
        told.add((type(error), error.cause.value, error.kind, error.sentence))

    assert told == {(case.error, case.cause, case.kind, case.sentence)}


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_refused_publication_says_whether_it_may_be_out(
    stand: Stand, content: Content, case: Case
) -> None:
    told = {
        type(await refused(Stand("instagram"), content, refusal(*codes, case.message)))
        for codes in case.codes
    }

    assert told == {case.at_post}


OPEN = [
    pytest.param("status_503", False, id="503"),
    pytest.param("not_found_page", False, id="404 without Meta's error"),
    pytest.param("published_without_id", True, id="no id"),
    pytest.param("published_unreadable", True, id="no JSON"),
]


@pytest.mark.parametrize(("sample", "likely_live"), OPEN)
async def test_an_answer_that_is_no_refusal_leaves_it_open(
    stand: Stand, content: Content, sample: str, likely_live: bool
) -> None:
    told = await refused(stand, content, sample)

    assert isinstance(told, OutcomeUnknown)
    assert told.likely_live is likely_live


async def test_what_was_made_is_kept_when_it_is_open_whether_it_went_out(
    stand: Stand, content: Content
) -> None:
    told = await refused(stand, content, refusal(24, 2207006))

    assert told.kind != "uploads"


async def test_a_quota_that_is_used_up_is_asked_about_every_hour(
    stand: Stand, content: Content
) -> None:
    before = datetime.now(UTC)

    told = await refused(stand, content, refusal(9, 2207042))

    assert isinstance(told, RateLimited)
    assert told.until is not None
    assert timedelta(minutes=59) < told.until - before < timedelta(minutes=61)


async def test_a_container_is_published_by_one_request(stand: Stand, content: Content) -> None:
    notes = await prepared(stand, content)
    stand.requests.clear()

    published = await stand.publisher.publish(CREDENTIALS, content, notes)

    assert published == LIVE
    assert stand.routes() == ["POST /1700000000000000001/media_publish"]
    assert stand.bodies("/1700000000000000001/media_publish") == [
        {"creation_id": "17900000000000001"}
    ]
    assert stand.commits == stand.requests


async def test_a_publication_without_a_link_leads_to_the_profile(
    stand: Stand, content: Content
) -> None:
    notes = await prepared(stand, content)
    stand.on(PUBLISH, "published_without_link")

    published = await stand.publisher.publish(CREDENTIALS, content, notes)

    assert published.remote_id == LIVE.remote_id
    assert published.permalink == "https://www.instagram.com/acme/"


FAILED = [
    ("failed_format", Rejected, "content", "", "Instagram does not take this video's format."),
    (
        "failed_server",
        TemporaryFailure,
        "platform",
        "uploads",
        "Instagram could not work on the files of this post.",
    ),
    (
        "failed_processing",
        TemporaryFailure,
        "content",
        "uploads",
        "Instagram could not process a file of this post.",
    ),
    (
        "failed_unknown",
        TemporaryFailure,
        "content",
        "uploads",
        "Instagram could not process a file of this post.",
    ),
    (
        "failed_new",
        Rejected,
        "content",
        "",
        "Instagram refused this. Instagram says: “Error: Media upload has failed with error code "
        "2207999”.",
    ),
]


@pytest.mark.parametrize(
    ("sample", "error", "cause", "kind", "sentence"), FAILED, ids=[row[0] for row in FAILED]
)
async def test_a_container_that_failed_tells_why(
    stand: Stand,
    content: Content,
    sample: str,
    error: type[PublishError],
    cause: str,
    kind: str,
    sentence: str,
) -> None:
    stand.on(STATE, sample)

    with pytest.raises(error) as caught:
        await stand.publisher.prepare(CREDENTIALS, content, Notes())

    assert (type(caught.value), caught.value.cause, caught.value.kind) == (error, cause, kind)
    assert caught.value.sentence.startswith(sentence)


STRANGE = [
    [],
    "null",
    {"error": "no object"},
    {"error": {"code": "x", "message": 5}},
    {"error": {"message": "a\x00b\ud800" + "word " * 500}},
    {"id": 5},
]


@pytest.mark.parametrize("body", STRANGE, ids=range(len(STRANGE)))
@pytest.mark.parametrize("status", [200, 400, 403, 503])
async def test_a_strange_answer_still_has_a_meaning(
    stand: Stand, content: Content, body: object, status: int
) -> None:
    told = await refused(stand, content, answer(status, body))

    assert told.sentence.isprintable()
    assert len(told.sentence) < 500
