"""Response URLs: the app's permission to answer in the conversation where a member acted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.slack.ids import new_id, random_text

#: Slack: five answers within thirty minutes.
USES = 5
LIFETIME = 30 * 60.0


@dataclass
class ResponseUrl:
    """Where an answer goes; `message_ts` is the message whose button was pressed, if any."""

    id: str
    channel: str
    member_id: str
    message_ts: str | None
    issued_at: float
    uses_left: int = USES


class ResponseUrls:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[str, ResponseUrl] = {}

    def issue(self, channel: str, member_id: str, *, message_ts: str | None = None) -> str:
        """A path below the stand-in's own address."""
        now = self._clock()
        self._forget_before(now - 2 * LIFETIME)
        url = ResponseUrl(new_id("R") + random_text(16), channel, member_id, message_ts, now)
        self._known[url.id] = url
        return f"/_/respond/{url.id}"

    def use(self, url_id: str) -> ResponseUrl | None:
        """Count one use; None when the URL is unknown, too old or used up."""
        url = self._known.get(url_id)
        if url is None or url.uses_left == 0 or self._clock() - url.issued_at > LIFETIME:
            return None
        url.uses_left -= 1
        return url

    def _forget_before(self, instant: float) -> None:
        for url_id, url in list(self._known.items()):
            if url.issued_at >= instant:
                return
            del self._known[url_id]
