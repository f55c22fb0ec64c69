from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from publishers import (
    App,
    Cause,
    Credentials,
    CredentialsExpired,
    Profile,
    PublishError,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from tests.publishers.stand import ACCESS, API, APP, CREDENTIALS, SECRET, Stand, answer
from tests.publishers.stand import REFRESH as PERSONS_TOKEN

CALLBACK = "https://postbot.example/connect/instagram/callback"
OWN = (
    "instagram_business_basic",
    "instagram_business_content_publish",
    "instagram_business_manage_comments",
)
BY_FACEBOOK = (
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_comments",
    "pages_show_list",
    "pages_read_engagement",
)
PAGE_APP = replace(APP, options={"login": "facebook"})
CODES = "POST /oauth/access_token"
REFRESH = "GET /refresh_access_token"
PERSON = Credentials(
    access_token="canary-user-1", refresh_token="canary-user-1", scopes=BY_FACEBOOK
)
PAGE = replace(PERSON, access_token="canary-page-1")
ACME = {"remote_id": "1700000000000000001", "username": "acme", "name": "Acme"}


@pytest.fixture
def page_stand() -> Stand:
    """Instagram as it answers those who come by Facebook Login."""
    stand = Stand("instagram", app=PAGE_APP)
    stand.on(CODES, "user_token")
    stand.on("GET /me", "page")
    return stand


def query(url: str) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}


async def exchanged(stand: Stand) -> Credentials:
    return await stand.publisher.exchange(code="code-1#_", redirect_uri=CALLBACK, verifier="v1")


LOGINS = [
    pytest.param("instagram", "https://www.instagram.com/oauth/authorize?", OWN, id="instagram"),
    pytest.param(
        "facebook", "https://www.facebook.com/v26.0/dialog/oauth?", BY_FACEBOOK, id="facebook"
    ),
]


@pytest.mark.parametrize(("login", "page", "scopes"), LOGINS)
def test_the_consent_page_of_each_login_is_asked_for_every_scope(
    login: str, page: str, scopes: tuple[str, ...]
) -> None:
    stand = Stand("instagram", app=replace(APP, authorize_url="", options={"login": login}))

    url = stand.publisher.authorize_url(redirect_uri=CALLBACK, state="s1", challenge="c1")

    assert url.startswith(page)
    assert query(url) == {
        "response_type": "code",
        "client_id": "client-1",
        "redirect_uri": CALLBACK,
        "scope": ",".join(scopes),
        "state": "s1",
    }


def test_a_consent_page_that_is_set_wins() -> None:
    url = Stand("instagram").publisher.authorize_url(
        redirect_uri=CALLBACK, state="s1", challenge="c1"
    )

    assert url.startswith("https://platform.example/authorize?")


@pytest.mark.parametrize(
    ("login", "host"),
    [
        ("instagram", "https://graph.instagram.com/v26.0"),
        ("facebook", "https://graph.facebook.com/v26.0"),
    ],
)
def test_each_login_has_its_own_host(login: str, host: str) -> None:
    app = App(
        client_id="1", client_secret="", api_url="", authorize_url="", options={"login": login}
    )

    assert Stand("instagram", app=app).publisher.app.api_url == host


async def test_a_code_becomes_a_token_of_sixty_days(stand: Stand) -> None:
    before = datetime.now(UTC)

    credentials = await exchanged(stand)

    assert stand.routes() == [CODES, "GET /access_token"]
    assert stand.forms("/oauth/access_token") == [
        {
            "client_id": "client-1",
            "client_secret": SECRET,
            "grant_type": "authorization_code",
            "redirect_uri": CALLBACK,
            "code": "code-1",
        }
    ]
    assert query(str(stand.requests[1].url)) == {
        "grant_type": "ig_exchange_token",
        "client_secret": SECRET,
        "access_token": "canary-short-1",
    }
    assert credentials.access_token == "canary-access-2"
    assert credentials.expires_at is not None
    assert credentials.expires_at - before >= timedelta(days=60)
    assert credentials.scopes == OWN


async def test_codes_are_taken_to_the_address_that_is_set() -> None:
    url = "https://tokens.example/oauth/access_token"
    stand = Stand("instagram", app=replace(APP, options={"token_url": url}))

    await exchanged(stand)

    assert str(stand.requests[0].url) == url


async def test_tokens_are_exchanged_outside_the_versions_of_the_api() -> None:
    stand = Stand("instagram", app=replace(APP, api_url=f"{API}/v26.0"))

    await stand.publisher.refresh(CREDENTIALS)

    assert stand.routes() == [REFRESH]


async def test_what_was_not_granted_is_noticed(stand: Stand) -> None:
    stand.on(CODES, "code_token_in_list")

    credentials = await exchanged(stand)

    assert credentials.scopes == OWN[:2]


async def test_a_token_is_renewed_by_showing_it(stand: Stand) -> None:
    before = datetime.now(UTC)

    refreshed = await stand.publisher.refresh(replace(CREDENTIALS, scopes=OWN))

    assert query(str(stand.requests[0].url)) == {
        "grant_type": "ig_refresh_token",
        "access_token": ACCESS,
    }
    assert refreshed.access_token == "canary-access-3"
    assert refreshed.expires_at is not None
    assert refreshed.expires_at - before >= timedelta(days=60)
    assert refreshed.scopes == OWN


async def test_the_token_itself_is_what_the_next_refresh_needs(stand: Stand) -> None:
    first = await exchanged(stand)
    second = await stand.publisher.refresh(first)

    assert first.refresh_token == first.access_token
    assert second.refresh_token == second.access_token


async def test_tokens_are_renewed_ten_days_ahead(stand: Stand) -> None:
    assert stand.publisher.refresh_ahead == timedelta(days=10)


CODE_ERRORS = [
    pytest.param("code_was_invalid", Rejected, "consent has run out", "", id="old code"),
    pytest.param("app_was_invalid", Rejected, "INSTAGRAM_CLIENT_ID", "", id="wrong app"),
    pytest.param("token_missing", TemporaryFailure, "Postbot tries again", "", id="no token"),
    pytest.param("status_503", TemporaryFailure, "Postbot tries again", "", id="503"),
    pytest.param("rate_limited", RateLimited, "limits how often", "", id="429"),
]


@pytest.mark.parametrize(("sample", "error", "words", "kind"), CODE_ERRORS)
async def test_a_refused_code_says_what_to_do(
    stand: Stand, sample: str, error: type[PublishError], words: str, kind: str
) -> None:
    stand.on(CODES, sample)

    with pytest.raises(error, match=words) as caught:
        await exchanged(stand)

    assert caught.value.kind == kind
    assert stand.routes() == [CODES]


REFRESH_ERRORS = [
    pytest.param("unauthorized", Rejected, "authentication", id="expired"),
    pytest.param("session_invalid", Rejected, "authentication", id="invalid"),
    pytest.param("too_young", Rejected, "authentication", id="not a day old"),
    pytest.param("secret_was_invalid", Rejected, "authentication", id="wrong app"),
    pytest.param("token_missing", TemporaryFailure, "platform", id="no token"),
    pytest.param("status_503", TemporaryFailure, "platform", id="503"),
    pytest.param("unknown_error", TemporaryFailure, "platform", id="code 1"),
    pytest.param("rate_limited", RateLimited, "rate_limit", id="429"),
    pytest.param("app_throttled", RateLimited, "rate_limit", id="code 4"),
]


@pytest.mark.parametrize(("sample", "error", "cause"), REFRESH_ERRORS)
async def test_a_refused_refresh_says_whether_a_reconnect_is_needed(
    stand: Stand, sample: str, error: type[PublishError], cause: str
) -> None:
    stand.on(REFRESH, sample)

    with pytest.raises(error) as caught:
        await stand.publisher.refresh(CREDENTIALS)

    assert (type(caught.value), caught.value.cause) == (error, cause)


@pytest.mark.parametrize("sample", ["me", "me_in_list"])
async def test_a_token_speaks_for_one_account(stand: Stand, sample: str) -> None:
    stand.on("GET /me", sample)

    (profile,) = await stand.publisher.identify(CREDENTIALS)

    assert (profile.remote_id, profile.username) == ("1700000000000000001", "acme")
    assert profile.credentials is None
    assert dict(stand.requests[0].url.params) == {"fields": "user_id,username,name"}
    assert stand.requests[0].headers["authorization"] == f"Bearer {ACCESS}"


async def test_a_dead_token_speaks_for_nobody(stand: Stand) -> None:
    stand.on("GET /me", "unauthorized")

    with pytest.raises(CredentialsExpired):
        await stand.publisher.identify(CREDENTIALS)


@pytest.mark.parametrize("body", [None, "null", [], {}, {"user_id": "../1"}, {"data": [1]}])
async def test_an_answer_without_an_id_is_no_account(stand: Stand, body: object) -> None:
    stand.on("GET /me", answer(200, body))

    with pytest.raises(TemporaryFailure):
        await stand.publisher.identify(CREDENTIALS)


async def test_by_facebook_a_code_becomes_a_long_lived_token(page_stand: Stand) -> None:
    credentials = await exchanged(page_stand)

    assert page_stand.routes() == [CODES, CODES, "GET /me/permissions"]
    app = {"client_id": "client-1", "client_secret": SECRET}
    assert page_stand.forms("/oauth/access_token") == [
        {**app, "redirect_uri": CALLBACK, "code": "code-1#_"},
        {**app, "grant_type": "fb_exchange_token", "fb_exchange_token": "canary-user-1"},
    ]
    assert credentials.access_token == credentials.refresh_token == "canary-user-1"
    assert credentials.scopes == BY_FACEBOOK


async def test_by_facebook_each_linked_account_has_the_token_of_its_page(
    page_stand: Stand,
) -> None:
    profiles = await page_stand.publisher.identify(PERSON)

    assert profiles == [Profile(**ACME, credentials=PAGE)]


async def test_by_facebook_every_page_of_the_list_is_read(page_stand: Stand) -> None:
    more = {"paging": {"cursors": {"after": "QQ"}, "next": "https://next.example"}}
    page_stand.on("GET /me/accounts", answer(200, {"data": [], **more}), "pages")

    profiles = await page_stand.publisher.identify(PERSON)

    assert [profile.username for profile in profiles] == ["acme"]
    assert page_stand.requests[1].url.params["after"] == "QQ"


async def test_by_facebook_a_page_without_an_account_is_told(page_stand: Stand) -> None:
    page_stand.on("GET /me/accounts", "list_empty")

    with pytest.raises(Rejected, match="None of the chosen Pages") as caught:
        await page_stand.publisher.identify(PERSON)

    assert caught.value.cause is Cause.AUTHENTICATION


async def test_by_facebook_the_token_of_a_page_speaks_for_its_account(page_stand: Stand) -> None:
    profiles = await page_stand.publisher.identify(CREDENTIALS)

    assert profiles == [Profile(**ACME)]


async def test_by_facebook_every_call_proves_the_secret(page_stand: Stand) -> None:
    await page_stand.publisher.identify(CREDENTIALS)

    expected = hmac.new(SECRET.encode(), ACCESS.encode(), hashlib.sha256).hexdigest()
    assert page_stand.requests[0].url.params["appsecret_proof"] == expected


async def test_by_facebook_a_dead_token_is_fetched_anew_with_that_of_the_person(
    page_stand: Stand,
) -> None:
    refreshed = await page_stand.publisher.refresh(replace(CREDENTIALS, scopes=BY_FACEBOOK))

    assert page_stand.routes() == [CODES, "GET /me/accounts"]
    assert page_stand.forms("/oauth/access_token")[0]["fb_exchange_token"] == PERSONS_TOKEN
    assert refreshed == PAGE


LOST = [
    pytest.param(
        replace(CREDENTIALS, refresh_token=None),
        "user_token",
        "Connect it again",
        id="no token of the person",
    ),
    pytest.param(CREDENTIALS, "unauthorized", "no longer accepts", id="dead token of the person"),
    pytest.param(
        replace(CREDENTIALS, profile_id="5"),
        "user_token",
        "no longer linked",
        id="unlinked account",
    ),
]


@pytest.mark.parametrize(("credentials", "sample", "words"), LOST)
async def test_by_facebook_what_cannot_be_fetched_anew_needs_a_reconnect(
    page_stand: Stand, credentials: Credentials, sample: str, words: str
) -> None:
    page_stand.on(CODES, sample)

    with pytest.raises(Rejected, match=words) as caught:
        await page_stand.publisher.refresh(credentials)

    assert caught.value.cause is Cause.AUTHENTICATION


async def test_revoking_asks_instagram_for_nothing(stand: Stand) -> None:
    await stand.publisher.revoke(CREDENTIALS)

    assert stand.requests == []
