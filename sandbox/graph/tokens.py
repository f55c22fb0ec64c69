"""Access tokens of Meta's networks: whose they are, how long they live, what ends them."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Literal

from sandbox.graph.errors import Refusal, invalid, invalid_token
from sandbox.graph.people import Account, Page, Person
from sandbox.switches import Switch, Switches

CODE_SECONDS = 600
LIVES = {"short": "token_seconds", "long": "long_token_seconds"}

Kind = Literal["user", "page", "app", "instagram"]
Life = Literal["short", "long", "never"]


def token_switches() -> list[Switch]:
    return [
        Switch(
            key="token_seconds",
            label="Seconds that a token fresh from the login is good for.",
            kind="number",
            default=3600,
            group="Time",
        ),
        Switch(
            key="long_token_seconds",
            label="Seconds that a long-lived token is good for.",
            kind="number",
            default=5_184_000,
            group="Time",
        ),
        Switch(
            key="require_proof",
            label="Every call must carry an appsecret_proof.",
            kind="flag",
            default=False,
            group="Rules",
        ),
    ]


@dataclass(kw_only=True, eq=False)
class Grant:
    """What somebody allowed the app in one consent. `ended` is the subcode of what ended it."""

    owner: Person | Account
    scopes: frozenset[str]
    declined: frozenset[str] = frozenset()
    ended: int | None = None


@dataclass(frozen=True, kw_only=True)
class Code:
    """The code of a consent; for one use within ten minutes."""

    grant: Grant
    redirect_uri: str
    issued_at: float


@dataclass(frozen=True, kw_only=True)
class Token:
    """`page` is set for Page tokens. The token of an app has no grant."""

    value: str
    kind: Kind
    life: Life
    issued_at: float
    grant: Grant | None = None
    page: Page | None = None

    def expires_at(self, switches: Switches) -> float | None:
        """In epoch seconds; None when it does not expire."""
        if self.life == "never":
            return None
        return self.issued_at + float(switches[LIVES[self.life]])


@dataclass(kw_only=True)
class Tokens:
    """Issues and checks the tokens of the one app that is registered."""

    client_id: str
    client_secret: str
    switches: Switches
    _codes: dict[str, Code] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _tokens: dict[str, Token] = field(default_factory=dict)
    _page_tokens: dict[tuple[int, str, Life, float | None], Token] = field(default_factory=dict)
    _grants: list[Grant] = field(default_factory=list)
    _valid_since: float = 0.0

    def issue_code(self, grant: Grant, redirect_uri: str) -> str:
        name = secrets.token_urlsafe(48)
        self._grants.append(grant)
        self._codes[name] = Code(grant=grant, redirect_uri=redirect_uri, issued_at=time.time())
        return name

    def redeem_code(self, name: str, redirect_uri: str) -> Grant:
        """What the code stands for; it is used up even when the rest does not match."""
        code = self._codes.pop(name, None)
        if name in self._used:
            raise invalid("This authorization code has been used.", subcode=36009)
        self._used.add(name)
        if code is None:
            raise invalid("Invalid verification code format.")
        if time.time() > code.issued_at + CODE_SECONDS:
            raise invalid("This authorization code has expired.", subcode=36007)
        if code.redirect_uri != redirect_uri:
            raise invalid(
                "Error validating verification code. Please make sure your redirect_uri is "
                "identical to the one you used in the OAuth dialog request",
                subcode=36008,
            )
        return code.grant

    def issue(self, grant: Grant, kind: Kind, *, life: Life) -> Token:
        return self._keep(
            Token(
                value=f"{'IGAA' if kind == 'instagram' else 'EAA'}{secrets.token_hex(64)}",
                kind=kind,
                life=life,
                issued_at=time.time(),
                grant=grant,
            )
        )

    def page_token(self, user: Token, page: Page) -> Token:
        """The token of a Page. It never expires when the user's is long-lived, else with it."""
        life: Life = "never" if user.life == "long" else user.life
        issued_at = time.time() if life == "never" else user.issued_at
        key = (id(user.grant), page.id, life, None if life == "never" else issued_at)
        if key not in self._page_tokens:
            self._page_tokens[key] = self._keep(
                Token(
                    value=f"EAA{secrets.token_hex(64)}",
                    kind="page",
                    life=life,
                    issued_at=issued_at,
                    grant=user.grant,
                    page=page,
                )
            )
        return self._page_tokens[key]

    def check(self, value: str) -> Token:
        """The living token of this value, or the refusal (code 190)."""
        if value == f"{self.client_id}|{self.client_secret}":
            return Token(value=value, kind="app", life="never", issued_at=0)
        token = self._tokens.get(value)
        if token is None:
            raise Refusal("Invalid OAuth access token - Cannot parse access token", code=190)
        if token.grant is not None and token.grant.ended is not None:
            raise _ended(token.grant.ended)
        if self._has_expired(token):
            raise invalid_token("Session has expired.", 463)
        return token

    def end_grants_of(self, owner: Person | Account, subcode: int = 458) -> None:
        """Ends all that this person or account ever allowed the app."""
        for grant in self._grants:
            if grant.owner is owner and grant.ended is None:
                grant.ended = subcode

    def expire_all(self) -> None:
        """Ends every token issued so far as if its time was over; consents go on."""
        self._valid_since = time.time()

    def end_all(self) -> None:
        """Takes the app's access back for everybody."""
        for grant in self._grants:
            grant.ended = grant.ended or 458

    def _keep(self, token: Token) -> Token:
        self._tokens[token.value] = token
        return token

    def _has_expired(self, token: Token) -> bool:
        expires_at = token.expires_at(self.switches)
        over = expires_at is not None and time.time() >= expires_at
        return over or token.issued_at <= self._valid_since


def _ended(subcode: int) -> Refusal:
    reasons = {
        458: "The user has not authorized application.",
        460: "The session has been invalidated because the user changed their password.",
    }
    return invalid_token(reasons[subcode], subcode)
