"""The figures of the schedule, from one function for everybody who shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise.functions import Count

from scheduler import markers
from scheduler.models import Delivery
from scheduler.posts import PRIORITIES
from scheduler.runtime import Runtime
from scheduler.states import State


async def collect(runtime: Runtime) -> dict[str, Any]:
    """Deliveries by state, seconds by which the schedule is late, seconds since the dispatcher's
    last tick (`None` when it never ticked)."""
    now = runtime.clock.now()
    rows = await Delivery.annotate(n=Count("id")).group_by("state").values("state", "n")
    counts = {State(row["state"]).value: row["n"] for row in rows}
    return {
        **{state.value: counts.get(state.value, 0) for state in State},
        "seconds_late": await seconds_late(now),
        "seconds_since_tick": await seconds_since_tick(now),
    }


async def seconds_late(now: datetime) -> float:
    """How long the longest waiting delivery has been overdue; 0 when none is. Reads indexes only,
    however many are pending."""
    waiting = [
        Delivery.filter(
            state__in=[State.SCHEDULED, State.QUEUED], priority=priority, next_attempt_at__lt=now
        )
        for priority in PRIORITIES
    ]
    queries = [*waiting, Delivery.filter(owner__gt=0)]
    found = [await query.filter(due_at__lt=now).order_by("due_at").first() for query in queries]
    return max(((now - row.due_at).total_seconds() for row in found if row), default=0.0)


async def seconds_since_tick(now: datetime) -> float | None:
    """How long ago a dispatcher ticked; `None` when none ever did."""
    found = await markers.read(markers.DISPATCHER)
    return (now - found[1]).total_seconds() if found else None
