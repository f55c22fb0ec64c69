"""Workspaces and the people in them, as far as the schedule needs to know them."""

from __future__ import annotations

from datetime import timedelta

from scheduler.models import Member, Workspace
from scheduler.runtime import Runtime
from scheduler.walltime import known_zone

# How long name, zone and role of a member are believed before Slack is asked again.
BELIEVED = timedelta(hours=6)


async def workspace(
    runtime: Runtime,
    team_id: str,
    *,
    name: str = "",
    bot_user_id: str = "",
    bot_id: str = "",
    enterprise_id: str = "",
) -> Workspace:
    """The workspace of a Slack team, made on first sight; what is given is kept up to date."""
    found, _ = await Workspace.get_or_create({"created_at": runtime.clock.now()}, team_id=team_id)
    news = {
        "name": name,
        "bot_user_id": bot_user_id,
        "bot_id": bot_id,
        "enterprise_id": enterprise_id,
    }
    changed = {key: value for key, value in news.items() if value and getattr(found, key) != value}
    if changed:
        await found.update_from_dict(changed).save(update_fields=list(changed))
    return found


async def find_workspace(team_id: str) -> Workspace | None:
    """The workspace of a Slack team, if it was seen before."""
    return await Workspace.get_or_none(team_id=team_id)


async def get_workspace(workspace_id: int) -> Workspace:
    """A workspace by our own id."""
    return await Workspace.get(id=workspace_id)


async def find_member(runtime: Runtime, workspace_id: int, user_id: str) -> Member | None:
    """A member whose profile is known and fresh; `None` when Slack should be asked."""
    member = await stale_member(workspace_id, user_id)
    if member is None or runtime.clock.now() - member.checked_at > BELIEVED:
        return None
    return member


async def stale_member(workspace_id: int, user_id: str) -> Member | None:
    """What was known of a member, however old, for when Slack does not answer."""
    known = Member.get_or_none(workspace_id=workspace_id, user_id=user_id)
    return await known.select_related("workspace")


async def stranger(runtime: Runtime, workspace_id: int, user_id: str) -> Member:
    """Somebody of whom nothing is known but that Slack vouches for them: no admin, in UTC, with the
    default role of the workspace. Stored nowhere."""
    workspace = await get_workspace(workspace_id)
    return Member(workspace=workspace, user_id=user_id, checked_at=runtime.clock.now())


async def remember_member(
    runtime: Runtime,
    workspace_id: int,
    user_id: str,
    *,
    name: str,
    timezone: str,
    is_admin: bool,
) -> Member:
    """Stores what Slack says of a member. A zone that we do not know becomes UTC."""
    news = {
        "name": name,
        "timezone": timezone if known_zone(timezone) else "UTC",
        "is_admin": is_admin,
        "checked_at": runtime.clock.now(),
    }
    member, created = await Member.get_or_create(news, workspace_id=workspace_id, user_id=user_id)
    if not created:
        await member.update_from_dict(news).save(update_fields=list(news))
    member.workspace = await get_workspace(workspace_id)
    return member


async def remember_dm(member: Member, channel: str) -> None:
    """Stores the direct conversation with a member."""
    member.dm_channel = channel
    await member.save(update_fields=["dm_channel"])
