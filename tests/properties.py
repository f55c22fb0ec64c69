"""Promises about whatever hypothesis can think of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

#: Examples in the quick run, and in the long one.
FEW, MANY = 20, 150
_RUNS = (pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.long))


def holds_for(*anything: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """A test that is tried with a few examples, and with many where time does not matter."""

    def made(check: Callable[..., None]) -> Any:
        @pytest.mark.parametrize("examples", _RUNS)
        def test(examples: int) -> None:
            settings(max_examples=examples, deadline=None)(given(*anything)(check))()

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return made
