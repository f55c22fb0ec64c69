"""The stand of X for its tests."""

from __future__ import annotations

import pytest

from tests.publishers.stand import Notes, Stand


@pytest.fixture
def stand() -> Stand:
    return Stand("x")


@pytest.fixture
def notes() -> Notes:
    return Notes()
