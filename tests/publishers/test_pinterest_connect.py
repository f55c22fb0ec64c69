from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from publishers import (
    Cause,
    Credentials,
    CredentialsExpired,
    Place,
    Profile,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from tests.publishers.stand import ACCESS, CREDENTIALS, REFRESH, SECRET, Stand, answer

TOKEN = "POST /oauth/token"
REVOKE = "POST /oauth/token/revoke"
CALLBACK = "https://postbot.example/connect/pinterest/callback"
SCOPES = ("boards:read", "boards:write", "pins:read", "pins:write", "user_accounts:read")


def test_the_consent_page_is_asked_for_every_scope_by_commas(stand: Stand) -> None:
    url = stand.publisher.authorize_url(redirect_uri=CALLBACK, state="s1", challenge="c1")

    assert url.startswith("https://platform.example/authorize/?")
    assert {name: value for name, [value] in parse_qs(urlsplit(url).query).items()} == {
        "response_type": "code",
        "client_id": "client-1",
        "redirect_uri": CALLBACK,
        "scope": "boards:read,boards:write,pins:read,pins:write,user_accounts:read",
        "state": "s1",
    }


async def test_a_code_becomes_tokens_that_change_with_every_refresh(stand: Stand) -> None:
    before = datetime.now(UTC)

    credentials = await stand.publisher.exchange(
        code="code-1", redirect_uri=CALLBACK, verifier="v1"
    )

    assert stand.forms("/oauth/token") == [
        {
            "grant_type": "authorization_code",
            "code": "code-1",
            "redirect_uri": CALLBACK,
            "continuous_refresh": "true",
        }
    ]
    assert credentials.access_token == "canary-access-2"
    assert credentials.refresh_token == "canary-refresh-2"
    assert credentials.expires_at is not None
    assert credentials.expires_at - before >= timedelta(days=30)
    assert credentials.scopes == SCOPES


async def test_scopes_are_read_however_they_are_separated(stand: Stand) -> None:
    stand.on(TOKEN, "tokens_with_commas")

    credentials = await stand.publisher.refresh(CREDENTIALS)

    assert credentials.scopes == SCOPES


async def test_the_app_proves_itself_by_basic_authorization(stand: Stand) -> None:
    await stand.publisher.refresh(CREDENTIALS)

    basic = b64encode(f"client-1:{SECRET}".encode()).decode()
    assert stand.requests[0].headers["authorization"] == f"Basic {basic}"
    assert stand.forms("/oauth/token") == [
        {"grant_type": "refresh_token", "refresh_token": REFRESH}
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
    pytest.param("grant_invalid", Rejected, "authentication", "", id="used refresh token"),
    pytest.param("app_invalid", Rejected, "authentication", "permission", id="unknown app"),
    pytest.param("unauthorized", Rejected, "authentication", "permission", id="wrong secret"),
    pytest.param("redirect_uri", Rejected, "authentication", "permission", id="callback"),
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


@pytest.mark.parametrize(
    ("sample", "advice"),
    [
        ("grant_invalid", "Connect the account again"),
        ("unauthorized", "PINTEREST_CLIENT_ID and PINTEREST_CLIENT_SECRET"),
        ("redirect_uri", "callback address"),
    ],
)
async def test_a_refused_consent_says_what_to_do(stand: Stand, sample: str, advice: str) -> None:
    stand.on(TOKEN, sample)

    with pytest.raises(Rejected, match=advice):
        await stand.publisher.exchange(code="code-1", redirect_uri=CALLBACK, verifier="v1")


async def test_revoking_ends_both_tokens(stand: Stand) -> None:
    await stand.publisher.revoke(CREDENTIALS)

    assert [
        (form["token_type_hint"], form["token"]) for form in stand.forms("/oauth/token/revoke")
    ] == [
        ("refresh_token", REFRESH),
        ("access_token", ACCESS),
    ]


async def test_where_apps_may_not_revoke_a_person_is_told_how(stand: Stand) -> None:
    stand.on(REVOKE, "not_permitted")

    with pytest.raises(Rejected, match=r"security settings of the account on pinterest\.com"):
        await stand.publisher.revoke(CREDENTIALS)


@pytest.mark.parametrize(
    ("sample", "error"), [("status_503", TemporaryFailure), ("unauthorized", Rejected)]
)
async def test_a_revocation_that_did_not_happen_is_an_error(
    stand: Stand, sample: str, error: type[Exception]
) -> None:
    stand.on(REVOKE, sample)

    with pytest.raises(error):
        await stand.publisher.revoke(CREDENTIALS)


@pytest.mark.parametrize(("sample", "name"), [("me", "Acme"), ("me_without_business", "acme")])
async def test_tokens_speak_for_one_profile(stand: Stand, sample: str, name: str) -> None:
    stand.on("GET /user_account", sample)

    profiles = await stand.publisher.identify(CREDENTIALS)

    assert profiles == [Profile(remote_id="2783136121146311751", username="acme", name=name)]
    assert stand.requests[0].headers["authorization"] == f"Bearer {ACCESS}"


async def test_a_dead_token_speaks_for_nobody(stand: Stand) -> None:
    stand.on("GET /user_account", "unauthorized")

    with pytest.raises(CredentialsExpired):
        await stand.publisher.identify(CREDENTIALS)


@pytest.mark.parametrize("body", [None, "null", [], {}, {"username": "acme"}, {"id": "../1"}])
async def test_an_answer_without_an_id_is_no_profile(stand: Stand, body: object) -> None:
    stand.on("GET /user_account", answer(200, body))

    with pytest.raises(TemporaryFailure):
        await stand.publisher.identify(CREDENTIALS)


def listed(*items: Any, bookmark: str | None = None) -> Any:
    return answer(200, {"items": list(items), "bookmark": bookmark})


def named(place_id: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": place_id, "name": name, **more}


async def test_a_post_can_go_to_a_board_or_to_a_section_of_one(stand: Stand) -> None:
    stand.on("GET /boards/*/sections", listed(named("11", "Coral"), named("12", "Sky")), listed())

    places = await stand.publisher.places(CREDENTIALS)

    assert places == [
        Place(id="549755885001", name="Summer walls"),
        Place(id="549755885001/11", name="Summer walls › Coral"),
        Place(id="549755885001/12", name="Summer walls › Sky"),
        Place(id="549755885002", name="Small kitchens"),
    ]


async def test_every_page_of_boards_and_sections_is_read(stand: Stand) -> None:
    stand.on("GET /boards", listed(bookmark="b2"), listed(named("1", "A")))
    stand.on(
        "GET /boards/*/sections", listed(named("11", "B"), bookmark="s2"), listed(named("12", "C"))
    )

    places = await stand.publisher.places(CREDENTIALS)

    assert [place.id for place in places] == ["1", "1/11", "1/12"]
    assert [(one.url.path, dict(one.url.params)) for one in stand.requests] == [
        ("/boards", {"page_size": "250"}),
        ("/boards", {"page_size": "250", "bookmark": "b2"}),
        ("/boards/1/sections", {"page_size": "250"}),
        ("/boards/1/sections", {"page_size": "250", "bookmark": "s2"}),
    ]


async def test_a_board_for_ads_is_no_place_for_a_post(stand: Stand) -> None:
    stand.on("GET /boards", listed(named("1", "Ad-only Pins", is_ads_only=True), named("2", "B")))

    places = await stand.publisher.places(CREDENTIALS)

    assert [place.id for place in places] == ["2"]


async def test_a_board_without_a_name_is_called_by_its_id(stand: Stand) -> None:
    stand.on("GET /boards", listed({"id": "1"}, {"name": "no id"}, 5))

    places = await stand.publisher.places(CREDENTIALS)

    assert places == [Place(id="1", name="1")]


async def test_boards_without_end_are_given_up(stand: Stand) -> None:
    stand.on("GET /boards", listed(bookmark="more"))

    places = await stand.publisher.places(CREDENTIALS)

    assert places == []
    assert len(stand.requests) == 10


@pytest.mark.parametrize(
    ("sample", "error"),
    [
        ("unauthorized", CredentialsExpired),
        ("rate_limited", RateLimited),
        ("status_503", TemporaryFailure),
    ],
)
async def test_boards_that_cannot_be_read_are_an_error(
    stand: Stand, sample: str, error: type[Exception]
) -> None:
    stand.on("GET /boards", sample)

    with pytest.raises(error):
        await stand.publisher.places(CREDENTIALS)
