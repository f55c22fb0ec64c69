"""The outside world for newcomers and tests: a stand-in of Slack and of the four platforms.

It is reached over HTTP only; it imports nothing of the product and the product never imports it.
"""

from __future__ import annotations
