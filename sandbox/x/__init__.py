"""The stand-in of X: its OAuth, its API version 2, and a page that shows what was posted."""

from __future__ import annotations

from sandbox.x.app import create_app

__all__ = ["create_app"]
