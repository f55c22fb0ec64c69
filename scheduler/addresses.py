"""Public addresses of files in the media store, for platforms that fetch them by themselves.

An address names a file and its own end, and is signed; whoever has it may read that one file until
then and nothing else.
"""

from __future__ import annotations

import re
from datetime import timedelta

from scheduler.clock import Clock
from scheduler.vault import Vault

# Instagram may fetch a file as long as its container lives.
USABLE_FOR = timedelta(hours=24)


class Addresses:
    """Makes addresses below the public URL and reads them again."""

    def __init__(self, public_url: str, vault: Vault, clock: Clock) -> None:
        self._public_url = public_url
        self._vault = vault
        self._clock = clock

    def of(self, key: str) -> str:
        """The address of a file from now on."""
        end = int((self._clock.now() + USABLE_FOR).timestamp())
        named = f"{key}.{end}"
        return f"{self._public_url}/media/{named}.{self._vault.sign(_purpose(named))}"

    def key(self, signed: str) -> str | None:
        """The file that the last part of an address names; `None` when it was not made here or is
        over."""
        found = re.fullmatch(r"([0-9a-f-]{1,128})\.([0-9]{1,12})\.([0-9a-f]{64})", signed, re.ASCII)
        if found is None:
            return None
        key, end, signature = found.groups()
        if not self._vault.is_signed(_purpose(f"{key}.{end}"), signature):
            return None
        return key if self._clock.now().timestamp() < int(end) else None


def _purpose(named: str) -> str:
    return f"media\n{named}"
