from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.pinterest.pinterest_stand import OTHERS_BOARD, SCOPES, SECRET_BOARD, WALLS


async def names(pinterest: Any, token: str, **query: str) -> list[str]:
    _, answer = await pinterest.call("GET", "/v5/boards", token, params=query)
    return [board["name"] for board in answer["items"]]


async def test_an_account_is_told_with_its_boards_and_pins(pinterest: Any, token: str) -> None:
    await pinterest.pin(token)

    status, me = await pinterest.call("GET", "/v5/user_account", token)

    assert status == 200
    assert (me["username"], me["business_name"], me["pin_count"]) == ("acme", "Acme", 1)


async def test_the_account_needs_its_scope(pinterest: Any) -> None:
    token = await pinterest.connect(scope="boards:read")

    status, answer = await pinterest.call("GET", "/v5/user_account", token)

    assert (status, answer["code"]) == (403, 29)


async def test_boards_come_in_pages_of_twenty_five(pinterest: Any, token: str) -> None:
    _, first = await pinterest.call("GET", "/v5/boards", token)
    following = {"bookmark": first["bookmark"]}
    _, second = await pinterest.call("GET", "/v5/boards", token, params=following)

    listed = [board["id"] for page in (first, second) for board in page["items"]]
    assert len(first["items"]) == 25
    assert len(set(listed)) == len(listed) == 30
    assert second["bookmark"] is None
    assert first["items"][0]["owner"] == {"username": "acme"}


async def test_a_page_can_be_as_large_as_250(pinterest: Any, token: str) -> None:
    assert len(await names(pinterest, token, page_size="250")) == 30
    assert len(await names(pinterest, token, page_size="3")) == 3


async def test_the_other_account_has_its_own_board(pinterest: Any) -> None:
    token = await pinterest.connect("acme_labs")

    assert await names(pinterest, token) == ["Trial paints"]


async def test_a_secret_board_is_there_only_for_tokens_that_may_see_it(
    pinterest: Any, token: str
) -> None:
    seeing = await pinterest.connect(scope="boards:read,boards:read_secret")

    assert "Not yet announced" not in await names(pinterest, token, page_size="250")
    assert await names(pinterest, seeing, privacy="SECRET") == ["Not yet announced"]
    assert (await pinterest.call("GET", f"/v5/boards/{SECRET_BOARD}", token))[0] == 404
    assert (await pinterest.call("GET", f"/v5/boards/{SECRET_BOARD}", seeing))[0] == 200


async def test_a_board_tells_how_many_pins_it_has(pinterest: Any, token: str) -> None:
    await pinterest.pin(token)

    _, board = await pinterest.call("GET", f"/v5/boards/{WALLS}", token)

    assert (board["name"], board["privacy"], board["pin_count"]) == ("Summer walls", "PUBLIC", 1)


async def test_sections_come_in_pages_too(pinterest: Any, token: str) -> None:
    path = f"/v5/boards/{WALLS}/sections"
    _, first = await pinterest.call("GET", path, token, params={"page_size": "2"})
    _, second = await pinterest.call("GET", path, token, params={"bookmark": first["bookmark"]})

    assert [one["name"] for one in first["items"]] == ["Coral", "Lemon"]
    assert [one["name"] for one in second["items"]] == ["Sky"]


@pytest.mark.parametrize("ending", ["", "/sections", "/pins"])
@pytest.mark.parametrize("board", [OTHERS_BOARD, "1"])
async def test_a_board_of_somebody_else_is_not_there(
    pinterest: Any, token: str, board: str, ending: str
) -> None:
    status, answer = await pinterest.call("GET", f"/v5/boards/{board}{ending}", token)

    assert status == 404
    assert answer["message"] == "Board not found."


@pytest.mark.parametrize(
    "query",
    [
        {"page_size": "0"},
        {"page_size": "251"},
        {"page_size": "many"},
        {"bookmark": "!"},
        {"bookmark": "bm9wZQ=="},
        {"privacy": "OPEN"},
        {"limit": "5"},
    ],
    ids=str,
)
async def test_a_wrong_query_is_refused(pinterest: Any, token: str, query: dict[str, str]) -> None:
    status, answer = await pinterest.call("GET", "/v5/boards", token, params=query)

    assert (status, answer["code"]) == (400, 1)


async def test_an_ad_account_that_is_not_there_is_not_permitted(pinterest: Any, token: str) -> None:
    query = {"ad_account_id": "549755885175"}

    assert (await pinterest.call("GET", "/v5/boards", token, params=query))[0] == 403


async def test_pins_are_listed_newest_first_in_pages(pinterest: Any, token: str) -> None:
    for title in ("one", "two", "three"):
        await pinterest.pin(token, title)

    _, first = await pinterest.pins(token, page_size="2")
    _, second = await pinterest.pins(token, page_size="2", bookmark=first["bookmark"])

    assert [pin["title"] for pin in first["items"]] == ["three", "two"]
    assert [pin["title"] for pin in second["items"]] == ["one"]
    assert second["bookmark"] is None


async def test_a_page_goes_on_although_its_last_pin_is_deleted(pinterest: Any, token: str) -> None:
    for title in ("one", "two"):
        await pinterest.pin(token, title)
    _, first = await pinterest.pins(token, page_size="1")
    await pinterest.call("DELETE", f"/v5/pins/{first['items'][0]['id']}", token)

    assert await pinterest.titles(token, bookmark=first["bookmark"]) == ["one"]


async def test_pins_can_be_chosen_by_their_kind(pinterest: Any, token: str) -> None:
    await pinterest.pin(token)

    assert await pinterest.titles(token, creative_types="REGULAR") == ["hello"]
    assert await pinterest.titles(token, creative_types="VIDEO") == []
    assert (await pinterest.pins(token, creative_types="SONG"))[0] == 400


async def test_a_pin_may_appear_in_the_list_later_than_on_the_page(
    pinterest: Any, token: str
) -> None:
    await pinterest.switch(listing_lag_seconds=3600)
    _, created = await pinterest.pin(token)

    lagging = await pinterest.titles(token)
    await pinterest.switch(listing_lag_seconds=0)

    assert lagging == []
    assert await pinterest.titles(token) == ["hello"]
    assert [pin["id"] for pin in await pinterest.timeline()] == [created["id"]]


async def test_listing_pins_needs_both_scopes(pinterest: Any) -> None:
    for missing in ("boards:read,", "pins:read,"):
        token = await pinterest.connect(scope=SCOPES.replace(missing, ""))
        assert (await pinterest.pins(token))[0] == 403
