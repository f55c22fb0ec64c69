"""One measured figure, and how a list of seconds is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Result:
    """A row of the table."""

    what: str
    where: str
    figure: str
    goal: str = ""


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted values lie."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(seconds: Sequence[float]) -> str:
    """p50, p99 and maximum in milliseconds."""
    ordered = sorted(seconds)
    p50, p99 = (percentile(ordered, share) * 1000 for share in (0.5, 0.99))
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, max {ordered[-1] * 1000:.0f} ms"
