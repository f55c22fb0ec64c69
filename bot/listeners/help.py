"""Somebody wants to know what Postbot can do, or mistyped it."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.listeners.wording import slip, subcommand, text_of_command
from bot.views import help as views
from bot.views import ids
from scheduler.runtime import Runtime

Json = dict[str, Any]


def register(app: AsyncApp, runtime: Runtime) -> None:
    app.command(ids.COMMAND, matchers=[asks_for_help])(show_help)
    app.command(ids.COMMAND, matchers=[is_slip])(show_slip)


async def asks_for_help(command: Json) -> bool:
    return subcommand(text_of_command(command.get("text") or "")) == ("help", "")


async def is_slip(command: Json) -> bool:
    return slip(text_of_command(command.get("text") or "")) is not None


async def show_help(ack: AsyncAck) -> None:
    await ack(views.help_message())


async def show_slip(ack: AsyncAck, command: Json) -> None:
    await ack(views.slip_message(slip(text_of_command(command["text"])) or ""))
