"""What an attempt tells of its platform and account, beside its own outcome."""

from __future__ import annotations

from datetime import datetime, timedelta

from publishers import Budget, Http, OutcomeUnknown, PublishError, RateLimited
from scheduler.accounts import NeedsReconnect
from scheduler.circuits import Heard

# How long to wait when a platform limits us and does not say until when.
RATE_LIMIT_PAUSE = timedelta(minutes=1)


def is_down(error: PublishError, http: Http) -> bool:
    """Whether a failure says that the platform is down. A refusal of the content, a rate limit or
    a dead token says that it answers."""
    return error.is_outage and not http.answered


def allowed_at(error: RateLimited, now: datetime) -> datetime:
    """When the account may post again."""
    return error.until or now + RATE_LIMIT_PAUSE


def heard(
    *,
    platform: str,
    account_id: int,
    since: datetime,
    http: Http,
    failure: PublishError | None,
    is_published: bool,
    is_certain: bool,
    now: datetime,
) -> Heard:
    """What is to be learnt from an attempt that ended with a failure, was published, or neither.
    `is_certain`: nor did the platform answer a harmless question."""
    budget = http.budget
    if isinstance(failure, RateLimited):
        budget = Budget(remaining=0, reset=allowed_at(failure, now))
    return Heard(
        platform=platform,
        account_id=account_id,
        answered=_answered(http, failure, is_published),
        since=since,
        is_broken=isinstance(failure, NeedsReconnect),
        is_certain=is_certain,
        budget=budget,
    )


def _answered(http: Http, failure: PublishError | None, is_published: bool) -> bool | None:
    if failure is None:
        # Uploads alone, or a harmless question, prove nothing of publishing.
        return is_published or None
    if is_down(failure, http):
        return False
    is_live = isinstance(failure, OutcomeUnknown) and failure.likely_live
    return http.answered or is_live or None
