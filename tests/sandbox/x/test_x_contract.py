"""Holds the stand-in against X's published OpenAPI contract, where that file is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sandbox.x.rules import CREATE_POST

CONTRACT = Path(__file__).parents[4] / "shared/contracts/x/x-api-v2-2.167-xdk-openapi.json"

pytestmark = pytest.mark.skipif(
    not CONTRACT.exists(), reason="X's OpenAPI contract is not on this machine"
)


@pytest.fixture(scope="module")
def components() -> Any:
    return json.loads(CONTRACT.read_text())["components"]


def contract(components: Any, name: str) -> jsonschema.Draft4Validator:
    return jsonschema.Draft4Validator(
        {"$ref": f"#/components/schemas/{name}", "components": components}
    )


BODIES: list[Any] = [
    {"text": "hello"},
    {"text": 1},
    {"text": None},
    {"txt": "hello"},
    {"media": {"media_ids": ["1"]}},
    {"media": {"media_ids": ["1", "2", "3", "4"], "title": "t", "embeddable": True}},
    {"media": {"media_ids": []}},
    {"media": {"media_ids": ["1"] * 5}},
    {"media": {"media_ids": ["x"]}},
    {"media": {"media_ids": ["1" * 20]}},
    {"media": {"media_ids": "1"}},
    {"media": {"tagged_user_ids": ["1"]}},
    {"media": {"media_ids": ["1"], "tagged_user_ids": ["1"] * 11}},
    {"media": {"media_ids": ["1"], "call_to_actions": {"visit_site": {"url": "https://a.b"}}}},
    {"media": {"media_ids": ["1"], "call_to_actions": {"visit_site": {}}}},
    {"text": "a", "poll": {"options": ["a", "b"], "duration_minutes": 5}},
    {"text": "a", "poll": {"options": ["a"], "duration_minutes": 5}},
    {"text": "a", "poll": {"options": ["a", "b" * 26], "duration_minutes": 5}},
    {"text": "a", "poll": {"options": ["a", "b"], "duration_minutes": 4}},
    {"text": "a", "reply": {"in_reply_to_tweet_id": "1", "exclude_reply_user_ids": ["2"]}},
    {"text": "a", "reply": {"in_reply_to_tweet_id": 1}},
    {"text": "a", "reply_settings": "verified"},
    {"text": "a", "reply_settings": "everyone"},
    {"text": "a", "geo": {"place_id": "p"}},
    {"text": "a", "geo": {}},
    {"text": "a", "edit_options": {"previous_post_id": "1"}},
    {"text": "a", "nullcast": "yes"},
    {"text": "a", "made_with_ai": True, "paid_partnership": False},
    {"text": "a", "scheduled_at": "2030-01-01T00:00:00Z"},
    [],
    "hello",
]


@pytest.mark.parametrize("body", BODIES, ids=json.dumps)
def test_a_body_is_judged_as_the_contract_judges_it(components: Any, body: Any) -> None:
    expected = contract(components, "CreatePostsRequest").is_valid(body)

    assert (CREATE_POST(body, "$") == []) is expected


def test_every_field_of_the_contract_is_known(components: Any) -> None:
    known = components["schemas"]["CreatePostsRequest"]["properties"]

    unknown = [name for name in known if "not defined" in str(CREATE_POST({name: None}, "$"))]

    assert unknown == []


async def test_answers_have_the_shapes_of_the_contract(x: Any, token: str, components: Any) -> None:
    _, uploaded = await x.upload(token)
    media = {"media_ids": [uploaded["data"]["id"]]}
    _, posted = await x.post(token, "hello https://example.com", media=media)
    _, listed = await x.posts(token, **{"tweet.fields": "created_at,entities,attachments"})
    _, me = await x.call("GET", "/2/users/me", token, params={"user.fields": "created_at"})
    _, deleted = await x.call("DELETE", f"/2/tweets/{posted['data']['id']}", token)

    contract(components, "MediaUploadResponse").validate(uploaded)
    contract(components, "CreatePostsResponse").validate(posted)
    contract(components, "GetUsersPostsResponse").validate(listed)
    contract(components, "GetUsersMeResponse").validate(me)
    contract(components, "DeletePostsResponse").validate(deleted)


async def test_refusals_are_problems_of_the_contract(x: Any, token: str, components: Any) -> None:
    _, invalid = await x.post(token, "hello", nonsense=1)
    _, unknown = await x.call("DELETE", "/2/tweets/1", token)

    contract(components, "InvalidRequestProblem").validate(invalid)
    contract(components, "ResourceNotFoundProblem").validate(unknown)
