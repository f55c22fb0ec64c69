"""Facebook's ways to fail, before, at and after the publication."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from sandbox.graph.error_map import ROWS, Row, rows_of
from tests.sandbox.graph_caller import error_of, eventually

ACME = "102000000000101"
OWN = rows_of("facebook")
LIVE = [row for row in OWN if row.maybe_live]


def recorded_texts(facebook: Any) -> list[str]:
    return [line["text"] for line in facebook.recorded()]


@pytest.mark.parametrize("row", OWN, ids=lambda row: row.key)
async def test_every_row_of_the_error_map_can_be_played_at_the_publication(
    facebook: Any, token: str, row: Row
) -> None:
    post_id = await facebook.draft(token, "hello")
    await facebook.switch(mode=row.key)

    answer = await facebook.send(post_id, token, is_published=True)

    assert error_of(answer) == (row.code, row.subcode)
    assert recorded_texts(facebook) == []


@pytest.mark.parametrize("row", LIVE, ids=lambda row: row.key)
async def test_an_error_can_come_although_the_post_is_live(
    facebook: Any, token: str, row: Row
) -> None:
    post_id = await facebook.draft(token, "hello")
    await facebook.switch(mode=f"{row.key}_live")

    answer = await facebook.send(post_id, token, is_published=True)

    assert error_of(answer) == (row.code, row.subcode)
    assert recorded_texts(facebook) == ["hello"]
    assert (await facebook.read(post_id, token, "is_published"))["is_published"] is True


@pytest.mark.parametrize(
    ("apply_to", "path", "values"),
    [
        ("prepare", f"{ACME}/feed", {"message": "a", "published": False}),
        ("prepare", f"{ACME}/photos", {"url": "http://127.0.0.1:9/", "published": "false"}),
        ("prepare", f"{ACME}/video_reels", {"upload_phase": "start"}),
        ("prepare", f"{ACME}/video_reels", {"upload_phase": "finish", "video_state": "DRAFT"}),
        ("publish", f"{ACME}/feed", {"message": "a"}),
        ("publish", f"{ACME}/photos", {"url": "http://127.0.0.1:9/"}),
        ("publish", f"{ACME}/videos", {"file_url": "http://127.0.0.1:9/"}),
        ("publish", f"{ACME}/video_reels", {"upload_phase": "finish", "video_state": "PUBLISHED"}),
        ("publish", "{post}", {"is_published": True}),
        ("comment", "{post}/comments", {"message": "a"}),
        ("read", "{post}", None),
        ("list", f"{ACME}/published_posts", None),
        ("list", "{post}/comments", None),
        ("token", "me/accounts", None),
        ("token", "oauth/access_token", None),
        ("token", "me", None),
    ],
    ids=str,
)
async def test_a_failure_hits_the_calls_it_is_meant_for_and_no_others(
    facebook: Any, token: str, apply_to: str, path: str, values: dict[str, Any] | None
) -> None:
    path = path.format(post=await facebook.draft(token, "hello"))
    method = "POST" if values else "GET"
    others = {"prepare", "publish", "comment", "read", "list", "token"} - {apply_to}

    await facebook.switch(mode="error_613", apply_to=apply_to)
    hit = await facebook.call(method, path, token, json=values)
    await facebook.switch(apply_to=min(others))
    missed = await facebook.call(method, path, token, json=values)

    assert error_of(hit) == (613, None)
    assert "613" not in json.dumps(missed[1].get("error", {}))


async def test_an_upload_can_fail_although_its_bytes_arrived(facebook: Any, token: str) -> None:
    reel = await facebook.start_reel(token)
    await facebook.switch(mode="fail_after", apply_to="upload")

    status, _ = await facebook.upload(reel["upload_url"], token)

    read = await facebook.read(reel["video_id"], token, "status")
    assert status == 503
    assert read["status"]["uploading_phase"]["status"] == "complete"


async def test_an_upload_can_fail_before_a_byte_arrives(facebook: Any, token: str) -> None:
    reel = await facebook.start_reel(token)
    await facebook.switch(mode="fail_before", apply_to="upload")

    status, _ = await facebook.upload(reel["upload_url"], token)

    read = await facebook.read(reel["video_id"], token, "status")
    assert status == 503
    assert read["status"]["uploading_phase"]["bytes_transferred"] == 0


@pytest.mark.parametrize(("mode", "posted"), [("reset_before", []), ("reset_after", ["hello"])])
async def test_a_reset_breaks_the_connection(
    facebook: Any, token: str, mode: str, posted: list[str]
) -> None:
    await facebook.switch(mode=mode)

    with pytest.raises(aiohttp.ClientOSError):
        await facebook.post(token, "hello")

    assert recorded_texts(facebook) == posted


@pytest.mark.parametrize("encoding", ["json", "data"])
async def test_a_late_publication_comes_after_the_connection_broke(
    facebook: Any, token: str, encoding: str
) -> None:
    post_id = await facebook.draft(token, "hello")
    await facebook.switch(mode="late", late_seconds=0)

    with pytest.raises(aiohttp.ClientOSError):
        await facebook.call("POST", post_id, token, **{encoding: {"is_published": "true"}})

    async def is_out() -> bool:
        return recorded_texts(facebook) == ["hello"]

    await eventually(is_out)


async def test_a_late_call_that_is_refused_leaves_no_trace(facebook: Any, token: str) -> None:
    await facebook.switch(mode="late", late_seconds=0)
    with pytest.raises(aiohttp.ClientOSError):
        await facebook.post(token, "")

    await asyncio.sleep(0.05)

    assert recorded_texts(facebook) == []


async def test_a_truncated_answer_is_half_of_the_real_one(facebook: Any, token: str) -> None:
    await facebook.switch(mode="truncated")

    with pytest.raises(aiohttp.ClientPayloadError):
        await facebook.post(token, "hello")

    assert recorded_texts(facebook) == ["hello"]


async def test_a_throttle_says_in_minutes_when_it_ends(facebook: Any, token: str) -> None:
    await facebook.switch(mode="rate_limit", rate_limit_seconds=150)

    response = await facebook.ask("POST", f"{ACME}/feed", token, json={"message": "hello"})

    [usage] = json.loads(response.headers["X-Business-Use-Case-Usage"])[ACME]
    assert (await response.json())["error"]["code"] == 80001
    assert usage["type"] == "pages"
    assert usage["estimated_time_to_regain_access"] == 3


async def test_an_app_that_is_throttled_reads_it_in_the_app_usage(
    facebook: Any, token: str
) -> None:
    await facebook.switch(mode="error_4")

    response = await facebook.ask("POST", f"{ACME}/feed", token, json={"message": "hello"})

    assert json.loads(response.headers["X-App-Usage"])["call_count"] > 100


async def test_calls_are_counted_for_each_page(facebook: Any, token: str) -> None:
    labs = await facebook.connect("Acme Labs")
    await facebook.switch(calls_an_hour=2)

    first = await facebook.ask("GET", "me", token)
    await facebook.ask("GET", "me", token)
    third = await facebook.ask("GET", "me", token)
    other = await facebook.ask("GET", "me", labs)

    [usage] = json.loads(first.headers["X-Business-Use-Case-Usage"])[ACME]
    [over] = json.loads(third.headers["X-Business-Use-Case-Usage"])[ACME]
    assert (usage["call_count"], usage["estimated_time_to_regain_access"]) == (50, 0)
    assert ((await third.json())["error"]["code"], over["call_count"]) == (80001, 150)
    assert over["estimated_time_to_regain_access"] == 1
    assert (first.status, other.status) == (200, 200)


async def test_little_usage_is_not_told(facebook: Any, token: str) -> None:
    response = await facebook.ask("GET", "me", token)

    assert "X-Business-Use-Case-Usage" not in response.headers


async def test_an_outage_hits_every_call_but_not_the_page(facebook: Any, token: str) -> None:
    await facebook.switch(mode="outage")

    with pytest.raises(aiohttp.ClientOSError):
        await facebook.get("me", token)

    assert await facebook.timeline() == []
    assert (await facebook.link()).status == 200


async def test_a_mode_does_not_hide_a_refusal(facebook: Any, token: str) -> None:
    await facebook.switch(mode="fail_after")

    assert error_of(await facebook.post(token, "")) == (100, 1349125)


async def test_every_mode_has_a_label_of_its_own(facebook: Any) -> None:
    _, described = await facebook.switch()

    [mode] = [one for one in described["switches"] if one["key"] == "mode"]
    assert len(set(mode["choices"].values())) == len(mode["choices"])
    assert all(switch["label"] for switch in described["switches"])


def test_every_row_of_the_error_map_is_there_once() -> None:
    names = [(row.code, row.subcode) for row in ROWS]

    assert len(set(names)) == len(names)
