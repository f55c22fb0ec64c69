"""Copies of a post's card: where approvals are asked for, and in the channel of the brand.

They are written by whoever holds the card, and show the same truth. What cannot be shown in one
place does not keep it from the others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from bot import decisions
from bot.looks import Look, review_of
from bot.reach import Reach
from bot.sending import (
    BlocksRefused,
    MessageGone,
    Sender,
    Senders,
    SendingError,
    Unreachable,
)
from scheduler import policy, rules
from scheduler.approval import Review
from scheduler.models import Copy, Event, Rules
from scheduler.posts import Found
from scheduler.runtime import Runtime
from scheduler.states import PostState

log = structlog.get_logger(__name__)

#: Beyond that many approvers, a channel is the better place.
MOST_PEOPLE = 20
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True)
class Place:
    """Where a copy stands: a channel, or a member's direct messages."""

    id: str
    is_review: bool


class Copies:
    """Shows copies on one event loop."""

    def __init__(self, runtime: Runtime, senders: Senders, reach: Reach) -> None:
        self._runtime = runtime
        self._senders = senders
        self._reach = reach
        self._shown: dict[int, tuple[int, str]] = {}

    async def show(self, found: Found, pending: Sequence[Event] = ()) -> None:
        """Brings every copy of a post up to date, and tells approvers there what `pending` events
        mean for them. The caller holds the card. Raises `SendingError`, after all were tried."""
        failures: list[SendingError] = []
        review = await review_of(found)
        shown: set[str] = set()
        # A channel that turns out to be closed puts others in its place.
        while left := [each for each in await self._places(found, review) if each.id not in shown]:
            for place in left:
                shown.add(place.id)
                try:
                    await self._show_in(place, found, review, pending)
                except SendingError as error:
                    failures.append(error)
        if failures:
            raise failures[0]

    async def _places(self, found: Found, review: Review | None) -> list[Place]:
        own = await rules.rules_of(found.post.workspace_id)
        stand = await Copy.filter(post_id=found.post.id).order_by("id")
        places = {each.place: Place(each.place, each.is_review) for each in stand if each.ts}
        if found.post.state is PostState.DRAFT:
            return [*places.values()]
        if own.brand_channel and own.brand_channel not in own.lost_channels:
            places.setdefault(own.brand_channel, Place(own.brand_channel, is_review=False))
        if review is not None and found.post.state is PostState.SUBMITTED:
            places |= {each: Place(each, is_review=True) for each in _asked_in(own, review)}
        return [*places.values()]

    async def _show_in(
        self, place: Place, found: Found, review: Review | None, pending: Sequence[Event]
    ) -> None:
        copy, _ = await Copy.get_or_create(
            {"is_review": place.is_review}, post_id=found.post.id, place=place.id
        )
        if place.is_review and not copy.is_review:
            await self._save(copy, is_review=True)
        is_new = not copy.ts
        look = Look(
            found=found,
            review=review,
            note=f"by <@{found.post.author}>",
            decides=copy.is_review,
            payload={"copy": copy.id},
        )
        try:
            await self._write(copy, look)
            if copy.is_review and copy.ts:
                await decisions.tell_approvers(
                    self._runtime, self._sender(found), copy, found, pending, is_new=is_new
                )
        except Unreachable as error:
            await self._lose(copy, found, str(error))

    async def _lose(self, copy: Copy, found: Found, why: str) -> None:
        log.warning("copy not shown", post=found.post.id, place=copy.place, why=why)
        await self._save(copy, ts="", channel="", began_at=None)
        if not _is_member(copy.place):
            await policy.note_lost(self._runtime, found.post.workspace_id, copy.place)

    async def _write(self, copy: Copy, look: Look) -> None:
        if copy.ts:
            try:
                await self._update(copy, look)
                return
            except MessageGone:
                await self._save(copy, ts="", channel="", began_at=None)
        if copy.began_at is not None and await self._recovered(copy, copy.began_at, look):
            await self._update(copy, look)
            return
        channel = await self._channel(copy, look.found)
        await self._save(copy, channel=channel, began_at=self._runtime.clock.now())
        try:
            await self._send(copy, look)
        except SendingError as error:
            if error.is_certain:
                await self._save(copy, began_at=None)
            raise

    async def _channel(self, copy: Copy, found: Found) -> str:
        """The conversation of a place. Raises `Unreachable`."""
        if not _is_member(copy.place):
            return copy.place
        where = self._reach.of(found.post.workspace_id, copy.place)
        async with contextlib.aclosing(where) as channels:
            async for channel in channels:
                return channel
        raise Unreachable(f"{copy.place} cannot be written to")

    async def _update(self, copy: Copy, look: Look) -> None:
        if self._shown.get(copy.id) != (copy.version, look.hash(self._runtime)):
            await self._send(copy, look)

    async def _send(self, copy: Copy, look: Look) -> None:
        await self._save(copy, version=copy.version + 1)
        sender = self._sender(look.found)
        for letter in look.letters(self._runtime, version=copy.version):
            try:
                if copy.ts:
                    await sender.update(copy.channel, copy.ts, letter)
                else:
                    await self._save(copy, ts=await sender.post(copy.channel, letter))
                break
            except BlocksRefused as error:
                log.error("copy refused", post=look.found.post.id, error=str(error))
        if len(self._shown) >= _MOST_REMEMBERED:
            self._shown.clear()
        self._shown[copy.id] = (copy.version, look.hash(self._runtime))

    async def _recovered(self, copy: Copy, began_at: datetime, look: Look) -> bool:
        """Looks for a message that was begun, and of which nobody noted whether it came."""
        for ts, payload in await self._sender(look.found).sent(copy.channel, since=began_at):
            if payload.get("copy") == copy.id:
                await self._save(copy, ts=ts)
                return True
        return False

    def _sender(self, found: Found) -> Sender:
        return self._senders.of(found.post.workspace_id)

    async def _save(self, copy: Copy, **news: Any) -> None:
        for name, value in news.items():
            setattr(copy, name, value)
        await Copy.filter(id=copy.id).update(**news)


def _asked_in(own: Rules, review: Review) -> list[str]:
    """The channel for approvals, or each approver where there is none to write to."""
    if own.review_channel and own.review_channel not in own.lost_channels:
        return [own.review_channel]
    return list(review.people[:MOST_PEOPLE])


def _is_member(place: str) -> bool:
    return place.startswith(("U", "W"))
