"""What became due while nobody looked: after that long its author decides, and nothing goes out
unasked."""

from __future__ import annotations

from scheduler import deliveries
from scheduler.models import Delivery
from scheduler.posts import PRIORITIES
from scheduler.runtime import Runtime
from scheduler.states import State

_WAITING = (State.SCHEDULED, State.RETRYING, State.PROCESSING)
_AT_ONCE = 500
_REASON = "Postbot was not running when it was due, and it is now too late to post it unasked."


def is_overdue(runtime: Runtime, row: Delivery) -> bool:
    """True when a delivery's time passed longer ago than the late window and nobody looked at it
    since then."""
    before = runtime.clock.now() - runtime.settings.late_by
    looked_at = row.next_attempt_at
    return looked_at is not None and looked_at <= before and row.due_at <= before


async def miss_overdue(runtime: Runtime) -> int:
    """Moves all deliveries to `missed` whose time passed longer ago than the late window without
    anybody looking at them; returns how many."""
    now = runtime.clock.now()
    before = now - runtime.settings.late_by
    if not await deliveries.anything_due(_WAITING, PRIORITIES, before):
        return 0
    missed = 0
    for source in _WAITING:
        for priority in PRIORITIES:
            found = _AT_ONCE
            while found == _AT_ONCE:
                found = await deliveries.miss_late(
                    source=source,
                    priority=priority,
                    due_before=before,
                    limit=_AT_ONCE,
                    reason=_REASON,
                    now=now,
                )
                missed += found
    return missed
