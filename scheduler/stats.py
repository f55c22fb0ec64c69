"""The figures of the schedule, from one function for everybody who shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise.functions import Count

from publishers import get
from scheduler import circuits, markers, parking
from scheduler.models import Account, Circuit, Delivery
from scheduler.posts import PRIORITIES
from scheduler.runtime import Runtime
from scheduler.states import State


async def collect(runtime: Runtime) -> dict[str, Any]:
    """Deliveries by state, seconds by which the schedule is late, seconds since the dispatcher's
    last tick (`None` when it never ticked), and what is `down`: a sentence for each circuit that is
    not closed."""
    now = runtime.clock.now()
    rows = await Delivery.annotate(n=Count("id")).group_by("state").values("state", "n")
    counts = {State(row["state"]).value: row["n"] for row in rows}
    return {
        **{state.value: counts.get(state.value, 0) for state in State},
        "seconds_late": await seconds_late(now),
        "seconds_since_tick": await seconds_since_tick(now),
        "down": await down(),
    }


async def down() -> list[str]:
    """A sentence for each platform and account that is down, or that catches up, with the number
    of deliveries that wait for it; platforms first."""
    standing = await circuits.standing()
    return [await _standing(circuit) for circuit in reversed(standing)]


async def _standing(circuit: Circuit) -> str:
    kind, name = circuits.named(circuit.key)
    what = "is back and catches up"
    if circuit.state == circuits.OPEN:
        what = "is down" if kind == "platform" else "must be connected again"
    since = f"{circuit.since:%Y-%m-%d %H:%M} UTC"
    return f"{await _name(kind, name)} {what} since {since}, {await parking.count(circuit)} waiting"


async def _name(kind: str, name: str) -> str:
    if kind == "platform":
        return get(name).label
    account = await Account.get_or_none(id=int(name))
    return f"{get(account.platform).label} @{account.username}" if account else "An account"


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
