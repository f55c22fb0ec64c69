"""Which posts need approvals, who may give them, and when they are reminded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q

from scheduler import members
from scheduler.models import Account, Member, Post, Rules
from scheduler.roles import MemberRole, default_of, role_of
from scheduler.states import PostState

#: Both wait for people, and nothing of them can go out.
WAITING = (PostState.SUBMITTED, PostState.RETURNED)


async def rules_of(workspace_id: int) -> Rules:
    """The rules of a workspace; the defaults while none were saved."""
    return await Rules.get_or_none(workspace_id=workspace_id) or Rules(workspace_id=workspace_id)


async def is_demanded(workspace_id: int, actor: str, accounts: Iterable[Account]) -> bool:
    """Whether what this person sends to these accounts needs an approval: because of their role, or
    because of an account."""
    known = await members.stale_member(workspace_id, actor)
    if known is None:
        role = default_of(await members.get_workspace(workspace_id))
    else:
        role = role_of(known)
    if not role.reaches(MemberRole.PUBLISHER):
        return True
    if any(account.needs_approval for account in accounts):
        return True
    return (await rules_of(workspace_id)).every_account


async def has_approvers(workspace_id: int) -> bool:
    """Whether a workspace has named somebody who approves posts."""
    rules = await rules_of(workspace_id)
    return bool(rules.approvers or rules.group_members)


def deciders(rules: Rules, admins: Sequence[str], author: str) -> tuple[str, ...]:
    """Who may decide about the posts of an author. Without approvers the admins do. An author
    decides about their own post only when nobody else can, or as an admin where the rules say so.

    >>> deciders(Rules(approvers=["U1", "U2"]), [], "U1")
    ('U2',)
    >>> deciders(Rules(approvers=["U1"]), [], "U1")
    ('U1',)
    """
    named = dict.fromkeys([*rules.approvers, *rules.group_members])
    people = tuple(named or dict.fromkeys(admins))
    others = tuple(person for person in people if person != author)
    if not others or (rules.admins_approve_own and author in admins):
        return people
    return others


def look_at(now: datetime, due: datetime | None, remind: timedelta) -> datetime | None:
    """When somebody must look after a post that waits for approvals: the reminder, or its time. A
    post without a time goes out as soon as it is approved."""
    if due is None:
        return now + remind if remind else None
    return due - remind if remind and due - remind > now else due


async def asks(workspace_id: int, due: datetime | None, now: datetime) -> dict[str, Any]:
    """The columns of a post that waits for approvals from now on."""
    rules = await rules_of(workspace_id)
    remind = timedelta(minutes=rules.remind_minutes)
    return {"state": PostState.SUBMITTED, "review_at": look_at(now, due, remind)}


async def asked(post: Post) -> tuple[int, tuple[str, ...]]:
    """How many approvals a post needs by the rules, and who may give them."""
    rules = await rules_of(post.workspace_id)
    return rules.needed, deciders(rules, await _admins(post.workspace_id), post.author)


async def deciders_of(workspace_id: int, authors: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Who may decide about the posts of each of these authors, by author."""
    rules, admins = await rules_of(workspace_id), await _admins(workspace_id)
    return {author: deciders(rules, admins, author) for author in authors}


async def _admins(workspace_id: int) -> list[str]:
    admins = Q(is_admin=True) | Q(role=MemberRole.ADMIN.value)
    found = await Member.filter(admins, workspace_id=workspace_id).order_by("id")
    return [member.user_id for member in found]
