"""A throw-away installation to measure: database, processes, the stand-in of X."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import asyncpg
import httpx

from scheduler import database, members
from scheduler.config import Settings
from scheduler.models import Account, Attempt, Delivery
from scheduler.runtime import Runtime, open_runtime
from tests.world import ALICE, accounts_like, connect

POSTGRES = os.environ.get("POSTBOT_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432")
REDIS = os.environ.get("POSTBOT_BENCH_REDIS", "redis://127.0.0.1:6379/8")


# Enough that each keeps within X's limit of posts in 15 minutes.
ACCOUNTS = 40


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Field:
    """One installation; `kind` is `postgres` (with Redis) or `embedded`."""

    kind: str
    folder: Path
    url: str
    x_port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        redis = {"POSTBOT_REDIS_URL": REDIS} if self.kind == "postgres" else {}
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("POSTBOT_", "SLACK_"))},
            "POSTBOT_DATABASE_URL": self.url,
            "POSTBOT_DATA_DIR": str(self.folder),
            "POSTBOT_PORT": "0",
            "POSTBOT_LOG_LEVEL": "warning",
            "X_CLIENT_ID": "sandbox-x-client",
            "X_CLIENT_SECRET": "sandbox-x-secret",
            "X_API_URL": f"http://127.0.0.1:{self.x_port}",
            "X_AUTHORIZE_URL": f"http://127.0.0.1:{self.x_port}/i/oauth2/authorize",
            **redis,
        }

    @property
    def settings(self) -> Settings:
        return Settings(_env_file=None, **self.environment)

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command], env=self.environment, stdout=log, stderr=log
            )
        self.processes[name] = process
        return process

    def start_postbot(self, *parts: str) -> None:
        """The named parts as processes of their own, or all in one for the embedded default."""
        code = "from bot.processes import start; import sys; start(*sys.argv[1:])"
        if self.kind == "embedded":
            self.start("postbot", "-c", code, *parts)
            return
        for part in parts:
            self.start(part, "-c", code, part)

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=15)
            process.kill()
            process.wait()
        self.processes.clear()

    async def switch_x(self, **switches: object) -> None:
        async with httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{self.x_port}/_/switches"
            (await client.post(url, json=switches)).raise_for_status()


@contextlib.contextmanager
def open_field(kind: str) -> Iterator[Field]:
    """An installation with a migrated empty database and X's stand-in running."""
    folder = Path(tempfile.mkdtemp(prefix="postbot-bench-"))
    name = f"postbot_bench_{uuid.uuid4().hex[:8]}"
    url = f"sqlite://{folder / 'postbot.sqlite3'}"
    if kind == "postgres":
        asyncio.run(_admin(f"CREATE DATABASE {name}"))
        url = f"{POSTGRES}/{name}"
    found = Field(kind, folder, url, free_port())
    try:
        database.migrate(url)
        found.start("x", "-m", "tests.bench.x_alone", str(found.x_port))
        asyncio.run(_answers(found.x_port))
        yield found
    finally:
        found.stop()
        if kind == "postgres":
            asyncio.run(_admin(f"DROP DATABASE {name} WITH (FORCE)"))
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def opened(field_: Field) -> AsyncIterator[tuple[Runtime, Account]]:
    """A runtime beside the processes, with the first of its connected accounts."""
    async with open_runtime(field_.settings) as runtime:
        workspace = await members.workspace(runtime, "T0SANDBOX", name="Acme")
        account = await Account.first() or await connect(runtime, workspace)
        await accounts_like(runtime, account, ACCOUNTS - await Account.all().count())
        yield runtime, account


async def insert(account: Account, *, number: int, due: datetime, step: float) -> None:
    """Rows straight into the tables: a million by way of the API would take half an hour. They are
    for all accounts in turn, from the first on."""
    from tortoise.transactions import in_transaction

    prefix = uuid.uuid4().hex[:6]
    async with in_transaction() as connection:
        postgres = connection.capabilities.dialect == "postgres"
        numbers = (
            f"generate_series(1, {number}) AS s(n)"
            if postgres
            else "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
            f" WHERE n < {number}) SELECT n FROM c) AS s"
        )
        epoch = due.timestamp()
        at = (
            f"to_timestamp({epoch} + n * {step})"
            if postgres
            else f"strftime('%Y-%m-%d %H:%M:%f', {epoch} + n * {step}, 'unixepoch') || '+00:00'"
        )
        now = "now()" if postgres else "strftime('%Y-%m-%d %H:%M:%f', 'now') || '+00:00'"
        empty = "'{}'::jsonb" if postgres else "'{}'"
        await connection.execute_query(
            "INSERT INTO post (id, workspace_id, author, text, state, due_at, timezone, revision,"
            f" created_at, updated_at) SELECT '{prefix}' || n, {account.workspace_id}, '{ALICE}',"
            f" 'Post {prefix} number ' || n, 'scheduled', {at}, 'UTC', 1, {now}, {now}"
            f" FROM {numbers}"
        )
        await connection.execute_query(
            "INSERT INTO delivery (workspace_id, post_id, account_id, platform, state, due_at,"
            " next_attempt_at, priority, fence, attempts, looks, checkpoint, cause, kind, reason,"
            f" remote_id, permalink, since) SELECT {account.workspace_id}, '{prefix}' || n,"
            f" {account.id} + n % {ACCOUNTS}, 'x', 'scheduled', {at}, {at}, 5, 0, 0, 0, {empty},"
            f" '', '', '', '', '', {now} FROM {numbers}"
        )


async def analyze() -> None:
    from tortoise import connections

    for connection in connections.all():
        await connection.execute_query("ANALYZE")


async def lateness(first: datetime, last: datetime, number: int, *, seconds: float) -> list[float]:
    """Seconds from the scheduled instant to the moment the request began to leave, for all
    `number` deliveries due from `first` to `last`, once they are published."""
    due = {"due_at__gte": first, "due_at__lte": last}
    deadline = time.monotonic() + seconds
    while await Delivery.filter(state="published", **due).count() < number:
        if time.monotonic() > deadline:
            raise RuntimeError("not all were published in time")
        await asyncio.sleep(0.2)
    within = {f"delivery__{name}": instant for name, instant in due.items()}
    rows = await Attempt.filter(left_at__isnull=False, **within).values_list(
        "left_at", "delivery__due_at"
    )
    return [(left - due_at).total_seconds() for left, due_at in rows]


async def _admin(statement: str) -> None:
    connection = await asyncpg.connect(f"{POSTGRES}/postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _answers(port: int) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(200):
            with contextlib.suppress(httpx.HTTPError):
                await client.get(f"http://127.0.0.1:{port}/_/switches")
                return
            await asyncio.sleep(0.05)
    raise RuntimeError("the stand-in of X did not start")
