"""Links by which a member begins to connect an account from their browser, sealed by us."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from scheduler.runtime import Runtime
from scheduler.vault import WrongKeys

_PURPOSE = "connect"


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """Who was shown a Connect button, proven by our own seal."""

    workspace_id: int
    user_id: str
    platform: str


def link(runtime: Runtime, ticket: Ticket, *, life: timedelta) -> str:
    """The address behind a Connect button."""
    until = runtime.clock.now() + life
    sealed = runtime.vault.seal(
        json.dumps(
            [_PURPOSE, ticket.workspace_id, ticket.user_id, ticket.platform, until.timestamp()]
        )
    )
    query = quote(sealed, safe="")
    return f"{runtime.settings.public_url}/connect/{ticket.platform}?ticket={query}"


def read(runtime: Runtime, sealed: str) -> Ticket | None:
    """The ticket in the query of a link; `None` when it is none of ours or too old."""
    try:
        purpose, workspace_id, user_id, platform, until = json.loads(runtime.vault.open(sealed))
    except (WrongKeys, ValueError):
        return None
    if purpose != _PURPOSE or until < runtime.clock.now().timestamp():
        return None
    return Ticket(workspace_id=workspace_id, user_id=user_id, platform=platform)
