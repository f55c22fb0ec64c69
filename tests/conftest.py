"""The world that most tests share: a migrated database of each kind, X on a loopback port, and a
runtime between them."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestServer

from bot.ports import is_free
from sandbox.x import create_app as create_x
from scheduler import database
from scheduler.clock import Clock
from scheduler.config import Settings
from scheduler.runtime import Runtime, open_runtime
from tests.gallery import GalleryStandIn, registered
from tests.world import StandIn, World, settings_for

# Tracebacks with all local values, as structlog makes them unless told otherwise, take seconds:
# longer than Slack waits.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)
POSTGRES = os.environ.get("POSTBOT_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432")
REDIS = os.environ.get("POSTBOT_TEST_REDIS", "redis://127.0.0.1:6379/9")
# Set where the servers must be there, as on CI: their absence fails instead of skipping.
REQUIRED = os.environ.get("POSTBOT_TEST_SERVERS_REQUIRED") == "1"


def _beside() -> int:
    """Which of several test processes this is."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


async def _postgres(statement: str, *, name: str = "postgres") -> None:
    import asyncpg

    connection = await asyncpg.connect(f"{POSTGRES}/{name}", timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def absent(what: str, error: Exception) -> None:
    """Skips for want of a server, or fails where it was promised."""
    sentence = f"{what} does not answer: {error}"
    if REQUIRED:
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "postbot.sqlite3"
    database.migrate(f"sqlite://{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    name = f"postbot_template_{uuid.uuid4().hex[:8]}"
    try:
        asyncio.run(_postgres(f"CREATE DATABASE {name}"))
    except (OSError, TimeoutError) as error:
        absent("PostgreSQL", error)
    database.migrate(f"{POSTGRES}/{name}")
    yield name
    asyncio.run(_postgres(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "postbot.sqlite3")
    return f"sqlite://{tmp_path / 'postbot.sqlite3'}"


@pytest.fixture
def postgres_url(postgres_template: str) -> Iterator[str]:
    name = f"postbot_test_{uuid.uuid4().hex[:8]}"
    asyncio.run(_postgres(f"CREATE DATABASE {name} TEMPLATE {postgres_template}"))
    yield f"{POSTGRES}/{name}"
    asyncio.run(_postgres(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def empty_postgres_url(postgres_template: str) -> Iterator[str]:
    """A PostgreSQL database without tables."""
    name = f"postbot_test_{uuid.uuid4().hex[:8]}"
    asyncio.run(_postgres(f"CREATE DATABASE {name}"))
    yield f"{POSTGRES}/{name}"
    asyncio.run(_postgres(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty migrated database, once of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int) -> Settings:
    return settings_for(database_url, tmp_path, x_port)


@pytest.fixture(scope="session")
def unused_tcp_port_factory() -> Callable[[], int]:
    """Ports below those that the system gives to connections, other ones for each test process:
    a port that was only looked for, and not yet taken, would sometimes be gone again."""
    ports = itertools.count(12_000 + 2_000 * _beside())
    return lambda: next(port for port in ports if is_free(port))


@pytest.fixture
def unused_tcp_port(unused_tcp_port_factory: Callable[[], int]) -> int:
    return unused_tcp_port_factory()


@pytest.fixture
def x_port(unused_tcp_port: int) -> int:
    return unused_tcp_port


@pytest.fixture
async def x(x_port: int, tmp_path: Path) -> AsyncIterator[StandIn]:
    """X's stand-in, with its record of everything that it accepted."""
    server = TestServer(create_x(record=tmp_path), port=x_port)
    await server.start_server()
    yield StandIn(server, tmp_path / "x.jsonl")
    await server.close()


@pytest.fixture
async def gallery() -> AsyncIterator[GalleryStandIn]:
    """A second platform, with its stand-in; for settings that come from `gallery.settings_of`."""
    stand_in = GalleryStandIn()
    with registered():
        async with TestServer(stand_in.app()) as server:
            stand_in.url = str(server.make_url("")).rstrip("/")
            yield stand_in


@pytest.fixture
def clock() -> Clock:
    """The time of day; a module whose tests would have to wait puts a `FrozenClock` here."""
    return Clock()


@pytest.fixture
async def runtime(settings: Settings, clock: Clock) -> AsyncIterator[Runtime]:
    async with open_runtime(settings, clock) as opened:
        yield opened


@pytest.fixture
async def world(runtime: Runtime, x: StandIn) -> World:
    """Alice's workspace with one connected X account."""
    return await World.build(runtime, x)


@pytest.fixture
def redis_client() -> Iterator[Any]:
    """The Redis server of the machine, an empty database of it."""
    import redis

    # Each test process empties a database of its own.
    first, number = REDIS.rsplit("/", 1)
    client = redis.Redis.from_url(f"{first}/{int(number) + _beside()}")
    try:
        client.flushdb()
    except redis.RedisError as error:
        absent("Redis", error)
    yield client
    client.flushdb()
    client.close()
