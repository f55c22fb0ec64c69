"""A delivery in the hands of this process, and what its publisher has saved of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from publishers import Content
from scheduler import deliveries

_NEVER = datetime.min.replace(tzinfo=UTC)
# What an attempt failed of whose uploads the platform no longer has.
_LOST = "uploads"


@dataclass(kw_only=True)
class Claim:
    """A delivery that this process holds, with all that its attempt needs.

    `asked_at` is when it last began to ask the platform; `probing`: it tests whether the platform
    is back. `publishing` turns true before the attempt is committed; from then on the task may no
    longer be cancelled. `begin_ahead` is how long before its instant an attempt is committed, so
    that its request leaves on time however many are committed together.
    """

    id: int
    post_id: str
    account_id: int
    username: str
    platform: str
    fence: int
    owner: int
    due_at: datetime
    attempts: int
    kind: str
    content: Content
    checkpoint: dict[str, Any] = field(default_factory=dict)
    asked_at: datetime = _NEVER
    probing: bool = False
    publishing: bool = False
    begin_ahead: timedelta = timedelta()


class SavedSteps:
    """The publisher's checkpoint: kept with the digest of its content, so that ids uploaded for
    another text or file are never used, nor those that the platform said it lost."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        same = claim.checkpoint.get("digest") == claim.content.digest and claim.kind != _LOST
        self._ids: dict[str, Any] = dict(claim.checkpoint.get("ids", {})) if same else {}

    @property
    def saved(self) -> Mapping[str, Any]:
        return self._ids

    async def save(self, **ids: Any) -> None:
        self._ids |= ids
        self._claim.checkpoint = {"digest": self._claim.content.digest, "ids": self._ids}
        await deliveries.save_checkpoint(self._claim.id, self._claim.fence, self._claim.checkpoint)
