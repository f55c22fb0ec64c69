from __future__ import annotations

from typing import Any

import pytest

from sandbox.x.text import weight


async def test_me_tells_whose_token_it_is(x: Any, token: str) -> None:
    status, answer = await x.call("GET", "/2/users/me", token, params={"user.fields": "verified"})

    assert status == 200
    assert answer["data"] == {
        "id": "1700000000000000001",
        "name": "Acme",
        "username": "acme",
        "verified": False,
    }


@pytest.mark.parametrize("query", [{"user.fields": "shoe_size"}, {"fields": "id"}])
async def test_me_refuses_what_it_does_not_know(x: Any, token: str, query: dict[str, str]) -> None:
    status, problem = await x.call("GET", "/2/users/me", token, params=query)

    assert status == 400
    assert problem["type"].endswith("/problems/invalid-request")


async def test_a_post_is_on_the_record_and_on_the_page(x: Any, token: str) -> None:
    status, answer = await x.post(token, "Good morning")

    [line] = x.recorded()
    assert status == 201
    assert answer["data"]["text"] == "Good morning"
    assert line["id"] == answer["data"]["id"]
    assert (line["account"], line["text"], line["media_keys"]) == (
        "1700000000000000001",
        "Good morning",
        [],
    )
    assert line["received_at"] <= line["accepted_at"]
    assert await x.texts() == ["Good morning"]


@pytest.mark.parametrize(
    "body",
    [
        {"txt": "hello"},
        {"text": 5},
        {"text": "hello", "media": {"media_ids": []}},
        {"text": "hello", "media": {"media_ids": [7]}},
        {"text": "hello", "media": {"media_ids": ["1", "2", "3", "4", "5"]}},
        {"text": "hello", "media": {"media_ids": ["1"], "alt_text": "x"}},
        {"text": "hello", "media": None},
        {"text": "hello", "reply_settings": "nobody"},
        {"text": "hello", "reply": {}},
        {"text": ""},
        {"text": " \n"},
        {},
        [],
    ],
    ids=str,
)
async def test_a_wrong_body_is_refused(x: Any, token: str, body: Any) -> None:
    status, problem = await x.call("POST", "/2/tweets", token, json=body)

    assert status == 400
    assert problem["title"] == "Invalid Request"
    assert x.recorded() == []


async def test_a_body_that_is_not_json_is_refused(x: Any, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    broken = await x.client.post("/2/tweets", data=b"{", headers=headers)
    form = await x.call("POST", "/2/tweets", token, data={"text": "hello"})

    assert broken.status == 400
    assert broken.content_type == "application/problem+json"
    assert form[0] == 415


async def test_without_a_valid_token_nothing_is_posted(x: Any) -> None:
    status, problem = await x.post("made-up", "hello")

    assert status == 401
    assert problem["detail"] == "Unauthorized"


@pytest.mark.parametrize("scope", ["tweet.read users.read media.write", "tweet.write users.read"])
async def test_posting_needs_its_three_scopes(x: Any, scope: str) -> None:
    token = await x.connect(scope=scope)

    status, problem = await x.post(token, "hello")

    assert status == 403
    assert problem["type"] == "about:blank"


async def test_a_text_of_281_is_not_permitted(x: Any, token: str) -> None:
    assert (await x.post(token, "x" * 280))[0] == 201

    status, problem = await x.post(token, "x" * 281)

    assert status == 403
    assert problem["detail"] == "You are not permitted to perform this action."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", 5),
        ("日本", 4),
        ("👩‍👩‍👧‍👦", 2),
        ("👍🏽🇩🇪", 4),
        ("see https://example.com/" + "a" * 200, 27),
        ("see example.com.", 28),
        ("a@example.com", 13),
        ("e\u0301", 1),
        ("1.5 and 3.14", 12),
    ],
)
def test_text_is_weighed(text: str, expected: int) -> None:
    assert weight(text) == expected


async def test_the_same_text_twice_is_a_duplicate(x: Any, token: str) -> None:
    await x.post(token, "hello")

    status, problem = await x.post(token, "hello")

    assert status == 403
    assert problem == {
        "title": "Forbidden",
        "type": "about:blank",
        "status": 403,
        "detail": "You are not allowed to create a Tweet with duplicate content.",
    }
    assert len(x.recorded()) == 1


async def test_the_same_text_may_go_to_another_account(x: Any, token: str) -> None:
    await x.post(token, "hello")

    assert (await x.post(await x.connect("acme_labs"), "hello"))[0] == 201


async def test_duplicates_can_be_allowed(x: Any, token: str) -> None:
    await x.post(token, "hello")
    await x.switch(duplicates=False)

    assert (await x.post(token, "hello"))[0] == 201


async def test_a_deleted_post_is_gone_and_may_be_posted_again(x: Any, token: str) -> None:
    _, posted = await x.post(token, "hello")

    status, answer = await x.call("DELETE", f"/2/tweets/{posted['data']['id']}", token)

    assert (status, answer) == (200, {"data": {"deleted": True}})
    assert await x.texts() == []
    assert (await x.post(token, "hello"))[0] == 201


async def test_only_the_owner_may_delete(x: Any, token: str) -> None:
    _, posted = await x.post(token, "hello")
    other = await x.connect("acme_labs")

    assert (await x.call("DELETE", f"/2/tweets/{posted['data']['id']}", other))[0] == 403
    assert (await x.call("DELETE", "/2/tweets/1", token))[0] == 404


async def test_a_reply_needs_the_post_it_answers(x: Any, token: str) -> None:
    _, first = await x.post(token, "first")

    good = await x.post(token, "second", reply={"in_reply_to_tweet_id": first["data"]["id"]})
    bad = await x.post(token, "third", reply={"in_reply_to_tweet_id": "1"})

    assert good[0] == 201
    assert bad[0] == 403


async def test_the_hundred_and_first_post_meets_the_rate_limit(x: Any, token: str) -> None:
    statuses = await x.post_many(token, 100)

    response = await x.client.post(
        "/2/tweets", json={"text": "one more"}, headers={"Authorization": f"Bearer {token}"}
    )

    assert statuses == [201] * 100
    assert response.status == 429
    assert response.headers["x-rate-limit-limit"] == "100"
    assert response.headers["x-rate-limit-remaining"] == "0"
    assert response.headers["x-rate-limit-reset"].isdecimal()


async def test_the_rate_limit_can_be_turned_off(x: Any, token: str) -> None:
    await x.switch(limits=False)

    statuses = await x.post_many(token, 120)

    assert statuses == [201] * 120


async def test_an_unknown_path_is_a_problem_too(x: Any, token: str) -> None:
    status, problem = await x.call("GET", "/2/nonsense", token)

    assert (status, problem["type"]) == (404, "about:blank")
