from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from publishers import (
    Cause,
    Credentials,
    CredentialsExpired,
    Profile,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from tests.publishers.stand import ACCESS, CREDENTIALS, REFRESH, SECRET, Stand, answer

TOKEN = "POST /oauth/access_token"
ACCOUNTS = "GET /me/accounts"
PERMISSIONS = "/me/permissions"
CALLBACK = "https://postbot.example/connect/facebook/callback"
PAGE = "1700000000000000001"
SCOPES = (
    "pages_show_list",
    "pages_read_engagement",
    "pages_manage_posts",
    "pages_manage_engagement",
    "business_management",
)
PERSON = Credentials(access_token=ACCESS, refresh_token=ACCESS, scopes=SCOPES)


@pytest.fixture
def stand() -> Stand:
    return Stand("facebook")


async def exchange(stand: Stand) -> Credentials:
    return await stand.publisher.exchange(code="code-1", redirect_uri=CALLBACK, verifier="v1")


def test_the_consent_page_is_asked_for_every_scope_also_for_one_refused_before(
    stand: Stand,
) -> None:
    url = stand.publisher.authorize_url(redirect_uri=CALLBACK, state="s1", challenge="c1")

    assert url.startswith("https://platform.example/authorize?")
    assert {name: value for name, [value] in parse_qs(urlsplit(url).query).items()} == {
        "response_type": "code",
        "client_id": "client-1",
        "redirect_uri": CALLBACK,
        "scope": ",".join(SCOPES),
        "state": "s1",
        "auth_type": "rerequest",
    }


async def test_a_code_becomes_a_token_for_sixty_days(stand: Stand) -> None:
    before = datetime.now(UTC)

    credentials = await exchange(stand)

    app = {"client_id": "client-1", "client_secret": SECRET}
    assert stand.forms("/oauth/access_token") == [
        {**app, "code": "code-1", "redirect_uri": CALLBACK},
        {**app, "grant_type": "fb_exchange_token", "fb_exchange_token": "canary-access-2"},
    ]
    assert credentials.access_token == credentials.refresh_token == "canary-access-2"
    assert credentials.expires_at is not None
    assert credentials.expires_at - before > timedelta(days=59)


async def test_what_a_person_switched_off_is_not_among_the_scopes(stand: Stand) -> None:
    whole = await exchange(stand)
    stand.on(f"GET {PERMISSIONS}", "permissions_declined")

    part = await exchange(stand)

    assert set(SCOPES) <= set(whole.scopes)
    assert part.scopes == ("public_profile", "pages_read_engagement")


async def test_secrets_stand_in_no_address(stand: Stand) -> None:
    await exchange(stand)
    await stand.publisher.identify(PERSON)
    await stand.publisher.refresh(CREDENTIALS)
    await stand.publisher.revoke(CREDENTIALS)

    assert [str(one.url) for one in stand.requests if "canary" in str(one.url)] == []


async def test_every_call_proves_that_it_is_our_apps(stand: Stand) -> None:
    await stand.publisher.identify(PERSON)

    (request,) = stand.requests
    proof = hmac.new(SECRET.encode(), ACCESS.encode(), hashlib.sha256).hexdigest()
    assert request.url.params["appsecret_proof"] == proof
    assert request.headers["authorization"] == f"Bearer {ACCESS}"


async def test_a_person_speaks_for_the_pages_that_they_may_post_on(stand: Stand) -> None:
    profiles = await stand.publisher.identify(PERSON)

    assert profiles == [
        Profile(
            remote_id=PAGE,
            username="acme",
            name="Acme",
            credentials=Credentials(
                access_token=f"canary-page-{PAGE}", refresh_token=ACCESS, scopes=SCOPES
            ),
        ),
        Profile(
            remote_id="1700000000000000002",
            username="1700000000000000002",
            name="Acme Labs",
            credentials=Credentials(
                access_token="canary-page-1700000000000000002",
                refresh_token=ACCESS,
                scopes=SCOPES,
            ),
        ),
    ]


async def test_pages_are_read_to_the_end_of_the_list(stand: Stand) -> None:
    stand.on(ACCOUNTS, "accounts_first_page", "accounts")

    profiles = await stand.publisher.identify(PERSON)

    assert len(profiles) == 3
    assert [one.url.params.get("after") for one in stand.requests] == [None, "page2"]


async def test_somebody_without_a_page_is_told_what_to_do(stand: Stand) -> None:
    stand.on(ACCOUNTS, "accounts_empty")

    with pytest.raises(Rejected, match="Ask an admin of the Page for a role") as caught:
        await stand.publisher.identify(PERSON)

    assert (caught.value.cause, caught.value.kind) == (Cause.AUTHENTICATION, "permission")


async def test_a_permission_that_hides_the_pages_is_named(stand: Stand) -> None:
    stand.on(ACCOUNTS, "accounts_empty")

    with pytest.raises(Rejected) as caught:
        await stand.publisher.identify(replace(PERSON, scopes=SCOPES[1:]))

    assert caught.value.sentence == (
        "Facebook did not grant pages_show_list. Leave every permission switched on."
    )


async def test_the_token_of_a_page_speaks_for_that_page(stand: Stand) -> None:
    profiles = await stand.publisher.identify(CREDENTIALS)

    assert profiles == [Profile(remote_id=PAGE, username="acme", name="Acme")]
    assert stand.routes() == [f"GET /{PAGE}"]


@pytest.mark.parametrize("body", [None, "null", [], {}, {"id": 5}])
async def test_an_answer_without_an_id_is_no_page(stand: Stand, body: object) -> None:
    stand.on(f"GET /{PAGE}", answer(200, body))

    with pytest.raises(TemporaryFailure):
        await stand.publisher.identify(CREDENTIALS)


async def test_a_dead_token_speaks_for_nobody(stand: Stand) -> None:
    stand.on(ACCOUNTS, "unauthorized")

    with pytest.raises(CredentialsExpired):
        await stand.publisher.identify(PERSON)


async def test_a_refresh_brings_a_new_token_of_the_same_page(stand: Stand) -> None:
    refreshed = await stand.publisher.refresh(replace(CREDENTIALS, scopes=SCOPES))

    assert refreshed == Credentials(
        access_token=f"canary-page-{PAGE}", refresh_token="canary-access-2", scopes=SCOPES
    )
    assert stand.forms("/oauth/access_token")[0]["fb_exchange_token"] == REFRESH
    assert stand.requests[-1].headers["authorization"] == "Bearer canary-access-2"


async def test_a_person_who_lost_the_page_must_let_another_connect_it(stand: Stand) -> None:
    with pytest.raises(Rejected, match="let somebody who has one connect it") as caught:
        await stand.publisher.refresh(replace(CREDENTIALS, profile_id="1700000000000000003"))

    assert (caught.value.cause, caught.value.kind) == (Cause.AUTHENTICATION, "")


async def test_a_persons_own_tokens_are_refreshed_without_a_page(stand: Stand) -> None:
    refreshed = await stand.publisher.refresh(PERSON)

    assert refreshed.access_token == refreshed.refresh_token == "canary-access-2"
    assert stand.routes() == [TOKEN]


async def test_without_a_persons_token_only_a_reconnect_helps(stand: Stand) -> None:
    with pytest.raises(Rejected) as caught:
        await stand.publisher.refresh(Credentials(access_token=ACCESS))

    assert caught.value.cause is Cause.AUTHENTICATION
    assert stand.requests == []


TOKEN_ERRORS = [
    pytest.param("unauthorized", Rejected, "authentication", "", id="dead token"),
    pytest.param("wrong_code", Rejected, "authentication", "", id="used code"),
    pytest.param("wrong_app", Rejected, "authentication", "permission", id="wrong app"),
    pytest.param("wrong_secret", Rejected, "authentication", "permission", id="wrong secret"),
    pytest.param("rate_limited", RateLimited, "rate_limit", "", id="429"),
    pytest.param("throttled", RateLimited, "rate_limit", "", id="throttled"),
    pytest.param("trouble", TemporaryFailure, "platform", "", id="500"),
    pytest.param("tokens_missing", TemporaryFailure, "platform", "", id="no tokens in a 200"),
    pytest.param("unreadable", TemporaryFailure, "platform", "", id="no JSON in a 200"),
]


@pytest.mark.parametrize(("sample", "error", "cause", "kind"), TOKEN_ERRORS)
async def test_a_refused_refresh_says_whether_a_reconnect_is_needed(
    stand: Stand, sample: str, error: type[Rejected], cause: str, kind: str
) -> None:
    stand.on(TOKEN, sample)

    with pytest.raises(error) as caught:
        await stand.publisher.refresh(CREDENTIALS)

    assert (caught.value.cause, caught.value.kind) == (cause, kind)
    assert len(stand.requests) == 1


async def test_a_dead_token_while_pages_are_read_needs_a_reconnect(stand: Stand) -> None:
    stand.on(ACCOUNTS, "unauthorized")

    with pytest.raises(Rejected) as caught:
        await stand.publisher.refresh(CREDENTIALS)

    assert caught.value.cause is Cause.AUTHENTICATION


async def test_a_consent_that_ran_out_is_asked_for_again(stand: Stand) -> None:
    stand.on(TOKEN, "wrong_code")

    with pytest.raises(Rejected, match="Connect the account again"):
        await exchange(stand)


async def test_revoking_takes_back_what_the_person_allowed(stand: Stand) -> None:
    await stand.publisher.revoke(CREDENTIALS)

    assert stand.routes() == [f"DELETE {PERMISSIONS}"]
    assert stand.requests[0].headers["authorization"] == f"Bearer {REFRESH}"


async def test_revoking_a_token_that_is_dead_is_no_error(stand: Stand) -> None:
    stand.on(f"DELETE {PERMISSIONS}", "unauthorized")

    await stand.publisher.revoke(CREDENTIALS)

    assert len(stand.requests) == 1


async def test_a_revocation_that_did_not_happen_is_an_error(stand: Stand) -> None:
    stand.on(f"DELETE {PERMISSIONS}", "trouble")

    with pytest.raises(TemporaryFailure):
        await stand.publisher.revoke(CREDENTIALS)
