"""What the card of a post and its copies show: the present truth, as far as Slack takes it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from bot.sending import Letter
from bot.views.card import card as render
from scheduler import approval
from scheduler.approval import Review
from scheduler.posts import Found
from scheduler.rules import WAITING
from scheduler.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class Look:
    """A post as it is shown in one place. `note` (mrkdwn) stands on top; `decides` where approvers
    read; `payload` are the ids by which the message is found again."""

    found: Found
    review: Review | None
    note: str = ""
    decides: bool = False
    payload: dict[str, Any] = field(default_factory=dict)

    def letters(self, runtime: Runtime, *, version: int) -> list[Letter]:
        """In full, without its images, and as a mere text."""
        about: dict[str, Any] = {
            "version": version,
            "now": runtime.clock.now(),
            "tries": len(runtime.settings.retry_delays) + 1,
            "note": self.note,
            "review": self.review,
            "decides": self.decides,
        }
        text, blocks = render(self.found, **about)
        _, plainer = render(self.found, **about, with_images=False)
        return [
            Letter(text=text, blocks=each, payload=self.payload) for each in (blocks, plainer, [])
        ]

    def hash(self, runtime: Runtime) -> str:
        """Of what people see, whatever the version."""
        letter = self.letters(runtime, version=0)[0]
        return hashlib.sha256(json.dumps([letter.text, letter.blocks]).encode()).hexdigest()


async def review_of(found: Found) -> Review | None:
    """How the approval of a post stands; `None` while it needs none."""
    return await approval.review_of(found.post) if found.post.state in WAITING else None
