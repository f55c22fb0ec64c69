"""When something that failed may be tried again."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST, LONGEST = 0.5, 300.0


@dataclass(frozen=True)
class _Rest:
    """When a key may be tried again, after how many failures, and the last of them."""

    until: float
    failures: int = 0
    why: str = ""


_FRESH = _Rest(0.0)


class Rests(Generic[K]):
    """Lets each key rest, twice as long after every failure in a row."""

    def __init__(self) -> None:
        self._known: dict[K, _Rest] = {}

    def resting(self) -> set[K]:
        """The keys whose turn has not come."""
        now = time.monotonic()
        # Kept a while after its end, so that failures in a row count up.
        self._known = {key: rest for key, rest in self._known.items() if now < rest.until + LONGEST}
        return {key for key, rest in self._known.items() if now < rest.until}

    def rest(self, key: K, seconds: float) -> None:
        """For a while, and it is nobody's failure."""
        before = self._known.get(key, _FRESH)
        self._known[key] = replace(before, until=time.monotonic() + seconds)

    def rest_after(self, key: K, why: str) -> bool:
        """After a failure; one that comes while it rests already changes nothing. True when it is
        another than before."""
        before = self._known.get(key, _FRESH)
        if time.monotonic() < before.until:
            return False
        seconds = min(LONGEST, FIRST * 2**before.failures)
        self._known[key] = _Rest(time.monotonic() + seconds, before.failures + 1, why)
        return why != before.why

    def end(self, key: K) -> None:
        """It went well."""
        self._known.pop(key, None)

    def clear(self) -> None:
        """All may be tried again."""
        self._known.clear()

    def __len__(self) -> int:
        return len(self._known)
