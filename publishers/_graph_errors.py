"""How Meta refuses: its error object, what of it counts, and what it makes of a request.

`{"error": {message, type, code, error_subcode, is_transient, error_user_msg, fbtrace_id}}`. A row
goes by code and subcode. `error_user_msg` is in the reader's language, so it is only shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx

from publishers._errors import (
    Cause,
    CredentialsExpired,
    OutcomeUnknown,
    PublishError,
    RateLimited,
    Rejected,
)
from publishers._graph_table import (
    APP,
    GATEWAY_ROWS,
    OPEN,
    REFUSED,
    ROWS,
    TROUBLE,
    UNREADABLE,
    Row,
)
from publishers._http import retry_at
from publishers._json import dig, read_object, text, tidy

# Meta counts calls over a rolling hour and adds to the pause of an app that goes on calling.
UNTOLD_PAUSE = timedelta(minutes=5)
_LONGEST_REGAIN = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Told:
    """A refusal as far as it could be read. `message` is Meta's English for developers, in lower
    case; `detail` is the sentence to show; `reading` is whether something was only asked."""

    label: str
    status: int
    headers: httpx.Headers
    code: int | None = None
    subcode: int | None = None
    message: str = ""
    detail: str = ""
    trace: str = ""
    transient: bool = False
    reading: bool = False

    @property
    def passing(self) -> bool:
        """Whether Meta itself says that this is no fault of the request."""
        return self.transient or self.status >= 500

    @property
    def name(self) -> str:
        """For support: code and subcode, or the status, and the number of Meta's own record."""
        code = str(self.code if self.code is not None else self.status)
        subcode = f"/{self.subcode}" if self.subcode is not None else ""
        return f"{code}{subcode} {self.trace}".strip()

    @property
    def quote(self) -> str:
        return f" {self.label} says: “{self.detail}”." if self.detail else ""


def explain(label: str, response: httpx.Response, *, irreversible: bool = False) -> PublishError:
    """The error for an answer that is no success; `irreversible` for that of publishing.

    There, only a definite refusal proves that nothing went out: Meta is known to answer with its
    own troubles, and with a throttle, while the post is live.
    """
    told = read(label, response)
    return _at_the_post(told) if irreversible else _before_the_post(told)


def explain_subcode(label: str, subcode: int, detail: str = "") -> PublishError:
    """The error for a subcode that Meta tells in the state of a container or video."""
    told = Told(label=label, status=200, headers=httpx.Headers(), subcode=subcode, detail=detail)
    row = _row(told) or Row(sentence=REFUSED)
    return _tell(replace(row, at_post=None), told)


def explain_token(label: str, response: httpx.Response) -> PublishError:
    """The error for an answer that should have held a token."""
    told = read(label, response)
    if told.code == 101 or "client secret" in told.message:
        variable = f"{label.upper()}_CLIENT_ID and {label.upper()}_CLIENT_SECRET."
        return _rejected(f"{APP}{variable}", told, kind="permission")
    if told.code == 100 and told.status == 400:
        return _rejected(
            "{label}'s consent has run out or was used already.{quote} Connect the account again; "
            "if that does not help, ask your Postbot administrator to check the callback address "
            "in the settings of the Meta app.",
            told,
        )
    error = _before_the_post(told)
    if isinstance(error, CredentialsExpired):
        return Rejected(error.sentence, cause=Cause.AUTHENTICATION, code=error.code)
    return error


def read(label: str, response: httpx.Response) -> Told:
    """What an answer says, which may be anything."""
    error = dig(read_object(response), "error")
    message = text(dig(error, "message"))
    detail = text(dig(error, "error_user_msg")) or text(dig(error, "error_user_title")) or message
    trace = text(dig(error, "fbtrace_id"))
    return Told(
        label=label,
        status=response.status_code,
        headers=response.headers,
        code=_number(dig(error, "code")),
        subcode=_number(dig(error, "error_subcode")),
        message=message.lower(),
        detail=tidy(detail),
        trace=trace if re.fullmatch(r"[A-Za-z0-9_-]{1,32}", trace) else "",
        transient=dig(error, "is_transient") is True,
        reading=response.request.method == "GET",
    )


def regains_at(headers: httpx.Headers, now: datetime) -> datetime | None:
    """When Meta answers again: the longest `estimated_time_to_regain_access` (minutes) that
    `X-Business-Use-Case-Usage` tells, else what the common headers say."""
    try:
        told = json.loads(headers.get("x-business-use-case-usage", ""))
    except (ValueError, RecursionError):
        return retry_at(headers, now)
    longest = max(_regain_times(told), default=timedelta())
    return now + min(longest, _LONGEST_REGAIN) if longest else retry_at(headers, now)


def _before_the_post(told: Told) -> PublishError:
    row = _row(told)
    if row is not None:
        return _tell(replace(row, at_post=None), told)
    if 400 <= told.status < 500 and told.status not in (408, 409):
        return _tell(Row(sentence=REFUSED), told)
    return _tell(TROUBLE, told)


def _at_the_post(told: Told) -> PublishError:
    row = _row(told)
    if row is not None:
        return _open(row, told) if _leaves_open(row) else _tell(row, told)
    if told.code is not None and 400 <= told.status < 500:
        return _tell(Row(sentence=REFUSED), told)
    return _open(UNREADABLE if 200 <= told.status < 300 else TROUBLE, told)


def _leaves_open(row: Row) -> bool:
    if row.at_post is None:
        return row.error not in (Rejected, CredentialsExpired)
    return row.at_post is OutcomeUnknown


def _row(told: Told) -> Row | None:
    if told.code is None and told.subcode is None:
        return next((row for row in GATEWAY_ROWS if told.status in row.statuses), None)
    row = next((row for row in ROWS if _fits(row, told)), None)
    # A code for many things is no refusal when Meta says that the trouble is its own.
    if told.passing and (row is None or (row.error is Rejected and not row.subcodes)):
        return TROUBLE
    return row


def _fits(row: Row, told: Told) -> bool:
    return (
        (not row.codes or told.code in row.codes)
        and (not row.subcodes or told.subcode in row.subcodes)
        and any(word in told.message for word in row.words)
        and (told.reading or not row.reading)
    )


def _tell(row: Row, told: Told) -> PublishError:
    sentence = _worded(row.sentence, told)
    error = row.at_post or row.error
    if error is RateLimited:
        now = datetime.now(UTC)
        until = now + row.pause if row.pause else regains_at(told.headers, now)
        return RateLimited(
            sentence, until=until or now + UNTOLD_PAUSE, kind=row.kind, code=told.name
        )
    return error(sentence, cause=row.cause, kind=row.kind, code=told.name)


def _open(row: Row, told: Told) -> PublishError:
    return OutcomeUnknown(
        _worded(row.open_sentence or OPEN, told),
        cause=row.cause or row.error.default_cause,
        # What was handed over is what is looked for, and published again if it is not out.
        kind="" if row.kind == "uploads" else row.kind,
        code=told.name,
        likely_live=row.likely_live,
    )


def _rejected(sentence: str, told: Told, *, kind: str = "") -> Rejected:
    return Rejected(_worded(sentence, told), cause=Cause.AUTHENTICATION, kind=kind, code=told.name)


def _worded(sentence: str, told: Told) -> str:
    return sentence.format(label=told.label, quote=told.quote)


def _regain_times(told: object) -> Iterator[timedelta]:
    entries = list(told.values()) if isinstance(told, dict) else []
    for entry in entries:
        for use in entry if isinstance(entry, list) else []:
            minutes = dig(use, "estimated_time_to_regain_access")
            if isinstance(minutes, int) and not isinstance(minutes, bool) and minutes > 0:
                yield timedelta(minutes=min(minutes, 10**6))


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
