"""Makes identifiers that look like Slack's and never repeat within one run."""

from __future__ import annotations

import itertools
import secrets

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_numbers = itertools.count(1)


def new_id(prefix: str) -> str:
    """An id such as `V000000BQ7D`: the letter of its kind, a counter, a random tail."""
    return f"{prefix}{next(_numbers):07X}{random_text(3)}"


def random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
