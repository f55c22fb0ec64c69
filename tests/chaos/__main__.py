"""`python -m tests.chaos --rounds 100 --seed 7 --kind postgres`: prints a report, exits 1 when a
post was lost, doubled, stuck or silent."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys

from tests.chaos.ground import open_ground
from tests.chaos.storm import storm


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--kind", choices=["postgres", "embedded", "both"], default="both")
    wanted = parser.parse_args()
    kinds = ["postgres", "embedded"] if wanted.kind == "both" else [wanted.kind]
    clean = True
    for kind in kinds:
        with open_ground(kind) as ground:
            report = asyncio.run(storm(ground, rounds=wanted.rounds, seed=wanted.seed))
        print(f"{kind}: {'clean' if report.clean else 'BROKEN'}")
        print("\n".join(f"  {line}" for line in report.lines()), flush=True)
        clean = clean and report.clean
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
