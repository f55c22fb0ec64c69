"""Facebook Login and the tokens that come of it."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.graph_caller import code_of, error_of

ACME = "102000000000101"


def proof(token: str) -> str:
    return hmac.new(b"sandbox-facebook-secret", token.encode(), hashlib.sha256).hexdigest()


async def test_the_dialog_offers_everybody_and_a_tick_for_each_scope(facebook: Any) -> None:
    response = await facebook.link()

    page = await response.text()
    assert all(name in page for name in ("@alice", "@bob", "@carol", "Alice: Acme, Acme Labs"))
    assert page.count('type="checkbox"') == 5
    assert 'value="pages_manage_posts" checked' in page
    assert "See your name and picture" in page
    assert "form-action 'self' http://127.0.0.1:9" in response.headers["Content-Security-Policy"]


async def test_the_button_leads_back_with_what_stayed_ticked(facebook: Any) -> None:
    page = await facebook.link()
    form = [("account", "alice"), ("scope", "pages_show_list"), ("scope", "pages_manage_posts")]

    response = await facebook.client.post(
        str(page.url.relative()), data=form, allow_redirects=False
    )

    assert response.headers["Location"].endswith("&state=a+state#_=_")
    _, tokens = await facebook.redeem(code_of(response))
    _, allowed = await facebook.get("me/permissions", tokens["access_token"])
    granted = {one["permission"] for one in allowed["data"] if one["status"] == "granted"}
    declined = {one["permission"] for one in allowed["data"] if one["status"] == "declined"}
    assert granted == {"public_profile", "pages_show_list", "pages_manage_posts"}
    assert declined == {
        "business_management",
        "pages_manage_engagement",
        "pages_read_engagement",
    }


async def test_cancel_leads_back_with_access_denied(facebook: Any) -> None:
    page = await facebook.link()

    response = await facebook.client.post(
        str(page.url.relative()), data={"choice": "deny"}, allow_redirects=False
    )

    answer = parse_qs(urlsplit(response.headers["Location"]).query)
    assert (answer["error"], answer["state"]) == (["access_denied"], ["a state"])
    assert "code" not in answer


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "somebody-else"},
        {"response_type": "token"},
        {"redirect_uri": "javascript:alert(1)"},
        {"scope": "pages_show_list,world_rule"},
        {"auto": "nobody"},
        {"without": "public_profile"},
        {"without": "publish_video"},
    ],
    ids=lambda change: "-".join(change.values()),
)
async def test_a_wrong_link_never_leads_back_to_the_app(
    facebook: Any, change: dict[str, str]
) -> None:
    response = await facebook.link(**{"auto": "alice", **change})

    assert response.status == 400
    assert "Something went wrong" in await response.text()


async def test_a_code_gives_a_token_for_an_hour(facebook: Any) -> None:
    status, tokens = await facebook.redeem(await facebook.code())

    assert status == 200
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 3600)
    assert (await facebook.get("me", tokens["access_token"]))[1]["name"] == "Alice"


async def test_a_code_works_once(facebook: Any) -> None:
    code = await facebook.code()
    await facebook.redeem(code)

    again = await facebook.redeem(code)

    assert error_of(again) == (100, 36009)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uri": "http://127.0.0.1:9/elsewhere"}, (100, 36008)),
        ({"client_id": "somebody-else"}, (101, None)),
        ({"client_secret": "a guess"}, (1, None)),
        ({"code": "made up"}, (100, None)),
        ({"grant_type": "password"}, (100, None)),
    ],
    ids=lambda value: str(value),
)
async def test_a_code_needs_the_right_app_and_redirect(
    facebook: Any, change: dict[str, str], error: tuple[int, int | None]
) -> None:
    answer = await facebook.redeem(**{"code": await facebook.code(), **change})

    assert error_of(answer) == error


async def test_a_token_is_exchanged_for_one_of_sixty_days(facebook: Any) -> None:
    _, short = await facebook.redeem(await facebook.code())

    status, long = await facebook.exchange(short["access_token"])

    assert status == 200
    assert long["access_token"] != short["access_token"]
    assert long["expires_in"] == 5_184_000


async def test_an_expired_token_cannot_be_exchanged(facebook: Any) -> None:
    _, short = await facebook.redeem(await facebook.code())
    await facebook.switch(token_seconds=0)

    answer = await facebook.exchange(short["access_token"])

    assert error_of(answer) == (190, 463)


async def test_everybody_sees_their_own_pages(facebook: Any) -> None:
    alice = await facebook.pages(await facebook.log_in("alice"))
    bob = await facebook.pages(await facebook.log_in("bob"))
    carol = await facebook.pages(await facebook.log_in("carol"))

    assert list(alice) == ["Acme", "Acme Labs"]
    assert list(bob) == ["Acme Shop"]
    assert "CREATE_CONTENT" in bob["Acme Shop"]["tasks"]
    assert list(carol) == ["Acme Archive"]
    assert "CREATE_CONTENT" not in carol["Acme Archive"]["tasks"]


async def test_pages_come_a_page_at_a_time(facebook: Any) -> None:
    token = await facebook.log_in()

    _, first = await facebook.get("me/accounts", token, limit="1", fields="name")
    _, second = await facebook.get(
        "me/accounts", token, limit="1", fields="name", after=first["paging"]["cursors"]["after"]
    )

    assert [page["name"] for page in first["data"] + second["data"]] == ["Acme", "Acme Labs"]
    assert "next" in first["paging"]
    assert "next" not in second["paging"]


async def test_without_pages_show_list_no_page_is_seen(facebook: Any) -> None:
    assert await facebook.pages(await facebook.log_in(without="pages_show_list")) == {}


async def test_a_page_token_of_a_long_lived_token_never_expires(facebook: Any) -> None:
    user = await facebook.log_in()
    page = (await facebook.pages(user))["Acme"]["access_token"]

    _, described = await facebook.get("debug_token", user, input_token=page)

    data = described["data"]
    assert (data["type"], data["is_valid"], data["expires_at"]) == ("PAGE", True, 0)
    assert data["profile_id"] == ACME
    assert "pages_manage_posts" in data["scopes"]


async def test_a_page_token_of_a_short_lived_token_expires_with_it(facebook: Any) -> None:
    _, short = await facebook.redeem(await facebook.code())
    page = (await facebook.pages(short["access_token"]))["Acme"]["access_token"]
    await facebook.switch(token_seconds=0)

    assert error_of(await facebook.get("me", page)) == (190, 463)


async def test_asking_for_pages_again_gives_the_same_tokens(facebook: Any) -> None:
    user = await facebook.log_in()

    assert await facebook.pages(user) == await facebook.pages(user)


async def test_a_dead_token_is_described_as_such(facebook: Any) -> None:
    user = await facebook.log_in()
    await facebook.client.post("/_/expire_tokens")
    app_token = "sandbox-facebook-client|sandbox-facebook-secret"

    status, described = await facebook.get("debug_token", app_token, input_token=user)

    assert status == 200
    assert described["data"]["is_valid"] is False
    assert (described["data"]["error"]["code"], described["data"]["error"]["subcode"]) == (190, 463)


async def test_revoking_ends_every_token_of_the_person_and_of_nobody_else(facebook: Any) -> None:
    user, page = await facebook.log_in(), await facebook.connect()
    bob = await facebook.log_in("bob")

    status, answer = await facebook.call("DELETE", "me/permissions", user)

    assert (status, answer) == (200, {"success": True})
    assert error_of(await facebook.get("me", user)) == (190, 458)
    assert error_of(await facebook.get("me", page)) == (190, 458)
    assert (await facebook.get("me", bob))[0] == 200


async def test_one_permission_can_be_taken_back(facebook: Any) -> None:
    user = await facebook.log_in()
    page = (await facebook.pages(user))["Acme"]["access_token"]

    await facebook.call("DELETE", "me/permissions/pages_manage_posts", user)

    assert error_of(await facebook.post(page, "hello")) == (200, None)


async def test_the_page_can_take_back_the_access_of_all_apps(facebook: Any, token: str) -> None:
    await facebook.client.post("/_/expire_tokens", json={"refresh_tokens": True})

    assert error_of(await facebook.get("me", token)) == (190, 458)


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"Authorization": "Bearer {}"}},
        {"headers": {"Authorization": "OAuth {}"}},
        {"params": {"access_token": "{}"}},
    ],
    ids=["bearer", "oauth", "query"],
)
async def test_a_token_may_come_in_three_ways(
    facebook: Any, token: str, options: dict[str, dict[str, str]]
) -> None:
    filled = {
        kind: {name: value.format(token) for name, value in values.items()}
        for kind, values in options.items()
    }

    response = await facebook.client.get("/v26.0/me", **filled)

    assert response.status == 200


@pytest.mark.parametrize(
    ("token", "error"), [("", (2500, None)), ("EAAmadeup", (190, None))], ids=["none", "made-up"]
)
async def test_a_call_without_a_living_token_is_refused(
    facebook: Any, token: str, error: tuple[int, None]
) -> None:
    assert error_of(await facebook.get("me", token)) == error


async def test_a_right_proof_is_taken_and_a_wrong_one_refused(facebook: Any, token: str) -> None:
    right = await facebook.get("me", token, appsecret_proof=proof(token))
    wrong = await facebook.get("me", token, appsecret_proof=proof("another"))

    assert right[0] == 200
    assert error_of(wrong) == (100, None)
    assert wrong[1]["error"]["type"] == "GraphMethodException"


async def test_a_proof_can_be_required(facebook: Any, token: str) -> None:
    await facebook.switch(require_proof=True)

    without = await facebook.get("me", token)
    with_proof = await facebook.get("me", token, appsecret_proof=proof(token))

    assert error_of(without) == (100, None)
    assert with_proof[0] == 200
