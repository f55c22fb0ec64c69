"""Trigger ids: the short-lived permission to open a view for the member who just did something."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.slack.errors import SlackError

#: Slack: a trigger lives three seconds from being sent, and can be exchanged once.
LIFETIME = 3.0
_REMEMBERED = 600.0
_FORM = re.compile(r"^\d+\.\d+\.[0-9a-f]+$")


@dataclass
class Trigger:
    """Who acted, when it was sent, and the modal in which it happened, if in one."""

    member_id: str
    sent_at: float
    view_id: str | None
    used: bool = False


class Triggers:
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[str, Trigger] = {}

    def issue(self, member_id: str, *, view_id: str | None = None) -> str:
        now = self._clock()
        self._forget_before(now - _REMEMBERED)
        trigger_id = f"{int(now * 1000)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._known[trigger_id] = Trigger(member_id, now, view_id)
        return trigger_id

    def check(self, trigger_id: str) -> Trigger:
        """The usable trigger of that id; it is used up only by setting `used`.

        Raises SlackError: invalid_trigger_id, exchanged_trigger_id or expired_trigger_id.
        """
        trigger = self._known.get(trigger_id)
        if trigger is None or not _FORM.match(trigger_id):
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock() - trigger.sent_at > LIFETIME:
            raise SlackError("expired_trigger_id")
        return trigger

    def _forget_before(self, instant: float) -> None:
        for trigger_id, trigger in list(self._known.items()):
            if trigger.sent_at >= instant:
                return
            del self._known[trigger_id]
