from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.pinterest.pinterest_stand import (
    CORAL,
    IMAGE,
    OTHERS_BOARD,
    SCOPES,
    SECRET_BOARD,
    WALLS,
    as_base64,
    carousel,
)


async def test_a_pin_is_on_the_record_as_it_was_sent(pinterest: Any, token: str) -> None:
    sent = {
        "description": "one\ntwo <b>",
        "alt_text": "A red wall",
        "link": "https://example.com/?a=1&b=2#c",
        "board_section_id": CORAL,
        "dominant_color": "#6E7874",
    }

    status, pin = await pinterest.pin(token, **sent)

    [line] = pinterest.recorded()
    assert status == 201
    assert {name: pin[name] for name in sent} == sent
    assert line["id"] == pin["id"]
    assert (line["title"], line["description"], line["link"]) == (
        "hello",
        sent["description"],
        sent["link"],
    )
    assert (line["board_id"], line["board_section_id"]) == (WALLS, CORAL)
    assert line["received_at"] <= line["accepted_at"]


async def test_a_pin_tells_utc_to_the_second_without_saying_so(pinterest: Any, token: str) -> None:
    _, pin = await pinterest.pin(token)

    [line] = pinterest.recorded()
    accepted = datetime.fromtimestamp(int(line["accepted_at"]), UTC)
    assert pin["created_at"] == accepted.strftime("%Y-%m-%dT%H:%M:%S")


async def test_a_pin_needs_no_words(pinterest: Any, token: str) -> None:
    status, pin = await pinterest.pin(token, title=None)

    assert status == 201
    assert (pin["title"], pin["description"], pin["link"]) == (None, None, None)


async def test_a_pin_can_be_looked_at_and_deleted(pinterest: Any, token: str) -> None:
    _, created = await pinterest.pin(token)
    path = f"/v5/pins/{created['id']}"

    shown = await pinterest.call("GET", path, token)
    deleted = await pinterest.call("DELETE", path, token)

    assert shown == (200, created)
    assert deleted == (204, {})
    assert (await pinterest.call("GET", path, token))[0] == 404
    assert (await pinterest.call("DELETE", path, token))[1]["message"] == "Pin not found."
    assert await pinterest.timeline() == []


async def test_a_pin_of_somebody_else_is_not_there(pinterest: Any, token: str) -> None:
    _, created = await pinterest.pin(token)
    other = await pinterest.connect("acme_labs")

    assert (await pinterest.call("GET", f"/v5/pins/{created['id']}", other))[0] == 404
    assert (await pinterest.call("DELETE", f"/v5/pins/{created['id']}", other))[0] == 404


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"board_id": None}, "board_id: is missing"),
        ({"board_id": "walls"}, "board_id"),
        ({"board_id": 549755885001}, "board_id"),
        ({"media_source": None}, "media_source: is missing"),
        ({"media_source": "https://example.com/a.png"}, "media_source"),
        ({"media_source": {}}, "source_type"),
        ({"media_source": {"source_type": "pin_url"}}, "source_type"),
        ({"media_source": {**IMAGE, "url": "https://example.com/a.png"}}, "url: is not defined"),
        ({"media_source": {"source_type": "image_url", "url": "a.png"}}, "url"),
        ({"media_source": {"source_type": "image_url", "url": "http://["}}, "url"),
        ({"media_source": {"source_type": "video_id"}}, "media_id: is missing"),
        ({"media_source": carousel(as_base64())}, "minimum of 2"),
        ({"media_source": carousel(*[as_base64()] * 6)}, "maximum of 5"),
        ({"media_source": carousel(as_base64(), as_base64(), index=2)}, "index"),
        ({"title": "t" * 101}, "title"),
        ({"description": "d" * 801}, "description"),
        ({"alt_text": "a" * 501}, "alt_text"),
        ({"link": "https://example.com/" + "l" * 2029}, "link"),
        ({"link": "example.com"}, "link: is not a valid URL"),
        ({"link": "https://exa mple.com"}, "link: is not a valid URL"),
        ({"dominant_color": "red"}, "dominant_color"),
        ({"note": "of an old version"}, "note: is not defined"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_body_with_a_mistake_is_refused(
    pinterest: Any, token: str, change: dict[str, Any], reason: str
) -> None:
    status, answer = await pinterest.pin(token, **change)

    assert (status, answer["code"]) == (400, 1)
    assert reason in answer["message"]
    assert pinterest.recorded() == []


async def test_texts_may_be_as_long_as_the_limits(pinterest: Any, token: str) -> None:
    status, _ = await pinterest.pin(
        token,
        title="t" * 100,
        description="d" * 800,
        alt_text="a" * 500,
        link="https://example.com/" + "l" * 2028,
    )

    assert status == 201


async def test_a_body_that_is_not_json_is_refused(pinterest: Any, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    broken = await pinterest.client.post("/v5/pins", data=b"{", headers=headers)
    form = await pinterest.call("POST", "/v5/pins", token, data={"board_id": WALLS})

    assert (broken.status, broken.content_type) == (400, "application/json")
    assert form[0] == 400


async def test_a_board_must_be_the_accounts_own(pinterest: Any, token: str) -> None:
    status, answer = await pinterest.pin(token, board_id=OTHERS_BOARD)

    assert (status, answer["message"]) == (404, "Board not found.")
    assert pinterest.recorded() == []


async def test_a_section_must_be_the_boards_own(pinterest: Any, token: str) -> None:
    status, _ = await pinterest.pin(token, board_id="549755885002", board_section_id=CORAL)

    assert status == 404


async def test_a_secret_board_takes_pins_of_those_who_may_write_secretly(pinterest: Any) -> None:
    seeing = await pinterest.connect(scope=f"{SCOPES},boards:read_secret")
    writing = await pinterest.connect(
        scope=f"{SCOPES},boards:read_secret,boards:write_secret,pins:write_secret"
    )

    assert (await pinterest.pin(seeing, board_id=SECRET_BOARD))[0] == 403
    assert (await pinterest.pin(writing, board_id=SECRET_BOARD))[0] == 201


async def test_a_parent_pin_must_exist(pinterest: Any, token: str) -> None:
    _, parent = await pinterest.pin(token)

    assert (await pinterest.pin(token, parent_pin_id=parent["id"]))[0] == 201
    assert (await pinterest.pin(token, parent_pin_id="1"))[0] == 404


async def test_without_a_valid_token_nothing_is_pinned(pinterest: Any) -> None:
    status, answer = await pinterest.pin("made-up")

    assert (status, answer["code"], answer["message"]) == (401, 2, "Authentication failed.")


@pytest.mark.parametrize("missing", ["boards:read,", "boards:write,", "pins:read,", "pins:write,"])
async def test_pinning_needs_four_scopes(pinterest: Any, missing: str) -> None:
    token = await pinterest.connect(scope=SCOPES.replace(missing, ""))

    status, answer = await pinterest.pin(token)

    assert (status, answer["code"]) == (403, 29)


async def test_the_same_pin_twice_is_two_pins(pinterest: Any, token: str) -> None:
    first, second = await pinterest.pin(token), await pinterest.pin(token)

    assert first[0] == second[0] == 201
    assert first[1]["id"] != second[1]["id"]
    assert len(pinterest.recorded()) == 2


async def test_an_unknown_path_is_a_refusal_too(pinterest: Any, token: str) -> None:
    status, answer = await pinterest.call("GET", "/v5/nonsense", token)

    assert (status, answer["message"]) == (404, "Not Found")
