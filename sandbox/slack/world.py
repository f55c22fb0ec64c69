"""Everything that is true in the workspaces right now, and the signal that something changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.cast import (
    APPROVALS_ID,
    BRAND_ID,
    MEMBERS,
    NAMES,
    TEAM_ID,
    TEAMS,
    Member,
)
from sandbox.slack.errors import PageError, SlackError
from sandbox.slack.files import FileStore
from sandbox.slack.ids import new_id
from sandbox.slack.installs import Installs
from sandbox.slack.response_urls import ResponseUrls
from sandbox.slack.triggers import Triggers
from sandbox.slack.uploads import Uploads

Json = dict[str, Any]

#: A member's page keeps this many notices; older ones are dropped.
TOASTS_KEPT = 20


@dataclass(kw_only=True)
class Message:
    """A message in a conversation, or an ephemeral one that only `only_for` sees."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json]
    team_id: str = TEAM_ID
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    reply_count: int = 0
    edited: Json | None = None
    metadata: Json | None = None
    files: list[Json] = field(default_factory=list)
    only_for: str | None = None
    #: What each member has chosen in the message's menus, in the shape of `state.values`.
    inputs: dict[str, Json] = field(default_factory=dict)


@dataclass
class Conversation:
    """A channel or the direct messages of one member with the bot."""

    id: str
    name: str
    kind: str
    members: frozenset[str]
    is_open: bool = True
    team_id: str = TEAM_ID
    #: The bot may write there.
    has_bot: bool = True
    messages: dict[str, Message] = field(default_factory=dict)


@dataclass
class OpenView:
    """A modal or Home tab as one member sees it; `body` is Slack's view object."""

    body: Json
    member: Member
    errors: dict[str, str] = field(default_factory=dict)
    busy: bool = False
    notice: str | None = None

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def values(self) -> Json:
        values: Json = self.body["state"]["values"]
        return values


class World:
    """The workspaces in memory. Whoever changes it calls `touch`, which wakes those who wait."""

    def __init__(
        self, clock: Callable[[], float], installs: Installs, *, more: Sequence[Member] = ()
    ) -> None:
        self.clock = clock
        self.installs = installs
        self.version = 1
        self.members = {member.id: member for member in (*MEMBERS, *more)}
        self.conversations = _first_conversations(self.members.values())
        self.stacks: dict[str, list[OpenView]] = {member_id: [] for member_id in self.members}
        self.homes: dict[str, OpenView] = {}
        self.toasts: dict[str, list[Json]] = {member_id: [] for member_id in self.members}
        self.files = FileStore()
        self.uploads = Uploads()
        self.triggers = Triggers(clock)
        self.response_urls = ResponseUrls(clock)
        #: What the app offered in menus that it fills itself: by view id or channel and timestamp,
        #: block id and action id, then by value.
        self.offered: dict[tuple[str, str, str], dict[str, Json]] = {}
        self._last_ts = 0
        self._changed = asyncio.Event()

    def touch(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for_change(self, since: int, timeout: float) -> None:
        """Return as soon as the version is above `since`, or after `timeout` seconds."""
        if self.version > since:
            return
        try:
            await asyncio.wait_for(self._changed.wait(), timeout)
        except TimeoutError:
            return

    def next_ts(self) -> str:
        """A message timestamp: epoch seconds with six decimals, never twice the same."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def member(self, member_id: str) -> Member:
        if member_id not in self.members:
            raise PageError("member_not_found")
        return self.members[member_id]

    def name_of(self, user_id: str) -> str:
        """Of a member, the bot or Slack's own."""
        return NAMES.get(user_id) or self.members[user_id].name

    def dm_of(self, member: Member) -> Conversation:
        """The member's conversation with the bot, opened if it was not yet."""
        conversation = self.conversations[member.dm_id]
        conversation.is_open = True
        return conversation

    def conversation(self, channel: str) -> Conversation:
        """The conversation of that id as the app may name it; else `channel_not_found`."""
        found = self.conversations.get(channel)
        if found is None or not found.is_open:
            raise SlackError("channel_not_found")
        return found

    def visible_conversations(self, member: Member) -> list[Conversation]:
        return [c for c in self.conversations.values() if member.id in c.members]

    def view(self, view_id: str) -> OpenView | None:
        """The open modal or Home view of that id."""
        return next((view for view in self.open_views() if view.id == view_id), None)

    def open_views(self) -> list[OpenView]:
        modals = [view for stack in self.stacks.values() for view in stack]
        return modals + list(self.homes.values())

    def toast(self, member: Member, text: str, *, level: str = "error") -> None:
        """Show the member a short notice outside any conversation."""
        toasts = self.toasts[member.id]
        toasts.append({"id": new_id("N"), "text": text, "level": level})
        del toasts[:-TOASTS_KEPT]
        self.touch()


def _first_conversations(members: Collection[Member]) -> dict[str, Conversation]:
    channels = [
        Conversation(
            team.channel,
            "general",
            "channel",
            frozenset(member.id for member in members if member.team_id == team.id),
            team_id=team.id,
        )
        for team in TEAMS.values()
    ]
    here = frozenset(member.id for member in members if member.team_id == TEAM_ID)
    channels += [
        Conversation(APPROVALS_ID, "approvals", "channel", here),
        Conversation(BRAND_ID, "brand", "channel", here, has_bot=False),
    ]
    dms = [
        Conversation(
            each.dm_id, "Postbot", "dm", frozenset({each.id}), is_open=False, team_id=each.team_id
        )
        for each in members
    ]
    return {conversation.id: conversation for conversation in [*channels, *dms]}
