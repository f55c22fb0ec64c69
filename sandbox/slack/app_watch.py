"""Knows whether the app is up, so that the page can say so before a command fails."""

from __future__ import annotations

import asyncio
import contextlib

from yarl import URL

from sandbox.slack.desk import Desk

SECONDS_BETWEEN_LOOKS = 2.0


async def watch_app(desk: Desk) -> None:
    """Look for ever; a change wakes the pages that wait."""
    url = URL(desk.settings.app_url)
    while True:
        is_up = desk.socket_mode.is_connected or await _listens(url)
        if is_up != desk.app_is_up:
            desk.app_is_up = is_up
            desk.world.touch()
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


async def _listens(url: URL) -> bool:
    try:
        async with asyncio.timeout(SECONDS_BETWEEN_LOOKS):
            _, writer = await asyncio.open_connection(url.host, url.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
