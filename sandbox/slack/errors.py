"""How a request is refused.

Refusal
├── SlackError      a Web API method answers {"ok": false, "error": …}
│   └── RateLimited the same with status 429 and Retry-After
└── PageError       the page asked for something that is not there
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Refusal(Exception):
    """A request that is answered with `ok: false` and this error name."""

    def __init__(self, error: str, **details: Any) -> None:
        super().__init__(error)
        self.error = error
        self.details = details

    def body(self) -> dict[str, Any]:
        return {"ok": False, "error": self.error, **self.details}


class SlackError(Refusal):
    """A Web API refusal under Slack's own error name."""

    @classmethod
    def with_messages(cls, error: str, problems: Sequence[str]) -> SlackError:
        """Refuse with Slack's shape of validation messages: each names the rule and the place."""
        return cls(
            error,
            errors=list(problems),
            response_metadata={"messages": [f"[ERROR] {problem}" for problem in problems]},
        )


class RateLimited(SlackError):
    """Too many calls; `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class PageError(Refusal):
    """The page or a test asked for a member, view or element that does not exist."""
