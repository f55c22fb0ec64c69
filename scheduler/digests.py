"""The digest that a member gets every day at an hour of their own: what goes out today, what waits
for them, what failed yesterday. Written once for each day, whichever process looks and however
often: the transaction that writes the event notes the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler import approval, events, overview, posts
from scheduler.database import transaction
from scheduler.models import Member, Post
from scheduler.overview import Look, Show
from scheduler.posts import Found, PostError
from scheduler.runtime import Runtime
from scheduler.states import NEEDS_PERSON, PostState
from scheduler.timewords import clock_time

TICK_SECONDS = 15.0
MOST_POSTS = 10
_AT_ONCE = 500
_MOST_REVIEWED = 50


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What a member should know of a day; of each kind the first posts and how many there are."""

    day: date
    today: tuple[Found, ...]
    today_count: int
    waiting: tuple[Found, ...]
    #: Posts of others that wait for this member's approval.
    to_review: tuple[Found, ...]
    failed: tuple[Found, ...]


async def set_hour(runtime: Runtime, member: Member, text: str) -> Member:
    """Sends the digest at a time that somebody typed, from its next time on; `off` for never.
    Raises `NotUnderstood`, or `PostError` when nobody knows the member."""
    at = "" if text.strip().lower() == "off" else f"{clock_time(text):%H:%M}"
    now = _local(member, runtime.clock.now())
    today = now.date().isoformat()
    has_passed = bool(at) and now.time() >= time.fromisoformat(at)
    # A time that has passed begins tomorrow; who got today's digest does not get another.
    done = today if has_passed or member.digested_on >= today else member.digested_on
    member.digest_at, member.digested_on = at, done
    if not await Member.filter(id=member.id).update(digest_at=at, digested_on=done):
        raise PostError("Slack did not say who you are, so nothing was stored. Try again.")
    return member


async def tick(runtime: Runtime) -> int:
    """Writes the digests that are due; returns how many."""
    now = runtime.clock.now()
    wanted = await Member.exclude(digest_at="").order_by("id")
    return sum([await _write(member, now) for member in wanted if _is_due(member, now)])


async def of(member: Member, day: date) -> Digest:
    """What a member should know of a day, as it stands now."""
    start, end = _bounds(day, member.timezone)
    own = Post.filter(workspace_id=member.workspace_id, author=member.user_id)
    today = own.filter(due_at__gte=start, due_at__lt=end).exclude(
        state__in=[PostState.DRAFT, PostState.CANCELLED]
    )
    before, _ = _bounds(day - timedelta(days=1), member.timezone)
    failed = own.filter(
        deliveries__state__in=list(NEEDS_PERSON),
        deliveries__since__gte=before,
        deliveries__since__lt=start,
    ).distinct()
    waits = Look(show=Show.WAITING, author=member.user_id)
    waiting = await overview.page(member.workspace_id, waits, size=MOST_POSTS)
    return Digest(
        day=day,
        today=tuple(await posts.gather(await today.order_by("due_at", "id").limit(MOST_POSTS))),
        today_count=await today.count(),
        waiting=tuple(found for _, found in waiting.posts),
        to_review=tuple(await posts.gather(await _to_review(member))),
        failed=tuple(await posts.gather(await failed.order_by("due_at", "id").limit(MOST_POSTS))),
    )


def is_current(member: Member, day: date, now: datetime) -> bool:
    """Whether a digest of that day is still wanted: the day is not over for the member."""
    return bool(member.digest_at) and _local(member, now).date() == day


async def _write(member: Member, now: datetime) -> int:
    today = _local(member, now).date().isoformat()
    same = Member.filter(id=member.id, digest_at=member.digest_at, digested_on=member.digested_on)
    event = {
        "workspace_id": member.workspace_id,
        "post_id": "",
        "kind": "member.digest",
        "actor": "dispatcher",
        "data": {"member": member.user_id, "day": today},
        "at": now,
        "notice": "member",
    }
    async with transaction() as connection:
        # Whoever was there first noted the day.
        if not await same.using_db(connection).update(digested_on=today):
            return 0
        await events.record(connection, [event])
    return 1


def _is_due(member: Member, now: datetime) -> bool:
    local = _local(member, now)
    has_come = local.time() >= time.fromisoformat(member.digest_at)
    return has_come and member.digested_on < local.date().isoformat()


async def _to_review(member: Member) -> list[Post]:
    submitted = Post.filter(workspace_id=member.workspace_id, state=PostState.SUBMITTED)
    found = await submitted.order_by("due_at", "id").limit(_MOST_REVIEWED)
    waits = [post for post in found if member.user_id in (await approval.review_of(post)).silent]
    return waits[:MOST_POSTS]


def _local(member: Member, now: datetime) -> datetime:
    return now.astimezone(ZoneInfo(member.timezone))


def _bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """The instants (UTC) at which a day begins and ends."""
    days = (day, day + timedelta(days=1))
    first, after = (datetime.combine(each, time(), tzinfo=ZoneInfo(zone)) for each in days)
    return first.astimezone(UTC), after.astimezone(UTC)
