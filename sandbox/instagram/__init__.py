"""The stand-in of Instagram: both logins, containers, media, comments, a page for people."""

from __future__ import annotations

from sandbox.instagram.app import create_app

__all__ = ["create_app"]
