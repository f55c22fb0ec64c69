"""What can go wrong with a platform, and the one right answer to each.

PublishError
 ├─ TemporaryFailure     not sent, or sent before the irreversible step: try again later
 ├─ RateLimited          the platform says when: wait, no attempt is used up
 ├─ CredentialsExpired   refresh once, then ask for a reconnect
 ├─ Rejected             will never succeed as it is: tell the author
 └─ OutcomeUnknown       it may be out there: look, never send again blindly
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class Cause(StrEnum):
    """The five causes that people and statistics tell apart."""

    AUTHENTICATION = "authentication"
    RATE_LIMIT = "rate_limit"
    CONTENT = "content"
    NETWORK = "network"
    PLATFORM = "platform"


class PublishError(Exception):
    """A failure with a sentence for the author.

    `kind` narrows the cause (permission, policy, duplicate, quota, billing) and may be empty;
    `code` is the platform's own code or status, for support; neither ever holds a secret.
    """

    default_cause = Cause.PLATFORM

    def __init__(
        self, sentence: str, *, cause: Cause | None = None, kind: str = "", code: str = ""
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.cause = cause or self.default_cause
        self.kind = kind
        self.code = code

    @property
    def is_outage(self) -> bool:
        """Whether it speaks of a platform that is down rather than of this post or account. An
        answer of the platform in the same attempt tells more; see `Http.answered`."""
        return False


class TemporaryFailure(PublishError):
    """Nothing irreversible happened and a later try can succeed."""

    @property
    def is_outage(self) -> bool:
        return _is_outage(self)


class RateLimited(PublishError):
    """The platform wants us to wait until `until` (UTC); `None` when it did not say."""

    default_cause = Cause.RATE_LIMIT

    def __init__(
        self, sentence: str, *, until: datetime | None = None, kind: str = "", code: str = ""
    ) -> None:
        super().__init__(sentence, kind=kind, code=code)
        self.until = until


class CredentialsExpired(PublishError):
    """The access token is dead; a refreshed one may work."""

    default_cause = Cause.AUTHENTICATION


class Rejected(PublishError):
    """A definite no. Trying the same again cannot succeed."""

    default_cause = Cause.CONTENT


class OutcomeUnknown(PublishError):
    """The irreversible request may have been accepted.

    `likely_live` is True where the failure itself is evidence of success (a duplicate refusal, a
    2xx that could not be read).
    """

    default_cause = Cause.NETWORK

    def __init__(
        self,
        sentence: str,
        *,
        cause: Cause | None = None,
        kind: str = "",
        code: str = "",
        likely_live: bool = False,
    ) -> None:
        super().__init__(sentence, cause=cause, kind=kind, code=code)
        self.likely_live = likely_live

    @property
    def is_outage(self) -> bool:
        return _is_outage(self) and not self.likely_live


def _is_outage(error: PublishError) -> bool:
    """A failure with a kind is told apart from others of its cause: the platform said what it is
    about."""
    return error.cause in (Cause.NETWORK, Cause.PLATFORM) and not error.kind
