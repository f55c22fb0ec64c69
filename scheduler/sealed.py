"""Everything that lies sealed in the database: whether our keys open it, and how it is sealed anew
with the newest of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.models import Model

from scheduler import account_events
from scheduler.models import Account, Choice, Consent, Installation
from scheduler.runtime import Runtime
from scheduler.vault import Vault, WrongKeys

_BATCH = 100
# Processes that were not restarted seal with an older key while we work.
_ROUNDS = 3


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A column of sealed texts. `guards` are columns that change together with it; `ends` says when
    a row is of no use any more."""

    model: type[Model]
    key: str
    column: str
    guards: tuple[str, ...] = ()
    ends: str = ""

    async def rows(self, now: datetime) -> AsyncIterator[Sequence[Any]]:
        """Every row with a sealed text, in batches."""
        last: Any = None
        while batch := await self._after(last, now):
            yield batch
            last = getattr(batch[-1], self.key)

    async def _after(self, last: Any, now: datetime) -> list[Any]:
        query = self.model.exclude(**{self.column: ""})
        if last is not None:
            query = query.filter(**{f"{self.key}__gt": last})
        if self.ends:
            query = query.filter(**{f"{self.ends}__gte": now})
        return await query.order_by(self.key).limit(_BATCH)

    def same(self, row: Any) -> dict[str, Any]:
        """What finds a row as it was read."""
        return {name: getattr(row, name) for name in (self.key, self.column, *self.guards)}


SHELVES = (
    Shelf(model=Account, key="id", column="secrets", guards=("token_version",)),
    Shelf(model=Installation, key="id", column="secrets", guards=("token_version",)),
    Shelf(model=Consent, key="state", column="verifier", ends="expires_at"),
    Shelf(model=Choice, key="id", column="profiles", ends="expires_at"),
)


@dataclass(kw_only=True)
class Census:
    """How many sealed texts there are, how many need an older key than the newest, and the rows
    that no key opens."""

    total: int = 0
    older: int = 0
    unreadable: list[Any]


async def census(runtime: Runtime, vault: Vault) -> Census:
    """Reads all that is sealed and changes nothing."""
    found, now = Census(unreadable=[]), runtime.clock.now()
    for shelf in SHELVES:
        async for batch in shelf.rows(now):
            for row in batch:
                found.total += 1
                state = _look(vault, getattr(row, shelf.column))
                found.older += state == "older"
                found.unreadable += [row] if state == "unreadable" else []
    return found


async def reseal_all(
    runtime: Runtime, vault: Vault, *, told: Callable[[int], object] = lambda rows: None
) -> int:
    """Seals everything anew that needs an older key than the newest; returns how many texts still
    do, because other processes sealed them meanwhile. Interrupted at any moment and begun again, it
    goes on where it was. `told` hears how many rows were dealt with. Raises `WrongKeys` when no key
    fits."""
    for _ in range(_ROUNDS):
        now = runtime.clock.now()
        for shelf in SHELVES:
            async for batch in shelf.rows(now):
                await _reseal(vault, shelf, batch)
                told(len(batch))
        left = (await census(runtime, vault)).older
        if not left:
            return 0
    return left


async def forget(runtime: Runtime, rows: Sequence[Any]) -> None:
    """Gives up what no key opens: accounts must be connected again, and their owners hear of it;
    Postbot must be installed again."""
    now = runtime.clock.now()
    for row in rows:
        same = type(row).filter(pk=row.pk)
        match row:
            case Account():
                reason = "The key to its stored access is lost."
                version = row.token_version
                await account_events.broke(row.id, version=version, reason=reason, now=now)
                await same.filter(secrets=row.secrets).update(secrets="")
            case Installation():
                lost = {"secrets": "", "expires_at": None, "revoked_at": now}
                await same.filter(secrets=row.secrets).update(**lost)
            case _:
                await row.delete()


def _look(vault: Vault, sealed: str) -> str:
    if vault.is_newest(sealed):
        return "newest"
    try:
        vault.open(sealed)
    except WrongKeys:
        return "unreadable"
    return "older"


async def _reseal(vault: Vault, shelf: Shelf, batch: Sequence[Any]) -> None:
    for row in batch:
        sealed = getattr(row, shelf.column)
        if not vault.is_newest(sealed):
            # A refresh or a reconnect meanwhile has sealed its own tokens, and those count.
            same = shelf.model.filter(**shelf.same(row))
            await same.update(**{shelf.column: vault.reseal(sealed)})
