"""The words to somebody who has to do something: one message in the thread of a post's card."""

from __future__ import annotations

from collections.abc import Sequence

from bot.views import ids, offers
from bot.views.blocks import Json, when
from bot.views.card import excerpt, offer
from bot.views.standing import named, noted, reason, said
from scheduler.models import Delivery
from scheduler.posts import Found
from scheduler.states import CHANGEABLE, State


def notice(found: Found, deliveries: Sequence[Delivery], *, version: int) -> tuple[str, list[Json]]:
    """What happened to these deliveries, why, and what can be done, with the buttons for it. They
    are in the same state for the same reason, at most `offers.MOST_NAMED`."""
    text = _sentence(found, deliveries)
    own = offers.for_delivery(deliveries[0])
    whole = (ids.RESCHEDULE, ids.CANCEL) if deliveries[0].state in CHANGEABLE else ()
    if len(deliveries) > 1:
        # Which of them was posted by hand is said on the card.
        own = tuple(name for name in own if name != ids.POST_MANUALLY)
    place = offers.block_id(found.post.id, version, deliveries)
    return text, [said(text), *offer(found, (*own, *whole), deliveries, block_id=place)]


def settled(text: str, outcome: str) -> list[Json]:
    """The same message after it was answered: a line in place of the buttons. Both mrkdwn."""
    return [said(text), noted(outcome)]


def said_in(message: Json) -> str:
    """What a notice says, from the message as Slack sends it (mrkdwn)."""
    for block in message.get("blocks") or []:
        if block.get("type") == "section":
            return str(block["text"]["text"])
    return str(message.get("text") or "")


def _sentence(found: Found, deliveries: Sequence[Delivery]) -> str:
    first, who, what = deliveries[0], named(found, deliveries), excerpt(found, 60)
    match first.state:
        case State.FAILED:
            tried = f" That was attempt {first.attempts}." if first.attempts > 1 else ""
            return (
                f"{what} was not published on {who}. {reason(first)}{tried} Retry, post it by "
                "hand, choose another time or cancel it."
            )
        case State.PARKED:
            return (
                f"{what} is not out on {who}: all attempts failed. {reason(first)} To try it at "
                "once, retry; if its own app works, post it by hand."
            )
        case State.MISSED:
            return (
                f"{what} was due {when(first.due_at)} on {who} and did not go out. {reason(first)} "
                "Publish it now, choose another time or cancel it."
            )
        case _:
            return (
                f"Nobody can tell yet whether {what} is live on {who}. {reason(first)} Look at the "
                "profile, then answer here. Nothing is sent again before you do."
            )
