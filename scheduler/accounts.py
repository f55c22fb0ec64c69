"""Connected accounts: connect, refresh, disconnect. The only reader of decrypted credentials."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from tortoise.expressions import F

from publishers import (
    Cause,
    Credentials,
    Http,
    Profile,
    Publisher,
    PublishError,
    RateLimited,
    Rejected,
    TemporaryFailure,
    get,
)
from scheduler import breaker, states
from scheduler.database import transaction
from scheduler.deliveries import Step
from scheduler.models import Account, Consent, Delivery
from scheduler.runtime import Runtime
from scheduler.states import State

log = structlog.get_logger(__name__)
T = TypeVar("T")

CONNECTED, BROKEN, DISCONNECTED = "connected", "broken", "disconnected"
# A consent page is left open for a coffee, not for a day.
CONSENT_LIFE = timedelta(minutes=10)
_REFRESH_WAIT = 0.1
_REFRESH_TRIES = 350
# Owner and account of the refreshes that this process makes at the moment.
_refreshing: set[tuple[int, int]] = set()


class ConnectError(Exception):
    """A connect that did not succeed. The message says what to do."""


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


async def connected(workspace_id: int) -> list[Account]:
    """The accounts of a workspace that are not disconnected, by platform and name."""
    return (
        await Account.filter(workspace_id=workspace_id)
        .exclude(health=DISCONNECTED)
        .order_by("platform", "username")
    )


async def begin_connect(runtime: Runtime, *, workspace_id: int, user_id: str, platform: str) -> str:
    """The consent page for a member, for one use within ten minutes. Raises `ConnectError`."""
    if platform not in runtime.settings.platforms():
        raise ConnectError(
            f"This Postbot has no app credentials for {platform}. Ask whoever runs it to set "
            f"{platform.upper()}_CLIENT_ID and {platform.upper()}_CLIENT_SECRET."
        )
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    await Consent.create(
        state=state,
        workspace_id=workspace_id,
        user_id=user_id,
        platform=platform,
        verifier=runtime.vault.seal(verifier),
        expires_at=runtime.clock.now() + CONSENT_LIFE,
    )
    return publisher(runtime, platform).authorize_url(
        redirect_uri=redirect_uri(runtime, platform), state=state, challenge=_challenge(verifier)
    )


def redirect_uri(runtime: Runtime, platform: str) -> str:
    """Where the platform sends a member back to; must be registered with the platform's app."""
    return f"{runtime.settings.public_url}/connect/{platform}/callback"


async def finish_connect(
    runtime: Runtime, *, platform: str, state: str, code: str
) -> list[Account]:
    """Turns a consent into connected accounts. A state works once. Raises `ConnectError`."""
    consent = await Consent.get_or_none(state=state, platform=platform)
    used = consent is not None and await Consent.filter(state=state).delete()
    if consent is None or not used or consent.expires_at < runtime.clock.now():
        raise ConnectError("This link was used already or is too old. Start again from Slack.")
    remote = publisher(runtime, platform)
    try:
        credentials = await remote.exchange(
            code=code,
            redirect_uri=redirect_uri(runtime, platform),
            verifier=runtime.vault.open(consent.verifier),
        )
        profiles = await remote.identify(credentials)
    except PublishError as error:
        raise ConnectError(f"{error.sentence} Start again from Slack.") from error
    missing = sorted(set(remote.scopes) - set(credentials.scopes)) if credentials.scopes else []
    if missing:
        raise ConnectError(
            f"{remote.label} did not grant {', '.join(missing)}. Start again from Slack and leave "
            "every permission switched on."
        )
    return [
        await _save(runtime, consent, profile, profile.credentials or credentials)
        for profile in profiles
    ]


async def disconnect(runtime: Runtime, *, workspace_id: int, account_id: int) -> Account | None:
    """Forgets the tokens of an account and revokes them where the platform can. Posts stay; those
    that are due meanwhile fail with a notice. `None` when there is no such account here."""
    account = await Account.get_or_none(id=account_id, workspace_id=workspace_id)
    if account is None:
        return None
    sealed = account.secrets
    # The new version keeps a refresh that runs meanwhile from storing its tokens.
    await Account.filter(id=account.id).update(
        secrets="", health=DISCONNECTED, expires_at=None, token_version=F("token_version") + 1
    )
    await _withdraw(runtime, account)
    if sealed:
        try:
            await publisher(runtime, account.platform).revoke(_unseal(runtime, sealed))
        except PublishError as error:
            log.warning("revoke failed", account=account.id, reason=error.sentence)
    account.health = DISCONNECTED
    return account


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
        if account.health == DISCONNECTED or not account.secrets:
            raise Rejected(
                f"@{account.username} was disconnected. Connect it again with `/schedule-post "
                "accounts`, then retry.",
                cause=Cause.AUTHENTICATION,
            )
        if account.health == BROKEN:
            raise NeedsReconnect(account.username)
        current = _unseal(runtime, account.secrets)
        stale = account.token_version == not_version
        if not stale and not _expires_soon(account, runtime.clock.now()):
            return current, account.token_version
        if not current.refresh_token:
            if not stale and not _expired(account, runtime.clock.now()):
                return current, account.token_version
            await mark_broken(runtime, account.id, account.token_version)
            raise NeedsReconnect(account.username)
        if await _begin_refresh(runtime, account):
            usable = not stale and not _expired(account, runtime.clock.now())
            fresh = await _to_its_end(_refresh(runtime, account, current, usable=usable))
            if fresh is not None:
                return fresh
        await asyncio.sleep(_REFRESH_WAIT)
    raise TemporaryFailure("The account's tokens are being renewed.", cause=Cause.AUTHENTICATION)


async def mark_broken(runtime: Runtime, account_id: int, version: int) -> None:
    """Notes that an account must be connected again, unless it got other tokens than those of
    `version` meanwhile; what is due at it waits for that."""
    async with transaction() as connection:
        same = Account.filter(id=account_id, token_version=version).using_db(connection)
        if await same.update(health=BROKEN):
            await breaker.open_account(connection, account_id, runtime.clock.now())
    log.warning("account needs a reconnect", account=account_id)


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
    except Rejected as error:
        await mark_broken(runtime, account.id, account.token_version)
        raise NeedsReconnect(account.username) from error
    except (TemporaryFailure, RateLimited):
        if usable:
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
    news = {
        "secrets": _seal(runtime, fresh),
        "token_version": version,
        "expires_at": fresh.expires_at,
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


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Finishes a piece of work even when whoever waits for it is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def _save(
    runtime: Runtime, consent: Consent, profile: Profile, credentials: Credentials
) -> Account:
    now = runtime.clock.now()
    key: dict[str, Any] = {
        "workspace_id": consent.workspace_id,
        "platform": consent.platform,
        "remote_id": profile.remote_id,
    }
    news: dict[str, Any] = {
        "username": profile.username,
        "name": profile.name,
        "secrets": _seal(runtime, credentials),
        "expires_at": credentials.expires_at,
        "health": CONNECTED,
        "connected_by": consent.user_id,
        "connected_at": now,
    }
    account, created = await Account.get_or_create(news, **key)
    if not created:
        if not credentials.refresh_token and account.secrets:
            kept = _unseal(runtime, account.secrets).refresh_token
            news["secrets"] = _seal(runtime, credentials, refresh_token=kept)
        news["token_version"] = account.token_version + 1
        async with transaction() as connection:
            await account.update_from_dict(news).save(update_fields=list(news), using_db=connection)
            await breaker.close_account(connection, account.id, now)
    return account


def _seal(runtime: Runtime, credentials: Credentials, *, refresh_token: str | None = None) -> str:
    return runtime.vault.seal(
        json.dumps(
            {
                "access_token": credentials.access_token,
                "refresh_token": credentials.refresh_token or refresh_token,
                "expires_at": credentials.expires_at and credentials.expires_at.isoformat(),
                "scopes": credentials.scopes,
            }
        )
    )


def _unseal(runtime: Runtime, sealed: str) -> Credentials:
    fields = json.loads(runtime.vault.open(sealed))
    expires_at = fields["expires_at"]
    return Credentials(
        access_token=fields["access_token"],
        refresh_token=fields["refresh_token"],
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        scopes=tuple(fields["scopes"]),
    )


def _expires_soon(account: Account, now: datetime) -> bool:
    ahead = get(account.platform).refresh_ahead
    return account.expires_at is not None and account.expires_at - now < ahead


def _expired(account: Account, now: datetime) -> bool:
    return account.expires_at is not None and account.expires_at <= now


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
