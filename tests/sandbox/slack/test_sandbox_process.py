"""`python -m sandbox` as a process: it says when it is ready, and ends when it should."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import aiohttp
import pytest

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "sandbox", "--slack-port", "0", "--x-port", "0"]

#: Starts the stand-in, hands on its first line and its pid, and ends when its own input ends.
PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline(), flush=True)
sys.stdin.read()
"""


async def start(*command: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)


async def first_line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 20)).decode()


@pytest.fixture
async def sandbox() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await start(*COMMAND)
    yield process
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.communicate()


async def test_the_ready_line_names_the_addresses_of_all_pages(
    sandbox: asyncio.subprocess.Process,
) -> None:
    line = await first_line(sandbox)

    urls = dict(re.findall(r" (\w+)=(http://\S+)", line))
    assert line.startswith("sandbox ready slack=http://")
    assert list(urls) == ["slack", "x", "pinterest", "facebook", "instagram"]
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{urls['slack']}/_/state?member=U0ALICE") as response:
            links = (await response.json())["links"]
        assert links == {name: f"{url}/" for name, url in urls.items() if name != "slack"}
        assert "X stand-in" in await page(http, links["x"])
        assert "Pinterest stand-in" in await page(http, links["pinterest"])
        assert "Facebook stand-in" in await page(http, links["facebook"])
        assert "Instagram stand-in" in await page(http, links["instagram"])


async def page(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(url) as response:
        return await response.text()


async def test_an_api_can_be_closed_while_its_page_stays_open() -> None:
    api_port = free_port()
    sandbox = await start(*COMMAND, "--pinterest-api-port", str(api_port))
    try:
        url = re.search(r"pinterest=(\S+)", await first_line(sandbox))
        assert url is not None
        api = f"http://127.0.0.1:{api_port}/v5/user_account"
        async with aiohttp.ClientSession() as http:
            await until(partial(answers, http, api))

            await http.post(f"{url[1]}/_/switches", json={"mode": "refuses"})

            await until(partial(refuses, http, api))
            assert "Pinterest stand-in" in await page(http, url[1])
    finally:
        sandbox.kill()
        await sandbox.communicate()


async def answers(http: aiohttp.ClientSession, url: str) -> bool:
    return not await refuses(http, url)


async def refuses(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url):
            return False
    except aiohttp.ClientConnectorError:
        return True
    except aiohttp.ClientError:
        return False


async def test_a_polite_signal_ends_it_well(sandbox: asyncio.subprocess.Process) -> None:
    await first_line(sandbox)

    sandbox.send_signal(signal.SIGTERM)

    assert await asyncio.wait_for(sandbox.wait(), 20) == 0


async def test_it_ends_with_its_parent_when_told_to() -> None:
    parent = await start(sys.executable, "-c", PARENT, *COMMAND, "--exit-with-parent")
    pid = int((await first_line(parent)).split()[0])

    parent.kill()
    await parent.communicate()

    await until_gone(pid)


async def until_gone(pid: int) -> None:
    async def is_gone() -> bool:
        return not is_alive(pid)

    await until(is_gone)


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await look():
            await asyncio.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
