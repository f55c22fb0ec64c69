"""Starts the stand-ins of Slack and of the platforms: `python -m sandbox`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aiohttp import web

from sandbox.door import Door
from sandbox.slack import Settings
from sandbox.slack import create_app as create_slack
from sandbox.slack.settings import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from sandbox.switches import SWITCHES

#: The port of each platform's stand-in; 0 picks a free port, which the ready line names.
PORTS = {"x": 8092, "pinterest": 0, "facebook": 0, "instagram": 0}
_PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; with `--exit-with-parent` also until the parent is gone."""
    options = _parser().parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Acts as Slack and as the four platforms."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--slack-port", type=int, default=8091, help="0 picks a free port")
    for name, port in PORTS.items():
        parser.add_argument(f"--{name}-port", type=int, default=port, help="0 picks a free port")
        parser.add_argument(
            f"--{name}-api-port", type=int, help="another port for its API, that can close"
        )
    parser.add_argument("--app-url", default="http://127.0.0.1:8080", help="where the app listens")
    parser.add_argument("--record", type=Path, metavar="DIR", help="write what was received here")
    parser.add_argument("--crowd", type=int, default=0, help="so many more members")
    parser.add_argument("--bot-token", default=BOT_TOKEN)
    parser.add_argument("--app-token", default=APP_TOKEN)
    parser.add_argument("--signing-secret", default=SIGNING_SECRET)
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when it stops")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    watch = _watch_parent(stop) if options.exit_with_parent else None
    async with contextlib.AsyncExitStack() as opened:
        platforms = {
            name: await _start(opened, create(record=options.record), options, name)
            for name, create in _platforms().items()
        }
        slack = create_slack(_settings(options, platforms))
        _, slack_url = await _listen(opened, slack, options.host, options.slack_port)
        addresses = {"slack": slack_url, **platforms}
        print("sandbox ready", *(f"{name}={url}" for name, url in addresses.items()), flush=True)
        await stop.wait()
    if watch is not None:
        watch.cancel()


def _platforms() -> dict[str, Callable[..., web.Application]]:
    # Imported late, for `--help` should not wait for them.
    from sandbox.facebook import create_app as create_facebook
    from sandbox.instagram import create_app as create_instagram
    from sandbox.pinterest import create_app as create_pinterest
    from sandbox.x import create_app as create_x

    return {
        "x": create_x,
        "pinterest": create_pinterest,
        "facebook": create_facebook,
        "instagram": create_instagram,
    }


async def _start(
    opened: contextlib.AsyncExitStack, app: web.Application, options: argparse.Namespace, name: str
) -> str:
    """Serve a platform's page, and its API on another port where one is wanted; gives the page's
    address."""
    runner, url = await _listen(opened, app, options.host, getattr(options, f"{name}_port"))
    api_port = getattr(options, f"{name}_api_port")
    if api_port is not None:
        door = Door(runner, app[SWITCHES], host=options.host, port=api_port)
        opened.callback(asyncio.create_task(door.keep()).cancel)
    return url


def _settings(options: argparse.Namespace, platforms: Mapping[str, str]) -> Settings:
    return Settings(
        app_url=options.app_url,
        bot_token=options.bot_token,
        app_token=options.app_token,
        signing_secret=options.signing_secret,
        links={name: f"{url}/" for name, url in platforms.items()},
        record=options.record,
        crowd=options.crowd,
    )


async def _listen(
    opened: contextlib.AsyncExitStack, app: web.Application, host: str, port: int
) -> tuple[web.AppRunner, str]:
    """Serve `app` until the stack closes; its runner and the address it got."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    opened.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        sys.exit(f"sandbox: cannot listen on {host}:{port}: {error.strerror}")
    return runner, f"http://{host}:{runner.addresses[0][1]}"


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no loop-level signal handlers; Ctrl-C raises KeyboardInterrupt there.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)


def _watch_parent(stop: asyncio.Event) -> asyncio.Task[None]:
    """Stop when the parent process ends: the kernel tells on Linux, elsewhere we look."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    return asyncio.create_task(_stop_when_orphaned(parent, stop))


async def _stop_when_orphaned(parent: int, stop: asyncio.Event) -> None:
    # Also on Linux: the parent may have died before the kernel was asked.
    while os.getppid() == parent:
        await asyncio.sleep(0.5)
    stop.set()


if __name__ == "__main__":
    main()
