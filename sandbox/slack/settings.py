"""What the stand-in is told when it starts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

BOT_TOKEN = "xoxb-sandbox-bot-token"  # noqa: S105 - a made-up credential for the local stand-in
APP_TOKEN = "xapp-sandbox-app-token"  # noqa: S105
SIGNING_SECRET = "sandbox-signing-secret"  # noqa: S105
CLIENT_ID = "1234.5678"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the app listens, which credentials are valid, and where to record.

    `links` are the addresses of the platforms' pages, by the platform's name.
    `record` is a folder: accepted messages and views are appended to `slack.jsonl` in it.
    `crowd` is how many members there are besides those with names.
    `clock` returns epoch seconds; triggers and response URLs age by it.
    """

    app_url: str
    bot_token: str = BOT_TOKEN
    app_token: str = APP_TOKEN
    signing_secret: str = SIGNING_SECRET
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    links: Mapping[str, str] = field(default_factory=dict)
    record: Path | None = None
    crowd: int = 0
    clock: Callable[[], float] = time.time

    @property
    def redirect_uri(self) -> str:
        """The one that the app is registered with."""
        return f"{self.app_url.rstrip('/')}/slack/oauth_redirect"
