"""What people and the schedule do with connected accounts. The parts behind it: `consents`
connects, `tokens` keeps and renews what was connected, `places` knows where within an account posts
go."""

from __future__ import annotations

import structlog

from publishers import Place as Place
from publishers import PublishError, get
from scheduler import account_events, states, tokens
from scheduler.consents import CONSENT_LIFE as CONSENT_LIFE
from scheduler.consents import AccountError as AccountError
from scheduler.consents import ConnectError as ConnectError
from scheduler.consents import Offer as Offer
from scheduler.consents import Offered as Offered
from scheduler.consents import begin_connect as begin_connect
from scheduler.consents import choose as choose
from scheduler.consents import find_offer as find_offer
from scheduler.consents import finish_connect as finish_connect
from scheduler.deliveries import Step
from scheduler.models import Account, Delivery
from scheduler.places import places as places
from scheduler.places import set_default_place as set_default_place
from scheduler.runtime import Runtime
from scheduler.states import State
from scheduler.tokens import BROKEN as BROKEN
from scheduler.tokens import CONNECTED as CONNECTED
from scheduler.tokens import DISCONNECTED as DISCONNECTED
from scheduler.tokens import NeedsReconnect as NeedsReconnect
from scheduler.tokens import credentials as credentials
from scheduler.tokens import mark_broken as mark_broken
from scheduler.tokens import publisher as publisher
from scheduler.vault import WrongKeys

log = structlog.get_logger(__name__)


async def connected(workspace_id: int) -> list[Account]:
    """The accounts of a workspace that are not disconnected, by platform and name."""
    return (
        await Account.filter(workspace_id=workspace_id)
        .exclude(health=DISCONNECTED)
        .order_by("platform", "username")
    )


async def disconnect(
    runtime: Runtime, *, workspace_id: int, account_id: int, actor: str = ""
) -> Account | None:
    """Forgets the tokens of an account and revokes them where the platform can and no other account
    may live on the same consent. Posts stay; those that are due meanwhile fail with a notice.
    `None` when there is no such account here."""
    account = await Account.get_or_none(id=account_id, workspace_id=workspace_id)
    if account is None:
        return None
    await account_events.disconnected(account, actor=actor, now=runtime.clock.now())
    await _withdraw(runtime, account)
    if account.secrets and not await _is_shared(account):
        await _revoke(runtime, account)
    account.health = DISCONNECTED
    return account


async def _is_shared(account: Account) -> bool:
    """Whether revoking could end the tokens of another account. Nobody knows whose consent each of
    them lives on, so any other of the platform counts."""
    if not get(account.platform).shares_consent:
        return False
    others = Account.filter(platform=account.platform).exclude(id=account.id)
    return await others.exclude(health=DISCONNECTED).exists()


async def _withdraw(runtime: Runtime, account: Account) -> None:
    """Makes the claims of prepared deliveries powerless: they hold tokens that still work."""
    now = runtime.clock.now()
    rows = await Delivery.filter(account_id=account.id, state=State.PREPARING)
    await runtime.ledger.move_all(
        Step(
            move=states.GIVE_BACK,
            id=row.id,
            fence=row.fence,
            values={"next_attempt_at": now},
            actor="accounts",
        )
        for row in rows
    )


async def _revoke(runtime: Runtime, account: Account) -> None:
    try:
        current = tokens.unseal(runtime, account)
        await publisher(runtime, account.platform).revoke(current)
    except (PublishError, WrongKeys) as error:
        log.warning("revoke failed", account=account.id, reason=str(error))
