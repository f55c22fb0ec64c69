"""Every error that Meta is known to give: before a post, as the answer to it, and in a token's
place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from publishers import (
    CredentialsExpired,
    OutcomeUnknown,
    PublishError,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from publishers._graph_errors import explain, explain_subcode, explain_token, regains_at
from publishers._graph_table import ROWS

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
IMPERSONATING = (
    "You must have one of these permissions before impersonating a user's page: manage_pages"
)


@dataclass(frozen=True)
class Case:
    """Codes that mean the same, and what: `at_post` is what they mean as the answer to the post."""

    codes: tuple[tuple[int, int | None], ...]
    error: type[PublishError]
    at_post: type[PublishError]
    cause: str
    kind: str
    sentence: str
    message: str = "(#0) Something"
    likely_live: bool = False

    def __str__(self) -> str:
        return " ".join(
            f"{code}/{subcode}" if subcode else f"{code}" for code, subcode in self.codes
        )


def codes(*numbers: int) -> tuple[tuple[int, int | None], ...]:
    return tuple((number, None) for number in numbers)


def subcodes(code: int, *numbers: int) -> tuple[tuple[int, int | None], ...]:
    return tuple((code, number) for number in numbers)


CASES = [
    Case(
        (*subcodes(190, 463, 467), *codes(190, 102, 104)),
        CredentialsExpired,
        CredentialsExpired,
        "authentication",
        "",
        "Facebook no longer accepts the connection of this account. Connect the account again, "
        "then retry.",
    ),
    Case(
        subcodes(190, 458),
        CredentialsExpired,
        CredentialsExpired,
        "authentication",
        "",
        "Postbot was removed from the apps of the person who connected this account. Connect the "
        "account again, then retry.",
    ),
    Case(
        subcodes(190, 460),
        CredentialsExpired,
        CredentialsExpired,
        "authentication",
        "",
        "The person who connected this account has changed their password, which ended the "
        "connection. Connect the account again, then retry.",
    ),
    Case(
        subcodes(190, 459),
        Rejected,
        Rejected,
        "authentication",
        "",
        "Facebook wants the person who connected this account to confirm who they are. Log in at "
        "facebook.com, follow its instructions, then retry.",
    ),
    Case(
        subcodes(190, 464),
        Rejected,
        Rejected,
        "authentication",
        "",
        "The Facebook profile that connected this account is not confirmed. Log in at "
        "facebook.com, confirm it, then retry.",
    ),
    Case(
        codes(492),
        Rejected,
        Rejected,
        "authentication",
        "permission",
        "The person who connected this account no longer has a role on the Page. Ask an admin of "
        "the Page for one, or let somebody who has one connect it, then retry.",
    ),
    Case(
        codes(190),
        Rejected,
        Rejected,
        "authentication",
        "permission",
        "Facebook does not permit Postbot to do this. Facebook says: “Told”. Connect the account "
        "again with every permission switched on; if that does not help, ask your Postbot "
        "administrator to check the permissions of the Meta app.",
        message=IMPERSONATING,
    ),
    Case(
        codes(3, 10, 200, 283, 299),
        Rejected,
        Rejected,
        "authentication",
        "permission",
        "Facebook does not permit Postbot to do this. Facebook says: “Told”. Connect the account "
        "again with every permission switched on; if that does not help, ask your Postbot "
        "administrator to check the permissions of the Meta app.",
    ),
    Case(
        codes(100),
        Rejected,
        Rejected,
        "authentication",
        "permission",
        "Facebook does not accept Postbot's app registration. Facebook says: “Told”. Ask your "
        "Postbot administrator to check the secret of the Meta app.",
        message="Invalid appsecret_proof provided in the API argument",
    ),
    Case(
        subcodes(100, 33),
        Rejected,
        OutcomeUnknown,
        "content",
        "",
        "Facebook cannot find what this post belongs to, or does not show it to Postbot. Check the "
        "account, connect it again, then retry.",
    ),
    Case(
        codes(100),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook refused this. Facebook says: “Told”. Change the post and try again.",
    ),
    Case(
        subcodes(100, 1349125),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook finds the post empty or its link wrong. Facebook says: “Told”. Correct it and "
        "try again.",
    ),
    Case(
        subcodes(100, 2061006),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook does not take the link of this post. Facebook says: “Told”. Correct or remove "
        "it.",
    ),
    Case(
        codes(4, 17, 32, 341, 613, 80001, 80002),
        RateLimited,
        OutcomeUnknown,
        "rate_limit",
        "",
        "Facebook limits how often Postbot may call for this account; it goes on when Facebook "
        "allows it.",
    ),
    Case(
        subcodes(4, 2207051),
        Rejected,
        OutcomeUnknown,
        "content",
        "policy",
        "Facebook took this for spam and blocked it. Facebook says: “Told”. Wait some hours and "
        "change the post, or post it by hand.",
    ),
    Case(
        subcodes(9, 2207042),
        RateLimited,
        RateLimited,
        "rate_limit",
        "quota",
        "This account has published as many posts as Facebook allows in 24 hours. Postbot tries "
        "again every hour for a day.",
    ),
    Case(
        codes(368),
        Rejected,
        Rejected,
        "content",
        "policy",
        "Facebook has blocked posting from this account for a while. Facebook says: “Told”. Wait "
        "some hours, then retry, or post it by hand.",
    ),
    Case(
        subcodes(368, 1390008),
        Rejected,
        Rejected,
        "content",
        "policy",
        "Facebook finds that this account posts too fast or too often. Facebook says: “Told”. "
        "Wait some hours, then retry.",
    ),
    Case(
        subcodes(368, 1346003),
        Rejected,
        Rejected,
        "content",
        "policy",
        "Facebook refused this because people reported it as abusive. Facebook says: “Told”. "
        "Change the post, or have the block reviewed at facebook.com.",
    ),
    Case(
        subcodes(368, 1404102),
        Rejected,
        Rejected,
        "content",
        "policy",
        "Facebook finds that this goes against its community standards. Facebook says: “Told”. "
        "Change the post and try again.",
    ),
    Case(
        codes(506),
        Rejected,
        OutcomeUnknown,
        "content",
        "duplicate",
        "Facebook says that this is the same as the last post of this account. Change the text, or "
        "leave it if that post is the one you want.",
        likely_live=True,
    ),
    Case(
        subcodes(100, 1366051),
        TemporaryFailure,
        OutcomeUnknown,
        "content",
        "uploads",
        "Facebook no longer has the uploaded files of this post. Postbot uploads them again.",
        likely_live=True,
    ),
    Case(
        subcodes(100, 1609005),
        TemporaryFailure,
        Rejected,
        "content",
        "",
        "Facebook could not read the page behind the link. Check that the link opens for "
        "everybody, then retry.",
    ),
    Case(
        codes(324),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook cannot read an image. Facebook says: “Told”. Save it as JPEG below 4 MB and add "
        "it again.",
    ),
    Case(
        ((100, 1366046), (324, 2069019)),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook cannot read an image, or finds it too large. Facebook says: “Told”. Save it as "
        "JPEG below 4 MB and add it again.",
    ),
    Case(
        codes(1, 2, -1, -2),
        TemporaryFailure,
        OutcomeUnknown,
        "platform",
        "",
        "Facebook has a problem of its own at the moment. Postbot tries again.",
    ),
    Case(
        subcodes(24, 2207008),
        TemporaryFailure,
        OutcomeUnknown,
        "platform",
        "",
        "Facebook cannot find the prepared post yet. Postbot tries again.",
    ),
    Case(
        subcodes(24, 2207006),
        TemporaryFailure,
        OutcomeUnknown,
        "platform",
        "uploads",
        "Facebook no longer has the uploaded files of this post. Postbot uploads them again.",
    ),
    Case(
        ((-2, 2207003), (9004, 2207052), (9004, None)),
        TemporaryFailure,
        OutcomeUnknown,
        "network",
        "",
        "Facebook could not fetch a file of this post from Postbot. Postbot tries again; if it "
        "keeps failing, ask your Postbot administrator to check that its public address can be "
        "reached.",
    ),
    Case(
        (*subcodes(-2, 2207020), *subcodes(-1, 2207001, 2207032, 2207053)),
        TemporaryFailure,
        OutcomeUnknown,
        "platform",
        "uploads",
        "Facebook could not work on the files of this post. Postbot hands them over again.",
    ),
    Case(
        subcodes(9007, 2207027),
        TemporaryFailure,
        TemporaryFailure,
        "platform",
        "",
        "Facebook is still working on the files of this post. Postbot tries again.",
    ),
    Case(
        subcodes(25, 2207050),
        Rejected,
        Rejected,
        "authentication",
        "permission",
        "Facebook has restricted this account. Facebook says: “Told”. Open the Facebook app, "
        "follow its instructions, then retry.",
    ),
    Case(
        subcodes(352, 2207026),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook does not take this video's format. Save it as MP4 or MOV (H.264, AAC) and add it "
        "again.",
    ),
    Case(
        subcodes(36000, 2207004),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook finds an image too large. Make it smaller and add it again.",
    ),
    Case(
        subcodes(36001, 2207005),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook does not take an image's format. Save it as JPEG and add it again.",
    ),
    Case(
        subcodes(36003, 2207009),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook does not take the shape of an image. Crop it to a ratio between 4:5 and 1.91:1 "
        "and add it again.",
    ),
    Case(
        subcodes(36004, 2207010),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook finds the text too long, or with too many hashtags or mentions. Shorten it and "
        "try again.",
    ),
    Case(
        subcodes(100, 2207023),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook does not know this kind of media. Facebook says: “Told”. Use an image or a "
        "video.",
    ),
    Case(
        subcodes(100, 2207028),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook cannot make a carousel of these files. Facebook says: “Told”. Use 2 to 10 images "
        "and videos.",
    ),
    Case(
        subcodes(100, 2207035, 2207036, 2207037, 2207040),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook refused the tags of this post. Facebook says: “Told”. Correct or remove them.",
    ),
    Case(
        subcodes(1, 2207057),
        Rejected,
        Rejected,
        "content",
        "",
        "Facebook finds the chosen cover outside the video. Choose another moment of it.",
    ),
    Case(
        subcodes(100, 2207081),
        Rejected,
        Rejected,
        "authentication",
        "permission",
        "Facebook does not allow this account to post trial reels. Post it as a normal reel, or by "
        "hand.",
    ),
    Case(
        subcodes(100, 2207077, 2207082, 2207085),
        TemporaryFailure,
        OutcomeUnknown,
        "content",
        "uploads",
        "Facebook could not process a file of this post. Postbot hands it over again; if it keeps "
        "failing, save the file in another format or quality and add it again.",
    ),
]


def refusal(
    code: int | None,
    subcode: int | None = None,
    *,
    status: int = 400,
    method: str = "POST",
    message: str = "(#0) Something",
    headers: dict[str, str] | None = None,
    **more: Any,
) -> httpx.Response:
    error = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "error_subcode": subcode,
        "error_user_msg": "Told.",
        "fbtrace_id": "AbC_-9",
        **more,
    }
    told = {name: value for name, value in error.items() if value is not None}
    request = httpx.Request(method, "https://graph.example/1")
    return httpx.Response(status, json={"error": told}, headers=headers, request=request)


def each_code(case: Case, **how: Any) -> list[PublishError]:
    return [
        explain("Facebook", refusal(code, subcode, message=case.message), **how)
        for code, subcode in case.codes
    ]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_refusal_before_the_post_has_one_meaning(case: Case) -> None:
    told = {(type(one), one.cause.value, one.kind, one.sentence) for one in each_code(case)}

    assert told == {(case.error, case.cause, case.kind, case.sentence)}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_refusal_of_the_post_says_whether_it_may_be_out(case: Case) -> None:
    told = each_code(case, irreversible=True)

    is_open = case.at_post is OutcomeUnknown
    kind = "" if is_open and case.kind == "uploads" else case.kind
    assert {(type(one), one.cause.value, one.kind) for one in told} == {
        (case.at_post, case.cause, kind)
    }
    assert {getattr(one, "likely_live", False) for one in told} == {case.likely_live}
    assert all("Look at the profile" in one.sentence for one in told) == is_open


def test_every_row_of_the_table_is_held_by_a_case() -> None:
    subcodes_told = {subcode for case in CASES for _, subcode in case.codes}
    codes_told = {code for case in CASES for code, _ in case.codes}

    # Of codes that mean the same, a few stand for all.
    untold = [
        row
        for row in ROWS
        if not subcodes_told.issuperset(row.subcodes) or not codes_told & {*row.codes, 100}
    ]

    assert untold == []


def test_the_code_for_support_has_metas_own_record_number() -> None:
    assert explain("Facebook", refusal(190, 463)).code == "190/463 AbC_-9"
    assert explain("Facebook", refusal(2, status=500)).code == "2 AbC_-9"
    assert explain("Facebook", refusal(2, fbtrace_id="no trace\n")).code == "2"


def test_the_words_of_a_refusal_are_only_shown_never_searched() -> None:
    told = explain("Facebook", refusal(100, error_user_msg="before impersonating a user's page"))

    assert told.kind == ""
    assert "“before impersonating a user's page”" in told.sentence


def test_something_that_cannot_be_found_while_reading_is_looked_for_again() -> None:
    told = explain("Facebook", refusal(100, 33, method="GET"))

    assert (type(told), told.cause) == (TemporaryFailure, "platform")
    assert told.sentence == "Facebook cannot find this at the moment. Postbot tries again."


PASSING = [
    pytest.param(refusal(2, is_transient=True), id="2 and transient"),
    pytest.param(refusal(100, is_transient=True), id="100 and transient"),
    pytest.param(refusal(200, status=503), id="200 with status 503"),
    pytest.param(refusal(77777, status=500), id="unknown code with status 500"),
    pytest.param(refusal(77777, is_transient=True), id="unknown code and transient"),
]


@pytest.mark.parametrize("response", PASSING)
def test_trouble_of_metas_own_passes(response: httpx.Response) -> None:
    before = explain("Facebook", response)
    at_post = explain("Facebook", response, irreversible=True)

    assert (type(before), before.cause) == (TemporaryFailure, "platform")
    assert (type(at_post), at_post.cause) == (OutcomeUnknown, "platform")


def test_a_cover_outside_the_video_is_no_passing_trouble_whatever_its_status() -> None:
    told = explain("Instagram", refusal(1, 2207057, status=500))

    assert isinstance(told, Rejected)


@pytest.mark.parametrize("irreversible", [False, True])
def test_a_code_that_nobody_knows_is_a_refusal(irreversible: bool) -> None:
    told = explain("Facebook", refusal(77777), irreversible=irreversible)

    assert (type(told), told.cause) == (Rejected, "content")
    assert told.sentence == (
        "Facebook refused this. Facebook says: “Told”. Change the post and try again."
    )


WITHOUT_AN_ERROR = [
    (400, Rejected, OutcomeUnknown),
    (401, CredentialsExpired, CredentialsExpired),
    (404, Rejected, OutcomeUnknown),
    (408, TemporaryFailure, OutcomeUnknown),
    (409, TemporaryFailure, OutcomeUnknown),
    (413, Rejected, OutcomeUnknown),
    (429, RateLimited, RateLimited),
    (502, TemporaryFailure, OutcomeUnknown),
    (302, TemporaryFailure, OutcomeUnknown),
    (200, TemporaryFailure, OutcomeUnknown),
]
STRANGE = ["", "null", "[]", '{"error": 5}', '{"error": {"code": true}}', "<html>"]


@pytest.mark.parametrize("body", STRANGE)
@pytest.mark.parametrize(
    ("status", "before", "at_post"), WITHOUT_AN_ERROR, ids=[str(row[0]) for row in WITHOUT_AN_ERROR]
)
def test_an_answer_without_metas_error_goes_by_its_status(
    status: int, before: type[PublishError], at_post: type[PublishError], body: str
) -> None:
    request = httpx.Request("POST", "https://graph.example/1")
    response = httpx.Response(status, text=body, request=request)

    assert type(explain("Facebook", response)) is before
    assert type(explain("Facebook", response, irreversible=True)) is at_post


def test_a_success_that_cannot_be_read_is_a_sign_of_success() -> None:
    response = httpx.Response(200, text="?", request=httpx.Request("POST", "https://a.example"))

    told = explain("Facebook", response, irreversible=True)

    assert isinstance(told, OutcomeUnknown)
    assert told.likely_live
    assert told.sentence.startswith("Facebook accepted the post, but its answer could not be read.")


def usage(*minutes: object) -> dict[str, str]:
    entries = [{"type": "pages", "estimated_time_to_regain_access": one} for one in minutes]
    return {"x-business-use-case-usage": json.dumps({"1": entries[:1], "2": entries[1:]})}


UNTIL = [
    pytest.param(usage(12), timedelta(minutes=12), id="minutes"),
    pytest.param(usage(0, 5, 40), timedelta(minutes=40), id="the longest"),
    pytest.param(usage(10**9), timedelta(days=7), id="not for ever"),
    pytest.param({**usage(0), "retry-after": "90"}, timedelta(seconds=90), id="other header"),
    pytest.param({"retry-after": "90"}, timedelta(seconds=90), id="Retry-After"),
]


@pytest.mark.parametrize(("headers", "after"), UNTIL)
def test_a_throttle_ends_when_its_headers_say(headers: dict[str, str], after: timedelta) -> None:
    assert regains_at(httpx.Headers(headers), NOW) == NOW + after


@pytest.mark.parametrize(
    "headers",
    [
        {},
        usage(0),
        usage("5", None, True, -5, 1.5),
        {"x-business-use-case-usage": "{"},
        {"x-business-use-case-usage": "[]"},
        {"x-business-use-case-usage": '{"1": 5, "2": [1, null]}'},
    ],
)
def test_headers_that_name_no_end_name_none(headers: dict[str, str]) -> None:
    assert regains_at(httpx.Headers(headers), NOW) is None


def test_a_throttle_without_an_end_is_waited_out_for_five_minutes() -> None:
    before = datetime.now(UTC)

    told = explain("Facebook", refusal(4))

    assert isinstance(told, RateLimited)
    assert told.until is not None
    assert timedelta(minutes=5) <= told.until - before < timedelta(minutes=6)


def test_a_used_up_quota_is_tried_again_every_hour() -> None:
    before = datetime.now(UTC)

    told = explain("Instagram", refusal(9, 2207042, headers=usage(5)))

    assert isinstance(told, RateLimited)
    assert told.until is not None
    assert timedelta(hours=1) <= told.until - before < timedelta(minutes=61)


def test_a_subcode_alone_has_the_same_meaning() -> None:
    told = explain_subcode("Instagram", 2207026, "Raw words")
    unknown = explain_subcode("Instagram", 2299999, "Raw words")

    assert isinstance(told, Rejected)
    assert told.sentence.startswith("Instagram does not take this video's format.")
    assert isinstance(unknown, Rejected)
    assert "Instagram says: “Raw words”." in unknown.sentence


TOKEN_ERRORS = [
    pytest.param(refusal(190, 463), Rejected, "authentication", "", id="expired"),
    pytest.param(refusal(190), Rejected, "authentication", "", id="not a token"),
    pytest.param(refusal(190, 459), Rejected, "authentication", "", id="checkpoint"),
    pytest.param(refusal(100, 36009), Rejected, "authentication", "", id="used code"),
    pytest.param(refusal(101), Rejected, "authentication", "permission", id="wrong app"),
    pytest.param(
        refusal(1, message="Error validating client secret."),
        Rejected,
        "authentication",
        "permission",
        id="wrong secret",
    ),
    pytest.param(refusal(4), RateLimited, "rate_limit", "", id="throttled"),
    pytest.param(refusal(2, status=500), TemporaryFailure, "platform", "", id="trouble"),
]


@pytest.mark.parametrize(("response", "error", "cause", "kind"), TOKEN_ERRORS)
def test_a_refused_token_says_whether_a_reconnect_is_needed(
    response: httpx.Response, error: type[PublishError], cause: str, kind: str
) -> None:
    told = explain_token("Facebook", response)

    assert (type(told), told.cause, told.kind) == (error, cause, kind)


def test_a_wrong_app_names_the_settings_to_check() -> None:
    told = explain_token("Instagram", refusal(101))

    assert told.sentence.endswith("check INSTAGRAM_CLIENT_ID and INSTAGRAM_CLIENT_SECRET.")


def test_meta_is_quoted_in_one_short_line_without_what_could_be_a_token() -> None:
    told = explain("Facebook", refusal(100, error_user_msg="No\n" + "a1" * 30 + " word" * 500))

    assert told.sentence.isprintable()
    assert len(told.sentence) < 300
    assert "a1a1" not in told.sentence
