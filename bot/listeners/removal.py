"""Somebody removes Postbot from a workspace, or Slack ends its access. Posts stay, and they go out:
platforms know nothing of Slack. What people should hear is told when it is installed again."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.clients import Clients

Json = dict[str, Any]

#: Events of a workspace that lets us in no more, so that they come without an installation.
EVENTS = ("app_uninstalled", "tokens_revoked")


def register(app: AsyncApp, clients: Clients) -> None:
    async def removed(ack: AsyncAck, body: Json) -> None:
        for place in (body.get("team_id"), body.get("enterprise_id")):
            if place:
                await clients.check(str(place))
        await ack()

    for event in EVENTS:
        app.event(event)(removed)


def is_removal(body: Json) -> bool:
    """Whether a request tells of this."""
    event = body.get("event")
    return isinstance(event, dict) and event.get("type") in EVENTS
