"""The live card of each post in Slack: who writes it, where it is, and what it shows.

A card is held by one task of one process at a time, taken over only from a process that is provably
dead. Whoever holds it shows the present truth, never a story of how it came about.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import structlog

from bot.clients import Clients
from bot.looks import Look, review_of
from bot.reach import Reach
from bot.sending import (
    BlocksRefused,
    Letter,
    MessageGone,
    Sender,
    Senders,
    SendingError,
    Unreachable,
)
from scheduler import posts
from scheduler.models import Card, Post
from scheduler.posts import Found, NoSuchPost
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# Two tasks of one process have the same name in the database; here they are told apart.
_HELD: set[tuple[int, str]] = set()
_MOST_REMEMBERED = 10_000


class NobodyReachable(Exception):
    """Neither the author of a post nor an admin can be written to."""


class HeldByAnother(Exception):
    """Another process, or another task of this one, writes the card at the moment."""


class Cards:
    """Shows cards on one event loop."""

    def __init__(self, runtime: Runtime, clients: Clients) -> None:
        self._runtime = runtime
        self.senders = Senders(clients)
        self.reach = Reach(self.senders)
        #: What each card shows as far as we sent it: its version and a hash.
        self._shown: dict[str, tuple[int, str]] = {}

    @contextlib.asynccontextmanager
    async def held(self, post_id: str) -> AsyncIterator[Card]:
        """The card of a post, for one task at a time. Raises `HeldByAnother`, or `NoSuchPost`."""
        owner = self._runtime.owner.id
        if (owner, post_id) in _HELD:
            raise HeldByAnother
        _HELD.add((owner, post_id))
        try:
            card = await self._take(post_id, owner)
            try:
                yield card
            finally:
                await Card.filter(post_id=post_id, owner=owner).update(owner=None)
        finally:
            _HELD.discard((owner, post_id))

    async def show(self, card: Card, found: Found) -> None:
        """Brings a held card up to date, wherever it can be shown. Raises `SendingError`, or
        `NobodyReachable`."""
        if card.ts:
            try:
                await self._update(card, found)
                return
            except MessageGone:
                await self.forget(card)
            except Unreachable:
                await self.leave(card, found)
        await self._post(card, found)

    async def refresh(self, workspace_id: int, post_id: str) -> None:
        """Shows a card as its post stands now, whatever it shows; nothing when that fails: then the
        notifier is at it, or will be."""
        try:
            async with self.held(post_id) as card:
                await self.show(card, await posts.find(workspace_id, post_id))
        except (HeldByAnother, NobodyReachable, SendingError) as error:
            log.info("card not refreshed", post=post_id, why=repr(error))

    async def leave(self, card: Card, found: Found) -> None:
        """Gives up the conversation of a card; the next `show` finds another."""
        await self.reach.close(found.post.workspace_id, card.channel)
        await self.forget(card)

    async def forget(self, card: Card) -> None:
        """Notes that the message of a card is gone; the next `show` sends a new one."""
        await self._save(card, channel="", ts="", began_at=None)

    async def _take(self, post_id: str, owner: int) -> Card:
        holder = (await _found_or_made(post_id)).owner
        if holder not in (None, owner) and not await self._runtime.owner.dead([holder]):
            raise HeldByAnother
        # What names us and is not in `_HELD` was left behind by a task that could not clear it.
        free = Card.filter(post_id=post_id)
        free = free.filter(owner__isnull=True) if holder is None else free.filter(owner=holder)
        if not await free.update(owner=owner):
            raise HeldByAnother
        return await Card.get(post_id=post_id)

    async def _update(self, card: Card, found: Found) -> None:
        look = await self._look(card, found)
        if self._shown.get(card.post_id) != (card.version, look.hash(self._runtime)):
            await self._sent(card, found, look)

    async def _post(self, card: Card, found: Found) -> None:
        if card.began_at is not None and await self._recover(card, found, card.began_at):
            await self._update(card, found)
            return
        where = self.reach.channels(found.post.workspace_id, found.post.author)
        async with contextlib.aclosing(where) as channels:
            async for channel in channels:
                if await self._begun(card, found, channel):
                    return
        raise NobodyReachable("neither the author nor an admin can be written to")

    async def _begun(self, card: Card, found: Found, channel: str) -> bool:
        """Sends the first message to a conversation; False when it is closed to us."""
        await self._save(card, channel=channel, began_at=self._runtime.clock.now())
        try:
            await self._sent(card, found, await self._look(card, found))
        except Unreachable as error:
            log.warning("conversation closed", post=card.post_id, channel=channel, why=str(error))
            await self.leave(card, found)
            return False
        except SendingError as error:
            if error.is_certain:
                await self._save(card, began_at=None)
            raise
        return True

    async def _recover(self, card: Card, found: Found, began_at: datetime) -> bool:
        """Looks for a first message that was begun, and of which nobody noted whether it came."""
        try:
            sent = await self.senders.of(found.post.workspace_id).sent(card.channel, since=began_at)
        except Unreachable:
            return False
        for ts, payload in sent:
            if payload.get("card") == card.post_id:
                await self._save(card, ts=ts)
                return True
        return False

    async def _sent(self, card: Card, found: Found, look: Look) -> None:
        """Sends what the card shows now, simpler where Slack does not take it."""
        # Counted before it is sent, so that no two renderings ever bear the same number.
        await self._save(card, version=card.version + 1)
        sender = self.senders.of(found.post.workspace_id)
        for letter in look.letters(self._runtime, version=card.version):
            try:
                await self._deliver(sender, card, letter)
                break
            except BlocksRefused as error:
                log.error("card refused", post=card.post_id, error=str(error))
        if len(self._shown) >= _MOST_REMEMBERED:
            self._shown.clear()
        self._shown[card.post_id] = (card.version, look.hash(self._runtime))

    async def _deliver(self, sender: Sender, card: Card, letter: Letter) -> None:
        if card.ts:
            await sender.update(card.channel, card.ts, letter)
        else:
            await self._save(card, ts=await sender.post(card.channel, letter))

    async def _look(self, card: Card, found: Found) -> Look:
        return Look(
            found=found,
            review=await review_of(found),
            note=await self._note(card, found),
            payload={"card": card.post_id},
        )

    async def _note(self, card: Card, found: Found) -> str:
        post = found.post
        if await self.reach.is_authors(post.workspace_id, card.channel, post.author):
            return ""
        return f"by <@{post.author}>, who cannot be reached by direct message"

    async def _save(self, card: Card, **news: Any) -> None:
        for name, value in news.items():
            setattr(card, name, value)
        await Card.filter(post_id=card.post_id, owner=self._runtime.owner.id).update(**news)


async def _found_or_made(post_id: str) -> Card:
    card = await Card.get_or_none(post_id=post_id)
    if card is None:
        if not await Post.exists(id=post_id):
            raise NoSuchPost
        card, _ = await Card.get_or_create(post_id=post_id)
    return card
