"""Somebody opens a menu of places within an account, such as boards: in the list of accounts or in
the composer. Slack asks for its options, anew for everything that is typed into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.background import Background
from bot.views import ids
from bot.views.blocks import MOST_OPTIONS, option
from scheduler import accounts
from scheduler.accounts import AccountError, Place
from scheduler.runtime import Runtime

Json = dict[str, Any]

log = structlog.get_logger(__name__)

# Slack gives up on a menu after three seconds; what comes later is there for the next look.
QUICK_SECONDS = 2.0


def register(app: AsyncApp, runtime: Runtime, background: Background) -> None:
    async def offer(ack: AsyncAck, payload: Json, context: AsyncBoltContext) -> None:
        account_id = int(str(payload["action_id"]).rpartition(":")[2])
        found: list[Place] = []

        async def load() -> None:
            found.extend(await places_of(runtime, context["workspace_id"], account_id))

        await background.within(QUICK_SECONDS, load())
        await ack(options=options(found, str(payload.get("value") or "")))

    menus = f"^({ids.DEFAULT_PLACE}|{ids.COMPOSER_PLACE}):[0-9]+$"
    app.options(re.compile(menus))(offer)


async def places_of(runtime: Runtime, workspace_id: int, account_id: int) -> list[Place]:
    """The places of an account of this workspace; none when the platform does not tell."""
    connected = await accounts.connected(workspace_id)
    if account_id not in {account.id for account in connected}:
        return []
    try:
        return await accounts.places(runtime, account_id)
    except AccountError as error:
        log.warning("places not known", account=account_id, reason=str(error))
        return []


def options(places: Sequence[Place], typed: str) -> list[Json]:
    """Those whose name has what was typed, as many as fit into a menu."""
    words = typed.casefold().split()
    fitting = [place for place in places if all(word in place.name.casefold() for word in words)]
    return [option(place.name or place.id, place.id) for place in fitting[:MOST_OPTIONS]]
