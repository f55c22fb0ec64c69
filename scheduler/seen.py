"""What Slack sent and was handled already: Slack sends an event again when an answer got lost, and
anybody may replay a request whose signature is still fresh."""

from __future__ import annotations

from datetime import datetime

from tortoise.exceptions import IntegrityError

from scheduler.models import Seen


async def first_time(key: str, now: datetime) -> bool:
    """Notes a request by its key, durably; False when it was noted before."""
    try:
        await Seen.create(key=key, at=now)
    except IntegrityError:
        return False
    return True


async def forget(key: str) -> None:
    """Makes way for the next delivery of a request that could not be handled."""
    await Seen.filter(key=key).delete()
