from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.pinterest.cast import ACME
from sandbox.pinterest.problems import Refusal
from sandbox.pinterest.tokens import Code, Grant, Tokens
from tests.sandbox.pinterest.pinterest_stand import BASIC

DAY = 86_400


async def test_the_consent_page_offers_both_accounts_and_says_what_is_asked(
    pinterest: Any,
) -> None:
    response = await pinterest.link()

    page = await response.text()
    assert "@acme<" in page
    assert "@acme_labs<" in page
    assert "Create, change and delete your public Pins" in page
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]


async def test_the_button_leads_back_to_the_app_with_code_and_state(pinterest: Any) -> None:
    page = await pinterest.link()

    response = await pinterest.client.post(
        str(page.url.relative()), data={"account": "acme_labs"}, allow_redirects=False
    )

    answer = parse_qs(urlsplit(response.headers["Location"]).query)
    assert answer["state"] == ["a state"]
    _, tokens = await pinterest.redeem(answer["code"][0])
    _, me = await pinterest.call("GET", "/v5/user_account", tokens["access_token"])
    assert (me["username"], me["account_type"]) == ("acme_labs", "BUSINESS")


async def test_cancel_leads_back_with_access_denied(pinterest: Any) -> None:
    page = await pinterest.link()

    response = await pinterest.client.post(
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
        {"scope": "boards:read,world:rule"},
        {"scope": "boards:read pins:read"},
        {"scope": ""},
        {"code_challenge": "Pinterest knows no PKCE"},
        {"auto": "nobody"},
    ],
    ids=str,
)
async def test_a_wrong_link_never_leads_back_to_the_app(
    pinterest: Any, change: dict[str, str]
) -> None:
    response = await pinterest.link(**{"auto": "acme", **change})

    assert response.status == 400
    assert "Something went wrong" in await response.text()


async def test_a_code_gives_tokens_for_thirty_and_sixty_days(pinterest: Any) -> None:
    status, tokens = await pinterest.redeem(await pinterest.code())

    assert status == 200
    assert tokens["access_token"].startswith("pina_")
    assert tokens["refresh_token"].startswith("pinr_")
    assert tokens["response_type"] == "authorization_code"
    assert tokens["expires_in"] == 30 * DAY
    assert tokens["refresh_token_expires_in"] == 60 * DAY
    assert tokens["refresh_token_expires_at"] == pytest.approx(time.time() + 60 * DAY, abs=5)
    assert "pins:write" in tokens["scope"].split()


async def test_a_code_works_once(pinterest: Any) -> None:
    code = await pinterest.code()
    await pinterest.redeem(code)

    status, answer = await pinterest.redeem(code)

    assert status == 401
    assert (answer["code"], answer["message"]) == (283, "The authorization grant is invalid")


def test_a_code_is_short_lived() -> None:
    tokens = Tokens()
    grant = Grant(account=ACME, client_id="c", scopes=frozenset())
    name = tokens.issue_code(Code(grant=grant, redirect_uri="r", issued_at=time.time() - 61))

    with pytest.raises(Refusal):
        tokens.redeem_code(name, client_id="c", redirect_uri="r")


async def test_a_code_needs_the_redirect_uri_of_its_link(pinterest: Any) -> None:
    code = await pinterest.code()

    status, _ = await pinterest.redeem(code, redirect_uri="http://127.0.0.1:9/elsewhere")

    assert status == 401


async def test_a_refresh_replaces_both_tokens_and_ends_the_old_refresh_token(
    pinterest: Any,
) -> None:
    _, first = await pinterest.redeem(await pinterest.code())

    status, second = await pinterest.refresh(first["refresh_token"])

    again = await pinterest.refresh(first["refresh_token"])
    assert status == 200
    assert second["response_type"] == "refresh_token"
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert (again[0], again[1]["code"]) == (401, 283)
    assert (await pinterest.refresh(second["refresh_token"]))[0] == 200


async def test_a_refresh_may_narrow_the_scopes_and_not_widen_them(pinterest: Any) -> None:
    _, first = await pinterest.redeem(await pinterest.code())

    wider = await pinterest.refresh(first["refresh_token"], scope="boards:read,ads:write")
    narrower = await pinterest.refresh(first["refresh_token"], scope="boards:read")

    assert wider[0] == 400
    assert narrower[1]["scope"] == "boards:read"


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "client_credentials", "scope": "boards:read"},
        {"grant_type": "password"},
        {"grant_type": "authorization_code", "code": "c"},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": "r", "client_id": "c"},
        {},
    ],
    ids=str,
)
async def test_a_wrong_form_is_refused(pinterest: Any, form: dict[str, str]) -> None:
    status, answer = await pinterest.token(**form)

    assert (status, answer["code"]) == (400, 1)


async def test_continuous_refresh_may_be_asked_for(pinterest: Any) -> None:
    status, _ = await pinterest.redeem(await pinterest.code(), continuous_refresh="true")

    assert status == 200


@pytest.mark.parametrize(
    "basic", [None, "Bearer x", "Basic !", "Basic c2FuZGJveC1waW50ZXJlc3QtY2xpZW50Og=="]
)
async def test_the_client_must_send_its_secret(pinterest: Any, basic: str | None) -> None:
    status, answer = await pinterest.token(
        basic=basic, grant_type="refresh_token", refresh_token="r"
    )

    assert (status, answer["code"]) == (401, 2)


async def test_token_requests_must_be_forms(pinterest: Any) -> None:
    headers = {"Authorization": BASIC}

    response = await pinterest.client.post(
        "/v5/oauth/token", json={"grant_type": "refresh_token"}, headers=headers
    )

    assert response.status == 400


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_a_revoked_token_is_dead(pinterest: Any, kind: str) -> None:
    _, tokens = await pinterest.redeem(await pinterest.code())

    status, _ = await pinterest.form(
        "/v5/oauth/token/revoke", token=tokens[kind], token_type_hint=kind
    )

    me = await pinterest.call("GET", "/v5/user_account", tokens["access_token"])
    refreshed = await pinterest.refresh(tokens["refresh_token"])
    assert status == 200
    assert [me[0], refreshed[0]] == ([401, 200] if kind == "access_token" else [200, 401])


async def test_revoking_can_be_forbidden(pinterest: Any) -> None:
    _, tokens = await pinterest.redeem(await pinterest.code())
    await pinterest.switch(revocation=False)

    status, answer = await pinterest.form("/v5/oauth/token/revoke", token=tokens["access_token"])

    assert (status, answer["code"]) == (403, 29)


async def test_tokens_can_be_given_a_shorter_life(pinterest: Any, token: str) -> None:
    await pinterest.switch(token_seconds=0)

    status, answer = await pinterest.call("GET", "/v5/user_account", token)

    assert (status, answer["code"]) == (401, 2)


async def test_expiring_access_tokens_leaves_refresh_tokens(pinterest: Any) -> None:
    _, tokens = await pinterest.redeem(await pinterest.code())

    await pinterest.client.post("/_/expire_tokens")

    assert (await pinterest.call("GET", "/v5/boards", tokens["access_token"]))[0] == 401
    assert (await pinterest.refresh(tokens["refresh_token"]))[0] == 200


async def test_taking_back_access_ends_refresh_tokens_too(pinterest: Any) -> None:
    _, tokens = await pinterest.redeem(await pinterest.code())

    await pinterest.client.post("/_/expire_tokens", json={"refresh_tokens": True})

    assert (await pinterest.refresh(tokens["refresh_token"]))[0] == 401
