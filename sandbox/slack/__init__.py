"""A stand-in of Slack: its Web API, its signed requests, Socket Mode and a page as its client.

It refuses what Slack refuses, with Slack's own error names, so that an app that works here has met
Slack's limits. Nothing is kept on disk; a restart is a new workspace.
"""

from __future__ import annotations

from sandbox.slack.app import create_app
from sandbox.slack.settings import Settings

__all__ = ["Settings", "create_app"]
