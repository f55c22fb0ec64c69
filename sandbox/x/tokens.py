"""Access and refresh tokens of the stand-in, with the rules that bite: single use, families."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass

from sandbox.x import problems
from sandbox.x.world import Account

CODE_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Code:
    """An authorization code and what it was asked for; good for 30 seconds and one use."""

    account: Account
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    challenge: str
    method: str
    issued_at: float


@dataclass(kw_only=True)
class Family:
    """All tokens that come from one consent; a dead family's tokens are all refused."""

    account: Account
    client_id: str
    scopes: frozenset[str]
    refresh_token: str | None = None
    dead: bool = False


class Tokens:
    """Issues, rotates and checks tokens."""

    def __init__(self) -> None:
        self._codes: dict[str, Code] = {}
        self._access: dict[str, tuple[Family, float]] = {}
        self._refresh: dict[str, Family] = {}

    def issue_code(self, code: Code) -> str:
        name = secrets.token_urlsafe(24)
        self._codes[name] = code
        return name

    def redeem_code(self, name: str, *, client_id: str, redirect_uri: str, verifier: str) -> Family:
        """A new family for the code, which is used up even when the rest does not match."""
        code = self._codes.pop(name, None)
        if (
            code is None
            or code.client_id != client_id
            or time.time() > code.issued_at + CODE_SECONDS
        ):
            raise problems.oauth("Value passed for the authorization code was invalid.")
        if code.redirect_uri != redirect_uri:
            raise problems.oauth(
                "Value passed for the redirect uri did not match the uri of the authorization code."
            )
        if not _proves(verifier, code):
            raise problems.oauth(
                "Value passed for the code verifier did not match the code challenge."
            )
        return Family(account=code.account, client_id=client_id, scopes=code.scopes)

    def redeem_refresh(self, token: str, *, client_id: str) -> Family:
        """The token's family. An old refresh token means that somebody copied it: all are dead."""
        family = self._refresh.get(token)
        if family is None or family.client_id != client_id:
            raise problems.oauth("Value passed for the token was invalid.")
        if family.dead or family.refresh_token != token:
            family.dead = True
            raise problems.oauth("Value passed for the token was invalid.")
        return family

    def issue(self, family: Family) -> tuple[str, str | None]:
        """A new access token, and with `offline.access` a refresh token that replaces the last."""
        access_token = secrets.token_urlsafe(48)
        self._access[access_token] = (family, time.time())
        if "offline.access" in family.scopes:
            family.refresh_token = secrets.token_urlsafe(48)
            self._refresh[family.refresh_token] = family
        return access_token, family.refresh_token

    def check(self, access_token: str, *, lifetime: float) -> Family:
        """The token's family; 401 when it is unknown, dead, or older than `lifetime` seconds."""
        family, issued_at = self._access.get(access_token, (None, 0.0))
        if family is None or family.dead or time.time() > issued_at + lifetime:
            raise problems.unauthorized()
        return family

    def revoke(self, token: str, *, client_id: str) -> None:
        """Ends the token, and the whole family when it is a refresh token; unknown ones too."""
        family = self._refresh.get(token)
        if family is not None and family.client_id == client_id:
            family.dead = True
        self._access.pop(token, None)

    def expire_access(self) -> None:
        """Ends every access token now; refresh tokens go on."""
        self._access.clear()

    def kill(self) -> None:
        """Ends every token: all accounts must be connected again."""
        self._access.clear()
        for family in self._refresh.values():
            family.dead = True


def _proves(verifier: str, code: Code) -> bool:
    if code.method == "plain":
        return secrets.compare_digest(verifier.encode(), code.challenge.encode())
    digest = hashlib.sha256(verifier.encode()).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return secrets.compare_digest(expected, code.challenge.encode())
