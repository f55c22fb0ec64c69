from __future__ import annotations

import re
from typing import Any


async def test_the_timeline_tells_exact_times(x: Any, token: str) -> None:
    await x.post(token, "one\ntwo <b>")

    timeline = await (await x.client.get("/_/timeline")).json()

    [post] = timeline["posts"]
    assert [account["username"] for account in timeline["accounts"]] == ["acme", "acme_labs"]
    assert post["text"] == "one\ntwo <b>"
    assert post["username"] == "acme"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", post["created_at"])


async def test_an_unchanged_timeline_is_not_sent_again(x: Any, token: str) -> None:
    first = await x.client.get("/_/timeline")
    known = {"If-None-Match": first.headers["ETag"]}

    unchanged = await x.client.get("/_/timeline", headers=known)
    await x.post(token, "hello")
    changed = await x.client.get("/_/timeline", headers=known)

    assert unchanged.status == 304
    assert changed.status == 200


async def test_the_timeline_shows_the_newest_when_there_are_many(x: Any, token: str) -> None:
    await x.post_many(token, 4)

    timeline = await (await x.client.get("/_/timeline", params={"limit": "2"})).json()

    assert [post["text"] for post in timeline["posts"]] == ["post 3", "post 2"]
    assert timeline["total"] == 4


async def test_clearing_the_timeline_keeps_the_record(x: Any, token: str) -> None:
    await x.post(token, "hello")

    await x.client.delete("/_/timeline")

    assert await x.texts() == []
    assert len(x.recorded()) == 1
    assert (await x.posts(token))[1]["meta"]["result_count"] == 0


async def test_the_address_of_a_post_leads_to_its_place_on_the_page(x: Any, token: str) -> None:
    _, posted = await x.post(token, "hello")
    post_id = posted["data"]["id"]

    response = await x.client.get(f"/acme/status/{post_id}", allow_redirects=False)

    assert response.headers["Location"] == f"/#post-{post_id}"
