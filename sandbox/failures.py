"""Plays the ways in which a platform fails at the border of a stand-in's HTTP server."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import StreamReader, web
from aiohttp.typedefs import Handler

from sandbox.modes import Mode, Plan
from sandbox.switches import Switches

RECEIVED_AT = web.RequestKey("received_at", float)
POLL_SECONDS = 0.05


class Failures:
    """Middleware that plays the chosen mode; the switches are those of `failure_switches(plan)`."""

    def __init__(self, plan: Plan, switches: Switches) -> None:
        self._plan = plan
        self._modes = plan.all_modes()
        self._switches = switches
        self._closing = asyncio.Event()
        self._late: set[asyncio.Task[Any]] = set()
        self._odds: Mapping[str, float] = {}
        self._chance = random.Random()  # noqa: S311 - a fault test repeats itself by its seed

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        kind = self._plan.kind_of(request)
        if kind is None:
            return await handler(request)
        request[RECEIVED_AT] = time.time()
        mode = self._draw(kind)
        if kind in self._plan.irreversible():
            await self._be_slow()
        if not mode.carried_out:
            return await self._withhold(mode, request, handler)
        response = await handler(request)
        if mode.effect == "none" or response.status >= 400:
            return response
        return await self._spoil(mode, request, response)

    async def close(self, _app: web.Application) -> None:
        """Lets hanging connections go and gives up what would be posted late."""
        self._closing.set()
        for task in self._late:
            task.cancel()

    def _draw(self, kind: str) -> Mode:
        name = self._switches["mode"]
        hit = self._plan.hit_by(self._switches["apply_to"])
        if name not in ("outage", "refuses") and kind not in hit:
            return self._modes["ok"]
        if name == "ok":
            return self._modes[self._throw()]
        self._count_down()
        return self._modes[name]

    def _throw(self) -> str:
        odds: Mapping[str, float] = self._switches["random"]
        if odds is not self._odds:
            self._odds = odds
            self._chance.seed(odds.get("seed"))
        if not odds:
            return "ok"
        left = self._chance.random()
        for name, chance in odds.items():
            left -= chance if name != "seed" else 0
            if left < 0:
                return name
        return "ok"

    def _count_down(self) -> None:
        times = self._switches["mode_times"]
        if times == 1:
            self._switches.change({"mode": "ok", "mode_times": 0})
        elif times > 1:
            self._switches.change({"mode_times": times - 1})

    async def _be_slow(self) -> None:
        delay = self._switches["delay_seconds"] + self._switches["jitter"] * self._chance.random()
        if delay:
            await asyncio.sleep(delay)

    async def _withhold(
        self, mode: Mode, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        if mode.effect == "late":
            self._carry_out_later(request, await request.read(), handler)
            reset_connection(request)
            return web.Response(status=503)
        async for _ in request.content.iter_any():
            pass  # A caller that is still sending would not hear the answer.
        return await self._spoil(mode, request, web.Response())

    async def _spoil(
        self, mode: Mode, request: web.Request, response: web.StreamResponse
    ) -> web.StreamResponse:
        if callable(mode.effect):
            return mode.effect(self._switches)
        match mode.effect:
            case "garbage":
                return web.Response(text="<html>upstream connect error</html>")
            case "truncated":
                return await _cut_short(request, response)
            case "hang":
                await self._wait_until_left(request)
        reset_connection(request)
        return web.Response(status=503)  # Nobody is there to read it.

    async def _wait_until_left(self, request: web.Request) -> None:
        while _is_connected(request):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), POLL_SECONDS)
                return

    def _carry_out_later(self, request: web.Request, body: bytes, handler: Handler) -> None:
        async def carry_out() -> None:
            await asyncio.sleep(self._switches["late_seconds"])
            _rewind(request, body)
            await handler(request)

        task = asyncio.create_task(carry_out())
        self._late.add(task)
        task.add_done_callback(self._late.discard)


def reset_connection(request: web.Request) -> None:
    """Ends the connection with a TCP RST, as a crashing server or a firewall does."""
    if request.transport is None:
        return
    tcp = request.transport.get_extra_info("socket")
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()


def _is_connected(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


def _rewind(request: web.Request, body: bytes) -> None:
    """Lets a handler read the parts of a form from a body that has been read already."""
    content = StreamReader(request.protocol, limit=2**16, loop=asyncio.get_running_loop())
    content.feed_data(body)
    content.feed_eof()
    request._payload = content  # aiohttp has no public way to give a request its body back.


async def _cut_short(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    body = response.body if isinstance(response, web.Response) else None
    whole = body if isinstance(body, bytes) and body else b"{}"
    cut = web.StreamResponse(status=response.status, headers={"Content-Type": "application/json"})
    cut.content_length = len(whole)
    await cut.prepare(request)
    await cut.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.close()
    return cut
