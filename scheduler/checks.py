"""Asks platforms, a day and an hour ahead of posts, whether the tokens that these need still work,
so that a dead one is known while there is time to connect the account again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from tortoise.functions import Max

from publishers import Credentials, CredentialsExpired, PublishError, RateLimited, TemporaryFailure
from scheduler import tokens
from scheduler.models import Account, Delivery
from scheduler.posts import PRIORITIES
from scheduler.runtime import Runtime
from scheduler.sql import instant
from scheduler.states import State

log = structlog.get_logger(__name__)

# A platform that did not answer is asked again after this long.
_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A check is due so long `ahead` of a post, unless the tokens were seen to work at most
    `believed` before that: posts a minute apart shall not cause a check each."""

    ahead: timedelta
    believed: timedelta

    def is_missed(self, checked_at: datetime | None, due_at: datetime) -> bool:
        """Whether a post due at `due_at`, whose mark has come, lacks its check."""
        return checked_at is None or checked_at < due_at - self.ahead - self.believed


MARKS = (
    Mark(ahead=timedelta(hours=24), believed=timedelta(hours=2)),
    Mark(ahead=timedelta(hours=1), believed=timedelta(minutes=15)),
)


async def due(now: datetime) -> list[Account]:
    """The accounts that have to be checked now."""
    found: dict[int, Account] = {}
    for mark in MARKS:
        last = await _last_due(now, now + mark.ahead)
        rested = Account.filter(id__in=list(last), health=tokens.CONNECTED)
        for account in await rested:
            if _may_ask(account, now) and mark.is_missed(account.checked_at, last[account.id]):
                found[account.id] = account
    return list(found.values())


async def check(runtime: Runtime, account: Account) -> None:
    """Asks the platform of an account once. Tokens that are dead break it; a platform that does not
    answer is no finding. Does nothing when another process asks at this moment."""
    now = runtime.clock.now()
    if not await _claim(account, now):
        return
    try:
        await _ask(runtime, account)
    except (TemporaryFailure, RateLimited) as error:
        log.info("account not checked", account=account.id, reason=error.sentence)
        return
    except PublishError as error:
        # Dead tokens have broken the account by now; what else is refused is no matter of tokens.
        log.warning("account refused", account=account.id, reason=error.sentence)
    await Account.filter(id=account.id).update(checked_at=now)


async def _last_due(after: datetime, until: datetime) -> dict[int, datetime]:
    """When the last post of each account is due that is scheduled in a span of time. The next
    attempt of a scheduled post is never after its time, and has the index."""
    rows = (
        await Delivery.filter(
            state=State.SCHEDULED,
            priority__in=list(PRIORITIES),
            next_attempt_at__gt=after,
            next_attempt_at__lte=until,
            due_at__lte=until,
        )
        .annotate(last=Max("due_at"))
        .group_by("account_id")
        .values("account_id", "last")
    )
    found = {row["account_id"]: instant(row["last"]) for row in rows}
    return {account_id: last for account_id, last in found.items() if last is not None}


async def _claim(account: Account, now: datetime) -> bool:
    before = account.check_began_at
    same = Account.filter(id=account.id, health=tokens.CONNECTED)
    same = (
        same.filter(check_began_at__isnull=True)
        if before is None
        else same.filter(check_began_at=before)
    )
    return bool(await same.update(check_began_at=now))


def _may_ask(account: Account, now: datetime) -> bool:
    return account.check_began_at is None or account.check_began_at <= now - _AGAIN


async def _ask(runtime: Runtime, account: Account) -> None:
    """Raises `Rejected` when the tokens are dead, also when a refresh does not help."""
    current, version = await tokens.credentials(runtime, account.id)
    try:
        await _audit(runtime, account, current)
        return
    except CredentialsExpired:
        current, version = await tokens.credentials(runtime, account.id, not_version=version)
    try:
        await _audit(runtime, account, current)
    except CredentialsExpired as error:
        await tokens.mark_broken(runtime, account.id, version, reason=error.sentence)


async def _audit(runtime: Runtime, account: Account, credentials: Credentials) -> None:
    await tokens.publisher(runtime, account.platform).audit(credentials)
