"""Files that the app uploads: announced with their length, sent to an address of their own, then
shared. Until they are shared nobody sees them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sandbox.slack.ids import new_id


@dataclass
class Announced:
    """A file that was announced; its bytes once they were sent."""

    id: str
    name: str
    length: int
    content: bytes | None = None


class Uploads:
    """Announced files, by the secret in their address and by id."""

    def __init__(self) -> None:
        self._by_secret: dict[str, Announced] = {}

    def announce(self, name: str, length: int) -> tuple[str, Announced]:
        secret = secrets.token_urlsafe(24)
        self._by_secret[secret] = Announced(new_id("F"), name, length)
        return secret, self._by_secret[secret]

    def awaited(self, secret: str) -> Announced | None:
        """The file whose bytes may be sent to this address: once."""
        found = self._by_secret.get(secret)
        return found if found is not None and found.content is None else None

    def take(self, file_id: str) -> Announced | None:
        """The file of this id, if its bytes have come, for the one time that it can be shared."""
        for secret, each in self._by_secret.items():
            if each.id == file_id and each.content is not None:
                return self._by_secret.pop(secret)
        return None
