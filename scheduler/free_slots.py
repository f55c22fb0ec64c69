"""Which slots an account has, and the next one that no post of it occupies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import F

from scheduler import slots, tokens
from scheduler.consents import AccountError
from scheduler.models import Account, Delivery
from scheduler.post_errors import WrongTime
from scheduler.slots import Slot
from scheduler.slots import WrongSlots as WrongSlots
from scheduler.states import NEEDS_PERSON, TERMINAL, State
from scheduler.walltime import known_zone

_WAITING = [state for state in State if state not in NEEDS_PERSON | TERMINAL]


class SlotTaken(WrongTime):
    """Another post took a slot meanwhile."""

    def __init__(self) -> None:
        super().__init__("That slot was taken by another post meanwhile. Send again for the next.")


async def set_slots(*, workspace_id: int, account_id: int, text: str, zone: str) -> Account:
    """Stores the slots of an account as somebody typed them, on the clock of `zone`; an empty text
    removes them. Raises `WrongSlots`, or `AccountError` when the workspace has no such account."""
    chosen = slots.said(slots.parse(text))
    if not known_zone(zone):
        raise AccountError(f"There is no time zone called {zone}.")
    account = await Account.get_or_none(id=account_id, workspace_id=workspace_id)
    if account is None or account.health == tokens.DISCONNECTED:
        raise AccountError("This account is not connected any more.")
    account.slots, account.slots_zone = chosen, zone
    await account.save(update_fields=["slots", "slots_zone"])
    return account


def of(account: Account) -> tuple[Slot, ...]:
    """The slots of an account."""
    return slots.parse(account.slots)


async def next_free(accounts: Sequence[Account], now: datetime) -> dict[int, datetime]:
    """The next free slot of each account, by account id. Raises `WrongTime` for one that has
    none."""
    return {account.id: await _next_of(account, now) for account in accounts}


async def hold(connection: BaseDBAsyncClient, times: Mapping[int, datetime]) -> None:
    """Keeps slots, by account id, for deliveries that this transaction stores. Call it first.
    Raises `SlotTaken`."""
    for account_id in sorted(times):
        # Whoever wants a slot of the same account waits here until we are done.
        row = Account.filter(id=account_id).using_db(connection)
        await row.update(slots=F("slots"))
    for account_id, at in times.items():
        same = Delivery.filter(account_id=account_id, state__in=_WAITING, part=0)
        minute = at.replace(second=0, microsecond=0)
        near = same.filter(due_at__gte=minute, due_at__lt=minute + timedelta(minutes=1))
        if await near.using_db(connection).exists():
            raise SlotTaken


async def _next_of(account: Account, now: datetime) -> datetime:
    own = of(account)
    if not own:
        raise WrongTime(
            f"@{account.username} has no slots yet. Set them in the list of accounts, or choose a "
            "time."
        )
    pending = Delivery.filter(account_id=account.id, state__in=_WAITING, part=0, due_at__gt=now)
    taken = [row.due_at for row in await pending.only("due_at")]
    found = slots.next_free(own, account.slots_zone, now, taken)
    if found is None:
        raise WrongTime(
            f"All slots of @{account.username} are taken for a year. Add slots, or choose a time."
        )
    return found
