"""Whether the process lives and whether the schedule is kept, for load balancers and operators."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

import structlog
from aiohttp import web

from bot.web.keys import REDIS, RUNTIME
from scheduler import stats

log = structlog.get_logger(__name__)

# A dispatcher ticks every second; three missed ticks can be a pause, ten seconds are not.
SILENT_SECONDS = 10.0
# Later than this nobody would call it "on time".
LATE_SECONDS = 30.0
_CHECK_SECONDS = 2.0


@dataclass(frozen=True)
class Check:
    """What was found, and in one sentence what it means."""

    ok: bool
    sentence: str


def add_routes(app: web.Application) -> None:
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)


async def alive(request: web.Request) -> web.Response:
    """GET /healthz: the event loop turns."""
    return web.json_response({"alive": True})


async def ready(request: web.Request) -> web.Response:
    """GET /readyz: 200 when posts go out on time, else 503; each check with a sentence."""
    checks = {
        "database": _database,
        "redis": _redis,
        "dispatcher": _dispatcher,
        "lateness": _lateness,
        "platforms": _platforms,
    }
    found = dict(zip(checks, await _all(request.app, list(checks.values())), strict=True))
    is_ready = all(check.ok for check in found.values())
    body = {"ready": is_ready, "checks": {name: asdict(check) for name, check in found.items()}}
    return web.json_response(
        body, status=200 if is_ready else 503, headers={"Cache-Control": "no-store"}
    )


Look = Callable[[web.Application], Awaitable[Check]]


async def _all(app: web.Application, looks: list[Look]) -> list[Check]:
    return await asyncio.gather(*(_bounded(app, look) for look in looks))


async def _bounded(app: web.Application, look: Look) -> Check:
    """A check that fails or hangs has found something wrong."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return await look(app)
    except TimeoutError:
        return Check(False, f"No answer within {_CHECK_SECONDS:g} seconds.")
    except Exception as error:
        log.warning("check failed", check=look.__name__, error=repr(error))
        return Check(False, f"It cannot be reached ({type(error).__name__}).")


async def _database(app: web.Application) -> Check:
    await stats.seconds_since_tick(app[RUNTIME].clock.now())
    return Check(True, "The database answers.")


async def _redis(app: web.Application) -> Check:
    check = app.get(REDIS)
    if check is None:
        return Check(True, "This process does not use Redis.")
    await check()
    return Check(True, "Redis answers.")


async def _dispatcher(app: web.Application) -> Check:
    seconds = await stats.seconds_since_tick(app[RUNTIME].clock.now())
    if seconds is None:
        return Check(False, "No dispatcher has ever run: start `postbot dispatcher`.")
    if seconds > SILENT_SECONDS:
        return Check(
            False, f"The dispatcher has been silent for {seconds:.0f} seconds: restart it."
        )
    return Check(True, f"The dispatcher ticked {max(0.0, seconds):.1f} seconds ago.")


async def _platforms(app: web.Application) -> Check:
    """Never a reason to restart Postbot: posts for others go out, and these wait."""
    down = await stats.down()
    return Check(True, f"{'; '.join(down)}." if down else "Every platform answers.")


async def _lateness(app: web.Application) -> Check:
    seconds = await stats.seconds_late(app[RUNTIME].clock.now())
    if seconds > LATE_SECONDS:
        return Check(False, f"A post is {seconds:.0f} seconds late: are workers running?")
    return Check(True, "Posts go out on time.")
