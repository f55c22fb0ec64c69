"""The short form of the storm: `make chaos` runs the long one."""

from __future__ import annotations

import asyncio

import pytest

from tests.chaos.ground import open_ground
from tests.chaos.storm import storm


@pytest.mark.long
@pytest.mark.parametrize("kind", ["postgres", "embedded"])
def test_nothing_is_lost_doubled_or_silent_in_a_storm(
    request: pytest.FixtureRequest, kind: str
) -> None:
    if kind == "postgres":
        request.getfixturevalue("postgres_template")

    with open_ground(kind) as ground:
        report = asyncio.run(storm(ground, rounds=8, seed=20))

    assert report.clean, "\n".join(report.lines())
    assert report.deliveries == 40
