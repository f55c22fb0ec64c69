"""What a member may do in a workspace, as one word. Which rights a role has stands in
`bot.permissions`; whether a post needs an approval is asked here, by whoever stores it."""

from __future__ import annotations

from enum import StrEnum

from scheduler.models import Member, Workspace


class MemberRole(StrEnum):
    """From the least to the most: each may do whatever those before it may."""

    VIEWER = "viewer"  # Reads.
    CONTRIBUTOR = "contributor"  # Writes, and submits for approval.
    PUBLISHER = "publisher"  # Schedules and publishes without asking.
    ADMIN = "admin"  # Does everything, at every post, and sets the workspace up.

    def reaches(self, other: MemberRole) -> bool:
        """Whether this role may do whatever the other may."""
        return _ORDER.index(self) >= _ORDER.index(other)


_ORDER = tuple(MemberRole)
#: What members are while no admin has said otherwise.
FIRST_DEFAULT = MemberRole.PUBLISHER


def default_of(workspace: Workspace) -> MemberRole:
    """The role of members to whom no admin gave one."""
    return MemberRole(workspace.default_role) if workspace.default_role else FIRST_DEFAULT


def role_of(member: Member) -> MemberRole:
    """The role that counts. Admins of the Slack workspace are admins here, whatever else was said.
    A member whose workspace was not loaded, and who has no role of their own, is a viewer."""
    if member.is_admin:
        return MemberRole.ADMIN
    if member.role:
        return MemberRole(member.role)
    workspace = member.workspace
    return default_of(workspace) if isinstance(workspace, Workspace) else MemberRole.VIEWER
