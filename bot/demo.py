"""`postbot demo`: everything in one process against stand-ins of Slack and of the four platforms.

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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from bot import processes
from bot.ports import free_port, is_free
from scheduler import platforms
from scheduler.config import read_settings
from scheduler.faults import CannotStart

_READY = "sandbox ready"
# Where the stand-in of a platform has its API, its consent page and what else a setting names.
_PATHS = {
    "facebook": {
        "API_URL": "/v26.0",
        "AUTHORIZE_URL": "/v26.0/dialog/oauth",
        "UPLOAD_URL": "",
    },
    "instagram": {
        "API_URL": "/v26.0",
        "AUTHORIZE_URL": "/oauth/authorize",
        "TOKEN_URL": "/oauth/access_token",
    },
    "pinterest": {"API_URL": "/v5", "AUTHORIZE_URL": "/oauth/"},
    "x": {"API_URL": "", "AUTHORIZE_URL": "/i/oauth2/authorize"},
}
# Who agrees on each consent page.
_PEOPLE = {"facebook": "bob", "instagram": "acme", "pinterest": "acme", "x": "acme"}


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where everything listens; a platform's page and its API, which can be closed, apart."""

    app: int
    slack: int
    pages: Mapping[str, int]
    apis: Mapping[str, int]


def start(*, port: int, slack_port: int, platform_port: int, data_dir: str) -> None:
    """Runs the demo until Ctrl-C; tells where to look. Raises `CannotStart`."""
    print("postbot: starting the stand-ins of Slack and of the platforms …", flush=True)
    ports = _ports(port, slack_port, platform_port)
    with _folder(data_dir) as folder, _sandbox(ports):
        settings = read_settings(
            _env_file=None,
            POSTBOT_DATA_DIR=folder,
            POSTBOT_DATABASE_URL="",
            POSTBOT_REDIS_URL="",
            POSTBOT_PUBLIC_URL=f"http://127.0.0.1:{ports.app}",
            POSTBOT_HOST="127.0.0.1",
            POSTBOT_PORT=ports.app,
            POSTBOT_LOG_LEVEL="warning",
            SLACK_BOT_TOKEN="xoxb-sandbox-bot-token",  # noqa: S106 - of the stand-in
            SLACK_SIGNING_SECRET="sandbox-signing-secret",  # noqa: S106
            SLACK_API_URL=f"http://127.0.0.1:{ports.slack}/api/",
            # A newcomer should not wait 20 minutes to see what happens when retries run out.
            POSTBOT_RETRY_DELAYS="5,10,15",
            POSTBOT_REQUEST_TIMEOUT=5,
            POSTBOT_SETTLE=6,
            POSTBOT_LOOK_GAPS="5,10",
            **platform_settings(ports.pages, ports.apis),
        )
        processes.start(
            "web",
            "worker",
            "dispatcher",
            migrate=True,
            settings=settings,
            ready=partial(_welcome, ports),
        )


def _ports(port: int, slack_port: int, platform_port: int) -> Ports:
    names = list(_PATHS)
    wanted = {name: platform_port + n if platform_port else 0 for n, name in enumerate(names)}
    return Ports(
        app=_port(port),
        slack=_port(slack_port),
        pages={name: _port(each) for name, each in wanted.items()},
        apis={name: free_port() for name in names},
    )


def platform_settings(pages: Mapping[str, int], apis: Mapping[str, int]) -> dict[str, Any]:
    """The settings by which the publishers reach the stand-ins on these ports."""
    settings: dict[str, Any] = {}
    for name, paths in _PATHS.items():
        settings[f"{name.upper()}_CLIENT_ID"] = f"sandbox-{name}-client"
        settings[f"{name.upper()}_CLIENT_SECRET"] = f"sandbox-{name}-secret"
        for setting, path in paths.items():
            # People open the consent page in their browser, even while the API is closed.
            port = (pages if setting == "AUTHORIZE_URL" else apis)[name]
            settings[f"{name.upper()}_{setting}"] = f"http://127.0.0.1:{port}{path}"
    return settings


async def _welcome(ports: Ports) -> None:
    await _connect(f"http://127.0.0.1:{ports.slack}")
    pages = "\n".join(
        f"    {platforms.label(name):<11}http://127.0.0.1:{page}/"
        for name, page in ports.pages.items()
    )
    print(
        f"""
  Postbot's demo is running.

    Slack      http://127.0.0.1:{ports.slack}/   type /schedule-post and press Enter

  What was posted, and switches that make a platform fail:

{pages}

  An account of each platform is connected. Connect more with /schedule-post accounts.
  Retries come after 5, 10 and 15 seconds here, instead of 1, 5 and 15 minutes.
  Press Ctrl-C to end it.
""",
        flush=True,
    )


async def _connect(slack: str) -> None:
    """Connects first accounts the way Alice would: she asks for the accounts, follows the links in
    the answer, and agrees on the consent pages."""
    member = {"member": "U0ALICE", "channel": "D0ALICE"}
    async with httpx.AsyncClient(follow_redirects=False, timeout=10) as browser:
        body = {**member, "text": "/schedule-post accounts"}
        (await browser.post(f"{slack}/_/command", json=body)).raise_for_status()
        for name, link in (await _connect_links(browser, slack)).items():
            consent = (await browser.get(link)).headers["location"]
            back = (await browser.get(f"{consent}&auto={_PEOPLE[name]}")).headers["location"]
            (await browser.get(back.partition("#")[0])).raise_for_status()


async def _connect_links(browser: httpx.AsyncClient, slack: str) -> dict[str, str]:
    for _ in range(50):
        state = (await browser.get(f"{slack}/_/state", params={"member": "U0ALICE"})).text
        found = {
            name: url for url, name in re.findall(r'"(http[^"]*/connect/(\w+)\?[^"]*)"', state)
        }
        if found.keys() == _PATHS.keys():
            return found
        await asyncio.sleep(0.1)
    raise CannotStart("The demo could not connect its first accounts.")


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
def _sandbox(ports: Ports) -> Iterator[None]:
    command = [
        *(sys.executable, "-m", "sandbox", "--exit-with-parent"),
        *("--slack-port", str(ports.slack), "--app-url", f"http://127.0.0.1:{ports.app}"),
        *(part for name, page in ports.pages.items() for part in (f"--{name}-port", str(page))),
        *(part for name, api in ports.apis.items() for part in (f"--{name}-api-port", str(api))),
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
