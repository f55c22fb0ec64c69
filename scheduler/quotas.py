"""How many posts an account may still make: its platform's limits, kept by counting what we send,
and corrected by what the platform says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from publishers import Budget, get
from scheduler.backoff import free_at
from scheduler.database import get_connection
from scheduler.models import Delivery, Quota
from scheduler.sql import fetch, is_postgres, rows_parameter, rows_source
from scheduler.states import Role

# Longer than any window of a quota.
_REMEMBERED = timedelta(days=1)
_BUDGET = {
    "account_id": "int",
    "spent": "jsonb",
    "remaining": "int",
    "reset_at": "timestamptz",
    "heard_at": "timestamptz",
}


@dataclass(frozen=True, kw_only=True)
class Wait:
    """When the window of an account frees, and the sentence for the author who waits for it."""

    until: datetime
    reason: str


async def learn(
    connection: BaseDBAsyncClient, heard: Iterable[tuple[int, Budget]], now: datetime
) -> None:
    """Takes in what a platform said is left to accounts. Within one window what it said last may
    arrive first, so the smaller number counts."""
    rows = [
        {
            "account_id": account_id,
            "spent": {},
            "remaining": budget.remaining,
            "reset_at": budget.reset,
            "heard_at": now,
        }
        for account_id, budget in sorted(_tightest(heard).items())
    ]
    if not rows:
        return
    names = ", ".join(_BUDGET)
    source = rows_source(connection, _BUDGET, alias="v")
    least = "LEAST" if is_postgres(connection) else "min"
    await fetch(
        connection,
        f"INSERT INTO quota ({names}, version) SELECT {names}, 0 FROM {source} WHERE TRUE"
        " ORDER BY account_id ON CONFLICT (account_id) DO UPDATE SET"
        " remaining = CASE WHEN quota.reset_at = excluded.reset_at"
        f" THEN {least}(quota.remaining, excluded.remaining) ELSE excluded.remaining END,"
        " reset_at = excluded.reset_at, heard_at = excluded.heard_at",
        [rows_parameter(rows)],
    )


def _tightest(heard: Iterable[tuple[int, Budget]]) -> dict[int, Budget]:
    found: dict[int, Budget] = {}
    for account_id, budget in heard:
        known = found.get(account_id, budget)
        found[account_id] = min(
            known, budget, key=lambda one: (-one.reset.timestamp(), one.remaining)
        )
    return found


async def reserve(rows: Collection[Delivery], now: datetime) -> dict[int, Wait]:
    """Takes these deliveries' places in the quotas of their accounts, or renews them; returns those
    for which there is none yet. A place is by delivery, so that a retry takes no second one."""
    left: dict[int, list[Delivery]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: (one.due_at, one.id)):
        # A comment is no post of its own.
        if row.role is not Role.COMMENT:
            left[row.account_id].append(row)
    waits: dict[int, Wait] = {}
    while left:
        quotas = await Quota.filter(account_id__in=list(left))
        missing = _limited(left) - {one.account_id for one in quotas}
        if missing:
            await Quota.bulk_create(
                [Quota(account_id=id_) for id_ in sorted(missing)], ignore_conflicts=True
            )
            continue
        found = [_Places(one, left[one.account_id], now) for one in quotas]
        saved = await _save([places for places in found if places.changed])
        again = [one for one in found if one.changed and one.account_id not in saved]
        for places in found:
            waits |= {} if places in again else places.waits
        left = {one.account_id: left[one.account_id] for one in again}
    return waits


def _limited(rows: Mapping[int, Sequence[Delivery]]) -> set[int]:
    """The accounts whose platform is known to limit posts by number."""
    return {id_ for id_, list_ in rows.items() if get(list_[0].platform).limits.quotas}


class _Places:
    """The places that deliveries of one account find in its quota as it was read."""

    def __init__(self, quota: Quota, rows: Sequence[Delivery], now: datetime) -> None:
        self.account_id = quota.account_id
        self.version = quota.version
        self.waits: dict[int, Wait] = {}
        self.changed = False
        self._quota = quota
        self._label = get(rows[0].platform).label
        self._quotas = get(rows[0].platform).limits.quotas
        self.spent = {
            int(id_): at
            for id_, text in quota.spent.items()
            if (at := datetime.fromisoformat(text)) > now - _REMEMBERED
        }
        # Those that wait are told different moments, but take no place before they come again.
        self._told: list[datetime] = []
        for row in rows:
            self._place(row, max(row.due_at, now))

    def _place(self, row: Delivery, at: datetime) -> None:
        before = self.spent.pop(row.id, None)
        until = max(free_at(at, [*self.spent.values(), *self._told], self._quotas), self._reset(at))
        if until > at:
            self._told.append(until)
            self.waits[row.id] = Wait(until=until, reason=self._reason(at))
            self.changed = self.changed or before is not None
            return
        self.spent[row.id] = at
        self.changed = True

    def _reset(self, at: datetime) -> datetime:
        """When the platform itself lets the next one pass."""
        quota = self._quota
        if quota.remaining is None or quota.reset_at is None or quota.heard_at is None:
            return at
        since = sum(one > quota.heard_at for one in self.spent.values())
        return quota.reset_at if quota.remaining <= since else at

    def _reason(self, at: datetime) -> str:
        if self._reset(at) > at:
            return f"{self._label} takes no more posts from this account for now."
        most, window = max(
            self._quotas, key=lambda quota: free_at(at, [*self.spent.values()], [quota])
        )
        length = "24 hours" if window == _REMEMBERED else f"{window.seconds // 60} minutes"
        return f"{self._label} takes {most} posts in {length} from an account."


async def _save(places: Sequence[_Places]) -> set[int]:
    """Stores the places taken; returns the accounts of which nobody else did meanwhile."""
    if not places:
        return set()
    connection = get_connection()
    columns = {"account_id": "int", "version": "int", "spent": "jsonb"}
    rows: list[dict[str, Any]] = [
        {
            "account_id": one.account_id,
            "version": one.version,
            "spent": {str(id_): at.isoformat() for id_, at in one.spent.items()},
        }
        for one in places
    ]
    source = rows_source(connection, columns, alias="r")
    locked = (
        f"(SELECT r.* FROM {source} JOIN quota AS l ON l.account_id = r.account_id"
        " ORDER BY l.account_id FOR UPDATE OF l) AS v"
        if is_postgres(connection)
        else rows_source(connection, columns, alias="v")
    )
    prefix = "q." if is_postgres(connection) else ""
    changed = await fetch(
        connection,
        f"UPDATE quota AS q SET spent = v.spent, version = q.version + 1 FROM {locked}"
        f" WHERE q.account_id = v.account_id AND q.version = v.version "
        f" RETURNING {prefix}account_id",
        [rows_parameter(rows)],
    )
    return {row["account_id"] for row in changed}
