from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from scheduler.embedded_redis import EmbeddedRedis
from scheduler.faults import CannotStart
from tests.world import until

PARENT = """
import sys, time
from pathlib import Path
from scheduler.embedded_redis import EmbeddedRedis
server = EmbeddedRedis(Path(sys.argv[1]))
server.start().set("alive", 1)
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path)
    yield server
    server.stop()


def kill(server: EmbeddedRedis) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    os.waitpid(server.pid, 0)


def test_it_answers_as_soon_as_it_was_started(server: EmbeddedRedis) -> None:
    client = server.start()

    assert client.ping()
    client.close()


def test_it_is_closed_to_the_network_and_to_other_users(
    server: EmbeddedRedis, tmp_path: Path
) -> None:
    client = server.start()

    assert client.config_get("port") == {"port": "0"}
    assert (tmp_path / "redis" / "server.sock").stat().st_mode & 0o077 == 0
    client.close()


def test_a_second_one_on_the_same_folder_is_refused_with_a_sentence(
    server: EmbeddedRedis, tmp_path: Path
) -> None:
    client = server.start()
    second = EmbeddedRedis(tmp_path)

    with pytest.raises(CannotStart, match=r"another Postbot runs on .* POSTBOT_DATA_DIR to"):
        second.start()

    second.stop()
    assert client.ping()
    client.close()


def test_what_it_holds_survives_a_kill(server: EmbeddedRedis, tmp_path: Path) -> None:
    client = server.start()
    client.rpush("queue", *range(100))
    client.execute_command("WAITAOF", 1, 0, 5000)
    client.close()
    kill(server)
    server.stop()
    again = EmbeddedRedis(tmp_path)

    client = again.start()

    assert client.llen("queue") == 100
    client.close()
    again.stop()


def test_a_client_of_a_dead_server_gives_up_at_once(server: EmbeddedRedis) -> None:
    client = server.start()
    kill(server)

    with pytest.raises(redis.ConnectionError):
        client.ping()

    client.close()


async def test_it_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())

    parent.kill()
    parent.wait()
    parent.stdout.close()

    async def gone() -> bool:
        return not _lives(pid)

    await until(gone, what="the server has ended")


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_folder_with_a_long_name_works_too(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / ("long" * 30))

    client = server.start()

    assert client.ping()
    client.close()
    server.stop()


def test_a_server_that_cannot_start_says_where_to_look(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    (tmp_path / "redis" / "appendonlydir").mkdir(parents=True)
    (tmp_path / "redis" / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")

    with pytest.raises(CannotStart, match=r"did not start; see .*server\.log"):
        server.start()

    server.stop()
