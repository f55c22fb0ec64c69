"""The stand-in of Pinterest: its OAuth, its API version 5, and a page that shows the Pins."""

from __future__ import annotations

from sandbox.pinterest.app import create_app

__all__ = ["create_app"]
