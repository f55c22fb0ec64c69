"""When to try again. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
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


def probe_gap(failed: int) -> timedelta:
    """How long to wait for the next probe of a platform after so many that failed: half a minute at
    first, then twice as long each time, up to five minutes.

    >>> [probe_gap(failed).seconds for failed in range(6)]
    [30, 60, 120, 240, 300, 300]
    """
    return timedelta(seconds=min(300, 30 * 2 ** min(failed, 4)))


def ramp(
    released: int, release_at: datetime, now: datetime, *, most: int = 100
) -> tuple[int, datetime]:
    """How many more deliveries may go to a platform that is back, and when the next one may.

    One a second at first, and twice as many for every ten seconds' worth that went, up to 32 a
    second. Of the time in which nobody looked only the last second counts.

    >>> start = datetime(2026, 1, 1)
    >>> ramp(0, start, start)
    (1, datetime.datetime(2026, 1, 1, 0, 0, 1))
    >>> ramp(10, start, start + timedelta(seconds=9))
    (3, datetime.datetime(2026, 1, 1, 0, 0, 9, 500000))
    """
    count, at = 0, max(release_at, now - timedelta(seconds=1))
    while at <= now and count < most:
        at += timedelta(seconds=1) / _rate(released + count)
        count += 1
    return count, at


def _rate(released: int) -> int:
    """Deliveries in a second after so many: 1 up to the 10th, 2 up to the 30th, 4 to the 70th."""
    return min(32, 1 << (released // 10 + 1).bit_length() - 1)


def free_at(
    at: datetime, sent: Sequence[datetime], quotas: Iterable[tuple[int, timedelta]]
) -> datetime:
    """The first moment from `at` on at which one more post keeps within so many in each window.

    >>> noon = datetime(2026, 1, 1, 12)
    >>> free_at(noon, [noon - timedelta(minutes=14)] * 2, [(2, timedelta(minutes=15))])
    datetime.datetime(2026, 1, 1, 12, 1)
    """
    ordered = sorted(sent)
    frees = [ordered[-most] + window for most, window in quotas if len(ordered) >= most]
    return max([at, *frees])
