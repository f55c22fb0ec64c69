"""How one delivery stands, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.views.blocks import Json, cut, escape, when
from bot.views.offers import is_asked
from scheduler import platforms
from scheduler.models import Account, Delivery
from scheduler.posts import Found
from scheduler.states import Role, State

MOST_REASON = 700
_MOST_LINK = 1500


def said(text: str) -> Json:
    """A paragraph of mrkdwn in which Slack makes no mention or link of its own out of words."""
    return {"type": "section", "text": _verbatim(cut(text, 3000))}


def noted(text: str) -> Json:
    """A small grey line, likewise."""
    return {"type": "context", "elements": [_verbatim(cut(text, 3000))]}


def where(delivery: Delivery, account: Account | None) -> str:
    """`X @acme`, or `X @acme (post 2 of the thread)`, for mrkdwn."""
    name = f" @{escape(account.username, 80)}" if account and account.username else ""
    return f"{escape(platforms.label(delivery.platform))}{name}{_which(delivery)}"


def _which(delivery: Delivery) -> str:
    match delivery.role:
        case Role.POST:
            return ""
        case Role.THREAD:
            return f" (post {delivery.part + 1} of the thread)"
        case Role.COMMENT:
            return " (first comment)"


def followed(found: Found, head: Delivery) -> str:
    """What went out after the post itself, for mrkdwn; empty when nothing did."""
    after = [
        each.role
        for each in found.deliveries
        if each.account_id == head.account_id and each.part and each.state is State.PUBLISHED
    ]
    if Role.COMMENT in after:
        return " Its first comment is out, too."
    return f" {len(after) + 1} posts of the thread are out." if after else ""


def named(found: Found, deliveries: Sequence[Delivery]) -> str:
    """`X @acme, X @acme_jobs and X @acme_uk`, for mrkdwn."""
    names = [where(each, found.accounts.get(each.account_id)) for each in deliveries]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def sentence(delivery: Delivery, *, now: datetime, tries: int) -> str:
    """The state, its cause and what happens next, for mrkdwn. `tries` is how many attempts there
    are in all."""
    label = escape(platforms.label(delivery.platform))
    match delivery.state:
        case State.HELD:
            return "Held until it is approved; nothing of it goes out before."
        case State.SCHEDULED if delivery.due_at > now:
            return f"Goes out {when(delivery.due_at)}."
        case State.SCHEDULED | State.QUEUED | State.PREPARING:
            return f"On its way, due {when(delivery.due_at)}."
        case State.PROCESSING:
            return f"{label} still works on the media; nothing is out yet. It goes on by itself."
        case State.PUBLISHING:
            return "Being sent at this moment."
        case State.PUBLISHED:
            return f"Published{_at(delivery.published_at)}.{_link(delivery, label)}"
        case State.POSTED_MANUALLY:
            return f"Posted by hand{_at(delivery.published_at)}.{_link(delivery, label)}"
        case State.RETRYING:
            return f"{reason(delivery)} Next try {_next(delivery)} ({_count(delivery, tries)})."
        case State.PARKED:
            return reason(delivery)
        case State.UNCONFIRMED:
            return _unconfirmed(delivery, label)
        case State.FAILED:
            return f"Not published. {reason(delivery)}{_after(delivery)}"
        case State.MISSED:
            return f"Not published; it was due {when(delivery.due_at)}. {reason(delivery)}"
        case State.CANCELLED:
            return "Called off."


def reason(delivery: Delivery) -> str:
    """Why something went wrong, as a whole sentence."""
    text = " ".join(delivery.reason.split()) or "It did not work."
    shown = escape(text, MOST_REASON)
    return shown if shown.endswith((".", "!", "?", "…", "”")) else f"{shown}."


def _unconfirmed(delivery: Delivery, label: str) -> str:
    if is_asked(delivery):
        return (
            f"It may be live, and looking did not settle it. {reason(delivery)} Look at the "
            f"profile on {label}, then say here what you found."
        )
    next_look = f" Next look {when(delivery.next_attempt_at)}." if delivery.next_attempt_at else ""
    return (
        f"It may be live. {reason(delivery)} Postbot looks for it on {label} before it does "
        f"anything else.{next_look}"
    )


def _at(instant: datetime | None) -> str:
    return f" {when(instant)}" if instant else ""


def _next(delivery: Delivery) -> str:
    return when(delivery.next_attempt_at) if delivery.next_attempt_at else "soon"


def _count(delivery: Delivery, tries: int) -> str:
    attempt = delivery.attempts + 1
    return f"attempt {attempt} of {max(tries, attempt)}"


def _after(delivery: Delivery) -> str:
    return f" That was attempt {delivery.attempts}." if delivery.attempts > 1 else ""


def _link(delivery: Delivery, label: str) -> str:
    url = "".join(delivery.permalink.split())
    for sign, code in (("&", "&amp;"), ("<", "%3C"), (">", "%3E"), ("|", "%7C")):
        url = url.replace(sign, code)
    if not url.startswith(("https://", "http://")) or len(url) > _MOST_LINK:
        return ""
    return f" <{url}|See it on {label}>"


def _verbatim(text: str) -> Json:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
