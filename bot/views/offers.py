"""Which buttons fit a post as it stands, and how a click says what it was about.

A button's block id carries the post, the card's version, and the deliveries that the button is for,
each with its fence: the fence rises whenever a delivery moves on, so a question that was answered
elsewhere is never answered a second time from an older copy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.views import ids
from scheduler.models import Delivery
from scheduler.posts import Found
from scheduler.states import CHANGEABLE, NEEDS_PERSON, TERMINAL, State

#: Slack allows 255 characters in a block id.
MOST_NAMED = 5
_PAIR = r"[0-9]{1,19}\.[0-9]{1,10}"
_BLOCK_ID = re.compile(
    rf"{ids.CARD_ACTIONS}:([a-z0-9_]{{1,16}}):([0-9]{{1,10}})(?::({_PAIR}(?:,{_PAIR})*))?", re.ASCII
)
_VALUE = re.compile(r"[0-9]{1,19}(?:,[0-9]{1,19})*", re.ASCII)
_ON_ITS_WAY = frozenset({State.SCHEDULED, State.QUEUED, State.PREPARING})


@dataclass(frozen=True, kw_only=True)
class Press:
    """A click. `delivery_ids` is empty when it is for the whole post; `fences` are those of the
    deliveries at the time when the button was drawn."""

    action: str
    post_id: str
    version: int
    delivery_ids: tuple[int, ...] = ()
    fences: tuple[tuple[int, int], ...] = ()


def is_asked(delivery: Delivery) -> bool:
    """True while only a person can tell whether it is live: nothing happens by itself any more."""
    return (
        delivery.state is State.UNCONFIRMED
        and delivery.asked_at is not None
        and delivery.next_attempt_at is None
    )


def for_delivery(delivery: Delivery) -> tuple[str, ...]:
    """The buttons of one delivery, the likeliest first."""
    if delivery.state is State.FAILED:
        return (ids.RETRY_NOW, ids.POST_MANUALLY)
    if delivery.state is State.MISSED:
        return (ids.PUBLISH_NOW, ids.POST_MANUALLY)
    if is_asked(delivery):
        return (ids.IS_LIVE, ids.IS_NOT_LIVE, ids.SKIP)
    if delivery.state is State.PARKED:
        # Where the platform's own app works, nobody has to wait. Dead tokens get no better by it.
        is_down = delivery.cause != "authentication"
        return (ids.RETRY_NOW if is_down else ids.RECONNECT, ids.POST_MANUALLY)
    return ()


def for_post(found: Found, now: datetime) -> tuple[str, ...]:
    """The buttons of the whole post."""
    changeable = [each for each in found.deliveries if each.state in CHANGEABLE]
    if not changeable:
        return (ids.DUPLICATE,) if all(d.state in TERMINAL for d in found.deliveries) else ()
    whole = len(changeable) == len(found.deliveries)
    return (
        *([ids.EDIT] if whole else []),
        ids.RESCHEDULE,
        *([ids.PUBLISH_NOW] if can_go_now(found, now) else []),
        ids.DUPLICATE,
        ids.CANCEL,
    )


def can_go_now(found: Found, now: datetime) -> tuple[int, ...]:
    """The deliveries that wait for something and would go out at once if somebody says so."""
    return tuple(
        each.id
        for each in found.deliveries
        if each.state in CHANGEABLE - NEEDS_PERSON - {State.PARKED, State.HELD}
        and not (each.state in _ON_ITS_WAY and each.due_at <= now)
    )


def block_id(post_id: str, version: int, deliveries: Sequence[Delivery] = ()) -> str:
    """The id of a block of buttons."""
    pairs = ",".join(f"{each.id}.{each.fence}" for each in deliveries)
    return f"{ids.CARD_ACTIONS}:{post_id}:{version}" + (f":{pairs}" if pairs else "")


def read(action: dict[str, Any]) -> Press | None:
    """The click in an item of `actions`; `None` when no card of ours can have sent it."""
    place = _BLOCK_ID.fullmatch(str(action.get("block_id", "")))
    value = str(action.get("value") or "")
    if place is None or (value and not _VALUE.fullmatch(value)):
        return None
    pairs = [pair.split(".") for pair in (place[3] or "").split(",") if pair]
    return Press(
        action=str(action.get("action_id", "")),
        post_id=place[1],
        version=int(place[2]),
        delivery_ids=tuple(int(each) for each in value.split(",") if each),
        fences=tuple((int(id_), int(fence)) for id_, fence in pairs),
    )


def concerned(press: Press, found: Found) -> list[Delivery]:
    """The deliveries that a click is for and that still stand where its button was drawn."""
    fences = dict(press.fences)
    return [
        each
        for each in found.deliveries
        if each.id in press.delivery_ids
        and fences.get(each.id) == each.fence
        and press.action in for_delivery(each)
    ]


def still_fits(press: Press, found: Found, now: datetime) -> bool:
    """False when the post has moved on since the button was drawn."""
    if press.delivery_ids:
        return len(concerned(press, found)) > 0
    return press.action in for_post(found, now)
