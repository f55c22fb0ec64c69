from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from scheduler.runtime import Runtime
from tests.scheduler.engine import Desk, Engine


@pytest.fixture
async def engine(runtime: Runtime) -> AsyncIterator[Engine]:
    """A dispatcher and a worker of the shared runtime."""
    engine = Engine(runtime)
    yield engine
    await engine.deliverer.drain(5)


@pytest.fixture
async def desk(runtime: Runtime) -> Desk:
    """A workspace with an account, without a platform."""
    return await Desk.build(runtime)
