"""The digest of a member's day, and what is said of its hour."""

from __future__ import annotations

from collections.abc import Sequence

from bot.views import ids
from bot.views.blocks import Json, context, header
from bot.views.posts_list import row
from bot.views.standing import said
from scheduler.digests import Digest
from scheduler.models import Member
from scheduler.posts import Found

_MOST = 10


def digest(found: Digest) -> tuple[str, list[Json]]:
    """The top-level text and the blocks."""
    day = f"{found.day:%A}, {found.day.day} {found.day:%B}"
    blocks = [
        header(f"Your {day}"),
        *_part(_today(found), found.today),
        *_part("*Needs you*", found.waiting),
        *_part("*Waits for your approval*", found.to_review),
        *_part("*Failed yesterday*", found.failed),
        context(f"`{ids.COMMAND} digest off` stops this; `{ids.COMMAND} digest 8:30` moves it."),
    ]
    return f"Your {day}: {_summed(found)}", blocks


def set_message(member: Member) -> Json:
    """What was understood of an hour, or what to type, for the member alone."""
    if member.digest_at:
        text = (
            f"You get your digest every day at {member.digest_at} ({member.timezone}). "
            f"`{ids.COMMAND} digest off` stops it."
        )
    else:
        text = f"You get no digest. `{ids.COMMAND} digest 8:30` sends you one every day."
    return {"response_type": "ephemeral", "text": text, "blocks": [said(text)]}


def _today(found: Digest) -> str:
    if not found.today_count:
        return "*Nothing of yours goes out today.*"
    left = found.today_count - len(found.today)
    more = f", the first {len(found.today)} of {found.today_count}" if left else ""
    return f"*Today{more}*"


def _part(title: str, found: Sequence[Found]) -> list[Json]:
    if not found and not title.startswith(("*Today", "*Nothing")):
        return []
    return [said(title), *(said(row(each)) for each in found[:_MOST])]


def _summed(found: Digest) -> str:
    parts = [
        (found.today_count, "today"),
        (len(found.waiting), "need you"),
        (len(found.to_review), "wait for your approval"),
        (len(found.failed), "failed yesterday"),
    ]
    told = [f"{number} {what}" for number, what in parts if number]
    return f"{', '.join(told)}." if told else "nothing goes out and nothing needs you."
