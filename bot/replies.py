"""What is said in the thread of a card: one message for each event that needs a person, and only
while it is still true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from bot.sending import Letter, Sender, SendingError
from bot.views import offers
from bot.views.notice import notice
from scheduler import events
from scheduler.models import Card, Delivery, Event
from scheduler.posts import Found
from scheduler.runtime import Runtime
from scheduler.states import MOVES, State

#: The state in which each event that needs a person leaves a delivery.
_LEADS_TO = {move.event: move.target for move in MOVES if move.notice == "person"}
_Group = list[tuple[Event, Delivery]]


async def reply(
    runtime: Runtime, sender: Sender, card: Card, found: Found, pending: Sequence[Event]
) -> None:
    """Tells about every pending event that needs a person, but not about those that are settled by
    now or were told before a crash. What is left of their notices is for the card. Raises
    `SendingError`."""
    asked = [
        event for event in pending if event.notice == "person" and event.delivery_id is not None
    ]
    known = await _told_before(sender, card, asked)
    true = _still_true(found, asked)
    over = [event for event in asked if event.id in known or event.id not in true]
    await _leave_to_card(over)
    for group in _groups([true[event.id] for event in asked if event not in over]):
        await _tell(runtime, sender, card, found, group)


async def _told_before(sender: Sender, card: Card, asked: Iterable[Event]) -> set[int]:
    """The ids of events of which telling was begun and whose message did arrive."""
    begun = [event.notice_began_at for event in asked if event.notice_began_at is not None]
    if not begun:
        return set()
    sent = await sender.sent(card.channel, since=min(begun), thread_ts=card.ts)
    return {id_ for _, payload in sent for id_ in payload.get("events") or []}


def _still_true(found: Found, asked: Iterable[Event]) -> dict[int, tuple[Event, Delivery]]:
    """The newest event of each delivery that is still where the event left it, by event id."""
    deliveries = {each.id: each for each in found.deliveries}
    newest = {event.delivery_id: event for event in asked}
    return {
        event.id: (event, deliveries[id_])
        for id_, event in newest.items()
        if id_ in deliveries and _holds(event, deliveries[id_])
    }


def _holds(event: Event, delivery: Delivery) -> bool:
    if delivery.state is not _LEADS_TO.get(event.kind):
        return False
    return delivery.state is not State.UNCONFIRMED or offers.is_asked(delivery)


def _groups(true: Iterable[tuple[Event, Delivery]]) -> list[_Group]:
    """Those with the same state and reason together; questions one by one, because each account
    has its own answer."""
    alike: dict[tuple[object, ...], _Group] = defaultdict(list)
    for event, delivery in true:
        own = delivery.id if delivery.state is State.UNCONFIRMED else None
        alike[delivery.state, delivery.reason, delivery.attempts, own].append((event, delivery))
    most = offers.MOST_NAMED
    return [
        group[start : start + most]
        for group in alike.values()
        for start in range(0, len(group), most)
    ]


async def _tell(runtime: Runtime, sender: Sender, card: Card, found: Found, group: _Group) -> None:
    told = [event for event, _ in group]
    for event in told:
        await events.begin_telling(event, runtime.clock.now())
    text, blocks = notice(found, [delivery for _, delivery in group], version=card.version)
    payload = {"post": found.post.id, "events": [event.id for event in told]}
    letter = Letter(text=text, blocks=blocks, payload=payload)
    try:
        await sender.post(card.channel, letter, thread_ts=card.ts)
    except SendingError as error:
        if error.is_certain:
            await Event.filter(id__in=[event.id for event in told]).update(notice_began_at=None)
        raise
    await _leave_to_card(told)


async def _leave_to_card(told: Iterable[Event]) -> None:
    await Event.filter(id__in=[event.id for event in told]).update(notice="card")
