"""What `postbot run` needs at rest, and how soon it and `postbot --help` answer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.result import Result
from tests.chaos.ground import open_ground

REST_SECONDS = 20
_TICKS = os.sysconf("SC_CLK_TCK")


def measure() -> Iterator[Result]:
    began = time.monotonic()
    with open_ground("embedded") as ground:
        ready = time.monotonic() - began
        time.sleep(5)
        tree = _tree(ground.running["postbot"].pid)
        before = sum(map(_cpu_seconds, tree))
        time.sleep(REST_SECONDS)
        share = (sum(map(_cpu_seconds, tree)) - before) / REST_SECONDS
        resident = sum(map(_resident, tree))
    where = "postbot run"
    yield Result(
        what="ready after", where=where, figure=f"{ready:.1f} s with its stand-ins", goal="≤ 5 s"
    )
    yield Result(
        what="at rest, processor", where=where, figure=f"{share:.1%} of a core", goal="< 3 %"
    )
    yield Result(
        what="at rest, memory", where=where, figure=f"{resident / 1e6:.0f} MB", goal="< 250 MB"
    )
    yield Result(what="postbot --help", where="", figure=f"{_help():.2f} s", goal="< 0.5 s")


def _tree(root: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    return [root, *(pid for child in children for pid in _tree(int(child)))]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _help() -> float:
    """The middle one of five runs."""
    taken = []
    for _ in range(5):
        began = time.monotonic()
        subprocess.run(
            [sys.executable, "-c", "from bot.cli import main; main()", "--help"],
            check=True,
            capture_output=True,
        )
        taken.append(time.monotonic() - began)
    return sorted(taken)[2]
