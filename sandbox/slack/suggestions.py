"""Menus whose options the app loads while a member looks for one."""

from __future__ import annotations

import logging
from typing import Any

from sandbox.slack import elements, payloads
from sandbox.slack.cast import Member
from sandbox.slack.delivery import Undelivered
from sandbox.slack.desk import Desk
from sandbox.slack.errors import PageError
from sandbox.slack.payloads import Parcel
from sandbox.slack.rules import check_options
from sandbox.slack.world import Message, OpenView

log = logging.getLogger(__name__)

Json = dict[str, Any]

#: Slack asks the app from the third letter on, unless the menu says otherwise.
MIN_QUERY = 3


async def suggest_in_view(
    desk: Desk, view: OpenView, *, block_id: str, action_id: str, query: str
) -> Json:
    """The app's options for what was typed, as `options` or `option_groups`. Raises PageError."""
    element = _menu(view.body["blocks"], block_id, action_id, query)
    about = {"block_id": block_id, "action_id": action_id, "value": query}
    parcel = payloads.suggestion_in_view(desk.world, view, about)
    return await _ask(desk, view.member, parcel, key=(view.id, block_id, element["action_id"]))


async def suggest_in_message(
    desk: Desk, member: Member, message: Message, *, block_id: str, action_id: str, query: str
) -> Json:
    """The same for a menu in a message."""
    element = _menu(message.blocks, block_id, action_id, query)
    about = {"block_id": block_id, "action_id": action_id, "value": query}
    parcel = payloads.suggestion_in_message(desk.world, member, message, about)
    key = (f"{message.channel}:{message.ts}", block_id, element["action_id"])
    return await _ask(desk, member, parcel, key=key)


def _menu(blocks: list[Json], block_id: str, action_id: str, query: str) -> Json:
    _, element = elements.find_element(blocks, block_id, action_id)
    if element["type"] not in ("external_select", "multi_external_select"):
        raise PageError("no_external_menu")
    if len(query) < element.get("min_query_length", MIN_QUERY):
        raise PageError("query_too_short")
    return element


async def _ask(desk: Desk, member: Member, parcel: Parcel, *, key: tuple[str, str, str]) -> Json:
    outcome = await desk.delivery.send(parcel)
    if isinstance(outcome, Undelivered):
        raise PageError("options_not_loaded")
    problems = check_options(outcome.body)
    if problems:
        reasons = "; ".join(problems)
        log.warning("options refused: %s", reasons)
        desk.world.toast(member, f"The app's options were refused: {reasons}")
        raise PageError("options_not_loaded")
    offered = desk.world.offered.setdefault(key, {})
    offered.update({each["value"]: each for each in elements.options_of(outcome.body)})
    return dict(outcome.body)
