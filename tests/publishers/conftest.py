"""The stand of a platform for its tests."""

from __future__ import annotations

import re

import pytest

from tests.publishers.stand import Notes, Stand


@pytest.fixture
def stand(request: pytest.FixtureRequest) -> Stand:
    """The platform after which the file of the test is named."""
    found = re.match(r"test_([a-z]+)_", request.path.name)
    assert found
    return Stand(found[1])


@pytest.fixture
def notes() -> Notes:
    return Notes()
