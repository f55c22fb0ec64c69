from __future__ import annotations

import re
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
    picture,
)


def carousel(*items: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"source_type": "multiple_image_base64", "items": list(items), **more}


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


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"<svg></svg>", "image/png"),
        (picture(kind="JPEG"), "image/png"),
        (picture(kind="GIF"), "image/jpeg"),
        (picture()[:60], "image/png"),
    ],
    ids=["no-image", "jpeg-as-png", "gif-as-jpeg", "cut-off"],
)
async def test_an_image_is_judged_by_its_bytes(
    pinterest: Any, token: str, data: bytes, content_type: str
) -> None:
    source = {"source_type": "image_base64", **as_base64(data, content_type)}

    status, answer = await pinterest.pin(token, media_source=source)

    assert status == 400
    assert "The image is not a whole" in answer["message"]


@pytest.mark.parametrize(
    "broken", [{"data": "abc"}, {"data": "ä"}, {"content_type": "image/gif"}, {"data": ""}], ids=str
)
async def test_an_image_in_the_body_must_be_base64_of_a_known_type(
    pinterest: Any, token: str, broken: dict[str, str]
) -> None:
    assert (await pinterest.pin(token, media_source={**IMAGE, **broken}))[0] == 400


async def test_an_image_is_fetched_from_this_machine(pinterest: Any, token: str, host: str) -> None:
    source = {"source_type": "image_url", "url": f"{host}/40x60.webp"}

    status, pin = await pinterest.pin(token, media_source=source)

    address = pin["media"]["images"]["600x"]
    shown = await pinterest.client.get(re.sub(r"https?://[^/]+", "", address["url"]))
    assert status == 201
    assert (address["width"], address["height"]) == (600, 900)
    assert await shown.read() == picture(kind="WEBP")


@pytest.mark.parametrize("path", ["/missing.png", "/moved"])
async def test_an_address_that_gives_no_image_cannot_be_reached(
    pinterest: Any, token: str, host: str, path: str
) -> None:
    source = {"source_type": "image_url", "url": host + path}

    status, answer = await pinterest.pin(token, media_source=source)

    assert status == 400
    assert answer["message"].startswith("Unable to reach the URL")


async def test_an_address_where_nobody_answers_cannot_be_reached(
    pinterest: Any, token: str
) -> None:
    source = {"source_type": "image_url", "url": "http://127.0.0.1:9/a.png"}

    assert "Unable to reach" in (await pinterest.pin(token, media_source=source))[1]["message"]


async def test_what_an_address_gives_must_be_an_image(
    pinterest: Any, token: str, host: str
) -> None:
    source = {"source_type": "image_url", "url": f"{host}/text"}

    assert (await pinterest.pin(token, media_source=source))[0] == 400


async def test_an_address_on_another_machine_is_believed(pinterest: Any, token: str) -> None:
    url = "https://images.example.com/a.png"

    status, pin = await pinterest.pin(token, media_source={"source_type": "image_url", "url": url})

    assert status == 201
    assert pin["media"]["images"]["600x"] == {"width": 600, "height": None, "url": url}


async def test_a_carousel_keeps_what_belongs_to_each_image(pinterest: Any, token: str) -> None:
    second = {**as_base64(), "title": "Second", "link": "https://example.com/2"}

    status, pin = await pinterest.pin(token, media_source=carousel(as_base64(), second, index=1))

    assert status == 201
    assert pin["creative_type"] == "CAROUSEL"
    assert pin["media"]["media_type"] == "multiple_images"
    assert [item["title"] for item in pin["media"]["items"]] == [None, "Second"]
    assert pin["media"]["items"][1]["link"] == "https://example.com/2"


async def test_the_images_of_a_carousel_have_the_same_dimensions(
    pinterest: Any, token: str, host: str
) -> None:
    def urls(*names: str) -> dict[str, Any]:
        items = [{"url": f"{host}/{name}"} for name in names]
        return {"source_type": "multiple_image_urls", "items": items}

    equal = await pinterest.pin(token, media_source=urls("40x60.png", "40x60.jpeg"))
    different = await pinterest.pin(token, media_source=urls("40x60.png", "60x40.png"))

    assert equal[0] == 201
    assert different[0] == 400
    assert "same dimensions" in different[1]["message"]


async def test_every_answer_tells_how_much_is_left_of_the_limits(
    pinterest: Any, token: str
) -> None:
    good = await pinterest.ask("GET", "/v5/boards", token)
    refused = await pinterest.ask("POST", "/v5/pins", token, json={})

    assert good.headers["x-ratelimit-limit"] == (
        '100, 100;w=1;name="safety_net_app_id_user_id", 1000;w=60;name="org_read_app_id_user_id"'
    )
    assert 'w=60;name="org_write_app_id_user_id"' in refused.headers["x-ratelimit-limit"]
    assert refused.headers["x-ratelimit-remaining"].isdecimal()
    assert int(refused.headers["x-ratelimit-reset"]) <= 60
    assert refused.headers["x-pinterest-rid"].isdecimal()


async def test_the_hundred_and_first_write_in_a_minute_is_too_many(
    pinterest: Any, token: str
) -> None:
    statuses = [(await pinterest.pin(token, board_id="1"))[0] for _ in range(100)]

    response = await pinterest.ask("POST", "/v5/pins", token, json={})

    assert statuses == [404] * 100
    assert response.status == 429
    assert response.headers["x-ratelimit-remaining"] == "0"
    assert (await response.json())["code"] == 8


async def test_with_trial_access_the_limits_are_by_the_day(pinterest: Any, token: str) -> None:
    await pinterest.switch(limits="trial")

    response = await pinterest.ask("POST", "/v5/pins", token, json={})

    assert '300;w=86400;name="org_write_app_id"' in response.headers["x-ratelimit-limit"]


async def test_the_rate_limits_can_be_turned_off(pinterest: Any, token: str) -> None:
    await pinterest.switch(limits="off")

    statuses = [(await pinterest.pin(token, board_id="1"))[0] for _ in range(120)]

    assert statuses == [404] * 120


async def test_an_unknown_path_is_a_refusal_too(pinterest: Any, token: str) -> None:
    status, answer = await pinterest.call("GET", "/v5/nonsense", token)

    assert (status, answer["message"]) == (404, "Not Found")
