"""Files of a bucket on this machine, shared by processes that come and go."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from scheduler.cache import Cache, remove_abandoned

KEYS = ["aa-1", "bb-2", "cc-3"]


class Source:
    """Hands out files of 1,000 bytes and counts how often."""

    def __init__(self) -> None:
        self.brought = 0

    async def bring(self, target: Path) -> None:
        self.brought += 1
        await asyncio.sleep(0)
        target.write_bytes(b"x" * 1000)


@pytest.fixture
def source() -> Source:
    return Source()


def cache(folder: Path, most_bytes: int) -> Cache:
    return Cache(folder / "cache", most_bytes=most_bytes)


def present(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "cache").glob("??/*"))


async def test_a_file_is_brought_once_however_many_ask_at_once(
    tmp_path: Path, source: Source
) -> None:
    files = cache(tmp_path, 10_000)

    async def read() -> bytes:
        async with files.hold("aa-1", source.bring):
            return files.path("aa-1").read_bytes()

    assert await asyncio.gather(*(read() for _ in range(5))) == [b"x" * 1000] * 5
    assert source.brought == 1


async def test_what_was_not_used_for_the_longest_time_makes_room(
    tmp_path: Path, source: Source
) -> None:
    files = cache(tmp_path, 2_500)
    for age, key in zip((300, 200), KEYS, strict=False):
        async with files.hold(key, source.bring):
            pass
        os.utime(files.path(key), (time.time() - age, time.time() - age))
    async with files.hold("aa-1", source.bring):
        pass

    async with files.hold("cc-3", source.bring):
        pass

    assert present(tmp_path) == ["aa-1", "cc-3"]


async def test_a_file_that_is_worked_with_stays_though_others_need_room(
    tmp_path: Path, source: Source
) -> None:
    files, other_process = cache(tmp_path, 500), cache(tmp_path, 500)

    async with files.hold("aa-1", source.bring):
        async with other_process.hold("bb-2", source.bring):
            both = present(tmp_path)
        assert files.path("aa-1").exists()

    files.make_room()
    assert both == ["aa-1", "bb-2"]
    assert present(tmp_path) == []


async def test_a_file_brought_by_two_processes_at_once_is_the_same_for_both(
    tmp_path: Path, source: Source
) -> None:
    files, other_process = cache(tmp_path, 10_000), cache(tmp_path, 500)

    async def bring_while_another_does(target: Path) -> None:
        async with other_process.hold("aa-1", source.bring):
            await source.bring(target)

    async with files.hold("aa-1", bring_while_another_does):
        other_process.make_room()
        assert files.path("aa-1").read_bytes() == b"x" * 1000

    assert source.brought == 2


async def test_a_file_that_cannot_be_brought_leaves_nothing(tmp_path: Path) -> None:
    async def fail(target: Path) -> None:
        target.write_bytes(b"half")
        raise ConnectionError

    with pytest.raises(ConnectionError):
        async with cache(tmp_path, 10_000).hold("aa-1", fail):
            pytest.fail("it was not brought")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def churn(folder: str, seed: int) -> None:
    """Works with files for a while in a cache that has room for one."""

    async def work() -> None:
        source, files = Source(), Cache(Path(folder) / "cache", most_bytes=1000)
        for number in range(200):
            key = KEYS[(number * seed) % 3]
            async with files.hold(key, source.bring):
                assert files.path(key).read_bytes() == b"x" * 1000
                await asyncio.sleep(0.0005)
                assert files.path(key).read_bytes() == b"x" * 1000

    asyncio.run(work())


def test_processes_never_take_each_others_files(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=churn, args=(str(tmp_path), seed)) for seed in (1, 2)]

    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0, 0]
    assert len(present(tmp_path)) <= 2


def test_what_a_dead_process_began_to_write_goes_after_a_day(tmp_path: Path) -> None:
    for name, hours in (("old", 25), ("young", 23)):
        (tmp_path / name).touch()
        at = time.time() - hours * 3600
        os.utime(tmp_path / name, (at, at))

    remove_abandoned(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["young"]
