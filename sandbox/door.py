"""A port of its own for a platform's API, so that it can be closed while the page stays open."""

from __future__ import annotations

import asyncio

from aiohttp import web

from sandbox.switches import Switches

_LOOK_SECONDS = 0.1


class Door:
    """Listens on `port` except while the mode is `refuses`.

    Whoever turns the switch gets the answer when the port is closed, or open again.
    """

    def __init__(self, runner: web.AppRunner, switches: Switches, *, host: str, port: int) -> None:
        self._runner = runner
        self._switches = switches
        self._address = host, port
        self._site: web.TCPSite | None = None
        self._moving = asyncio.Lock()
        switches.obeyed_by(self._obey)

    async def keep(self) -> None:
        """Follows the mode, which also changes by itself, until it is cancelled."""
        while True:
            await self._obey()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _obey(self) -> None:
        async with self._moving:
            closed = self._switches["mode"] == "refuses"
            if self._site is None and not closed:
                host, port = self._address
                self._site = web.TCPSite(self._runner, host, port, reuse_address=True)
                await self._site.start()
            elif self._site is not None and closed:
                await self._site.stop()
                self._site = None
