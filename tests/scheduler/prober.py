"""A worker process to be killed: tests the platforms that are down, and holds the right to.

python -m tests.scheduler.prober <database url> <data dir> <port of X>
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from scheduler.deliverer import Deliverer
from scheduler.runtime import open_runtime
from tests.world import settings_for


async def probe(url: str, folder: Path, x_port: int) -> None:
    patient = {"POSTBOT_REQUEST_TIMEOUT": 60, "POSTBOT_SETTLE": 61}
    async with open_runtime(settings_for(url, folder, x_port, **patient)) as runtime:
        await Deliverer(runtime, lambda *_: None).probe()
        await asyncio.sleep(60)


if __name__ == "__main__":
    url, folder, x_port = sys.argv[1:]
    asyncio.run(probe(url, Path(folder), int(x_port)))
