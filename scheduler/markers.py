"""Named facts about the whole installation that outlive a process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scheduler.models import Marker

#: The dispatcher's last tick: `{"epoch": n}`, and when it was.
DISPATCHER = "dispatcher"


async def read(name: str) -> tuple[dict[str, Any], datetime] | None:
    """A fact and when it was written; `None` when it never was."""
    marker = await Marker.get_or_none(name=name)
    return (dict(marker.value), marker.at) if marker else None


async def write(name: str, value: dict[str, Any], now: datetime) -> None:
    """Stores a fact."""
    if not await Marker.filter(name=name).update(value=value, at=now):
        await Marker.get_or_create({"value": value, "at": now}, name=name)
