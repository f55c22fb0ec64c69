"""Stores what a consent granted: the account of each profile, with its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from publishers import Profile
from scheduler import account_events, tokens
from scheduler.models import Account, Choice, Consent
from scheduler.runtime import Runtime
from scheduler.sql import clean
from scheduler.vault import WrongKeys


async def save_all(
    runtime: Runtime,
    connection: BaseDBAsyncClient,
    consent: Consent | Choice,
    profiles: Sequence[Profile],
) -> list[Account]:
    """The accounts of these profiles with their new tokens, in the caller's transaction. Every
    profile has its credentials."""
    # In one order, so that two of these never wait for each other.
    ordered = sorted(profiles, key=lambda each: each.remote_id)
    return [await _save(runtime, connection, consent, each) for each in ordered]


async def _save(
    runtime: Runtime, connection: BaseDBAsyncClient, consent: Consent | Choice, profile: Profile
) -> Account:
    """The account of a profile with its new tokens, made if there is none. What people set on it
    stays, as do its posts."""
    now = runtime.clock.now()
    described = {
        "username": clean(profile.username)[:255],
        "name": clean(profile.name)[:255],
        "connected_by": consent.user_id,
        "connected_at": now,
    }
    account = await _found_or_made(connection, consent, profile, described)
    while not await _give_tokens(runtime, connection, account, profile, described):
        # A refresh was faster.
        await account.refresh_from_db(using_db=connection)
    await account.refresh_from_db(using_db=connection)
    await account_events.connected(connection, account, actor=consent.user_id, now=now)
    return account


async def _found_or_made(
    connection: BaseDBAsyncClient,
    consent: Consent | Choice,
    profile: Profile,
    described: dict[str, Any],
) -> Account:
    key = {
        "workspace_id": consent.workspace_id,
        "platform": consent.platform,
        "remote_id": profile.remote_id,
    }
    # The first tokens are version 0.
    blank = Account(**key, **described, token_version=-1, health=tokens.DISCONNECTED)
    await Account.bulk_create([blank], ignore_conflicts=True, using_db=connection)
    return await Account.get(**key, using_db=connection)


async def _give_tokens(
    runtime: Runtime,
    connection: BaseDBAsyncClient,
    account: Account,
    profile: Profile,
    described: dict[str, Any],
) -> bool:
    """False when the account has other tokens meanwhile than those that were read."""
    credentials = profile.credentials
    assert credentials is not None
    kept = None if credentials.refresh_token else _refresh_token(runtime, account)
    news = {
        **described,
        "secrets": tokens.seal(runtime, account, credentials, refresh_token=kept),
        "token_version": account.token_version + 1,
        "expires_at": credentials.expires_at,
        "health": tokens.CONNECTED,
        "checked_at": described["connected_at"],
    }
    same = Account.filter(id=account.id, token_version=account.token_version)
    return bool(await same.using_db(connection).update(**news))


def _refresh_token(runtime: Runtime, account: Account) -> str | None:
    """The one that the account has: where a platform gives none again, it is still good."""
    try:
        return tokens.unseal(runtime, account).refresh_token if account.secrets else None
    except WrongKeys:
        # A reconnect is what mends a lost key.
        return None
