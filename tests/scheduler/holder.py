"""A worker process to be killed: takes the given deliveries and holds them.

python -m tests.scheduler.holder <delivery id>…, with all settings in the environment
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from scheduler.config import Settings, read_settings, variable
from scheduler.deliverer import Deliverer
from scheduler.models import Delivery
from scheduler.rescuer import Rescuer
from scheduler.runtime import open_runtime

# It must not give up by itself before it is killed.
PATIENT = {"POSTBOT_REQUEST_TIMEOUT": "60", "POSTBOT_SETTLE": "61"}


@contextmanager
def holder(settings: Settings, ids: list[int]) -> Iterator[subprocess.Popen[bytes]]:
    """A process of these settings that works on the deliveries, killed at the end at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.scheduler.holder", *map(str, ids)],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], **_variables(settings), **PATIENT},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def rescued(rescuer: Rescuer, row: Delivery) -> bool:
    """Ticks once; whether the row was taken back. PostgreSQL frees a lock a moment after the
    process that held it ended."""
    await rescuer.tick()
    return (await Delivery.get(id=row.id)).owner is None


def _variables(settings: Settings) -> dict[str, str]:
    """The environment that says what these settings say."""
    return {variable(name): _plain(getattr(settings, name)) for name in Settings.model_fields}


def _plain(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(map(_plain, value)) if isinstance(value, tuple) else str(value)


async def hold(ids: list[int]) -> None:
    async with open_runtime(read_settings(_env_file=None)) as runtime:
        await Deliverer(runtime, lambda *_: None).execute(ids)
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(hold([int(id_) for id_ in sys.argv[1:]]))
