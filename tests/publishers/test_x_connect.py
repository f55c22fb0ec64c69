from __future__ import annotations

from base64 import b64encode
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
from tests.publishers.stand import ACCESS, CREDENTIALS, PUBLIC_APP, REFRESH, SECRET, Stand, answer

TOKEN = "POST /2/oauth2/token"
REVOKE = "POST /2/oauth2/revoke"
CALLBACK = "https://postbot.example/connect/x/callback"


def test_the_consent_page_is_asked_for_every_scope_with_pkce(stand: Stand) -> None:
    url = stand.publisher.authorize_url(redirect_uri=CALLBACK, state="s1", challenge="c1")

    assert url.startswith("https://platform.example/authorize?")
    assert "+" not in url
    assert {name: value for name, [value] in parse_qs(urlsplit(url).query).items()} == {
        "response_type": "code",
        "client_id": "client-1",
        "redirect_uri": CALLBACK,
        "scope": "tweet.read tweet.write users.read media.write offline.access",
        "state": "s1",
        "code_challenge": "c1",
        "code_challenge_method": "S256",
    }


async def test_a_code_becomes_tokens(stand: Stand) -> None:
    before = datetime.now(UTC)

    credentials = await stand.publisher.exchange(
        code="code-1", redirect_uri=CALLBACK, verifier="v1"
    )

    assert stand.forms("/2/oauth2/token") == [
        {
            "grant_type": "authorization_code",
            "code": "code-1",
            "redirect_uri": CALLBACK,
            "code_verifier": "v1",
        }
    ]
    assert credentials.access_token == "canary-access-2"
    assert credentials.refresh_token == "canary-refresh-2"
    assert credentials.expires_at is not None
    assert credentials.expires_at - before >= timedelta(seconds=7200)
    assert "tweet.write" in credentials.scopes


async def test_an_app_with_a_secret_proves_itself_by_basic_authorization(stand: Stand) -> None:
    await stand.publisher.refresh(CREDENTIALS)

    basic = b64encode(f"client-1:{SECRET}".encode()).decode()
    assert stand.requests[0].headers["authorization"] == f"Basic {basic}"
    assert "client_id" not in stand.forms("/2/oauth2/token")[0]


async def test_an_app_without_a_secret_says_its_name() -> None:
    stand = Stand("x", app=PUBLIC_APP)

    await stand.publisher.refresh(CREDENTIALS)

    assert "authorization" not in stand.requests[0].headers
    assert stand.forms("/2/oauth2/token") == [
        {
            "grant_type": "refresh_token",
            "refresh_token": REFRESH,
            "client_id": "client-1",
        }
    ]


async def test_a_refresh_brings_the_new_refresh_token(stand: Stand) -> None:
    refreshed = await stand.publisher.refresh(CREDENTIALS)

    assert (refreshed.access_token, refreshed.refresh_token) == (
        "canary-access-2",
        "canary-refresh-2",
    )


async def test_a_refresh_token_that_is_not_replaced_is_kept(stand: Stand) -> None:
    stand.on(TOKEN, "tokens_without_refresh")

    refreshed = await stand.publisher.refresh(CREDENTIALS)

    assert refreshed.refresh_token == REFRESH


async def test_without_a_refresh_token_only_a_reconnect_helps(stand: Stand) -> None:
    with pytest.raises(Rejected) as caught:
        await stand.publisher.refresh(Credentials(access_token=ACCESS))

    assert caught.value.cause is Cause.AUTHENTICATION
    assert stand.requests == []


TOKEN_ERRORS = [
    pytest.param("token_was_invalid", Rejected, "authentication", "", id="used refresh token"),
    pytest.param("code_was_invalid", Rejected, "authentication", "", id="old code"),
    pytest.param("client_was_invalid", Rejected, "authentication", "permission", id="wrong app"),
    pytest.param("client_forbidden", Rejected, "authentication", "permission", id="app setup"),
    pytest.param("rate_limited", RateLimited, "rate_limit", "", id="429"),
    pytest.param("status_503", TemporaryFailure, "platform", "", id="503"),
    pytest.param("tokens_missing", TemporaryFailure, "platform", "", id="no tokens in a 200"),
    pytest.param("created_unreadable", TemporaryFailure, "platform", "", id="no JSON in a 200"),
    pytest.param("redirect", TemporaryFailure, "platform", "", id="redirect"),
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


async def test_a_consent_that_ran_out_is_asked_for_again(stand: Stand) -> None:
    stand.on(TOKEN, "code_was_invalid")

    with pytest.raises(Rejected, match="Connect the account again"):
        await stand.publisher.exchange(code="code-1", redirect_uri=CALLBACK, verifier="v1")


async def test_revoking_ends_both_tokens(stand: Stand) -> None:
    await stand.publisher.revoke(CREDENTIALS)

    assert [
        (form["token_type_hint"], form["token"]) for form in stand.forms("/2/oauth2/revoke")
    ] == [
        ("refresh_token", REFRESH),
        ("access_token", ACCESS),
    ]


async def test_revoking_tokens_that_x_has_forgotten_is_no_error(stand: Stand) -> None:
    stand.on(REVOKE, "token_was_invalid")

    await stand.publisher.revoke(CREDENTIALS)

    assert len(stand.requests) == 2


async def test_a_revocation_that_did_not_happen_is_an_error(stand: Stand) -> None:
    stand.on(REVOKE, "status_503")

    with pytest.raises(TemporaryFailure):
        await stand.publisher.revoke(CREDENTIALS)


async def test_tokens_speak_for_one_profile(stand: Stand) -> None:
    profiles = await stand.publisher.identify(CREDENTIALS)

    assert profiles == [Profile(remote_id="1700000000000000001", username="acme", name="Acme")]
    assert stand.requests[0].headers["authorization"] == f"Bearer {ACCESS}"


async def test_a_dead_token_speaks_for_nobody(stand: Stand) -> None:
    stand.on("GET /2/users/me", "unauthorized")

    with pytest.raises(CredentialsExpired):
        await stand.publisher.identify(CREDENTIALS)


@pytest.mark.parametrize(
    "body", [None, "null", [], {}, {"data": []}, {"data": {"id": 1}}, {"data": {"id": "../1"}}]
)
async def test_an_answer_without_an_id_is_no_profile(stand: Stand, body: object) -> None:
    stand.on("GET /2/users/me", answer(200, body))

    with pytest.raises(TemporaryFailure):
        await stand.publisher.identify(CREDENTIALS)
