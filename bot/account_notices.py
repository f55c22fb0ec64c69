"""Tells the owner of an account, once, that its access has ended: in a direct message, or an admin
where the owner cannot be written to.

The row that asks for it was written in the transaction in which the account broke, and is cleared
after it was told. Whatever ends this process in between is looked for in Slack before it is said
again; what is no longer true is not said at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import structlog

from bot import tickets
from bot.cards import HeldByAnother, NobodyReachable
from bot.reach import Reach, known_admins
from bot.sending import BlocksRefused, Letter, Sender, Senders, SendingError, Unreachable
from bot.tickets import Ticket
from bot.views.accounts import Connect
from bot.views.lost_account import lost_account
from scheduler import accounts, events, overview, platforms
from scheduler.models import Account, Event
from scheduler.overview import Risk
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# A message is read when its reader is back at work.
LINK_LIFE = timedelta(days=7)
# Two tasks of one process have the same name in the database; here they are told apart.
_HELD: set[tuple[int, int]] = set()


class AccountNotices:
    """Tells about accounts on one event loop; several processes may."""

    def __init__(self, runtime: Runtime, senders: Senders, reach: Reach) -> None:
        self._runtime = runtime
        self._senders = senders
        self._reach = reach

    async def tell(self, account_id: int) -> None:
        """Tells what is still true of an account. Raises `SendingError`, `NobodyReachable` or
        `HeldByAnother`."""
        async with self._held(account_id):
            # Read before the account, so that what happens meanwhile keeps its notice.
            pending = await events.pending_of_account(account_id)
            account = await Account.get(id=account_id)
            if pending and account.health == accounts.BROKEN:
                await self._say(account, pending[-1])
            await events.told(pending)

    @contextlib.asynccontextmanager
    async def _held(self, account_id: int) -> AsyncIterator[None]:
        """An account, for one teller at a time."""
        us = self._runtime.owner.id
        if (us, account_id) in _HELD:
            raise HeldByAnother
        _HELD.add((us, account_id))
        try:
            await self._take(account_id, us)
            try:
                yield
            finally:
                await Account.filter(id=account_id, teller=us).update(teller=None)
        finally:
            _HELD.discard((us, account_id))

    async def _take(self, account_id: int, us: int) -> None:
        holder = (await Account.get(id=account_id)).teller
        if holder not in (None, us) and not await self._runtime.owner.dead([holder]):
            raise HeldByAnother
        free = Account.filter(id=account_id)
        free = free.filter(teller__isnull=True) if holder is None else free.filter(teller=holder)
        if not await free.update(teller=us):
            raise HeldByAnother

    async def _say(self, account: Account, event: Event) -> None:
        begun, risk = event.notice_began_at, await overview.at_risk(account)
        for person in await _people(account):
            letters = self._letters(account, event, risk, person)
            where = self._reach.of(account.workspace_id, person)
            async with contextlib.aclosing(where) as channels:
                async for channel in channels:
                    if begun is not None and await self._was_said(channel, event, begun):
                        return
                    if await self._sent(channel, account, event, letters):
                        return
        raise NobodyReachable(f"nobody can be told of account {account.id}")

    async def _was_said(self, channel: str, event: Event, since: datetime) -> bool:
        try:
            sent = await self._senders.of(event.workspace_id).sent(channel, since=since)
        except Unreachable:
            return False
        return any(event.id in (payload.get("events") or []) for _, payload in sent)

    async def _sent(
        self, channel: str, account: Account, event: Event, letters: Sequence[Letter]
    ) -> bool:
        """False when the conversation is closed to us."""
        await events.begin_telling(event, self._runtime.clock.now())
        try:
            await _post(self._senders.of(account.workspace_id), channel, letters)
        except Unreachable:
            await self._reach.close(account.workspace_id, channel)
            return False
        except SendingError as error:
            if error.is_certain:
                await Event.filter(id=event.id).update(notice_began_at=None)
            raise
        return True

    def _letters(self, account: Account, event: Event, risk: Risk, person: str) -> list[Letter]:
        text, blocks = lost_account(
            account,
            str(event.data.get("reason") or ""),
            risk,
            connect=self._connect(account, person),
            reader=person,
        )
        payload = {"account": account.id, "events": [event.id]}
        return [Letter(text=text, blocks=each, payload=payload) for each in (blocks, [])]

    def _connect(self, account: Account, person: str) -> Connect | None:
        if account.platform not in platforms.connectable(self._runtime):
            return None
        ticket = Ticket(
            workspace_id=account.workspace_id, user_id=person, platform=account.platform
        )
        return Connect(
            platform=account.platform,
            label=f"@{account.username} Again",
            url=tickets.link(self._runtime, ticket, life=LINK_LIFE),
        )


async def _post(sender: Sender, channel: str, letters: Sequence[Letter]) -> None:
    """The message, or a mere text where Slack does not take its blocks."""
    *richer, plain = letters
    for letter in richer:
        try:
            await sender.post(channel, letter)
            return
        except BlocksRefused as error:
            log.error("account notice refused", error=str(error))
    await sender.post(channel, plain)


async def _people(account: Account) -> list[str]:
    """Who connected it, then the admins of the workspace."""
    admins = [admin.user_id for admin in await known_admins(account.workspace_id)]
    return list(dict.fromkeys([account.connected_by, *admins]))
