"""What X's refusals mean: one row for each signal that its API is known to give.

X words a refusal as `{type, title, detail}`, as `errors` with old numeric codes, or, at its token
endpoint, as `{error, error_description}`. A row looks for words in all of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

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
from publishers._json import dicts, read_object, tidy

RECONNECT = "X no longer accepts the connection of this account. Reconnect the account."
REFUSED = "X refused this.{quote} Change the post and try again."
APP = (
    "X does not accept Postbot's app registration.{quote} Ask your Postbot administrator to check "
)
LIMITED = "X limits how often this account may post; it goes out when X allows it again."
UNPAID = (
    "X wants to be paid: the credits or the spending limit of Postbot's X app are used up. Ask "
    "your Postbot administrator to top up at console.x.com, then retry."
)
#: The windows that X counts posts in: 15 minutes, and a day of the account and of the app.
WINDOWS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")


@dataclass(frozen=True, kw_only=True)
class _Told:
    """A refusal as far as it could be read: `words` in lower case to search, `detail` to show."""

    status: int
    headers: httpx.Headers
    words: str
    detail: str

    @property
    def code(self) -> str:
        slug = re.search(r"problems/([a-z0-9-]{1,40})(?![a-z0-9-])", self.words)
        return f"{self.status} {slug[1]}" if slug else str(self.status)

    @property
    def quote(self) -> str:
        return f" X says: “{self.detail}”." if self.detail else ""


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A known refusal: its status (any when empty), the words it shows, and what it means."""

    status: tuple[int, ...] = ()
    words: tuple[str, ...] = ("",)
    error: type[PublishError] = Rejected
    cause: Cause | None = None
    kind: str = ""
    sentence: str

    def fits(self, told: _Told) -> bool:
        status_fits = not self.status or told.status in self.status
        return status_fits and any(word in told.words for word in self.words)

    def tell(self, told: _Told) -> PublishError:
        sentence = self.sentence.format(quote=told.quote)
        if self.error is RateLimited:
            until = _allowed_at(told.headers, datetime.now(UTC))
            return RateLimited(sentence, until=until, code=told.code)
        return self.error(sentence, cause=self.cause, kind=self.kind, code=told.code)


_DUPLICATE = ("duplicate content", "status is a duplicate", "code 187;")
_WRONG_APP = _Row(
    status=(400, 401),
    words=("client id", "_client", "authorization header"),
    cause=Cause.AUTHENTICATION,
    kind="permission",
    sentence=f"{APP}X_CLIENT_ID and X_CLIENT_SECRET.",
)
_OLD_CODE = _Row(
    status=(400, 401),
    words=("authorization code",),
    cause=Cause.AUTHENTICATION,
    sentence="X's consent is good for 30 seconds and has run out. Connect the account again.",
)
_WRONG_TOKEN = _Row(status=(400, 401), cause=Cause.AUTHENTICATION, sentence=RECONNECT)
_ROWS = (
    _Row(status=(402,), cause=Cause.AUTHENTICATION, kind="billing", sentence=UNPAID),
    _Row(
        words=("usage-capped", "credits-depleted", "creditsdepleted"),
        cause=Cause.AUTHENTICATION,
        kind="billing",
        sentence=UNPAID,
    ),
    _Row(status=(429,), error=RateLimited, sentence=LIMITED),
    _Row(status=(403,), words=("code 88;",), error=RateLimited, sentence=LIMITED),
    _Row(status=(401,), error=CredentialsExpired, sentence=RECONNECT),
    _Row(
        status=(403,),
        words=("unsupported-authentication", "authenticating with unknown"),
        error=CredentialsExpired,
        sentence=RECONNECT,
    ),
    _Row(
        status=(403,),
        words=("client-forbidden", "oauth1-permissions", "attached to a project", "code 453;"),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence=f"{APP}that the app belongs to a project, has write access and the right plan.",
    ),
    _Row(
        status=(403,),
        words=("code 64;", "code 326;", "suspended", "temporarily locked"),
        cause=Cause.AUTHENTICATION,
        kind="permission",
        sentence="X has locked or suspended this account.{quote} Sign in at x.com and follow X's "
        "instructions, then retry.",
    ),
    _Row(
        status=(403,),
        words=("code 226;", "automated"),
        kind="policy",
        sentence="X took this post for automated or abusive.{quote} Change it, or post it by hand.",
    ),
    _Row(
        status=(400, 403),
        words=("code 186;", "too long"),
        sentence="X finds the text too long. Shorten it and try again.",
    ),
    _Row(
        status=(400, 403),
        words=("cashtag",),
        sentence="X allows one cashtag (such as $ACME) in a post. Remove the others.",
    ),
    _Row(
        status=(400, 403),
        words=("invalid url",),
        sentence="X refused a link in this post.{quote} Correct or remove it.",
    ),
    _Row(
        status=(400, 403),
        words=("video longer", "longer than 2 minutes"),
        sentence="X finds the video too long for this account. Cut it to 140 seconds or less.",
    ),
    _Row(
        status=(400, 403),
        words=("media ids are invalid", "code 324;"),
        error=TemporaryFailure,
        kind="uploads",
        sentence="X no longer has the uploaded files of this post. Postbot uploads them again.",
    ),
    _Row(
        status=(403,),
        words=("not permitted to perform",),
        kind="permission",
        sentence="X does not permit this post: its text may be too long for an account without "
        "Premium, or it has a link, mention or reply that X does not take from apps. Change it, "
        "or post it by hand.",
    ),
    _Row(status=(400, 403, 404, 422), sentence=REFUSED),
)
# What these mean as the answer to a post is open; before it, they are definite.
_EARLY_ROWS = (
    _Row(
        status=(413, 431),
        sentence="A file of this post is too large for X. Make it smaller and add it again.",
    ),
    _Row(
        status=tuple({*range(400, 500)} - {408, 409}),
        sentence=REFUSED,
    ),
    _Row(
        error=TemporaryFailure,
        sentence="X has a problem of its own at the moment. Postbot tries again.",
    ),
)


def explain(response: httpx.Response, *, irreversible: bool = False) -> PublishError:
    """The error for an answer that is no success; `irreversible` for that of creating a post.

    There, what no row knows may have been carried out.
    """
    told = _read(response)
    if irreversible and any(word in told.words for word in _DUPLICATE):
        return _likely_live_duplicate(told)
    rows = _ROWS if irreversible else (*_ROWS, *_EARLY_ROWS)
    row = next((row for row in rows if row.fits(told)), None)
    return row.tell(told) if row else _unknown(told)


def explain_token(response: httpx.Response) -> PublishError:
    """The error for an answer of the token endpoint that holds no tokens."""
    told = _read(response)
    row = next((row for row in (_WRONG_APP, _OLD_CODE, _WRONG_TOKEN) if row.fits(told)), None)
    return row.tell(told) if row else explain(response)


def _likely_live_duplicate(told: _Told) -> PublishError:
    return OutcomeUnknown(
        "X says that this account already has a post with this text, so it may be out already. "
        "Look at the profile; if it is not there, change the text.",
        cause=Cause.CONTENT,
        kind="duplicate",
        code=told.code,
        likely_live=True,
    )


def _unknown(told: _Told) -> PublishError:
    if 200 <= told.status < 300:
        return OutcomeUnknown(
            "X accepted the post, but its answer could not be read. Look at the profile.",
            cause=Cause.PLATFORM,
            code=told.code,
            likely_live=True,
        )
    return OutcomeUnknown(
        f"X answered with an error ({told.status}) that leaves open whether the post went out. "
        "Look at the profile before you post again.",
        cause=Cause.PLATFORM,
        code=told.code,
    )


def _allowed_at(headers: httpx.Headers, now: datetime) -> datetime | None:
    """When the last of the used-up windows ends: 15 minutes, or a day for account or app."""
    used_up = [name for name in WINDOWS if headers.get(f"{name}-remaining", "").strip() == "0"]
    resets = [headers.get(f"{name}-reset", "") for name in used_up]
    known = [int(reset) for reset in resets if reset.isascii() and reset.isdecimal()]
    if not known or max(known) >= 10**11:
        return retry_at(headers, now)
    return max(now, datetime.fromtimestamp(max(known), UTC))


def _read(response: httpx.Response) -> _Told:
    body = read_object(response)
    problems = [body, *dicts(body.get("errors"))]
    names = ("type", "title", "detail", "message", "error", "error_description", "reason")
    words = [str(one[name]) for one in problems for name in names if name in one]
    codes = [f"code {one['code']};" for one in problems if "code" in one]
    return _Told(
        status=response.status_code,
        headers=response.headers,
        words=" ".join([*words, *codes]).lower(),
        detail=tidy(_most_telling(problems)),
    )


def _most_telling(problems: list[dict[str, Any]]) -> str:
    """The sentence nearest to the trouble: that of a single error before the general one."""
    for problem in reversed(problems):
        for name in ("message", "detail", "error_description", "title"):
            if isinstance(problem.get(name), str):
                return str(problem[name])
    return ""
