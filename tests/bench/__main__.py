"""`python -m tests.bench [name …]`: measures an installation of its own on this machine and prints
a table. Figures beside each other come from the same run; a shared machine is noisy, so compare
them with each other and with the floor."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable

from rich.console import Console
from rich.table import Table

from tests.bench import burst, footprint, home, lateness, slack, ticks
from tests.bench.result import Result

BENCHES: dict[str, Callable[[], Iterable[Result]]] = {
    "lateness": lateness.measure,
    "ticks": ticks.measure,
    "burst": burst.measure,
    "slack": slack.measure,
    "footprint": footprint.measure,
    "home": home.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(BENCHES)}; all when empty")
    wanted = parser.parse_args().names or list(BENCHES)
    table = Table("What", "Where", "Figure", "Goal")
    for name in wanted:
        Console(stderr=True).print(f"measuring {name} …")
        for result in BENCHES[name]():
            Console(stderr=True).print(f"  {result.what}, {result.where}: {result.figure}")
            table.add_row(result.what, result.where, result.figure, result.goal)
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
