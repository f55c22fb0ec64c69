"""Somebody sets the slots of an account: a button in the list of accounts opens the form."""

from __future__ import annotations

from itertools import islice
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import permissions
from bot.slack import known_member
from bot.views import ids
from bot.views import slots as views
from scheduler import accounts, free_slots, slots
from scheduler.accounts import AccountError
from scheduler.free_slots import WrongSlots
from scheduler.models import Account, Member
from scheduler.runtime import Runtime

Json = dict[str, Any]

GONE = "This account is not connected any more."
_SHOWN = 3


def register(app: AsyncApp, runtime: Runtime) -> None:
    story = Slots(runtime)
    app.action(ids.SET_SLOTS)(story.open)
    app.view(ids.SLOTS_MODAL)(story.set)


class Slots:
    """The listeners of this story."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def open(
        self, ack: AsyncAck, action: Json, body: Json, context: AsyncBoltContext
    ) -> None:
        account, member = await self._allowed(int(action["value"]), context)
        view = views.slots_form(account, account.slots_zone if account.slots else member.timezone)
        if "view" in body:
            await context.client.views_push(trigger_id=body["trigger_id"], view=view)
        else:
            await context.client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    async def set(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        account_id, zone, typed = views.read_form(body["view"])
        account, _ = await self._allowed(account_id, context)
        try:
            account = await free_slots.set_slots(
                workspace_id=account.workspace_id, account_id=account_id, text=typed, zone=zone
            )
        except WrongSlots as error:
            await ack(response_action="errors", errors={ids.SLOTS_TEXT: str(error)})
            return
        coming = slots.coming(free_slots.of(account), zone, self._runtime.clock.now())
        view = views.slots_set(account, list(islice(coming, _SHOWN)))
        await ack(response_action="update", view=view)

    async def _allowed(self, account_id: int, context: AsyncBoltContext) -> tuple[Account, Member]:
        """Raises `AccountError` when it is gone, `Refused` when the member may not set it up."""
        member = await known_member(
            self._runtime,
            context.client,
            workspace_id=context["workspace_id"],
            user_id=str(context.user_id),
        )
        connected = await accounts.connected(member.workspace_id)
        account = next((each for each in connected if each.id == account_id), None)
        if account is None:
            raise AccountError(GONE)
        permissions.demand(permissions.may_set_up(member, account), permissions.NOT_YOURS_TO_SET)
        return account, member
