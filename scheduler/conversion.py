"""Makes images in processes of their own, so that an image made to do harm ends nothing but its own
conversion."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import structlog

from scheduler import convert
from scheduler.fitting import Recipe

log = structlog.get_logger(__name__)

# On a busy machine; the program itself has used up its CPU time long before.
LONGEST_SECONDS = 60.0
# They decode up to 1.5 GB each.
_AT_ONCE = 2
_PROGRAM = Path(convert.__file__)
# Where this Python may need to find itself; nothing else of our environment is its business.
_NEEDED = ("LD_LIBRARY_PATH",)


class ConversionFailed(Exception):
    """An image could not be made. `is_certain` when another try would end the same way."""

    def __init__(self, reason: str, *, is_certain: bool) -> None:
        super().__init__(reason)
        self.is_certain = is_certain


class Converter:
    """Makes a few images at a time; one for each event loop."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def make(self, source: Path, target: Path, recipe: Recipe) -> None:
        """Writes what the recipe makes of an image into a file. Raises `ConversionFailed`."""
        order = {
            "source": str(source),
            "target": str(target),
            "mime": recipe.mime,
            "size": recipe.size,
            "width": recipe.width,
            "height": recipe.height,
        }
        async with self._slots:
            await _run(json.dumps(order))


async def _run(order: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(_PROGRAM), order),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in _NEEDED if name in os.environ},
        cwd="/",
    )
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            _, said = await process.communicate()
    except TimeoutError:
        raise ConversionFailed("it took too long", is_certain=False) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        reason = said.decode(errors="replace").strip().rpartition("\n")[2][:300]
        log.warning("image not made", code=process.returncode, reason=reason)
        raise ConversionFailed(reason or f"ended with {process.returncode}", is_certain=True)
