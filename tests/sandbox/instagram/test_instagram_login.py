"""Both logins: Instagram's own, and Facebook's with the Page that an account is linked to."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.graph_caller import code_of, error_of

ACME = "17841400000000101"
LABS = "17841400000000102"
SCOPED = 27000000000000101
SCOPES = "instagram_business_basic,instagram_business_content_publish"


async def test_the_dialog_offers_both_profiles(instagram: Any) -> None:
    response = await instagram.link("/oauth/authorize", scope=SCOPES)

    page = await response.text()
    assert "@acme<" in page
    assert "@acme_labs<" in page
    assert page.count('type="checkbox"') == 1
    assert "See your profile and your posts" in page


async def test_the_button_leads_back_with_code_and_state(instagram: Any) -> None:
    page = await instagram.link("/oauth/authorize", scope=SCOPES)

    response = await instagram.client.post(
        str(page.url.relative()), data={"account": "acme_labs"}, allow_redirects=False
    )

    assert response.headers["Location"].endswith("&state=a+state#_")
    _, tokens = await instagram.own_token(code_of(response))
    assert tokens["permissions"] == ["instagram_business_basic"]
    assert (await instagram.get("me", tokens["access_token"], fields="username"))[1][
        "username"
    ] == "acme_labs"


async def test_cancel_leads_back_with_access_denied(instagram: Any) -> None:
    page = await instagram.link("/oauth/authorize", scope=SCOPES)

    response = await instagram.client.post(
        str(page.url.relative()), data={"choice": "deny"}, allow_redirects=False
    )

    answer = parse_qs(urlsplit(response.headers["Location"]).query)
    assert (answer["error"], answer["state"]) == (["access_denied"], ["a state"])


@pytest.mark.parametrize(
    "change", [{"scope": "instagram_basic"}, {"client_id": "x"}, {"auto": "alice"}], ids=str
)
async def test_a_wrong_link_never_leads_back_to_the_app(
    instagram: Any, change: dict[str, str]
) -> None:
    response = await instagram.link(
        "/oauth/authorize", **{"scope": SCOPES, "auto": "acme", **change}
    )

    assert response.status == 400


async def test_a_code_gives_a_token_of_an_hour_and_the_account(instagram: Any) -> None:
    status, tokens = await instagram.own_token(await instagram.own_code())

    _, me = await instagram.get(
        "/v26.0/me", tokens["access_token"], fields="user_id,username,name,account_type"
    )
    assert status == 200
    assert tokens["user_id"] == SCOPED
    assert "instagram_business_content_publish" in tokens["permissions"]
    assert me == {
        "id": str(SCOPED),
        "user_id": ACME,
        "username": "acme",
        "name": "Acme",
        "account_type": "BUSINESS",
    }
    await instagram.switch(token_seconds=0)
    assert error_of(await instagram.get("me", tokens["access_token"])) == (190, 463)


@pytest.mark.parametrize(
    "change",
    [
        {"code": "made up"},
        {"redirect_uri": "http://127.0.0.1:9/elsewhere"},
        {"client_id": "somebody-else"},
        {"client_secret": "a guess"},
        {"grant_type": "password"},
    ],
    ids=str,
)
async def test_a_refused_code_is_answered_in_instagrams_own_shape(
    instagram: Any, change: dict[str, str]
) -> None:
    form = {"code": await instagram.own_code(), **change}

    status, answer = await instagram.own_token(**form)

    assert status == 400
    assert (answer["error_type"], answer["code"]) == ("OAuthException", 400)
    assert answer["error_message"]


async def test_the_code_must_come_in_a_form(instagram: Any) -> None:
    status, answer = await instagram.send("/oauth/access_token", "", code="a")

    assert (status, answer["error_type"]) == (400, "OAuthException")


async def test_the_codes_of_one_login_are_nothing_to_the_other(instagram: Any) -> None:
    facebook = await instagram.own_token(await instagram.code())
    own = await instagram.redeem(await instagram.own_code())

    assert facebook[0] == 400
    assert error_of(own) == (100, None)


async def test_a_token_is_exchanged_for_one_of_sixty_days(instagram: Any) -> None:
    _, short = await instagram.own_token(await instagram.own_code())

    status, long = await instagram.own_exchange(short["access_token"])
    again = await instagram.own_exchange(long["access_token"])

    assert status == 200
    assert (long["token_type"], long["expires_in"]) == ("bearer", 5_184_000)
    assert error_of(again) == (100, None)


@pytest.mark.parametrize(
    ("change", "code"), [({"client_secret": "a guess"}, 101), ({"grant_type": "x"}, 100)], ids=str
)
async def test_an_exchange_needs_the_secret(
    instagram: Any, change: dict[str, str], code: int
) -> None:
    _, short = await instagram.own_token(await instagram.own_code())

    answer = await instagram.own_exchange(short["access_token"], **change)

    assert error_of(answer) == (code, None)


async def test_a_fresh_token_cannot_be_refreshed(instagram: Any, token: str) -> None:
    assert error_of(await instagram.own_refresh(token)) == (100, None)


async def test_a_refresh_gives_sixty_more_days(instagram: Any, token: str) -> None:
    await instagram.switch(refresh_after_a_day=False)

    status, new = await instagram.own_refresh(token)

    assert status == 200
    assert new["access_token"] != token
    assert new["expires_in"] == 5_184_000
    assert "instagram_business_content_publish" in new["permissions"].split(",")
    assert (await instagram.get("me", new["access_token"]))[0] == 200


async def test_an_expired_token_cannot_be_refreshed(instagram: Any, token: str) -> None:
    await instagram.switch(refresh_after_a_day=False, long_token_seconds=0)

    assert error_of(await instagram.own_refresh(token)) == (190, 463)


async def test_a_short_lived_token_cannot_be_refreshed(instagram: Any) -> None:
    await instagram.switch(refresh_after_a_day=False)
    _, short = await instagram.own_token(await instagram.own_code())

    assert error_of(await instagram.own_refresh(short["access_token"])) == (100, None)


async def test_facebook_login_names_the_account_of_each_page(instagram: Any) -> None:
    fields = "name,access_token,instagram_business_account{id,username,name}"

    pages = await instagram.pages(await instagram.log_in(), fields=fields)

    accounts = {name: page["instagram_business_account"] for name, page in pages.items()}
    assert accounts == {
        "Acme": {"id": ACME, "username": "acme", "name": "Acme"},
        "Acme Labs": {"id": LABS, "username": "acme_labs", "name": "Acme Labs"},
    }


async def test_a_page_without_an_account_names_none(instagram: Any) -> None:
    fields = "name,instagram_business_account{id}"

    pages = await instagram.pages(await instagram.log_in("bob"), fields=fields)

    assert pages == {"Acme Shop": {"id": "102000000000103", "name": "Acme Shop"}}


async def test_without_instagram_basic_no_account_is_named(instagram: Any) -> None:
    user = await instagram.log_in(without="instagram_basic")

    pages = await instagram.pages(user, fields="name,instagram_business_account{id}")

    assert "instagram_business_account" not in pages["Acme"]


async def test_facebook_login_can_be_revoked(instagram: Any, token: str) -> None:
    user = await instagram.log_in()
    page = (await instagram.pages(user))["Acme"]["access_token"]

    await instagram.call("DELETE", "me/permissions", user)

    assert error_of(await instagram.get(ACME, page)) == (190, 458)
    assert (await instagram.get("me", token))[0] == 200


async def test_an_account_is_read_by_facebook_login_too(instagram: Any, page_token: str) -> None:
    _, account = await instagram.get(ACME, page_token, fields="id,username,name")

    assert account == {"id": ACME, "username": "acme", "name": "Acme"}
