"""The rich text that Slack makes of what a member types."""

from __future__ import annotations

from typing import Any

from sandbox.slack.ids import random_text


def rich_text_of(text: str) -> dict[str, Any]:
    """One rich_text block with the text as it stands."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": random_text(5), "elements": [section]}
