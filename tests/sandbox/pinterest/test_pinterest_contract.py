"""Holds the stand-in against Pinterest's published OpenAPI contract, where that file is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sandbox.pinterest import access
from sandbox.pinterest.oauth import SCOPES
from sandbox.pinterest.rules import CREATE_PIN, REGISTER_MEDIA
from tests.sandbox.pinterest.pinterest_stand import CORAL, IMAGE, WALLS, as_base64

CONTRACT = Path(__file__).parents[4] / "shared/contracts/pinterest/pinterest-v5.23.0-openapi.json"

pytestmark = pytest.mark.skipif(
    not CONTRACT.exists(), reason="Pinterest's OpenAPI contract is not on this machine"
)


@pytest.fixture(scope="module")
def contract() -> Any:
    return with_null(json.loads(CONTRACT.read_text()))


def with_null(node: Any) -> Any:
    """OpenAPI's `nullable` in the words of JSON Schema."""
    if isinstance(node, list):
        return [with_null(each) for each in node]
    if not isinstance(node, dict):
        return node
    known = {key: with_null(value) for key, value in node.items()}
    if known.get("nullable") is True and isinstance(known.get("type"), str):
        known["type"] = [known["type"], "null"]
    return known


def is_valid(contract: Any, schema: dict[str, Any], value: Any) -> bool:
    whole = {**schema, "components": contract["components"]}
    return bool(jsonschema.Draft4Validator(whole).is_valid(value))


def breaches(contract: Any, operation: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer to an operation such as `GET /boards`."""
    schema = answer_schema(contract, operation, status)
    whole = {**schema, "components": contract["components"]}
    return [error.message for error in jsonschema.Draft4Validator(whole).iter_errors(body)]


def answer_schema(contract: Any, operation: str, status: int) -> dict[str, Any]:
    answers = operation_of(contract, operation)["responses"]
    answer = answers.get(str(status), answers["default"])
    schema: dict[str, Any] = answer["content"]["application/json"]["schema"]
    return schema


def operation_of(contract: Any, operation: str) -> Any:
    method, path = operation.split()
    return contract["paths"][path][method.lower()]


def pin(**changes: Any) -> dict[str, Any]:
    return {"board_id": WALLS, "media_source": IMAGE, **changes}


def source(source_type: str, **fields: Any) -> dict[str, Any]:
    return pin(media_source={"source_type": source_type, **fields})


URL = {"url": "https://example.com/a.png"}
COVERED = {"media_id": "1", "cover_image_key_frame_time": 2}
ACCEPTED: list[dict[str, Any]] = [
    pin(),
    pin(title="t", description="d", alt_text="a", link="https://example.com/"),
    pin(title=None, description=None, alt_text=None, link=None, board_section_id=None),
    pin(board_section_id="1", dominant_color="#6E7874", parent_pin_id="1", sponsor_id=None),
    source("image_url", **URL),
    source("image_url", **URL, is_standard=False),
    source("multiple_image_urls", items=[URL, {**URL, "title": "t", "description": "d"}], index=1),
    source("multiple_image_base64", items=[as_base64()] * 5),
    source("video_id", **COVERED),
    source("video_id", media_id="1", cover_image_url="https://example.com/a.png"),
]
REFUSED_BY_THE_CONTRACT: list[dict[str, Any]] = [
    pin(board_id="walls"),
    pin(board_id=1),
    pin(board_section_id="coral"),
    pin(title=1),
    pin(title="t" * 101),
    pin(description="d" * 801),
    pin(alt_text="a" * 501),
    pin(link="https://example.com/" + "l" * 2029),
    pin(media_source={}),
    source("image_url"),
    source("image_url", url=1),
    source("image_base64", content_type="image/gif", data="aaaa"),
    source("image_base64", content_type="image/png", data="ä"),
    source("multiple_image_urls", items=[URL]),
    source("multiple_image_urls", items=[URL] * 6),
    source("multiple_image_urls", items=[URL] * 2, index=-1),
    source("video_id", cover_image_key_frame_time=2),
    source("video_id", **{**COVERED, "cover_image_key_frame_time": -1}),
    source("song_id", media_id="1"),
]


@pytest.mark.parametrize("body", ACCEPTED, ids=lambda body: json.dumps(body)[:80])
def test_what_is_accepted_agrees_with_the_contract(contract: Any, body: Any) -> None:
    assert CREATE_PIN(body, "$") == []
    assert is_valid(contract, {"$ref": "#/components/schemas/PinCreate"}, body)


@pytest.mark.parametrize("body", REFUSED_BY_THE_CONTRACT, ids=lambda body: json.dumps(body)[:80])
def test_what_the_contract_refuses_is_refused(contract: Any, body: Any) -> None:
    assert not is_valid(contract, {"$ref": "#/components/schemas/PinCreate"}, body)
    assert CREATE_PIN(body, "$") != []


@pytest.mark.parametrize("body", [{"media_type": "video"}, {"media_type": "image"}, {}], ids=str)
def test_a_registration_is_judged_as_the_contract_judges_it(contract: Any, body: Any) -> None:
    expected = is_valid(contract, {"$ref": "#/components/schemas/MediaUploadCreate"}, body)

    assert (REGISTER_MEDIA(body, "$") == []) is expected


def test_every_field_of_the_contract_is_known(contract: Any) -> None:
    known = contract["components"]["schemas"]["PinCreate"]["properties"]

    unknown = [name for name in known if "not defined" in str(CREATE_PIN({name: None}, "$"))]

    assert unknown == []


def test_every_scope_of_the_contract_is_known(contract: Any) -> None:
    flows = contract["components"]["securitySchemes"]["pinterest_oauth2"]["flows"]

    assert set(SCOPES) == set(flows["authorizationCode"]["scopes"])


@pytest.mark.parametrize(
    ("operation", "scopes"),
    [
        ("GET /user_account", access.ACCOUNT),
        ("GET /boards", access.READ_BOARDS),
        ("GET /boards/{board_id}", access.READ_BOARDS),
        ("GET /boards/{board_id}/sections", access.READ_BOARDS),
        ("GET /boards/{board_id}/pins", access.READ_PINS),
        ("POST /pins", access.WRITE_PINS),
        ("GET /pins/{pin_id}", access.READ_PINS),
        ("DELETE /pins/{pin_id}", access.WRITE_PINS),
        ("POST /media", access.WRITE_MEDIA),
        ("GET /media/{media_id}", access.READ_MEDIA),
    ],
)
def test_an_operation_needs_the_scopes_of_the_contract(
    contract: Any, operation: str, scopes: frozenset[str]
) -> None:
    [needed] = [
        one["pinterest_oauth2"]
        for one in operation_of(contract, operation)["security"]
        if "pinterest_oauth2" in one
    ]

    assert scopes == set(needed)


@pytest.mark.parametrize(
    "operation",
    ["GET /user_account", "GET /boards", f"GET /boards/{WALLS}/pins", "POST /pins", "POST /media"],
)
async def test_a_call_counts_in_the_category_of_the_contract(
    pinterest: Any, token: str, contract: Any, operation: str
) -> None:
    method, path = operation.split()
    known = operation_of(contract, operation.replace(WALLS, "{board_id}"))

    response = await pinterest.ask(
        method, f"/v5{path}", token, json={} if method != "GET" else None
    )

    assert f'name="{known["x-ratelimit-category"]}_' in response.headers["x-ratelimit-limit"]


@pytest.mark.parametrize(
    "operation",
    ["GET /boards", f"GET /boards/{WALLS}/sections", f"GET /boards/{WALLS}/pins", "GET /pins/1"],
)
async def test_every_query_parameter_of_the_contract_is_known(
    pinterest: Any, token: str, contract: Any, operation: str
) -> None:
    method, path = operation.split()
    template = operation.replace(WALLS, "{board_id}").replace("/1", "/{pin_id}")
    names = [
        one["name"]
        for one in map(resolver(contract), operation_of(contract, template)["parameters"])
        if one["in"] == "query"
    ]

    said = [
        (await pinterest.call(method, f"/v5{path}", token, params={name: "x"}))[1]["message"]
        for name in names
        if name != "pin_metrics"
    ]

    assert len(said) >= 1
    assert "unknown parameter" not in " ".join(said)


def resolver(contract: Any) -> Any:
    def resolve(parameter: dict[str, Any]) -> Any:
        name = parameter.get("$ref", "").rpartition("/")[2]
        return contract["components"]["parameters"].get(name, parameter)

    return resolve


async def test_answers_have_the_shapes_of_the_contract(
    pinterest: Any, token: str, contract: Any
) -> None:
    await pinterest.switch(processing_seconds=0)
    _, registered = await pinterest.call("POST", "/v5/media", token, json={"media_type": "video"})
    await pinterest.upload(registered)
    items = [as_base64(), {**as_base64(), "title": "t"}]
    bodies = [
        pin(board_section_id=CORAL, title="t"),
        source("multiple_image_base64", items=items),
        source("video_id", media_id=registered["media_id"], cover_image_key_frame_time=1),
        source("image_url", url="https://images.example.com/a.png"),
    ]
    pins = [(await pinterest.call("POST", "/v5/pins", token, json=body))[1] for body in bodies]
    answers = {
        "POST /media": registered,
        "GET /media/{media_id}": await get(pinterest, token, f"/media/{registered['media_id']}"),
        "GET /user_account": await get(pinterest, token, "/user_account"),
        "GET /boards": await get(pinterest, token, "/boards"),
        "GET /boards/{board_id}": await get(pinterest, token, f"/boards/{WALLS}"),
        "GET /boards/{board_id}/sections": await get(pinterest, token, f"/boards/{WALLS}/sections"),
        "GET /boards/{board_id}/pins": await get(pinterest, token, f"/boards/{WALLS}/pins"),
        "GET /pins/{pin_id}": await get(pinterest, token, f"/pins/{pins[0]['id']}"),
    }

    wrong = {name: breaches(contract, name, 200, body) for name, body in answers.items()}
    wrong_pins = [breaches(contract, "POST /pins", 201, body) for body in pins]

    assert len(answers["GET /boards/{board_id}/pins"]["items"]) == 4
    assert [name for name, messages in wrong.items() if messages] == []
    assert wrong_pins == [[]] * 4


def test_an_answer_that_breaks_the_contract_is_noticed(contract: Any) -> None:
    assert breaches(contract, "POST /pins", 201, {"id": "no number"}) != []
    assert breaches(contract, "GET /boards", 200, {"items": [{"id": "1"}]}) != []


async def get(pinterest: Any, token: str, path: str) -> dict[str, Any]:
    status, answer = await pinterest.call("GET", f"/v5{path}", token)
    assert status == 200
    return dict(answer)


async def test_tokens_have_the_shapes_of_the_contract(pinterest: Any, contract: Any) -> None:
    _, first = await pinterest.redeem(await pinterest.code())
    _, second = await pinterest.refresh(first["refresh_token"])

    def of(name: str) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/OauthAccessTokenResponse{name}"}

    assert is_valid(contract, of("Code"), first)
    assert is_valid(contract, of("Refresh"), second)


@pytest.mark.parametrize(
    "mode", ["spam", "trial", "board_gone", "rate_limit", "unauthorized", "fail_before", "invalid"]
)
async def test_refusals_are_errors_of_the_contract(
    pinterest: Any, token: str, contract: Any, mode: str
) -> None:
    await pinterest.switch(mode=mode)

    status, answer = await pinterest.pin(token)

    assert breaches(contract, "POST /pins", status, answer) == []
