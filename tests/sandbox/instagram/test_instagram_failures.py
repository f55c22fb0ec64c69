"""Instagram's ways to fail, before, at and after the publication."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from sandbox.graph.error_map import Row, rows_of
from tests.sandbox.graph_caller import error_of, eventually

ACME = "17841400000000101"
OWN = rows_of("instagram")
LIVE = [row for row in OWN if row.maybe_live]


def recorded_texts(instagram: Any) -> list[str]:
    return [line["text"] for line in instagram.recorded()]


@pytest.mark.parametrize("row", OWN, ids=lambda row: row.key)
async def test_every_row_of_the_error_map_can_be_played_at_the_publication(
    instagram: Any, token: str, row: Row
) -> None:
    container = await instagram.image(token)
    await instagram.switch(mode=row.key)

    answer = await instagram.publish(token, container)

    assert error_of(answer) == (row.code, row.subcode)
    assert instagram.recorded() == []
    assert await instagram.state(token, container) == "FINISHED"


@pytest.mark.parametrize("row", LIVE, ids=lambda row: row.key)
async def test_an_error_can_come_although_the_post_is_live(
    instagram: Any, token: str, row: Row
) -> None:
    container = await instagram.image(token)
    await instagram.switch(mode=f"{row.key}_live")

    answer = await instagram.publish(token, container)

    assert error_of(answer) == (row.code, row.subcode)
    assert recorded_texts(instagram) == ["hello"]
    assert await instagram.state(token, container) == "PUBLISHED"


@pytest.mark.parametrize(
    ("apply_to", "method", "path"),
    [
        ("prepare", "POST", f"{ACME}/media"),
        ("publish", "POST", f"{ACME}/media_publish"),
        ("poll", "GET", "{container}"),
        ("read", "GET", "{media}"),
        ("read", "GET", f"{ACME}/content_publishing_limit"),
        ("list", "GET", f"{ACME}/media"),
        ("list", "GET", f"{ACME}/stories"),
        ("comment", "POST", "{media}/comments"),
        ("delete", "DELETE", "{media}"),
        ("token", "GET", "me"),
        ("token", "GET", "/access_token"),
        ("token", "GET", "/refresh_access_token"),
        ("token", "POST", "/oauth/access_token"),
    ],
)
async def test_a_failure_hits_the_calls_it_is_meant_for_and_no_others(
    instagram: Any, token: str, apply_to: str, method: str, path: str
) -> None:
    container, media = await instagram.image(token), await instagram.post(token)
    path = path.format(container=container, media=media)
    others = {"prepare", "publish", "poll", "read", "list", "comment", "token"} - {apply_to}

    await instagram.switch(mode="error_613", apply_to=apply_to)
    hit = await instagram.call(method, path, token)
    await instagram.switch(apply_to=min(others))
    missed = await instagram.call(method, path, token)

    assert error_of(hit) == (613, None)
    assert "613" not in json.dumps(missed[1].get("error", {}))


async def test_reading_a_fresh_post_can_fail_as_it_did_for_others(
    instagram: Any, token: str
) -> None:
    media_id = await instagram.post(token)
    await instagram.switch(mode="error_100_33", apply_to="read", mode_times=1)

    first = await instagram.get(media_id, token, fields="permalink")
    second = await instagram.get(media_id, token, fields="permalink")

    assert error_of(first) == (100, 33)
    assert second[0] == 200


@pytest.mark.parametrize(("mode", "posted"), [("reset_before", []), ("reset_after", ["hello"])])
async def test_a_reset_breaks_the_connection(
    instagram: Any, token: str, mode: str, posted: list[str]
) -> None:
    container = await instagram.image(token)
    await instagram.switch(mode=mode)

    with pytest.raises(aiohttp.ClientOSError):
        await instagram.publish(token, container)

    assert recorded_texts(instagram) == posted


async def test_a_late_publication_comes_after_the_connection_broke(
    instagram: Any, token: str
) -> None:
    container = await instagram.image(token)
    await instagram.switch(mode="late", late_seconds=0)

    with pytest.raises(aiohttp.ClientOSError):
        await instagram.publish(token, container)

    async def is_out() -> bool:
        return recorded_texts(instagram) == ["hello"]

    await eventually(is_out)


async def test_a_throttle_says_in_minutes_when_it_ends(instagram: Any, token: str) -> None:
    await instagram.switch(mode="rate_limit", rate_limit_seconds=120)

    response = await instagram.ask("POST", f"{ACME}/media_publish", token)

    [usage] = json.loads(response.headers["X-Business-Use-Case-Usage"])[ACME]
    assert (await response.json())["error"]["code"] == 80002
    assert (usage["type"], usage["estimated_time_to_regain_access"]) == ("instagram", 2)


async def test_calls_are_counted_for_each_account(instagram: Any, token: str) -> None:
    await instagram.switch(calls_an_hour=1)

    first = await instagram.ask("GET", "me", token)
    second = await instagram.ask("GET", "me", token)

    assert first.status == 200
    assert (await second.json())["error"]["code"] == 80002


async def test_every_mode_has_a_label_of_its_own(instagram: Any) -> None:
    _, described = await instagram.switch()

    [mode] = [one for one in described["switches"] if one["key"] == "mode"]
    assert len(set(mode["choices"].values())) == len(mode["choices"])
    assert all(switch["label"] for switch in described["switches"])
