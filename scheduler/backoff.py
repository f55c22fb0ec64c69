"""When to try again. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta


def next_attempt_at(now: datetime, *, used: int, delays: Sequence[float]) -> datetime | None:
    """When to try again after `used` attempts (1 or more); `None` when the attempts are used up.

    `delays` are the seconds after the first, second, … failed attempt.

    >>> next_attempt_at(datetime(2026, 1, 1), used=2, delays=(60, 300, 900))
    datetime.datetime(2026, 1, 1, 0, 5)
    >>> next_attempt_at(datetime(2026, 1, 1), used=4, delays=(60, 300, 900)) is None
    True
    """
    if used > len(delays):
        return None
    return now + timedelta(seconds=delays[used - 1])


def next_look_at(now: datetime, *, looks: int, gaps: Sequence[float]) -> datetime | None:
    """When to look again for an unconfirmed post after `looks` looks; `None` when it is time to
    ask a person."""
    if looks > len(gaps):
        return None
    return now + timedelta(seconds=gaps[looks - 1])


def stage_at(due: datetime, kinds: Collection[str]) -> datetime:
    """When work on a delivery should begin so that its media are uploaded at its instant: at once
    for text, a minute ahead for images, ten minutes ahead for a video or GIF.

    >>> stage_at(datetime(2026, 1, 1, 12, 0), ["image", "image"])
    datetime.datetime(2026, 1, 1, 11, 59)
    """
    if not kinds:
        return due
    return due - timedelta(seconds=600 if set(kinds) - {"image"} else 60)
