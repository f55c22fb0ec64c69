"""What went out and what failed in the last 30 days, in words."""

from __future__ import annotations

from bot.views.blocks import Json, header, section
from scheduler import platforms
from scheduler.figures import Day, Month

_CAUSES = {
    "authentication": "lost access",
    "rate_limit": "limits of the platform",
    "content": "refused content",
    "network": "no connection",
    "platform": "trouble of the platform",
}


def in_words(month: Month) -> str:
    """One or two sentences, for mrkdwn."""
    if not month.published and not month.failed:
        return "Nothing went out yet."
    best = max(month.days, key=lambda day: day.published)
    busiest = f" The most on one day were {best.published:,}, on {_named(best)}."
    failed = f"{month.failed:,} failed and still {'waits' if month.failed == 1 else 'wait'}"
    went = "1 post went out" if month.published == 1 else f"{month.published:,} posts went out"
    return f"{went}, {failed} for somebody.{busiest if best.published else ''}"


def stats_message(month: Month) -> Json:
    """The answer to `stats`, for the member alone."""
    text = in_words(month)
    lines = [
        *([f"*By platform*: {_by_platform(month)}"] if month.by_platform else []),
        *([f"*What failed*: {_by_cause(month)}"] if month.by_cause else []),
        *([f"*The last week*: {_week(month)}"] if month.published or month.failed else []),
    ]
    blocks = [header("The last 30 days"), section("\n".join([text, *lines]))]
    return {"response_type": "ephemeral", "text": text, "blocks": blocks}


def _by_platform(month: Month) -> str:
    return ", ".join(f"{platforms.label(name)} {n:,}" for name, n in month.by_platform.items())


def _by_cause(month: Month) -> str:
    return ", ".join(
        f"{_CAUSES.get(cause, 'not sent in time')} {n:,}" for cause, n in month.by_cause.items()
    )


def _week(month: Month) -> str:
    return ", ".join(f"{day.day:%a} {_count(day)}" for day in month.days[-7:])


def _count(day: Day) -> str:
    return f"{day.published:,}" + (f" ({day.failed:,} failed)" if day.failed else "")


def _named(day: Day) -> str:
    return f"{day.day:%A} {day.day.day} {day.day:%B}"
