"""The stand-in of Facebook Pages: login, posts, photos, reels, comments, a page for people."""

from __future__ import annotations

from sandbox.facebook.app import create_app

__all__ = ["create_app"]
