"""Where the app is installed, and what its tokens are worth: codes, tokens, refresh tokens."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sandbox.slack.cast import ENTERPRISES, SCOPES, TEAM_ID, TEAMS
from sandbox.slack.errors import SlackError
from sandbox.slack.settings import Settings
from sandbox.slack.switches import Switches

#: Slack: a code is good for ten minutes, a token that rotates for twelve hours.
CODE_SECONDS = 600.0
TOKEN_SECONDS = 43_200
#: Slack: not more tokens of one installation at a time, when they rotate.
MOST_TOKENS = 2
#: The token that comes with the run of a workflow step.
STEP_SECONDS = 900.0


@dataclass
class Install:
    """The app in a workspace, or in all of an organisation."""

    place: str
    scopes: tuple[str, ...]
    installed_by: str
    #: When each of its tokens ends; None is never.
    tokens: dict[str, float | None] = field(default_factory=dict)
    refresh_token: str = ""

    @property
    def is_enterprise_install(self) -> bool:
        return self.place in ENTERPRISES

    @property
    def teams(self) -> frozenset[str]:
        """The workspaces that its tokens are good for."""
        if not self.is_enterprise_install:
            return frozenset({self.place})
        return frozenset(team.id for team in TEAMS.values() if team.enterprise_id == self.place)


@dataclass
class _Code:
    place: str
    scopes: tuple[str, ...]
    member_id: str
    redirect_uri: str
    issued_at: float
    is_used: bool = False


class Installs:
    """The first workspace has the app from the start, with the token of the settings."""

    def __init__(self, settings: Settings, switches: Switches) -> None:
        self._clock: Callable[[], float] = settings.clock
        self._switches = switches
        first = Install(TEAM_ID, SCOPES, "U0ALICE", {settings.bot_token: None})
        self._living = {TEAM_ID: first}
        self._codes: dict[str, _Code] = {}
        #: Tokens that were good once, and what is said to them now.
        self._dead: dict[str, str] = {}

    def of_team(self, team_id: str) -> Install | None:
        """The installation that holds for a workspace."""
        enterprise_id = TEAMS[team_id].enterprise_id
        return self._living.get(team_id) or self._living.get(enterprise_id)

    def at(self, place: str) -> Install | None:
        return self._living.get(place)

    def teams(self) -> set[str]:
        """Every workspace in which the app is."""
        return {team_id for team_id in TEAMS if self.of_team(team_id)}

    def who(self, token: str) -> Install:
        """The installation of a token. Raises SlackError when it is good for nothing."""
        if token in self._dead:
            raise SlackError(self._dead[token])
        for install in self._living.values():
            if token in install.tokens:
                ends = install.tokens[token]
                if ends is not None and ends <= self._clock():
                    raise SlackError("token_expired")
                return install
        raise SlackError("invalid_auth")

    def scopes(self, install: Install) -> list[str]:
        """What its token may do, but for what a switch takes away."""
        return [scope for scope in install.scopes if scope in self._switches.scopes]

    def allow(self, *, place: str, scopes: Iterable[str], member_id: str, redirect_uri: str) -> str:
        """A code for what a person allowed."""
        code = secrets.token_hex(16)
        asked = tuple(scopes)
        self._codes[code] = _Code(place, asked, member_id, redirect_uri, self._clock())
        return code

    def redeem(self, code: str, *, redirect_uri: str) -> tuple[Install, str]:
        """The installation and its new token. A code is good once."""
        found = self._codes.get(code)
        if found is None or self._clock() - found.issued_at > CODE_SECONDS:
            raise SlackError("invalid_code")
        if found.is_used:
            raise SlackError("code_already_used")
        if found.redirect_uri != redirect_uri:
            raise SlackError("bad_redirect_uri")
        found.is_used = True
        install = self._living.get(found.place)
        if install is None:
            install = Install(found.place, found.scopes, found.member_id)
            self._living[found.place] = install
        # Slack adds what is allowed now to what was allowed before.
        install.scopes = tuple(dict.fromkeys([*install.scopes, *found.scopes]))
        install.installed_by = found.member_id
        return install, self._token_for(install)

    def refresh(self, refresh_token: str) -> tuple[Install, str]:
        """New tokens for a refresh token, which is good once."""
        for install in self._living.values():
            if refresh_token and install.refresh_token == refresh_token:
                return install, self._rotated(install)
        raise SlackError("invalid_refresh_token")

    def step_token(self, install: Install) -> str:
        token = f"xwfp-{secrets.token_hex(12)}"
        install.tokens[token] = self._clock() + STEP_SECONDS
        return token

    def revoke(self, token: str) -> None:
        """As `auth.revoke`: this token is good for nothing any more."""
        install = self.who(token)
        del install.tokens[token]
        self._dead[token] = "token_revoked"
        if not install.tokens:
            self._living.pop(install.place, None)

    def uninstall(self, place: str) -> Install | None:
        install = self._living.pop(place, None)
        if install is not None:
            self._dead.update(dict.fromkeys(install.tokens, "account_inactive"))
        return install

    def _token_for(self, install: Install) -> str:
        if self._switches.token_rotation:
            return self._rotated(install)
        lasting = [token for token, ends in install.tokens.items() if ends is None]
        if lasting:
            return lasting[0]
        token = f"xoxb-{secrets.token_hex(12)}"
        install.tokens[token] = None
        return token

    def _rotated(self, install: Install) -> str:
        token = f"xoxe.xoxb-1-{secrets.token_hex(16)}"
        install.tokens[token] = self._clock() + TOKEN_SECONDS
        install.refresh_token = f"xoxe-1-{secrets.token_hex(16)}"
        rotating = [each for each in install.tokens if each.startswith("xoxe.")]
        for old in rotating[:-MOST_TOKENS]:
            del install.tokens[old]
            self._dead[old] = "token_expired"
        return token
