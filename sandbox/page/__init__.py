"""The browser pages that the stand-ins of all platforms share.

`timeline` shows what a platform accepted and the switches that make it fail; `consent` is where a
person lets an app use a profile; `look` gives both the platform's name and colour.
"""

from __future__ import annotations

from sandbox.page.consent import consent_page, error_page
from sandbox.page.look import Look
from sandbox.page.timeline import (
    Entry,
    File,
    Picture,
    Profile,
    Timeline,
    page_routes,
)

__all__ = [
    "Entry",
    "File",
    "Look",
    "Picture",
    "Profile",
    "Timeline",
    "consent_page",
    "error_page",
    "page_routes",
]
