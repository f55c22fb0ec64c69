"""A worker process to be killed: takes the given deliveries and holds them.

python -m tests.scheduler.holder <database url> <data dir> <port of X> <delivery id>…
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from scheduler.deliverer import Deliverer
from scheduler.runtime import open_runtime
from tests.world import settings_for


async def hold(url: str, folder: Path, x_port: int, ids: list[int]) -> None:
    patient = {"POSTBOT_REQUEST_TIMEOUT": 60, "POSTBOT_SETTLE": 61}
    async with open_runtime(settings_for(url, folder, x_port, **patient)) as runtime:
        await Deliverer(runtime, lambda *_: None).execute(ids)
        await asyncio.sleep(60)


if __name__ == "__main__":
    url, folder, x_port, *ids = sys.argv[1:]
    asyncio.run(hold(url, Path(folder), int(x_port), [int(id_) for id_ in ids]))
