"""What is said in threads about an approval: to the author below the card, to approvers below what
they were asked. Each is said once, and only while it is still true."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sending import Letter, Sender
from bot.views import ids, offers
from bot.views import review as views
from bot.views.blocks import Json
from bot.views.card import excerpt, offer
from bot.views.standing import said
from scheduler import approval, events
from scheduler.models import Card, Copy, Event
from scheduler.posts import Found
from scheduler.rules import WAITING
from scheduler.runtime import Runtime
from scheduler.states import PostState

_LENGTH = 60


async def tell_author(
    runtime: Runtime, sender: Sender, card: Card, found: Found, pending: Sequence[Event]
) -> None:
    """Says below the card what approvers decided. Raises `SendingError`."""
    true = still_true(found, pending)
    known = await _told_before(sender, card.channel, card.ts, true)
    for event in (each for each in true if each.id not in known):
        review = await approval.review_of(found.post)
        text = views.to_author(event, found, review, excerpt(found, _LENGTH))
        if text:
            blocks = [said(text), *_choices(event, found, card.version)]
            await _say(runtime, sender, event, text, blocks, channel=card.channel, ts=card.ts)


async def tell_approvers(
    runtime: Runtime,
    sender: Sender,
    copy: Copy,
    found: Found,
    pending: Sequence[Event],
    *,
    is_new: bool,
) -> None:
    """Says below a copy of the card what approvers must hear there. One that was just sent says
    enough by itself. Raises `SendingError`."""
    true = [each for each in still_true(found, pending) if each.notice == "review"]
    review = await approval.review_of(found.post)
    here = [copy.place] if copy.place in review.people else list(review.silent)
    if is_new or (copy.place in review.people and copy.place not in review.silent):
        return
    known = await _told_before(sender, copy.channel, copy.ts, true)
    for event in (each for each in true if each.id not in known):
        text = views.to_reviewers(event, found, excerpt(found, _LENGTH), here)
        if text:
            blocks = [said(text), *views.buttons(found, runtime.clock.now())]
            await _say(runtime, sender, event, text, blocks, channel=copy.channel, ts=copy.ts)


def still_true(found: Found, pending: Sequence[Event]) -> list[Event]:
    """The events of an approval that still say how it stands: the newest of each kind and actor."""
    newest = {
        (event.kind, event.actor): event
        for event in pending
        if event.delivery_id is None and event.notice in ("review", "person")
    }
    return [event for event in newest.values() if _holds(event, found)]


def _holds(event: Event, found: Found) -> bool:
    state = found.post.state
    if event.data.get("revision") != found.post.revision:
        return False
    match event.kind:
        case "post.submitted" | "post.endorsed" | "post.reminded":
            return state is PostState.SUBMITTED
        case "post.approved":
            return state is PostState.SCHEDULED
        case "post.returned":
            return state is PostState.RETURNED
        case "post.unapproved":
            return state in WAITING
    return False


async def _told_before(sender: Sender, channel: str, ts: str, true: Sequence[Event]) -> set[int]:
    """The ids of events of which telling was begun and whose message did arrive here."""
    begun = [event.notice_began_at for event in true if event.notice_began_at is not None]
    if not begun:
        return set()
    sent = await sender.sent(channel, since=min(begun), thread_ts=ts)
    return {id_ for _, payload in sent for id_ in payload.get("events") or []}


async def _say(
    runtime: Runtime,
    sender: Sender,
    event: Event,
    text: str,
    blocks: list[Json],
    *,
    channel: str,
    ts: str,
) -> None:
    payload = {"post": event.post_id, "events": [event.id]}
    await events.begin_telling(event, runtime.clock.now())
    letter = Letter(text=text, blocks=blocks, payload=payload)
    await sender.post(channel, letter, thread_ts=ts)


def _choices(event: Event, found: Found, version: int) -> list[Json]:
    """The buttons for what the author must do now."""
    names = {
        "post.returned": (ids.EDIT, ids.CANCEL),
        "post.unapproved": (ids.RESCHEDULE, ids.CANCEL),
    }.get(event.kind, ())
    return offer(found, names, (), block_id=offers.block_id(found.post.id, version))
