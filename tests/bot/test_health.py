"""What load balancers and operators are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.web import health
from bot.web.app import create_app
from scheduler import markers
from scheduler.config import Settings
from scheduler.models import Delivery
from scheduler.runtime import Runtime
from tests.world import StandIn, World, settings_for

Client = TestClient[Any, Any]


@pytest.fixture
def settings(database_url: str, tmp_path: Any, x_port: int) -> Settings:
    """Without Slack: health is asked for before anything else is set up."""
    return settings_for(database_url, tmp_path, x_port)


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[Client]:
    async with TestClient(TestServer(create_app(runtime))) as client:
        yield client


async def ready(client: Client) -> tuple[int, dict[str, Any]]:
    response = await client.get("/readyz")
    return response.status, await response.json()


async def tick(runtime: Runtime, *, seconds_ago: float = 0) -> None:
    at = runtime.clock.now() - timedelta(seconds=seconds_ago)
    await markers.write(markers.DISPATCHER, {}, at)


async def test_a_process_that_runs_is_alive(client: Client) -> None:
    response = await client.get("/healthz")

    assert (response.status, await response.json()) == (200, {"alive": True})


async def test_with_a_ticking_dispatcher_it_is_ready(client: Client, runtime: Runtime) -> None:
    await tick(runtime)

    status, answer = await ready(client)

    assert (status, answer["ready"]) == (200, True)
    assert set(answer["checks"]) == {
        "database",
        "redis",
        "dispatcher",
        "lateness",
        "platforms",
    }


async def test_a_dispatcher_that_never_ran_is_named(client: Client) -> None:
    status, answer = await ready(client)

    assert status == 503
    assert "postbot dispatcher" in answer["checks"]["dispatcher"]["sentence"]


async def test_a_silent_dispatcher_is_named(client: Client, runtime: Runtime) -> None:
    await tick(runtime, seconds_ago=60)

    status, answer = await ready(client)

    assert status == 503
    assert "silent for 60 seconds" in answer["checks"]["dispatcher"]["sentence"]


async def test_a_late_post_is_named(client: Client, runtime: Runtime, x: StandIn) -> None:
    await tick(runtime)
    world = await World.build(runtime, x)
    delivery = await world.schedule(seconds=3600)
    past = runtime.clock.now() - timedelta(seconds=90)
    await Delivery.filter(id=delivery.id).update(due_at=past, next_attempt_at=past)

    status, answer = await ready(client)

    assert status == 503
    assert "90 seconds late" in answer["checks"]["lateness"]["sentence"]


async def test_redis_that_does_not_answer_is_named(runtime: Runtime) -> None:
    async def broken() -> None:
        raise ConnectionError("refused")

    await tick(runtime)
    async with TestClient(TestServer(create_app(runtime, redis=broken))) as client:
        status, answer = await ready(client)

    assert status == 503
    assert answer["checks"]["redis"] == {
        "ok": False,
        "sentence": "It cannot be reached (ConnectionError).",
    }


async def test_a_check_that_hangs_is_an_answer_too(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    monkeypatch.setattr(health, "_CHECK_SECONDS", 0.05)
    async with TestClient(TestServer(create_app(runtime, redis=asyncio.Event().wait))) as client:  # type: ignore[arg-type]
        status, answer = await ready(client)

    assert status == 503
    assert "No answer" in answer["checks"]["redis"]["sentence"]


async def test_slack_is_refused_in_words_until_it_is_set_up(client: Client) -> None:
    response = await client.post("/slack/events", data=b"payload={}")

    assert response.status == 401
    assert "SLACK_SIGNING_SECRET" in (await response.json())["error"]
