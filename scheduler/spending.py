"""What posts cost on platforms that charge for them, and the budget of a month.

Prices are those of the platform's published list, so that sums are estimates; in thousandths of a
US dollar. A month is one in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tortoise.functions import Sum

from publishers import Content, get
from scheduler.models import Delivery
from scheduler.runtime import Runtime
from scheduler.states import State

#: Nothing of these is charged: they did not go out, or not through us.
FREE = (State.CANCELLED, State.FAILED, State.MISSED, State.POSTED_MANUALLY)
_SPENT = (State.PUBLISHED, State.PUBLISHING, State.UNCONFIRMED)


@dataclass(frozen=True, kw_only=True)
class Month:
    """What a month costs on a platform: gone out already, still planned, and at most; thousandths
    of a US dollar."""

    spent: int
    planned: int
    budget: int

    @property
    def left(self) -> int:
        return max(0, self.budget - self.spent - self.planned)


def price(platform: str, content: Content) -> int:
    """What the platform charges for all parts of a post."""
    return round(get(platform).price(content) * 1000)


def budget(runtime: Runtime, platform: str) -> int:
    """What may be spent on a platform in a month; 0 for as much as people like."""
    dollars = runtime.settings.app(platform).options.get("monthly_budget", 0)
    return round(float(dollars) * 1000)


async def month(runtime: Runtime, platform: str, at: datetime) -> Month:
    """The month of an instant. Reads what costs something only, by an index."""
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    charged = Delivery.filter(platform=platform, price__gt=0, due_at__gte=first, due_at__lt=after)
    rows = (
        await charged.exclude(state__in=list(FREE))
        .annotate(total=Sum("price"))
        .group_by("state")
        .values("state", "total")
    )
    spent = sum(row["total"] for row in rows if row["state"] in _SPENT)
    planned = sum(row["total"] for row in rows if row["state"] not in _SPENT)
    return Month(spent=spent, planned=planned, budget=budget(runtime, platform))


def dollars(thousandths: int) -> str:
    """An amount as people write it.

    >>> dollars(200), dollars(15), dollars(12345)
    ('$0.20', '$0.015', '$12.345')
    """
    whole, rest = divmod(thousandths, 1000)
    digits = f"{rest:03d}"
    return f"${whole:,}.{digits[:2] if digits.endswith('0') else digits}"
