from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

SOON = aiohttp.ClientTimeout(total=0.3)


async def eventually(look: Callable[[], Awaitable[bool]]) -> None:
    """Waits until the look succeeds; fails after five seconds."""
    for _ in range(500):
        if await look():
            return
        await asyncio.sleep(0.01)
    pytest.fail("It did not happen within five seconds.")


def recorded_texts(x: Any) -> list[str]:
    return [line["text"] for line in x.recorded()]


@pytest.mark.parametrize(
    ("mode", "status", "posted"),
    [
        ("fail_before", 503, []),
        ("fail_after", 503, ["hello"]),
        ("rate_limit", 429, []),
        ("unauthorized", 401, []),
        ("duplicate", 403, []),
        ("not_permitted", 403, []),
        ("credits", 402, []),
    ],
)
async def test_a_refusing_mode_answers_and_posts_as_it_says(
    x: Any, token: str, mode: str, status: int, posted: list[str]
) -> None:
    await x.switch(mode=mode)

    answer = await x.post(token, "hello")

    assert answer[0] == status
    assert recorded_texts(x) == posted


@pytest.mark.parametrize(("mode", "posted"), [("reset_before", []), ("reset_after", ["hello"])])
async def test_a_reset_breaks_the_connection(
    x: Any, token: str, mode: str, posted: list[str]
) -> None:
    await x.switch(mode=mode)

    with pytest.raises(aiohttp.ClientOSError) as caught:
        await x.post(token, "hello")

    assert caught.value.errno == errno.ECONNRESET
    assert recorded_texts(x) == posted


@pytest.mark.parametrize(("mode", "posted"), [("timeout_before", []), ("timeout_after", ["hello"])])
async def test_a_timeout_keeps_the_caller_waiting(
    x: Any, token: str, mode: str, posted: list[str]
) -> None:
    await x.switch(mode=mode)

    with pytest.raises(TimeoutError):
        await x.call("POST", "/2/tweets", token, json={"text": "hello"}, timeout=SOON)

    assert recorded_texts(x) == posted


async def test_garbage_is_no_json_although_the_post_is_out(x: Any, token: str) -> None:
    await x.switch(mode="garbage")

    with pytest.raises(ValueError, match="Expecting value"):
        await x.post(token, "hello")

    assert recorded_texts(x) == ["hello"]


async def test_an_answer_can_stop_in_the_middle(x: Any, token: str) -> None:
    await x.switch(mode="truncated")

    with pytest.raises(aiohttp.ClientPayloadError):
        await x.post(token, "hello")

    assert recorded_texts(x) == ["hello"]


async def test_a_late_post_goes_out_after_the_connection_broke(x: Any, token: str) -> None:
    await x.switch(mode="late", late_seconds=0)

    with pytest.raises(aiohttp.ClientOSError):
        await x.post(token, "hello")

    async def is_out() -> bool:
        return recorded_texts(x) == ["hello"]

    await eventually(is_out)


async def test_an_outage_hits_every_endpoint_but_not_the_page(x: Any, token: str) -> None:
    await x.switch(mode="outage")

    with pytest.raises(aiohttp.ClientOSError):
        await x.call("GET", "/2/users/me", token)

    assert await x.texts() == []


async def test_a_mode_hits_only_the_calls_it_is_meant_for(x: Any, token: str) -> None:
    await x.switch(mode="fail_before")
    beside = await x.call("GET", "/2/users/me", token)
    await x.switch(apply_to="all")
    everything = await x.call("GET", "/2/users/me", token)

    assert beside[0] == 200
    assert everything[0] == 503


async def test_a_lost_answer_to_a_refresh_still_rotates_the_token(x: Any) -> None:
    _, tokens = await x.redeem(await x.code())
    await x.switch(mode="fail_after", apply_to="token", mode_times=1)

    lost = await x.refresh(tokens["refresh_token"])
    again = await x.refresh(tokens["refresh_token"])

    assert lost[0] == 503
    assert again[0] == 400


async def test_a_mode_ends_after_its_number_of_calls(x: Any, token: str) -> None:
    await x.switch(mode="fail_before", mode_times=2)

    statuses = [(await x.post(token, "hello"))[0] for _ in range(3)]

    assert statuses == [503, 503, 201]


async def test_a_spoiled_mode_does_not_hide_a_refusal(x: Any, token: str) -> None:
    await x.switch(mode="fail_after")

    status, _ = await x.post(token, "")

    assert status == 400


async def test_chance_repeats_itself_by_its_seed(x: Any, token: str) -> None:
    await x.switch(duplicates=False)

    async def throw() -> list[int]:
        await x.switch(random={"seed": 7, "fail_before": 0.3, "not_permitted": 0.2})
        return [(await x.post(token, "hello"))[0] for _ in range(30)]

    first, second = await throw(), await throw()

    assert first == second
    assert set(first) == {201, 403, 503}


async def test_a_429_says_when_it_is_lifted(x: Any, token: str) -> None:
    await x.switch(mode="rate_limit", rate_limit_seconds=120)

    response = await x.client.post("/2/tweets", json={"text": "hello"})

    assert response.headers["x-rate-limit-remaining"] == "0"
    assert response.headers["x-rate-limit-reset"].isdecimal()


async def test_hanging_calls_let_the_stand_in_stop(x: Any, token: str) -> None:
    await x.switch(mode="timeout_before", mode_times=1)
    call = asyncio.create_task(x.post(token, "hello"))

    async def has_arrived() -> bool:
        _, described = await x.switch()
        return bool(described["values"]["mode"] == "ok")

    await eventually(has_arrived)
    async with asyncio.timeout(5):
        await x.client.server.close()

    with pytest.raises(aiohttp.ClientError):
        await call


@pytest.mark.parametrize(
    "values",
    [
        {"mode": "explode"},
        {"moood": "ok"},
        {"mode_times": -1},
        {"delay_seconds": "long"},
        {"limits": 1},
        {"random": {"explode": 0.1}},
        {"random": {"fail_before": 0.7, "fail_after": 0.7}},
        {"mode": []},
    ],
    ids=str,
)
async def test_a_switch_refuses_what_it_cannot_be(x: Any, values: dict[str, Any]) -> None:
    status, answer = await x.switch(**values)

    assert status == 400
    assert next(iter(values)) in answer["error"]


async def test_every_switch_has_a_sentence(x: Any) -> None:
    _, described = await x.switch()

    keys = {switch["key"] for switch in described["switches"]}
    assert keys >= {"mode", "mode_times", "apply_to", "delay_seconds", "jitter", "random"}
    assert keys >= {"listing_lag_seconds", "token_seconds", "limits", "duplicates"}
    assert all(switch["label"] for switch in described["switches"])
