"""What a platform may declare about its failures, beyond what X needs of it."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from tests.sandbox.toy import Toy, create_app

Client = TestClient[Any, Any]


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
async def client(toy: Toy) -> AsyncIterator[Client]:
    async with TestClient(TestServer(create_app(toy))) as client:
        yield client


async def call(client: Client, name: str) -> int:
    async with client.post(f"/api/{name}", data={"text": "hi"}) as response:
        return response.status


async def eventually(look: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(500):
        if await look():
            return
        await asyncio.sleep(0.01)
    pytest.fail("It did not happen within five seconds.")


def choices(toy: Toy, key: str) -> dict[str, str]:
    described = toy.switches.describe()["switches"]
    [found] = [one["choices"] for one in described if one["key"] == key]
    return dict(found)


def test_the_calls_to_choose_from_are_those_that_the_platform_has(toy: Toy) -> None:
    offered = list(choices(toy, "apply_to"))

    assert offered == ["irreversible", "create", "publish", "media", "comment", "all"]
    assert toy.switches["apply_to"] == "irreversible"


async def test_a_failure_hits_every_irreversible_call_and_no_other(
    toy: Toy, client: Client
) -> None:
    toy.switches.change({"mode": "fail_before"})

    statuses = {name: await call(client, name) for name in ("create", "publish", "media")}

    assert statuses == {"create": 503, "publish": 503, "media": 201}


@pytest.mark.parametrize("hit", ["create", "publish", "media", "comment"])
async def test_a_failure_can_hit_one_kind_of_call(toy: Toy, client: Client, hit: str) -> None:
    toy.switches.change({"mode": "fail_before", "apply_to": hit})

    failed = [
        name
        for name in ("create", "publish", "media", "comment")
        if await call(client, name) == 503
    ]

    assert failed == [hit]


@pytest.mark.parametrize(("mode", "done"), [("spam", []), ("spam_but_out", ["create hi"])])
async def test_a_platform_has_answers_of_its_own(
    toy: Toy, client: Client, mode: str, done: list[str]
) -> None:
    toy.switches.change({"mode": mode})

    assert await call(client, "create") == 418
    assert toy.done == done


async def test_only_irreversible_calls_are_slow(toy: Toy, client: Client) -> None:
    toy.switches.change({"delay_seconds": 0.3})

    started = time.monotonic()
    await call(client, "media")
    upload = time.monotonic() - started
    await call(client, "publish")
    publish = time.monotonic() - started - upload

    assert upload < 0.3 <= publish


async def test_a_form_with_files_can_be_carried_out_late(toy: Toy, client: Client) -> None:
    toy.switches.change({"mode": "late", "late_seconds": 0, "apply_to": "media"})
    form = aiohttp.FormData({"text": "a picture"})
    form.add_field("file", b"png", filename="a.png")

    with pytest.raises(aiohttp.ClientOSError):
        await client.post("/api/media", data=form)

    async def is_there() -> bool:
        return toy.done == ["media a picture"]

    await eventually(is_there)


async def test_a_large_upload_is_heard_out_before_it_is_refused(toy: Toy, client: Client) -> None:
    toy.switches.change({"mode": "rate_limit", "apply_to": "media"})

    async with client.post("/api/media", data=io.BytesIO(b"\0" * 5_000_000)) as response:
        assert response.status == 429


async def test_a_truncated_answer_begins_like_the_real_one(toy: Toy, client: Client) -> None:
    toy.switches.change({"mode": "truncated"})

    async with client.post("/api/create", data={"text": "hi"}) as response:
        beginning = await response.content.readexactly(4)
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()

    assert response.status == 201
    assert beginning == b'{"id'
    assert toy.done == ["create hi"]


def test_modes_are_shown_under_headings(toy: Toy) -> None:
    described = toy.switches.describe()["switches"]

    [mode] = [one for one in described if one["key"] == "mode"]

    assert mode["headings"]["fail_before"] == "Nothing happens"
    assert mode["headings"]["timeout_after"] == "It happens, but the app does not hear of it"
    assert mode["headings"]["spam"] == "The platform says no"
    assert mode["headings"].keys() == mode["choices"].keys()
