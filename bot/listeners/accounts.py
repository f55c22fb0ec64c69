"""Somebody looks at the connected accounts, chooses where posts go in one, or disconnects one:
`/schedule-post accounts`, and the button of App Home."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot import permissions
from bot.background import Background
from bot.listeners.wording import subcommand, text_of_command
from bot.slack import known_member, respond, tell
from bot.views import accounts as views
from bot.views import ids
from bot.web.connect import connect_buttons
from scheduler import accounts, platforms
from scheduler.accounts import AccountError
from scheduler.models import Account, Member
from scheduler.runtime import Runtime

Json = dict[str, Any]

GONE = "This account is not connected any more."
# Slack waits three seconds for an answer; the platform may take longer to revoke a token.
QUICK_SECONDS = 2.0


def register(app: AsyncApp, runtime: Runtime, background: Background) -> None:
    story = Accounts(runtime, background)
    app.command(ids.COMMAND, matchers=[asks_for_accounts])(story.show)
    app.action(ids.HOME_ACCOUNTS)(story.open)
    app.action(re.compile(f"^{ids.CONNECT}(:.*)?$"))(story.follow_link)
    app.action(ids.DISCONNECT)(story.disconnect)
    app.action(re.compile(f"^{ids.DEFAULT_PLACE}:[0-9]+$"))(story.set_place)


async def asks_for_accounts(command: Json) -> bool:
    return subcommand(text_of_command(command.get("text") or "")) == ("accounts", "")


class Accounts:
    """The listeners of this story."""

    def __init__(self, runtime: Runtime, background: Background) -> None:
        self._runtime = runtime
        self._background = background

    async def show(self, ack: AsyncAck, context: AsyncBoltContext) -> None:
        await ack(views.accounts_message(*await self._listed(await self._member(context))))

    async def open(self, ack: AsyncAck, body: Json, context: AsyncBoltContext) -> None:
        view = views.accounts_modal(*await self._listed(await self._member(context)))
        await context.client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    async def follow_link(self, ack: AsyncAck) -> None:
        """The browser opens the link; Slack only tells that it was pressed."""
        await ack()

    async def disconnect(
        self, ack: AsyncAck, action: Json, body: Json, context: AsyncBoltContext
    ) -> None:
        work = self._disconnect(int(action["value"]), body, context)
        await self._background.within(QUICK_SECONDS, work)
        await ack()

    async def _disconnect(self, account_id: int, body: Json, context: AsyncBoltContext) -> None:
        member = await self._member(context)
        connected = await accounts.connected(member.workspace_id)
        account = next((each for each in connected if each.id == account_id), None)
        if account is None:
            await self._say(body, context, GONE)
        elif not permissions.may_disconnect(member, account):
            await self._say(body, context, permissions.NOT_YOUR_ACCOUNT)
        else:
            await accounts.disconnect(
                self._runtime,
                workspace_id=member.workspace_id,
                account_id=account.id,
                actor=member.user_id,
            )
        await self._show_anew(body, context, member)

    async def set_place(
        self, ack: AsyncAck, action: Json, body: Json, context: AsyncBoltContext
    ) -> None:
        work = self._set_place(action, body, context)
        await self._background.within(QUICK_SECONDS, work)
        await ack()

    async def _set_place(self, action: Json, body: Json, context: AsyncBoltContext) -> None:
        member = await self._member(context)
        account_id = int(action["action_id"].rpartition(":")[2])
        connected = await accounts.connected(member.workspace_id)
        account = next((each for each in connected if each.id == account_id), None)
        try:
            if account is None:
                raise AccountError(GONE)
            if not permissions.may_set_up(member, account):
                raise AccountError(permissions.NOT_YOURS_TO_SET)
            await accounts.set_default_place(
                self._runtime,
                workspace_id=member.workspace_id,
                account_id=account.id,
                place_id=action["selected_option"]["value"],
            )
        except AccountError as error:
            await self._say(body, context, str(error))
        await self._show_anew(body, context, member)

    async def _show_anew(self, body: Json, context: AsyncBoltContext, member: Member) -> None:
        listed = await self._listed(member)
        if "view" in body:
            await context.client.views_update(
                view_id=body["view"]["id"], view=views.accounts_modal(*listed)
            )
        elif context.response_url:
            message = {**views.accounts_message(*listed), "replace_original": True}
            await respond(context.client, context.response_url, message)

    async def _say(self, body: Json, context: AsyncBoltContext, text: str) -> None:
        if context.response_url:
            message = {"response_type": "ephemeral", "replace_original": False, "text": text}
            await respond(context.client, context.response_url, message)
        else:
            await tell(context.client, str(context.user_id), text)

    async def _member(self, context: AsyncBoltContext) -> Member:
        return await known_member(
            self._runtime,
            context.client,
            workspace_id=context["workspace_id"],
            user_id=str(context.user_id),
        )

    async def _listed(self, member: Member) -> tuple[list[views.Row], list[views.Connect] | None]:
        connected = await accounts.connected(member.workspace_id)
        return [row(each, member) for each in connected], connects_for(self._runtime, member)


def connects_for(runtime: Runtime, member: Member) -> list[views.Connect] | None:
    """The buttons with which a member connects accounts; `None` when they may not."""
    if not permissions.may_connect(member):
        return None
    return connect_buttons(runtime, workspace_id=member.workspace_id, user_id=member.user_id)


def row(account: Account, member: Member) -> views.Row:
    """An account as `member` sees it."""
    return views.Row(
        id=account.id,
        platform=platforms.label(account.platform),
        username=account.username,
        connected_by=account.connected_by,
        needs_reconnect=account.health == accounts.BROKEN,
        may_disconnect=permissions.may_disconnect(member, account),
        has_places=platforms.has_places(account.platform),
        place=_place(account),
        may_set_up=permissions.may_set_up(member, account),
        slots=f"{account.slots} ({account.slots_zone})" if account.slots else "",
    )


def _place(account: Account) -> tuple[str, str] | None:
    place = str(account.defaults.get("place") or "")
    return (place, str(account.defaults.get("place_name") or place)) if place else None
