"""Token buckets per installation and method (and per channel for posting), as Slack documents its
tiers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.slack.switches import Switches

#: Calls a minute that a tier allows at least.
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
#: Posting has its own rule: about one a second in a channel, several hundred a minute in all.
POSTS_PER_CHANNEL = (60, 5)
POSTS_PER_WORKSPACE = (300, 300)


@dataclass
class _Bucket:
    per_second: float
    size: float
    level: float
    filled_at: float

    def wait_for_one(self, now: float) -> float:
        """0 and one token less, or the seconds until there is one."""
        self.level = min(self.size, self.level + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        if self.level >= 1:
            self.level -= 1
            return 0.0
        return (1 - self.level) / self.per_second


class RateLimits:
    """`retry_after` counts a call and gives the seconds to wait, 0 when it may go ahead."""

    def __init__(self, clock: Callable[[], float], switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._buckets: dict[tuple[str, str, str, str], _Bucket] = {}
        #: How often each method was refused.
        self.refused: Counter[str] = Counter()

    def for_method(self, place: str, method: str, tier: int | None) -> int:
        if tier is None:
            return 0
        return self._take(place, method, "", per_minute=TIERS[tier], burst=TIERS[tier])

    def for_post(self, place: str, channel: str) -> int:
        post = "chat.postMessage"
        per_minute, burst = POSTS_PER_CHANNEL
        wait = self._take(place, post, channel, per_minute=per_minute, burst=burst)
        per_minute, burst = POSTS_PER_WORKSPACE
        return wait or self._take(place, post, "", per_minute=per_minute, burst=burst)

    def _take(self, place: str, method: str, channel: str, *, per_minute: int, burst: int) -> int:
        mode = self._switches.rate_limits
        if mode == "off":
            return 0
        share = 0.25 if mode == "harsh" else 1.0
        now = self._clock()
        bucket = self._buckets.setdefault(
            (mode, place, method, channel),
            _new_bucket(per_minute * share, max(1.0, burst * share), now),
        )
        wait = math.ceil(bucket.wait_for_one(now))
        self.refused[method] += wait > 0
        return wait


def _new_bucket(per_minute: float, size: float, now: float) -> _Bucket:
    return _Bucket(per_minute / 60, size, size, now)
