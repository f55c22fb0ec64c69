"""Encryption of tokens at rest."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class WrongKeys(ValueError):
    """The encryption keys are unusable or do not fit what is stored."""


class Vault:
    """Encrypts with the first key, decrypts with any."""

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except (ValueError, TypeError) as error:
            raise WrongKeys(
                "must be Fernet keys (32 bytes, url-safe base64), separated by commas"
            ) from error
        self._signing = [_signing_key(key) for key in keys]

    def seal(self, text: str) -> str:
        """The encrypted form of a text."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text again. Raises `WrongKeys` when no key fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise WrongKeys(
                "do not fit the stored tokens; put back the key that was used before"
            ) from error

    def sign(self, text: str) -> str:
        """A signature of a text, in hexadecimal digits, made with the first key."""
        return _signature(self._signing[0], text)

    def is_signed(self, text: str, signature: str) -> bool:
        """True when any key made this signature."""
        given = signature.encode()
        made = [_signature(key, text).encode() for key in self._signing]
        return any([hmac.compare_digest(one, given) for one in made])


def _signing_key(key: str) -> bytes:
    """A key of its own, so that a signature tells nothing of the one that encrypts tokens."""
    return hmac.digest(key.encode(), b"postbot: signatures", hashlib.sha256)


def _signature(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


def generated_key(data_dir: Path) -> str:
    """The key that was made for this data directory, made now if there is none; readable by its
    owner alone."""
    path = data_dir / "encryption.key"
    fresh = path.with_name(f".encryption.key.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(Fernet.generate_key().decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    # A link appears whole or not at all, and never replaces a key that another process made.
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
    return path.read_text().strip()
