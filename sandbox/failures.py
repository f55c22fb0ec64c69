"""The ways in which a platform fails, played at the border of a stand-in's HTTP server.

A mode either keeps the request from being carried out or lets it be carried out and spoils the
answer: the second kind is what makes a post go out although its sender saw an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.switches import Switch, Switches

RECEIVED_AT = web.RequestKey("received_at", float)
POLL_SECONDS = 0.05

Answer = Callable[[Switches], web.Response]


@dataclass(frozen=True, kw_only=True)
class Mode:
    """One way to answer. `carried_out`: whether the request has its effect all the same."""

    label: str
    effect: str
    carried_out: bool


MODES: Mapping[str, Mode] = {
    "ok": Mode(label="works as it should", effect="none", carried_out=True),
    "fail_before": Mode(
        label="says 503 and does not post", effect="unavailable", carried_out=False
    ),
    "fail_after": Mode(label="posts, then says 503", effect="unavailable", carried_out=True),
    "timeout_before": Mode(
        label="never answers and does not post", effect="hang", carried_out=False
    ),
    "timeout_after": Mode(label="posts, then never answers", effect="hang", carried_out=True),
    "reset_before": Mode(
        label="breaks the connection and does not post", effect="reset", carried_out=False
    ),
    "reset_after": Mode(
        label="posts, then breaks the connection", effect="reset", carried_out=True
    ),
    "late": Mode(
        label="breaks the connection and posts a while later", effect="late", carried_out=False
    ),
    "garbage": Mode(
        label="posts, then answers something unreadable", effect="garbage", carried_out=True
    ),
    "truncated": Mode(
        label="posts, then stops in the middle of its answer", effect="truncated", carried_out=True
    ),
    "rate_limit": Mode(label="says 429, too many requests", effect="rate_limit", carried_out=False),
    "unauthorized": Mode(
        label="says 401, the token is not valid", effect="unauthorized", carried_out=False
    ),
    "duplicate": Mode(label="says the post is a duplicate", effect="duplicate", carried_out=False),
    "not_permitted": Mode(
        label="says the post is not permitted", effect="not_permitted", carried_out=False
    ),
    "credits": Mode(label="says 402, out of credits", effect="credits", carried_out=False),
    "outage": Mode(label="is down: every connection breaks", effect="reset", carried_out=False),
    # Where the API has a port of its own, `sandbox.door` closes it.
    "refuses": Mode(
        label="cannot be reached: it refuses connections", effect="reset", carried_out=False
    ),
}


def failure_switches(platform: str) -> list[Switch]:
    """The switches that `Failures` reads; `platform` is the name that the page shows."""
    modes = {key: mode.label for key, mode in MODES.items()}
    return [
        Switch(key="mode", label=f"{platform}…", kind="choice", default="ok", choices=modes),
        Switch(
            key="mode_times",
            label="For how many calls? 0 means until you change it.",
            kind="number",
            default=0,
        ),
        Switch(
            key="apply_to",
            label="Which calls does it hit?",
            kind="choice",
            default="create",
            choices={
                "create": "creating a post",
                "media": "uploading media",
                "token": "fetching tokens",
                "all": "all calls",
            },
        ),
        _number("delay_seconds", "Seconds that creating a post takes.", 0),
        _number("jitter", "Up to so many more seconds, by chance.", 0),
        _number("rate_limit_seconds", "Seconds until a 429 is lifted.", 60),
        _number("late_seconds", "Seconds until a late post goes out.", 2),
        Switch(
            key="random",
            label="Chance of each mode, with a seed, while the mode is ok.",
            kind="odds",
            default={},
            choices=modes,
        ),
    ]


class Failures:
    """Middleware that plays the chosen mode.

    `kind_of` tells what a request is: `create`, `media`, `token`, another word, or None for what
    is no part of the platform's API. `answers` are the platform's own answers: `unavailable`,
    `rate_limit`, `unauthorized`, `duplicate`, `not_permitted`, `credits`.
    """

    def __init__(
        self,
        switches: Switches,
        *,
        kind_of: Callable[[web.Request], str | None],
        answers: Mapping[str, Answer],
    ) -> None:
        self._switches = switches
        self._kind_of = kind_of
        self._answers = answers
        self._closing = asyncio.Event()
        self._late: set[asyncio.Task[Any]] = set()
        self._odds: Mapping[str, float] = {}
        self._chance = random.Random()  # noqa: S311 - a fault test repeats itself by its seed

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        kind = self._kind_of(request)
        if kind is None:
            return await handler(request)
        request[RECEIVED_AT] = time.time()
        mode = self._draw(kind)
        if kind == "create":
            await self._be_slow()
        if not mode.carried_out:
            await request.read()
            return await self._spoil(mode.effect, request, handler)
        response = await handler(request)
        if mode.effect == "none" or response.status >= 400:
            return response
        return await self._spoil(mode.effect, request, handler)

    async def close(self, _app: web.Application) -> None:
        """Lets hanging connections go and gives up what would be posted late."""
        self._closing.set()
        for task in self._late:
            task.cancel()

    def _draw(self, kind: str) -> Mode:
        name = self._switches["mode"]
        if name not in ("outage", "refuses") and self._switches["apply_to"] not in ("all", kind):
            return MODES["ok"]
        if name == "ok":
            return MODES[self._throw()]
        self._count_down()
        return MODES[name]

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

    async def _spoil(
        self, effect: str, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        match effect:
            case "hang":
                await self._wait_until_left(request)
                reset_connection(request)
            case "reset":
                reset_connection(request)
            case "late":
                self._carry_out_later(request, handler)
                reset_connection(request)
            case "garbage":
                return web.Response(text="<html>upstream connect error</html>")
            case "truncated":
                return await _cut_short(request)
            case _:
                return self._answers[effect](self._switches)
        return web.Response(status=503)

    async def _wait_until_left(self, request: web.Request) -> None:
        while _is_connected(request):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), POLL_SECONDS)
                return

    def _carry_out_later(self, request: web.Request, handler: Handler) -> None:
        async def carry_out() -> None:
            await asyncio.sleep(self._switches["late_seconds"])
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


async def _cut_short(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=201, headers={"Content-Type": "application/json"})
    response.content_length = 100
    await response.prepare(request)
    await response.write(b'{"data":{"id":"')
    if request.transport is not None:
        request.transport.close()
    return response


def _number(key: str, label: str, default: float) -> Switch:
    return Switch(key=key, label=label, kind="number", default=default)
