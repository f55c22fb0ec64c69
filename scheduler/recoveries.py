"""Putting many posts right at once: all that failed for one cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.queryset import QuerySet

from publishers import Cause
from scheduler import posts
from scheduler.database import get_connection
from scheduler.models import Delivery
from scheduler.post_errors import NoSuchPost, TooLate
from scheduler.post_rows import Ref
from scheduler.runtime import Runtime
from scheduler.sql import fetch
from scheduler.states import State

#: What can succeed later without another text.
WORTH_A_RETRY: tuple[Cause, ...] = (
    Cause.AUTHENTICATION,
    Cause.NETWORK,
    Cause.PLATFORM,
    Cause.RATE_LIMIT,
)
#: More at once would only wait for each other.
MOST = 500
# As the partial index says it, word for word: SQLite uses it for nothing else.
_STOPPED = "d.state IN ('failed', 'missed', 'unconfirmed')"


@dataclass(frozen=True, kw_only=True)
class Retried:
    """How many posts go out again, and how many had moved on meanwhile."""

    posts: int
    settled: int


async def causes(workspace_id: int, author: str | None = None) -> dict[str, int]:
    """How many deliveries failed for each cause that is worth a retry; of one author, or of
    everybody."""
    mine = " AND p.author = ?2" if author is not None else ""
    rows = await fetch(
        get_connection(),
        f"SELECT d.cause, COUNT(*) AS n FROM delivery AS d JOIN post AS p ON p.id = d.post_id"
        f" WHERE d.workspace_id = ?1 AND {_STOPPED} AND d.state = 'failed'{mine} GROUP BY d.cause",
        [workspace_id, *([author] if author is not None else [])],
    )
    return {str(row["cause"]): int(row["n"]) for row in rows if row["cause"] in [*WORTH_A_RETRY]}


async def retry_failed(
    runtime: Runtime,
    *,
    workspace_id: int,
    cause: str,
    actor: str,
    author: str | None = None,
    account_id: int | None = None,
) -> Retried:
    """Publishes now what failed for this cause and has stayed so: of one author or of everybody, at
    one account or at all. Each post is a step of its own, so what somebody else settles meanwhile
    is passed over."""
    query = _failed(workspace_id, author).filter(cause=cause)
    if account_id is not None:
        query = query.filter(account_id=account_id)
    of_post: dict[str, list[int]] = defaultdict(list)
    for row in await query.order_by("due_at", "id").limit(MOST):
        of_post[row.post_id].append(row.id)
    done = [await _retry(runtime, workspace_id, actor, *each) for each in of_post.items()]
    return Retried(posts=sum(done), settled=len(done) - sum(done))


async def _retry(
    runtime: Runtime, workspace_id: int, actor: str, post_id: str, ids: Sequence[int]
) -> bool:
    fresh = await Delivery.filter(id__in=list(ids), state=State.FAILED).values_list("id", flat=True)
    if not fresh:
        return False
    ref = Ref(workspace_id=workspace_id, post_id=post_id, actor=actor)
    try:
        await posts.publish_now(runtime, ref, [int(str(each)) for each in fresh])
    except (TooLate, NoSuchPost):
        return False
    return True


def _failed(workspace_id: int, author: str | None) -> QuerySet[Delivery]:
    failed = Delivery.filter(workspace_id=workspace_id, state=State.FAILED)
    return failed if author is None else failed.filter(post__author=author)
