"""Where a member, or somebody in their place, can be written to."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

from tortoise.expressions import Q

from bot.sending import Senders, Unreachable
from scheduler import members
from scheduler.models import Member
from scheduler.roles import MemberRole

# After that a conversation that could not be written to is tried again.
_CLOSED_SECONDS = 600.0


class Reach:
    """Finds direct conversations, and remembers which were closed to us."""

    def __init__(self, senders: Senders) -> None:
        self._senders = senders
        self._opened: dict[tuple[int, str], str] = {}
        self._closed: dict[tuple[int, str], float] = {}

    async def channels(self, workspace_id: int, author: str) -> AsyncGenerator[str]:
        """Conversations to write about a post in, best first: the author's, then those of the
        workspace's admins. Raises `SendingError` when Slack cannot be asked."""
        async for channel in self.of(workspace_id, author):
            yield channel
        for admin in await known_admins(workspace_id):
            if admin.user_id != author:
                async for channel in self.of(workspace_id, admin.user_id):
                    yield channel

    async def of(self, workspace_id: int, user_id: str) -> AsyncGenerator[str]:
        """The direct conversation with one member: that which we remember, then the one that Slack
        opens if it is another. Raises `SendingError` when Slack cannot be asked."""
        member = await members.stale_member(workspace_id, user_id)
        known = member.dm_channel if member else self._opened.get((workspace_id, user_id), "")
        if known and not self._is_closed(workspace_id, known):
            yield known
        if self._is_closed(workspace_id, user_id):
            return
        try:
            opened = await self._senders.of(workspace_id).open_dm(user_id)
        except Unreachable:
            self._closed[workspace_id, user_id] = time.monotonic() + _CLOSED_SECONDS
            return
        self._opened[workspace_id, user_id] = opened
        if member is not None and member.dm_channel != opened:
            await members.remember_dm(member, opened)
        if opened != known and not self._is_closed(workspace_id, opened):
            yield opened

    async def is_authors(self, workspace_id: int, channel: str, author: str) -> bool:
        """False when a conversation is that of somebody who stands in for the author."""
        others = Member.filter(workspace_id=workspace_id, dm_channel=channel)
        return not await others.exclude(user_id=author).exists()

    async def close(self, workspace_id: int, channel: str) -> None:
        """Notes that nobody can be written to in a conversation."""
        self._closed[workspace_id, channel] = time.monotonic() + _CLOSED_SECONDS
        self._opened = {key: known for key, known in self._opened.items() if known != channel}
        found = await Member.get_or_none(workspace_id=workspace_id, dm_channel=channel)
        if found is not None:
            await members.remember_dm(found, "")

    def _is_closed(self, workspace_id: int, place: str) -> bool:
        return self._closed.get((workspace_id, place), 0.0) > time.monotonic()


async def known_admins(workspace_id: int | None = None) -> list[Member]:
    """The admins whom Postbot knows, of one workspace or of all."""
    query = Member.filter(Q(is_admin=True) | Q(role=MemberRole.ADMIN)).order_by("id")
    return await (query.filter(workspace_id=workspace_id) if workspace_id is not None else query)
