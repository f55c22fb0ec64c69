from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

FIELDS = {"tweet.fields": "created_at,entities,attachments"}


async def test_the_list_is_newest_first(x: Any, token: str) -> None:
    await x.post(token, "first")
    await x.post(token, "second")

    _, answer = await x.posts(token)

    assert [post["text"] for post in answer["data"]] == ["second", "first"]
    assert answer["meta"]["result_count"] == 2
    assert answer["meta"]["newest_id"] == answer["data"][0]["id"]


async def test_an_empty_list_has_no_data(x: Any, token: str) -> None:
    _, answer = await x.posts(token)

    assert answer == {"meta": {"result_count": 0}}


async def test_links_come_back_behind_t_co_and_special_characters_escaped(
    x: Any, token: str
) -> None:
    await x.post(token, "Salt & pepper: https://example.com/menu, or shop.example.com!")

    _, answer = await x.posts(token, **FIELDS)

    [post] = answer["data"]
    first, second = post["entities"]["urls"]
    assert post["text"] == f"Salt &amp; pepper: {first['url']}, or {second['url']}!"
    assert post["text"][first["start"] : first["end"]] == first["url"]
    assert post["text"][second["start"] : second["end"]] == second["url"]
    assert first["expanded_url"] == "https://example.com/menu"
    assert second["expanded_url"] == "http://shop.example.com"


async def test_created_at_knows_whole_seconds_only(x: Any, token: str) -> None:
    await x.post(token, "hello")

    _, answer = await x.posts(token, **FIELDS)

    [line] = x.recorded()
    accepted = datetime.fromtimestamp(int(line["accepted_at"]), UTC)
    assert answer["data"][0]["created_at"] == accepted.strftime("%Y-%m-%dT%H:%M:%S.000Z")


async def test_pages_follow_one_another(x: Any, token: str) -> None:
    await x.post_many(token, 12)

    _, first = await x.posts(token, max_results="5")
    _, second = await x.posts(token, max_results="5", pagination_token=first["meta"]["next_token"])
    _, third = await x.posts(token, max_results="5", pagination_token=second["meta"]["next_token"])

    listed = [post["text"] for page in (first, second, third) for post in page["data"]]
    assert listed == [f"post {n}" for n in reversed(range(12))]
    assert "next_token" not in third["meta"]


async def test_since_id_is_exclusive(x: Any, token: str) -> None:
    _, old = await x.post(token, "old")
    await x.post(token, "new")

    _, answer = await x.posts(token, since_id=old["data"]["id"])

    assert [post["text"] for post in answer["data"]] == ["new"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"start_time": "2020-01-01T00:00:00Z"}, 1),
        ({"start_time": "2020-01-01T00:00:00.123Z"}, 1),
        ({"start_time": "2120-01-01T00:00:00Z"}, 0),
        ({"end_time": "2020-01-01T00:00:00Z"}, 0),
        ({"until_id": "1"}, 0),
    ],
    ids=str,
)
async def test_the_list_can_be_narrowed(
    x: Any, token: str, query: dict[str, str], found: int
) -> None:
    await x.post(token, "hello")

    _, answer = await x.posts(token, **query)

    assert answer["meta"]["result_count"] == found


async def test_replies_can_be_left_out(x: Any, token: str) -> None:
    _, first = await x.post(token, "first")
    await x.post(token, "reply", reply={"in_reply_to_tweet_id": first["data"]["id"]})

    _, answer = await x.posts(token, exclude="replies,retweets")

    assert [post["text"] for post in answer["data"]] == ["first"]


@pytest.mark.parametrize(
    "query",
    [
        {"max_results": "4"},
        {"max_results": "101"},
        {"max_results": "many"},
        {"start_time": "yesterday"},
        {"start_time": "2026-01-01"},
        {"since_id": "x"},
        {"exclude": "ads"},
        {"tweet.fields": "created_at,shoe_size"},
        {"pagination_token": "!"},
        {"count": "5"},
    ],
    ids=str,
)
async def test_a_wrong_query_is_refused(x: Any, token: str, query: dict[str, str]) -> None:
    status, problem = await x.posts(token, **query)

    assert status == 400
    assert problem["errors"][0]["message"]


async def test_a_post_may_appear_in_the_list_later_than_on_the_page(x: Any, token: str) -> None:
    await x.switch(listing_lag_seconds=3600)
    await x.post(token, "hello")

    _, lagging = await x.posts(token)
    await x.switch(listing_lag_seconds=0)
    _, caught_up = await x.posts(token)

    assert lagging["meta"]["result_count"] == 0
    assert caught_up["meta"]["result_count"] == 1
    assert await x.texts() == ["hello"]


async def test_an_unknown_user_is_an_error_inside_a_good_answer(x: Any, token: str) -> None:
    status, answer = await x.posts(token, account="42")

    assert status == 200
    assert answer["errors"][0]["type"].endswith("/resource-not-found")
