"""`/api/<method>`: the Web API as slack_sdk calls it."""

from __future__ import annotations

from sandbox.slack.web_api.gate import add_routes

__all__ = ["add_routes"]
