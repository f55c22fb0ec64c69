"""What admins set in a workspace: roles, which posts need approvals, and who is asked where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from tortoise.expressions import F

from scheduler import events
from scheduler.database import transaction
from scheduler.models import Account, Member, Rules, Workspace
from scheduler.roles import MemberRole
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

MOST_NEEDED = 5
#: How long the members of a user group are believed before Slack is asked again.
GROUP_BELIEVED = timedelta(minutes=5)
# Slack is asked about a member as soon as they do something.
_NEVER_CHECKED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The settings as an admin sends them. `roles` are the changes alone: by Slack user id, `None`
    for the default role."""

    default_role: MemberRole
    approvers: tuple[str, ...] = ()
    approver_group: str = ""
    group_name: str = ""
    needed: int = 1
    admins_approve_own: bool = False
    every_account: bool = False
    #: The accounts that demand approvals.
    account_ids: frozenset[int] = frozenset()
    remind_minutes: int = 120
    review_channel: str = ""
    brand_channel: str = ""
    roles: Mapping[str, MemberRole | None] = field(default_factory=dict)


async def save(runtime: Runtime, workspace_id: int, actor: str, policy: Policy) -> None:
    """Stores the settings, all or nothing. They count from the next click and the next post on;
    what waits for approvals already needs as many as they say now."""
    await Rules.get_or_create({}, workspace_id=workspace_id)
    for user_id in policy.roles:
        unknown = {"checked_at": _NEVER_CHECKED}
        await Member.get_or_create(unknown, workspace_id=workspace_id, user_id=user_id)
    async with transaction() as connection:
        rules = Rules.filter(workspace_id=workspace_id).using_db(connection)
        await rules.update(
            approvers=list(policy.approvers),
            approver_group=policy.approver_group,
            group_name=policy.group_name,
            needed=policy.needed,
            admins_approve_own=policy.admins_approve_own,
            every_account=policy.every_account,
            remind_minutes=policy.remind_minutes,
            review_channel=policy.review_channel,
            brand_channel=policy.brand_channel,
            saved_by=actor,
            lost_channels=[],
        )
        if not policy.approver_group:
            await rules.update(group_members=[], group_read_at=None)
        workspace = Workspace.filter(id=workspace_id).using_db(connection)
        await workspace.update(default_role=policy.default_role.value)
        for user_id, role in policy.roles.items():
            member = Member.filter(workspace_id=workspace_id, user_id=user_id)
            await member.using_db(connection).update(role=role.value if role else None)
        accounts = Account.filter(workspace_id=workspace_id).using_db(connection)
        await accounts.update(needs_approval=False)
        await accounts.filter(id__in=list(policy.account_ids)).update(needs_approval=True)
    log.info("settings saved", workspace=workspace_id, by=actor)


async def with_roles(workspace_id: int) -> dict[MemberRole, list[str]]:
    """The members to whom an admin gave a role, by role, as Slack user ids."""
    found: dict[MemberRole, list[str]] = {role: [] for role in MemberRole}
    query = Member.filter(workspace_id=workspace_id, role__isnull=False).order_by("id")
    for member in await query:
        found[MemberRole(str(member.role))].append(member.user_id)
    return found


async def stale_group(runtime: Runtime, workspace_id: int) -> str:
    """The user group that Slack should be asked about; empty when its members are known."""
    rules = await Rules.get_or_none(workspace_id=workspace_id)
    if rules is None or not rules.approver_group:
        return ""
    read_at, now = rules.group_read_at, runtime.clock.now()
    return rules.approver_group if read_at is None or now - read_at > GROUP_BELIEVED else ""


async def remember_group(
    runtime: Runtime, workspace_id: int, group: str, people: Sequence[str]
) -> None:
    """Stores who is in the group of approvers, unless another is chosen by now."""
    same = Rules.filter(workspace_id=workspace_id, approver_group=group)
    await same.update(group_members=list(people), group_read_at=runtime.clock.now())


async def note_lost(runtime: Runtime, workspace_id: int, channel: str) -> None:
    """Notes that Postbot cannot write to a channel of the settings, and has the admin told who
    saved them, once."""
    now = runtime.clock.now()
    async with transaction() as connection:
        own = Rules.filter(workspace_id=workspace_id).using_db(connection)
        # Whoever notes the same waits here.
        if not await own.update(needed=F("needed")):
            return
        rules = await own.get()
        if channel in rules.lost_channels:
            return
        await own.update(lost_channels=[*rules.lost_channels, channel])
        event = {
            "workspace_id": workspace_id,
            "post_id": "",
            "kind": "channel.lost",
            "actor": "notifier",
            "data": {"member": rules.saved_by, "channel": channel},
            "at": now,
            "notice": "member",
        }
        await events.record(connection, [event])
