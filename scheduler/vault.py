"""Encryption of tokens at rest."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class WrongKeys(ValueError):
    """The encryption keys are unusable or do not fit what is stored."""


class Vault:
    """Encrypts with the first key, decrypts with any."""

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            each = [Fernet(key) for key in keys]
            self._fernet, self._newest = MultiFernet(each), each[0]
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

    def is_newest(self, sealed: str) -> bool:
        """Whether a text was sealed with the first key."""
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    def reseal(self, sealed: str) -> str:
        """The same text sealed with the first key. Raises `WrongKeys` when no key fits."""
        return self.seal(self.open(sealed))

    def sign(self, text: str) -> str:
        """A signature of a text, in hexadecimal digits, made with the first key."""
        return _signature(self._signing[0], text)

    def is_signed(self, text: str, signature: str) -> bool:
        """True when any key made this signature."""
        given = signature.encode()
        made = [_signature(key, text).encode() for key in self._signing]
        return any([hmac.compare_digest(one, given) for one in made])


class KeyFile:
    """The keys that were made for a data directory, one a line, newest first; readable by their
    owner alone."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "encryption.key"

    def read(self) -> list[str]:
        """The keys; empty when none was made yet."""
        try:
            lines = self.path.read_text().splitlines()
        except FileNotFoundError:
            return []
        return [line.strip() for line in lines if line.strip()]

    def read_or_make(self) -> list[str]:
        """The keys, one made now if there is none."""
        if not self.path.exists():
            fresh = self._write([new_key()])
            # A link appears whole or not at all, and never replaces what another process made.
            with contextlib.suppress(FileExistsError):
                os.link(fresh, self.path)
            fresh.unlink()
        return self.read()

    def replace(self, keys: Sequence[str]) -> None:
        """Stores other keys, all of them or none."""
        self._write(keys).replace(self.path)
        # The new name must be on disk before anything is sealed with a new key.
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _write(self, keys: Sequence[str]) -> Path:
        fresh = self.path.with_name(f".encryption.key.{os.getpid()}.{threading.get_ident()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.writelines(f"{key}\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        return fresh


def new_key() -> str:
    """A key that nobody has seen."""
    return Fernet.generate_key().decode()


def _signing_key(key: str) -> bytes:
    """A key of its own, so that a signature tells nothing of the one that encrypts tokens."""
    return hmac.digest(key.encode(), b"postbot: signatures", hashlib.sha256)


def _signature(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()
