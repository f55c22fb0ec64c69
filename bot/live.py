"""Forms that follow what is typed into them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.background import Background
from bot.slack import SLACK_FAILURES

log = structlog.get_logger(__name__)

Json = dict[str, Any]
Render = Callable[[], Awaitable[Json]]

# Slack allows about 100 updates a minute for all members of a workspace together.
QUIET_SECONDS = 0.6
# A form that changed or closed meanwhile has nothing to update.
_OVERTAKEN = {"hash_conflict", "not_found", "view_not_found"}


class LiveViews:
    """Shows each form anew, at most once in `quiet` seconds, and only its newest state."""

    def __init__(self, background: Background, *, quiet: float = QUIET_SECONDS) -> None:
        self._background = background
        self._quiet = quiet
        self._newest: dict[str, tuple[AsyncWebClient, str, Render]] = {}
        self._followed: set[str] = set()

    def show(self, slack: AsyncWebClient, view: Json, render: Render) -> None:
        """Shows what `render` returns in place of `view`, a view as Slack sent it. `slack` is the
        client of its workspace."""
        view_id = view["id"]
        self._newest[view_id] = (slack, view["hash"], render)
        if view_id not in self._followed:
            self._followed.add(view_id)
            self._background.start(self._follow(view_id))

    async def replace(self, slack: AsyncWebClient, view: Json, new: Json) -> None:
        """Shows `new` in place of `view` at once, unless the form changed meanwhile."""
        await _update(slack, view["id"], view["hash"], new)

    async def _follow(self, view_id: str) -> None:
        """Lives a moment longer than the typing: what was typed before our last update arrived
        still names the form before it."""
        known: str | None = None
        try:
            while True:
                await asyncio.sleep(self._quiet)
                if view_id not in self._newest:
                    return
                slack, seen, render = self._newest.pop(view_id)
                new = await render()
                fresh = await _update(slack, view_id, known or seen, new)
                if fresh is None and known not in (None, seen):
                    fresh = await _update(slack, view_id, seen, new)
                known = fresh
        finally:
            self._newest.pop(view_id, None)
            self._followed.discard(view_id)


async def _update(slack: AsyncWebClient, view_id: str, hash_: str, view: Json) -> str | None:
    """The hash of the form as it is then; `None` when it was not shown. What is not shown now is
    shown with the next letter, and checked when the form is sent."""
    try:
        answer = await slack.views_update(view_id=view_id, hash=hash_, view=view)
    except SLACK_FAILURES as error:
        if not isinstance(error, SlackApiError) or error.response["error"] not in _OVERTAKEN:
            log.warning("form not updated", view=view_id, error=repr(error))
        return None
    return str(answer["view"]["hash"])
