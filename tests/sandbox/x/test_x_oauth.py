from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.x.problems import Refusal
from sandbox.x.tokens import Code, Tokens
from sandbox.x.world import ACCOUNTS


async def test_the_consent_page_offers_both_profiles_and_a_button(x: Any) -> None:
    response = await x.link()

    page = await response.text()
    assert "Authorize app" in page
    assert "@acme<" in page
    assert "@acme_labs<" in page
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]


async def test_the_button_leads_back_to_the_app_with_code_and_state(x: Any) -> None:
    page = await x.link()

    response = await x.client.post(
        str(page.url.relative()), data={"account": "acme_labs"}, allow_redirects=False
    )

    answer = parse_qs(urlsplit(response.headers["Location"]).query)
    assert answer["state"] == ["a state"]
    _, tokens = await x.redeem(answer["code"][0])
    _, me = await x.call("GET", "/2/users/me", tokens["access_token"])
    assert me["data"]["username"] == "acme_labs"


async def test_cancel_leads_back_with_access_denied(x: Any) -> None:
    page = await x.link()

    response = await x.client.post(
        str(page.url.relative()), data={"choice": "deny"}, allow_redirects=False
    )

    answer = parse_qs(urlsplit(response.headers["Location"]).query)
    assert answer == {"error": ["access_denied"], "state": ["a state"]}


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "somebody-else"},
        {"response_type": "token"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://[broken"},
        {"scope": "tweet.read world.rule"},
        {"scope": ""},
        {"state": ""},
        {"state": "s" * 501},
        {"code_challenge": ""},
        {"code_challenge_method": "S512"},
        {"auto": "nobody"},
    ],
    ids=str,
)
async def test_a_wrong_link_never_leads_back_to_the_app(x: Any, change: dict[str, str]) -> None:
    response = await x.link(**{"auto": "acme", **change})

    assert response.status == 400
    assert "Something went wrong" in await response.text()


async def test_a_code_gives_tokens_for_two_hours(x: Any) -> None:
    status, tokens = await x.redeem(await x.code())

    assert status == 200
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 7200
    assert set(tokens["scope"].split()) >= {"tweet.write", "offline.access"}
    assert tokens["refresh_token"]


async def test_without_offline_access_there_is_no_refresh_token(x: Any) -> None:
    _, tokens = await x.redeem(await x.code(scope="tweet.read users.read"))

    assert "refresh_token" not in tokens


async def test_a_code_works_once(x: Any) -> None:
    code = await x.code()
    await x.redeem(code)

    status, answer = await x.redeem(code)

    assert status == 400
    assert answer["error_description"] == "Value passed for the authorization code was invalid."


def test_a_code_lives_thirty_seconds() -> None:
    tokens = Tokens()
    old = Code(
        account=ACCOUNTS[0],
        client_id="sandbox-x-client",
        redirect_uri="http://127.0.0.1:9/",
        scopes=frozenset(),
        challenge="secret",
        method="plain",
        issued_at=time.time() - 31,
    )
    name = tokens.issue_code(old)

    with pytest.raises(Refusal):
        tokens.redeem_code(
            name,
            client_id="sandbox-x-client",
            redirect_uri="http://127.0.0.1:9/",
            verifier="secret",
        )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code_verifier": "a guess"}, "code verifier"),
        ({"redirect_uri": "http://127.0.0.1:9/elsewhere"}, "redirect uri"),
        ({"code_verifier": ""}, "code_verifier"),
    ],
    ids=["wrong-verifier", "other-redirect", "no-verifier"],
)
async def test_a_code_needs_its_verifier_and_its_redirect(
    x: Any, change: dict[str, str], reason: str
) -> None:
    status, answer = await x.redeem(await x.code(), **change)

    assert status == 400
    assert answer["error"] == "invalid_request"
    assert reason in answer["error_description"]


async def test_a_refresh_replaces_both_tokens(x: Any) -> None:
    _, first = await x.redeem(await x.code())

    status, second = await x.refresh(first["refresh_token"])

    assert status == 200
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]


async def test_an_old_refresh_token_kills_the_whole_family(x: Any) -> None:
    _, first = await x.redeem(await x.code())
    _, second = await x.refresh(first["refresh_token"])

    status, answer = await x.refresh(first["refresh_token"])

    assert status == 400
    assert answer == {
        "error": "invalid_request",
        "error_description": "Value passed for the token was invalid.",
    }
    assert (await x.refresh(second["refresh_token"]))[0] == 400
    assert (await x.call("GET", "/2/users/me", second["access_token"]))[0] == 401


async def test_a_confidential_client_must_send_its_secret(x: Any) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "r", "client_id": "sandbox-x-client"}

    status, answer = await x.token(basic=None, **form)

    assert status == 401
    assert answer["error"] == "unauthorized_client"


async def test_a_public_client_names_itself_in_the_body(x: Any) -> None:
    public = "sandbox-x-public-client"
    code = await x.code(client_id=public)

    status, _ = await x.token(
        basic=None,
        grant_type="authorization_code",
        client_id=public,
        code=code,
        redirect_uri="http://127.0.0.1:9/connect/x/callback",
        code_verifier="correct-horse-battery-staple-correct-horse-battery",
    )

    assert status == 200


async def test_token_requests_must_be_forms(x: Any) -> None:
    response = await x.client.post("/2/oauth2/token", json={"grant_type": "refresh_token"})

    assert response.status == 400


async def test_a_revoked_refresh_token_ends_the_connection(x: Any) -> None:
    _, tokens = await x.redeem(await x.code())

    response = await x.client.post(
        "/2/oauth2/revoke",
        data={"token": tokens["refresh_token"]},
        headers={"Authorization": "Basic c2FuZGJveC14LWNsaWVudDpzYW5kYm94LXgtc2VjcmV0"},
    )

    assert await response.json() == {"revoked": True}
    assert (await x.call("GET", "/2/users/me", tokens["access_token"]))[0] == 401


async def test_tokens_can_be_given_a_shorter_life(x: Any, token: str) -> None:
    await x.switch(token_seconds=0)

    status, problem = await x.call("GET", "/2/users/me", token)

    assert status == 401
    assert (problem["title"], problem["type"]) == ("Unauthorized", "about:blank")


async def test_expiring_access_tokens_leaves_refresh_tokens(x: Any) -> None:
    _, tokens = await x.redeem(await x.code())

    await x.client.post("/_/expire_tokens")

    assert (await x.call("GET", "/2/users/me", tokens["access_token"]))[0] == 401
    assert (await x.refresh(tokens["refresh_token"]))[0] == 200


async def test_taking_back_access_ends_refresh_tokens_too(x: Any) -> None:
    _, tokens = await x.redeem(await x.code())

    await x.client.post("/_/expire_tokens", json={"refresh_tokens": True})

    assert (await x.refresh(tokens["refresh_token"]))[0] == 400
