from __future__ import annotations

import asyncio
import errno
from typing import Any

import aiohttp
import pytest


def recorded_titles(pinterest: Any) -> list[str]:
    return [line["title"] for line in pinterest.recorded()]


@pytest.mark.parametrize(
    ("mode", "status", "code", "posted"),
    [
        ("fail_before", 503, 12, []),
        ("fail_after", 503, 12, ["hello"]),
        ("rate_limit", 429, 8, []),
        ("unauthorized", 401, 2, []),
        ("spam", 429, 9, []),
        ("trial", 403, 29, []),
        ("standard_needed", 403, 3, []),
        ("not_permitted", 403, 29, []),
        ("board_gone", 404, 40, []),
        ("unreachable", 400, 1, []),
        ("invalid", 400, 1, []),
    ],
)
async def test_a_refusing_mode_answers_and_pins_as_it_says(
    pinterest: Any, token: str, mode: str, status: int, code: int, posted: list[str]
) -> None:
    await pinterest.switch(mode=mode)

    answer = await pinterest.pin(token)

    assert (answer[0], answer[1]["code"]) == (status, code)
    assert recorded_titles(pinterest) == posted


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("spam", "spam"),
        ("trial", "https://api-sandbox.pinterest.com"),
        ("unreachable", "Unable to reach the URL"),
    ],
)
async def test_a_mode_says_the_words_by_which_publishers_tell_it(
    pinterest: Any, token: str, mode: str, words: str
) -> None:
    await pinterest.switch(mode=mode)

    assert words in (await pinterest.pin(token))[1]["message"]


@pytest.mark.parametrize(("mode", "posted"), [("reset_before", []), ("reset_after", ["hello"])])
async def test_a_reset_breaks_the_connection(
    pinterest: Any, token: str, mode: str, posted: list[str]
) -> None:
    await pinterest.switch(mode=mode)

    with pytest.raises(aiohttp.ClientOSError) as caught:
        await pinterest.pin(token)

    assert caught.value.errno == errno.ECONNRESET
    assert recorded_titles(pinterest) == posted


@pytest.mark.parametrize(("mode", "posted"), [("timeout_before", []), ("timeout_after", ["hello"])])
async def test_a_timeout_keeps_the_caller_waiting(
    pinterest: Any, token: str, mode: str, posted: list[str]
) -> None:
    await pinterest.switch(mode=mode)
    pin = asyncio.create_task(pinterest.pin(token))

    done, _ = await asyncio.wait([pin], timeout=0.3)
    pin.cancel()

    assert not done
    assert recorded_titles(pinterest) == posted


async def test_a_late_pin_goes_out_after_the_connection_broke(pinterest: Any, token: str) -> None:
    await pinterest.switch(mode="late", late_seconds=0)

    with pytest.raises(aiohttp.ClientOSError):
        await pinterest.pin(token)

    async with asyncio.timeout(5):
        while recorded_titles(pinterest) != ["hello"]:
            await asyncio.sleep(0.01)


async def test_a_failure_can_hit_the_upload_alone(pinterest: Any, token: str) -> None:
    registered = await pinterest.register(token)
    await pinterest.switch(mode="fail_before", apply_to="media")

    response = await pinterest.upload(registered)

    assert response.status == 503
    assert (await pinterest.pin(token))[0] == 201


async def test_a_late_upload_arrives_whole(pinterest: Any, token: str) -> None:
    registered = await pinterest.register(token)
    await pinterest.switch(
        mode="late", mode_times=1, late_seconds=0, apply_to="media", processing_seconds=0
    )

    with pytest.raises(aiohttp.ClientOSError):
        await pinterest.upload(registered)

    async with asyncio.timeout(5):
        while await pinterest.status(token, registered["media_id"]) != "succeeded":
            await asyncio.sleep(0.05)


async def test_a_lost_answer_to_a_refresh_still_ends_the_old_token(pinterest: Any) -> None:
    _, tokens = await pinterest.redeem(await pinterest.code())
    await pinterest.switch(mode="fail_after", apply_to="token", mode_times=1)

    lost = await pinterest.refresh(tokens["refresh_token"])
    again = await pinterest.refresh(tokens["refresh_token"])

    assert (lost[0], again[0]) == (503, 401)


async def test_an_outage_hits_every_endpoint_but_not_the_page(pinterest: Any, token: str) -> None:
    await pinterest.switch(mode="outage")

    with pytest.raises(aiohttp.ClientOSError):
        await pinterest.call("GET", "/v5/boards", token)

    assert await pinterest.timeline() == []


async def test_a_429_says_in_how_many_seconds_it_is_lifted(pinterest: Any, token: str) -> None:
    await pinterest.switch(mode="rate_limit", rate_limit_seconds=120)

    response = await pinterest.ask("POST", "/v5/pins", token, json={})

    assert response.headers["x-ratelimit-remaining"] == "0"
    assert response.headers["x-ratelimit-reset"] in ("119", "120")


async def test_every_switch_has_a_sentence(pinterest: Any) -> None:
    _, described = await pinterest.switch()

    keys = {switch["key"] for switch in described["switches"]}
    assert keys >= {"mode", "apply_to", "listing_lag_seconds", "processing_seconds", "limits"}
    assert all(switch["label"] for switch in described["switches"])
