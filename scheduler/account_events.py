"""What happens to an account: one guarded UPDATE with one event in one transaction, and in the same
transaction what follows from it for the deliveries that go there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import F

from publishers import Cause
from scheduler import circuits, deliveries, events, states
from scheduler.database import transaction
from scheduler.deliveries import Step
from scheduler.models import Account, Delivery
from scheduler.states import State


async def broke(account_id: int, *, version: int, reason: str, now: datetime) -> bool:
    """An account whose tokens of `version` are dead; False when that was known or is no longer so.
    Its owner is told by way of the event."""
    async with transaction() as connection:
        working = Account.filter(id=account_id, token_version=version, health="connected")
        if not await working.using_db(connection).update(health="broken"):
            return False
        account = await Account.get(id=account_id, using_db=connection)
        data = {"reason": reason}
        await _record(connection, account, "account.broken", now, notice="account", data=data)
        await circuits.open_account(connection, account_id, now)
    return True


async def connected(
    connection: BaseDBAsyncClient, account: Account, *, actor: str, now: datetime
) -> None:
    """An account that the caller's transaction gave working tokens."""
    await _record(connection, account, "account.connected", now, actor=actor)
    await circuits.close_account(connection, account.id, now)
    await _go_on(connection, account.id, now)


async def disconnected(account: Account, *, actor: str, now: datetime) -> None:
    """An account whose tokens are forgotten."""
    async with transaction() as connection:
        # The new version keeps a refresh that runs meanwhile from storing its tokens.
        await (
            Account.filter(id=account.id)
            .using_db(connection)
            .update(
                secrets="",
                health="disconnected",
                expires_at=None,
                token_version=F("token_version") + 1,
            )
        )
        await _record(connection, account, "account.disconnected", now, actor=actor)
        # What waited for a reconnect fails now, with a notice, and does not wait for ever.
        await circuits.close_account(connection, account.id, now)


async def _go_on(connection: BaseDBAsyncClient, account_id: int, now: datetime) -> None:
    """What waited for tokens goes on at once when there are some."""
    waiting = Delivery.filter(
        account_id=account_id, state=State.RETRYING, cause=Cause.AUTHENTICATION.value
    )
    steps = [
        Step(
            move=states.REARM,
            id=row.id,
            fence=row.fence,
            values={
                "due_at": row.due_at,
                "next_attempt_at": now,
                "attempts": row.attempts,
                "priority": row.priority,
                "kind": "",
            },
            actor="accounts",
        )
        for row in await waiting.using_db(connection)
    ]
    await deliveries.apply(connection, steps, now)


async def _record(
    connection: BaseDBAsyncClient, account: Account, kind: str, now: datetime, **more: Any
) -> None:
    event = {
        "workspace_id": account.workspace_id,
        "post_id": "",
        "account_id": account.id,
        "kind": kind,
        "at": now,
        **more,
    }
    await events.record(connection, [event])
