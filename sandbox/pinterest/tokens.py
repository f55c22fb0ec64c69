"""Access and refresh tokens of the stand-in; a refresh token is good for one refresh."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace

from sandbox.pinterest import problems
from sandbox.pinterest.cast import Account

# Pinterest says that codes are short-lived, not how short.
CODE_SECONDS = 60
REFRESH_SECONDS = 60 * 86_400


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a person allowed an app to do for an account."""

    account: Account
    client_id: str
    scopes: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Code:
    """An authorization code: good for one use, soon, with the same redirect_uri."""

    grant: Grant
    redirect_uri: str
    issued_at: float


class Tokens:
    """Issues, rotates and checks tokens."""

    def __init__(self) -> None:
        self._codes: dict[str, Code] = {}
        self._access: dict[str, tuple[Grant, float]] = {}
        self._refresh: dict[str, tuple[Grant, float]] = {}

    def issue_code(self, code: Code) -> str:
        name = secrets.token_hex(20)
        self._codes[name] = code
        return name

    def redeem_code(self, name: str, *, client_id: str, redirect_uri: str) -> Grant:
        """What the code stands for; it is used up even when the rest does not match."""
        code = self._codes.pop(name, None)
        if (
            code is None
            or code.grant.client_id != client_id
            or code.redirect_uri != redirect_uri
            or time.time() > code.issued_at + CODE_SECONDS
        ):
            raise problems.wrong_grant()
        return code.grant

    def redeem_refresh(self, token: str, *, client_id: str, scopes: frozenset[str] | None) -> Grant:
        """What the token stands for, narrowed to `scopes`; the token is dead from then on."""
        grant, issued_at = self._refresh.get(token, (None, 0.0))
        if (
            grant is None
            or grant.client_id != client_id
            or time.time() > issued_at + REFRESH_SECONDS
        ):
            raise problems.wrong_grant()
        if scopes is not None and not scopes <= grant.scopes:
            raise problems.invalid("scope: asks for more than was granted")
        del self._refresh[token]
        return grant if scopes is None else replace(grant, scopes=scopes)

    def issue(self, grant: Grant) -> tuple[str, str]:
        """A new access token and a new refresh token."""
        now = time.time()
        access_token = f"pina_{secrets.token_urlsafe(48)}"
        refresh_token = f"pinr_{secrets.token_urlsafe(48)}"
        self._access[access_token] = self._refresh[refresh_token] = (grant, now)
        return access_token, refresh_token

    def check(self, access_token: str, *, lifetime: float) -> Grant:
        """What the token stands for; 401 when it is unknown, or older than `lifetime` seconds."""
        grant, issued_at = self._access.get(access_token, (None, 0.0))
        if grant is None or time.time() > issued_at + lifetime:
            raise problems.unauthorized()
        return grant

    def revoke(self, token: str, *, client_id: str) -> None:
        """Ends the token, if it is one of the client's."""
        for tokens in (self._access, self._refresh):
            grant, _ = tokens.get(token, (None, 0.0))
            if grant is not None and grant.client_id == client_id:
                del tokens[token]

    def expire_access(self) -> None:
        """Ends every access token now; refresh tokens go on."""
        self._access.clear()

    def kill(self) -> None:
        """Ends every token: all accounts must be connected again."""
        self._access.clear()
        self._refresh.clear()
