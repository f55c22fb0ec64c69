"""The schedule of a workspace for a member's calendar program, at an address that only they know.

Calendar programs prove themselves by nothing but the address, so it holds a secret; we keep its
hash. Making a new one ends the old one.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from publishers import get
from scheduler import posts
from scheduler.models import Feed, Member, Post
from scheduler.posts import Found
from scheduler.runtime import Runtime
from scheduler.states import PostState, Role, Summary

#: What is shown: so far back and so far ahead.
BEHIND, AHEAD = timedelta(days=31), timedelta(days=366)
MOST_POSTS = 2000
_LENGTH = timedelta(minutes=15)
_REFRESH = timedelta(minutes=15)
_EXCERPT, _MOST_TEXT = 80, 2000
_HIDDEN = (PostState.DRAFT, PostState.CANCELLED)
#: Rises when the same posts are written in another way.
_EDITION = "1"


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """The posts that a feed shows, and a mark that changes whenever what it says of them does."""

    name: str
    posts: tuple[Found, ...]
    mark: str


async def renew(runtime: Runtime, member: Member) -> str:
    """Gives a member a new secret for their address; the one before is worth nothing any more."""
    secret = secrets.token_urlsafe(32)
    values = {"digest": _digest(secret), "made_at": runtime.clock.now()}
    mine = Feed.filter(member_id=member.id)
    if not await mine.update(**values):
        _, is_first = await Feed.get_or_create(values, member_id=member.id)
        if not is_first:
            await mine.update(**values)
    return secret


async def revoke(member: Member) -> None:
    """Ends a member's address."""
    await Feed.filter(member_id=member.id).delete()


async def made_at(member: Member) -> datetime | None:
    """Since when a member has an address; `None` without one."""
    feed = await Feed.get_or_none(member_id=member.id)
    return feed.made_at if feed else None


async def owner(secret: str) -> Member | None:
    """The member whose address holds this secret."""
    feed = await Feed.get_or_none(digest=_digest(secret)).select_related("member__workspace")
    return feed.member if feed else None


async def timetable(runtime: Runtime, member: Member) -> Timetable:
    """What a member's calendar shows: the posts of the workspace, drafts and what was called off
    left out."""
    now = runtime.clock.now()
    query = Post.filter(workspace_id=member.workspace_id).exclude(state__in=list(_HIDDEN))
    near = query.filter(due_at__gte=now - BEHIND, due_at__lt=now + AHEAD)
    found = await posts.gather(await near.order_by("due_at", "id").limit(MOST_POSTS))
    shown = tuple(each for each in found if each.summary is not Summary.CANCELLED)
    return Timetable(
        name=f"Postbot · {member.workspace.name}".rstrip(" ·"), posts=shown, mark=_mark(shown)
    )


def written(shown: Timetable) -> bytes:
    """A timetable as iCalendar (RFC 5545)."""
    calendar = Calendar()
    calendar.add("prodid", "-//Postbot//Schedule//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", shown.name)
    calendar.add("refresh-interval", _REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for found in shown.posts:
        calendar.add_component(_event(found))
    return bytes(calendar.to_ical())


def _event(found: Found) -> Event:
    post = found.post
    event = Event()
    event.add("uid", f"{post.id}@postbot")
    event.add("dtstamp", post.updated_at)
    event.add("last-modified", post.updated_at)
    event.add("sequence", post.revision)
    event.add("dtstart", post.due_at)
    event.add("duration", _LENGTH)
    event.add("summary", f"{found.summary.value.capitalize()}: {_excerpt(found)}")
    event.add("description", _description(found))
    event.add("transp", "TRANSPARENT")
    link = next((each.permalink for each in found.deliveries if each.permalink), "")
    if link.startswith(("https://", "http://")):
        event.add("url", link)
    return event


def _excerpt(found: Found) -> str:
    text = " ".join(found.post.text.split())
    if not text:
        return "1 file" if len(found.media) == 1 else f"{len(found.media)} files"
    return text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…"


def _description(found: Found) -> str:
    heads = [each for each in found.deliveries if each.role is Role.POST]
    lines = [
        f"{get(each.platform).label} @{found.accounts[each.account_id].username}: "
        f"{each.state.value.replace('_', ' ')}"
        for each in heads
    ]
    return "\n".join([found.post.text[:_MOST_TEXT], "", *lines, "", f"Post {found.post.id}"])


def _mark(shown: tuple[Found, ...]) -> str:
    """Over all that `_event` reads."""
    hashed = hashlib.sha256(_EDITION.encode())
    for found in shown:
        post = found.post
        hashed.update(f"{post.id} {post.revision} {post.updated_at} {post.due_at}\n".encode())
        for each in found.deliveries:
            name = found.accounts[each.account_id].username
            hashed.update(f"{each.state} {each.permalink} {name}\n".encode("utf-8", "replace"))
    return hashed.hexdigest()[:32]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
