"""What Pinterest's refusals mean: one row for each that its API is known to give.

Pinterest answers `{"code": …, "message": …}`. Its codes begin anew in every area, so a row goes by
the status first and then by words of the message; a code decides only where nothing else does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from publishers._errors import (
    Cause,
    CredentialsExpired,
    OutcomeUnknown,
    PublishError,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from publishers._http import retry_at
from publishers._json import read_object, text, tidy

RECONNECT = "Pinterest no longer accepts the connection of this account. Reconnect the account."
NO_SUCH_PLACE = (
    "Pinterest no longer has the board or the section of this post. Choose another one and try "
    "again."
)
SPAM = (
    "Pinterest takes this for spam and holds back the pins of this account for a while. Wait some "
    "hours, then retry; later post less often and vary text and links."
)
REFUSED = "Pinterest refused this.{quote} Change the post and try again."
LOST = "Pinterest no longer has the uploaded video of this post. Postbot uploads it again."
APP = "Pinterest does not accept Postbot's app registration.{quote} Ask your Postbot administrator "
_RETRYABLE_EARLY = (408, 409)
# A reset further away than this is no number of seconds but a date in epoch seconds.
_LONGEST_WINDOW = timedelta(days=2).total_seconds()


@dataclass(frozen=True, kw_only=True)
class _Told:
    """A refusal as far as it could be read: `words` in lower case to search, `detail` to show."""

    status: int
    path: str
    headers: httpx.Headers
    words: str
    detail: str
    number: str

    @property
    def code(self) -> str:
        """Status, Pinterest's own code, and the id by which its support finds the request."""
        asked = self.headers.get("x-pinterest-rid", "")
        rid = f"rid {asked}" if re.fullmatch(r"[0-9]{1,24}", asked) else ""
        return " ".join(part for part in (str(self.status), self.number, rid) if part)

    @property
    def quote(self) -> str:
        return f" Pinterest says: “{self.detail}”." if self.detail else ""


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A known refusal: its status (any when empty), the words it shows, the path it comes from,
    and what it means."""

    status: tuple[int, ...] = ()
    path: str = ""
    words: tuple[str, ...] = ("",)
    error: type[PublishError] = Rejected
    cause: Cause | None = None
    kind: str = ""
    sentence: str

    def fits(self, told: _Told) -> bool:
        is_there = (not self.status or told.status in self.status) and self.path in told.path
        return is_there and any(word in told.words for word in self.words)

    def tell(self, told: _Told) -> PublishError:
        sentence = self.sentence.format(quote=told.quote)
        if self.error is RateLimited:
            until = _allowed_at(told.headers, datetime.now(UTC))
            return RateLimited(sentence, until=until, code=told.code)
        return self.error(sentence, cause=self.cause, kind=self.kind, code=told.code)


_ROWS = (
    _Row(status=(429,), words=("spam",), kind="policy", sentence=SPAM),
    _Row(status=(400, 403), words=("to combat spam",), kind="policy", sentence=SPAM),
    _Row(
        status=(429,),
        error=RateLimited,
        sentence="Pinterest limits how often this account may post; the pin goes out when "
        "Pinterest allows it again.",
    ),
    _Row(
        status=(401, 403),
        words=("trial access",),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence="Postbot's Pinterest app has Trial access only, and such apps may not create "
        "pins that others see. Ask your Postbot administrator to request Standard access for the "
        "app at developers.pinterest.com, or, just to try it, to set PINTEREST_API_URL to "
        "Pinterest's sandbox.",
    ),
    _Row(
        status=(401, 403),
        words=("sufficient permissions", "set of scopes", "missing: ["),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence="This account was connected without every permission that Postbot needs. Connect "
        "it again, leave every permission switched on, then retry.",
    ),
    _Row(
        status=(401, 403),
        words=("restricted feature", "standard access", "consumer type", "code 3;"),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence="Pinterest allows this only to apps with Standard access. Ask your Postbot "
        "administrator to request it for Postbot's app at developers.pinterest.com, then retry.",
    ),
    _Row(status=(401,), error=CredentialsExpired, sentence=RECONNECT),
    _Row(
        status=(403,),
        words=("code 29;",),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence="Pinterest does not permit this account to post there. Choose one of its own "
        "boards, or connect the account again with every permission switched on, then retry.",
    ),
    _Row(
        status=(403,),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence="Pinterest does not permit this.{quote} Look at the account on pinterest.com, "
        "then retry.",
    ),
    _Row(status=(404,), path="/media/", error=TemporaryFailure, kind="uploads", sentence=LOST),
    _Row(
        status=(400, 404),
        words=("media not found", "invalid media_id", "media_id is invalid"),
        error=TemporaryFailure,
        kind="uploads",
        sentence=LOST,
    ),
    _Row(
        status=(400,),
        words=("unable to reach the url",),
        error=TemporaryFailure,
        cause=Cause.NETWORK,
        sentence="Pinterest could not fetch a file of this post from Postbot. Postbot tries "
        "again; should it go on, use JPEG or PNG files, which Postbot sends by itself.",
    ),
    _Row(status=(404,), sentence=NO_SUCH_PLACE),
    _Row(
        status=(400,),
        words=("board not found", "board_id", "section not found", "board_section_id"),
        sentence=NO_SUCH_PLACE,
    ),
    _Row(
        status=(413,),
        sentence="The images of this post are too large for Pinterest. Make them smaller and add "
        "them again.",
    ),
    _Row(status=(400, 422), sentence=REFUSED),
)
# What these mean as the answer to a pin is open; before it, they are definite.
_EARLY_ROWS = (
    _Row(status=tuple({*range(400, 500)} - {*_RETRYABLE_EARLY}), sentence=REFUSED),
    _Row(
        error=TemporaryFailure,
        sentence="Pinterest has a problem of its own at the moment. Postbot tries again.",
    ),
)
_TOKEN_ROWS = (
    _Row(
        status=(400, 401),
        words=("application id", "client_id", "client authentication", "code 2;"),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence=f"{APP}to check PINTEREST_CLIENT_ID and PINTEREST_CLIENT_SECRET.",
    ),
    _Row(
        status=(400, 401),
        words=("redirect_uri", "redirect uri"),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence=f"{APP}to check that the app lists Postbot's callback address as redirect URI.",
    ),
    _Row(
        status=(400, 401),
        cause=Cause.AUTHENTICATION,
        sentence="Pinterest's consent for this account has run out or was withdrawn. Connect the "
        "account again.",
    ),
)
_REVOKE_ROWS = (
    _Row(
        status=(403,),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence="Pinterest does not let Postbot end its own access to this account. Remove "
        "Postbot's app in the security settings of the account on pinterest.com.",
    ),
)


def explain(response: httpx.Response, *, irreversible: bool = False) -> PublishError:
    """The error for an answer that is no success; `irreversible` for that of creating a pin.

    There, what no row knows may have been carried out.
    """
    told = _read(response)
    row = _first(_ROWS if irreversible else (*_ROWS, *_EARLY_ROWS), told)
    return row.tell(told) if row else _unknown(told)


def explain_token(response: httpx.Response) -> PublishError:
    """The error for an answer of the token endpoint that holds no tokens."""
    told = _read(response)
    row = _first(_TOKEN_ROWS, told)
    return row.tell(told) if row else explain(response)


def explain_revocation(response: httpx.Response) -> PublishError:
    """The error for a revocation that did not happen."""
    told = _read(response)
    row = _first(_REVOKE_ROWS, told)
    return row.tell(told) if row else explain_token(response)


def _first(rows: tuple[_Row, ...], told: _Told) -> _Row | None:
    return next((row for row in rows if row.fits(told)), None)


def _unknown(told: _Told) -> PublishError:
    if 200 <= told.status < 300:
        return OutcomeUnknown(
            "Pinterest accepted the pin, but its answer could not be read. Look at the board.",
            cause=Cause.PLATFORM,
            code=told.code,
            likely_live=True,
        )
    return OutcomeUnknown(
        f"Pinterest answered with an error ({told.status}) that leaves open whether the pin went "
        "out. Look at the board before you post again.",
        cause=Cause.PLATFORM,
        code=told.code,
    )


def _allowed_at(headers: httpx.Headers, now: datetime) -> datetime | None:
    """When the used-up window ends; `x-ratelimit-reset` counts seconds from now."""
    reset = headers.get("x-ratelimit-reset", "").strip()
    if "retry-after" in headers or not re.fullmatch(r"[0-9]{1,11}", reset):
        return retry_at(headers, now)
    if int(reset) > _LONGEST_WINDOW:
        return max(now, datetime.fromtimestamp(int(reset), UTC))
    return now + timedelta(seconds=int(reset))


def _read(response: httpx.Response) -> _Told:
    body = read_object(response)
    message, code = text(body.get("message")), body.get("code")
    number = str(code) if isinstance(code, int) and abs(code) < 10**9 else ""
    said = [message, text(body.get("data")), f"code {number};" if number else ""]
    return _Told(
        status=response.status_code,
        path=response.request.url.path,
        headers=response.headers,
        words=" ".join(said).lower(),
        detail=tidy(message),
        number=number,
    )
