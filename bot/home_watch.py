"""Keeps Home tabs true while somebody looks at them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from scheduler import events

log = structlog.get_logger(__name__)

#: Slack does not say when somebody leaves the tab, so it is kept true for a while.
LOOKING_SECONDS = 600.0
# Slack allows about 100 views a minute for all members of a workspace together.
GAP_SECONDS = 3.0

Show = Callable[[], Awaitable[None]]


@dataclass
class _Looker:
    until: float
    show: Show
    seen: int


class HomeWatch:
    """Shows the tab of each member who looks anew when something happens in their workspace, at
    most once in `gap` seconds."""

    def __init__(self, *, gap: float = GAP_SECONDS) -> None:
        self._gap = gap
        self._lookers: dict[tuple[int, str], _Looker] = {}

    async def looks(self, workspace_id: int, user_id: str, show: Show) -> None:
        """Notes that a member looks at what `show` showed them just now."""
        until = time.monotonic() + LOOKING_SECONDS
        seen = await events.newest()
        self._lookers[workspace_id, user_id] = _Looker(until, show, seen)

    async def run(self) -> None:
        """Watches until it is cancelled. A failure is logged; the tab is shown with the next
        change, or when it is opened."""
        while True:
            await asyncio.sleep(self._gap)
            try:
                await self.tick()
            except Exception as error:
                log.warning("home tabs held up", error=repr(error))

    async def tick(self) -> None:
        """Shows every tab anew about which something happened."""
        now = time.monotonic()
        self._lookers = {key: each for key, each in self._lookers.items() if now < each.until}
        if not self._lookers:
            return
        newest = await events.newest()
        oldest = min(each.seen for each in self._lookers.values())
        if newest <= oldest:
            return
        changed = await events.workspaces_since(oldest)
        for (workspace_id, user_id), looker in list(self._lookers.items()):
            if changed.get(workspace_id, 0) > looker.seen:
                await self._show(user_id, looker)
            looker.seen = max(looker.seen, newest)

    async def _show(self, user_id: str, looker: _Looker) -> None:
        try:
            await looker.show()
        except Exception as error:
            log.warning("home tab not shown anew", user=user_id, error=repr(error))
