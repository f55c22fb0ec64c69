"""The tokens of connected accounts: sealed at rest, renewed by one process at a time, declared dead
once. The only reader of decrypted credentials."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from publishers import (
    Cause,
    Credentials,
    Http,
    Publisher,
    PublishError,
    Rejected,
    TemporaryFailure,
    get,
)
from scheduler import account_events
from scheduler.models import Account
from scheduler.runtime import Runtime
from scheduler.tasks import to_its_end
from scheduler.vault import WrongKeys

log = structlog.get_logger(__name__)

CONNECTED, BROKEN, DISCONNECTED = "connected", "broken", "disconnected"
_ENDED = "Its access has ended and cannot be renewed without you."
_REFRESH_WAIT = 0.1
_REFRESH_TRIES = 350
# Owner and account of the refreshes that this process makes at the moment.
_refreshing: set[tuple[int, int]] = set()


class NeedsReconnect(Rejected):
    """The tokens of an account are dead: what is due at it waits until it is connected again."""

    def __init__(self, username: str, *, code: str = "") -> None:
        sentence = f"@{username} must be connected again: `/schedule-post accounts`."
        super().__init__(sentence, cause=Cause.AUTHENTICATION, code=code)


def publisher(runtime: Runtime, platform: str, http: Http | None = None) -> Publisher:
    """The publisher of a platform with our registration."""
    http = http or Http(runtime.http, timeout=runtime.settings.request_timeout)
    http.label = get(platform).label
    return get(platform)(runtime.settings.app(platform), http)


async def credentials(
    runtime: Runtime, account_id: int, *, not_version: int | None = None
) -> tuple[Credentials, int]:
    """Tokens that work for a while yet, and their version.

    Refreshes ahead of expiry, or when the caller saw version `not_version` refused; one process
    refreshes, the others wait for it. Raises `Rejected` (authentication) when the account must be
    connected again, and `TemporaryFailure` when the platform cannot be reached.
    """
    for _ in range(_REFRESH_TRIES):
        account = await Account.get(id=account_id)
        if account.health == BROKEN:
            raise NeedsReconnect(account.username)
        if account.health == DISCONNECTED or not account.secrets:
            raise Rejected(
                f"@{account.username} was disconnected. Connect it again with `/schedule-post "
                "accounts`, then retry.",
                cause=Cause.AUTHENTICATION,
            )
        current = unseal(runtime, account)
        stale = account.token_version == not_version
        if not stale and not _expires_soon(account, runtime.clock.now()):
            return current, account.token_version
        if not current.refresh_token:
            if not stale and not _expired(account, runtime.clock.now()):
                return current, account.token_version
            await mark_broken(runtime, account.id, account.token_version, reason=_ENDED)
            raise NeedsReconnect(account.username)
        if await _begin_refresh(runtime, account):
            usable = not stale and not _expired(account, runtime.clock.now())
            fresh = await to_its_end(_refresh(runtime, account, current, usable=usable))
            if fresh is not None:
                return fresh
        await asyncio.sleep(_REFRESH_WAIT)
    raise TemporaryFailure("The account's tokens are being renewed.", cause=Cause.AUTHENTICATION)


async def mark_broken(runtime: Runtime, account_id: int, version: int, *, reason: str) -> None:
    """Notes that an account must be connected again and that its owner must hear of it; `reason` is
    a sentence for them. Does nothing when that is known, or when the account got other tokens than
    those of `version` meanwhile."""
    if await account_events.broke(
        account_id, version=version, reason=reason, now=runtime.clock.now()
    ):
        log.warning("account needs a reconnect", account=account_id, reason=reason)


def is_dead(error: PublishError) -> bool:
    """Whether a refusal means that the tokens are no longer good. Wrong app credentials, a locked
    profile or an unpaid bill are refusals too, and a reconnect helps with none of them."""
    return isinstance(error, Rejected) and error.cause is Cause.AUTHENTICATION and not error.kind


async def _begin_refresh(runtime: Runtime, account: Account) -> bool:
    """Takes the right to refresh, which is also the note that it was begun: only a dead process
    loses it."""
    holder, us = account.refresh_owner, runtime.owner.id
    if (us, account.id) in _refreshing:
        return False
    _refreshing.add((us, account.id))
    taken = 0
    try:
        if holder in (None, us) or await runtime.owner.dead([holder]):
            taken = await Account.filter(
                id=account.id, token_version=account.token_version, refresh_owner=holder
            ).update(refresh_owner=us)
    finally:
        if not taken:
            _refreshing.discard((us, account.id))
    return bool(taken)


async def _refresh(
    runtime: Runtime, account: Account, current: Credentials, *, usable: bool
) -> tuple[Credentials, int] | None:
    """New tokens; the present ones while they are `usable` and the platform gives no others;
    `None` when the account was connected anew or disconnected meanwhile."""
    us = runtime.owner.id
    try:
        fresh = await publisher(runtime, account.platform).refresh(current)
        return await _keep(runtime, account, fresh)
    except PublishError as error:
        if is_dead(error):
            await mark_broken(runtime, account.id, account.token_version, reason=error.sentence)
            raise NeedsReconnect(account.username) from error
        if usable:
            log.warning("tokens not renewed", account=account.id, reason=error.sentence)
            return current, account.token_version
        raise
    finally:
        _refreshing.discard((us, account.id))
        await Account.filter(id=account.id, refresh_owner=us).update(refresh_owner=None)


async def _keep(
    runtime: Runtime, account: Account, fresh: Credentials
) -> tuple[Credentials, int] | None:
    """Stores refreshed tokens before anybody uses them, as often as it takes: the old pair died
    with the refresh."""
    version = account.token_version + 1
    fresh = replace(fresh, profile_id=account.remote_id)
    news = {
        "secrets": seal(runtime, account, fresh),
        "token_version": version,
        "expires_at": fresh.expires_at,
        # A grant that was renewed is alive.
        "checked_at": runtime.clock.now(),
    }
    pause = 0.1
    while True:
        try:
            mine = Account.filter(id=account.id, token_version=account.token_version)
            return (fresh, version) if await mine.update(**news) else None
        except Exception as error:
            log.warning("tokens not stored yet", account=account.id, error=repr(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)


def seal(
    runtime: Runtime,
    account: Account,
    credentials: Credentials,
    *,
    refresh_token: str | None = None,
) -> str:
    """The sealed form of an account's tokens, good for this account alone. `refresh_token` is the
    one to keep when these bring none."""
    return runtime.vault.seal(
        json.dumps(
            {
                "account": _identity(account),
                **fields_of(credentials),
                "refresh_token": credentials.refresh_token or refresh_token,
            }
        )
    )


def unseal(runtime: Runtime, account: Account) -> Credentials:
    """The tokens of an account. Raises `WrongKeys` when no key fits, or when they were sealed for
    another account."""
    fields = json.loads(runtime.vault.open(account.secrets))
    if fields.get("account") != _identity(account):
        raise WrongKeys("do not fit: the tokens of this account belong to another one")
    return replace(credentials_of(fields), profile_id=account.remote_id)


def fields_of(credentials: Credentials) -> dict[str, Any]:
    """Credentials as JSON, to be sealed."""
    return {
        "access_token": credentials.access_token,
        "refresh_token": credentials.refresh_token,
        "expires_at": credentials.expires_at and credentials.expires_at.isoformat(),
        "scopes": credentials.scopes,
    }


def credentials_of(fields: dict[str, Any]) -> Credentials:
    """The credentials in the JSON of `fields_of`."""
    expires_at = fields["expires_at"]
    return Credentials(
        access_token=fields["access_token"],
        refresh_token=fields["refresh_token"],
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        scopes=tuple(fields["scopes"]),
    )


def _identity(account: Account) -> list[Any]:
    return [account.workspace_id, account.platform, account.remote_id]


def _expires_soon(account: Account, now: datetime) -> bool:
    ahead = get(account.platform).refresh_ahead
    return account.expires_at is not None and account.expires_at - now < ahead


def _expired(account: Account, now: datetime) -> bool:
    return account.expires_at is not None and account.expires_at <= now
