"""A port of its own for a platform's API, so that it can be closed while the page stays open."""

from __future__ import annotations

import asyncio

from aiohttp import web

from sandbox.switches import Switches

_LOOK_SECONDS = 0.1


async def keep_door(runner: web.AppRunner, switches: Switches, *, host: str, port: int) -> None:
    """Listens on `port` except while the mode is `refuses`; until it is cancelled."""
    site: web.TCPSite | None = None
    while True:
        closed = switches["mode"] == "refuses"
        if site is None and not closed:
            site = web.TCPSite(runner, host, port, reuse_address=True)
            await site.start()
        elif site is not None and closed:
            await site.stop()
            site = None
        await asyncio.sleep(_LOOK_SECONDS)
