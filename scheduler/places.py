"""Where within an account posts go by default, such as a board."""

from __future__ import annotations

from functools import partial

from publishers import Place, PublishError, get
from scheduler import tokens
from scheduler.consents import AccountError
from scheduler.models import Account
from scheduler.runtime import Runtime


async def places(runtime: Runtime, account_id: int) -> list[Place]:
    """The places that an account has of its own, remembered for a minute; empty where there are
    none. Raises `AccountError` when the platform does not tell."""
    account = await Account.get(id=account_id)
    if not get(account.platform).has_places:
        return []
    # Other tokens may see other places.
    key = (account.id, account.token_version)
    try:
        return await runtime.places.get(key, partial(_ask, runtime, account))
    except PublishError as error:
        raise AccountError(error.sentence) from error


async def set_default_place(
    runtime: Runtime, *, workspace_id: int, account_id: int, place_id: str
) -> Account:
    """Stores where posts to an account go unless they say otherwise. Raises `AccountError` when
    the workspace has no such account, or the account no such place."""
    account = await Account.get_or_none(id=account_id, workspace_id=workspace_id)
    if account is None or account.health == tokens.DISCONNECTED:
        raise AccountError("This account is not connected any more.")
    found = [each for each in await places(runtime, account.id) if each.id == place_id]
    if not found:
        raise AccountError(f"@{account.username} has no such place any more. Choose again.")
    account.defaults = {**account.defaults, "place": place_id, "place_name": found[0].name}
    await account.save(update_fields=["defaults"])
    return account


async def _ask(runtime: Runtime, account: Account) -> list[Place]:
    credentials, _ = await tokens.credentials(runtime, account.id)
    return await tokens.publisher(runtime, account.platform).places(credentials)
