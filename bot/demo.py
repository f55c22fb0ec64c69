"""`postbot demo`: everything in one process against stand-ins of Slack and X on this machine.

The stand-ins run as a process of their own and are reached over HTTP only, by the same settings
that point to the real ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx

from bot import processes
from bot.ports import free_port, is_free
from scheduler.config import read_settings
from scheduler.faults import CannotStart

_READY = "sandbox ready"


def start(*, port: int, slack_port: int, x_port: int, data_dir: str) -> None:
    """Runs the demo until Ctrl-C; tells where to look. Raises `CannotStart`."""
    print("postbot: starting the stand-ins of Slack and X …", flush=True)
    port, slack_port, x_port, x_api_port = (_port(each) for each in (port, slack_port, x_port, 0))
    with _folder(data_dir) as folder, _sandbox(port, slack_port, x_port, x_api_port):
        settings = read_settings(
            _env_file=None,
            POSTBOT_DATA_DIR=folder,
            POSTBOT_DATABASE_URL="",
            POSTBOT_REDIS_URL="",
            POSTBOT_PUBLIC_URL=f"http://127.0.0.1:{port}",
            POSTBOT_HOST="127.0.0.1",
            POSTBOT_PORT=port,
            POSTBOT_LOG_LEVEL="warning",
            SLACK_BOT_TOKEN="xoxb-sandbox-bot-token",  # noqa: S106 - of the stand-in
            SLACK_SIGNING_SECRET="sandbox-signing-secret",  # noqa: S106
            SLACK_API_URL=f"http://127.0.0.1:{slack_port}/api/",
            X_CLIENT_ID="sandbox-x-client",
            X_CLIENT_SECRET="sandbox-x-secret",  # noqa: S106
            X_API_URL=f"http://127.0.0.1:{x_api_port}",
            X_AUTHORIZE_URL=f"http://127.0.0.1:{x_port}/i/oauth2/authorize",
            # A newcomer should not wait 20 minutes to see what happens when retries run out.
            POSTBOT_RETRY_DELAYS="5,10,15",
            POSTBOT_REQUEST_TIMEOUT=5,
            POSTBOT_SETTLE=6,
            POSTBOT_LOOK_GAPS="5,10",
        )
        processes.start(
            "web",
            "worker",
            "dispatcher",
            migrate=True,
            settings=settings,
            ready=partial(_welcome, slack_port, x_port),
        )


async def _welcome(slack_port: int, x_port: int) -> None:
    await _connect(f"http://127.0.0.1:{slack_port}")
    print(
        f"""
  Postbot's demo is running.

    Slack   http://127.0.0.1:{slack_port}/   type /schedule-post and press Enter
    X       http://127.0.0.1:{x_port}/   what was posted, and switches that make it fail

  Alice's profile @acme is connected. Connect @acme_labs with /schedule-post accounts.
  Retries come after 5, 10 and 15 seconds here, instead of 1, 5 and 15 minutes.
  Press Ctrl-C to end it.
""",
        flush=True,
    )


async def _connect(slack: str) -> None:
    """Connects a first account the way Alice would: she asks for the accounts, follows the link in
    the answer, and agrees on the consent page."""
    member = {"member": "U0ALICE", "channel": "D0ALICE"}
    async with httpx.AsyncClient(follow_redirects=False, timeout=10) as browser:
        body = {**member, "text": "/schedule-post accounts"}
        (await browser.post(f"{slack}/_/command", json=body)).raise_for_status()
        link = await _connect_link(browser, slack)
        consent = (await browser.get(link)).headers["location"]
        back = (await browser.get(f"{consent}&auto=acme")).headers["location"]
        (await browser.get(back)).raise_for_status()


async def _connect_link(browser: httpx.AsyncClient, slack: str) -> str:
    for _ in range(50):
        state = (await browser.get(f"{slack}/_/state", params={"member": "U0ALICE"})).text
        if found := re.search(r'"(http[^"]*/connect/x[^"]*)"', state):
            return found[1]
        await asyncio.sleep(0.1)
    raise CannotStart("The demo could not connect its first account.")


def _port(wanted: int) -> int:
    """The port, or a free one when it is taken; 0 takes any."""
    return wanted if wanted and is_free(wanted) else free_port()


@contextlib.contextmanager
def _folder(data_dir: str) -> Iterator[Path]:
    if data_dir:
        yield Path(data_dir)
        return
    with tempfile.TemporaryDirectory(prefix="postbot-demo-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def _sandbox(port: int, slack_port: int, x_port: int, x_api_port: int) -> Iterator[None]:
    command = [
        *(sys.executable, "-m", "sandbox", "--exit-with-parent"),
        *("--slack-port", str(slack_port), "--x-port", str(x_port)),
        *("--x-api-port", str(x_api_port)),
        *("--app-url", f"http://127.0.0.1:{port}"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(_READY):
                break
        else:
            raise CannotStart("The stand-ins did not start; see the lines above.")
        yield
    finally:
        process.terminate()
        process.wait()
