"""Who may do what: one function for each right. Asked at the moment of the click, never before."""

from __future__ import annotations

from scheduler.models import Account, Member, Post

NOT_YOURS = "Only the author of this post or an admin of this workspace can do that."
NOT_YOUR_ACCOUNT = (
    "Only the person who connected this account or an admin of this workspace can disconnect it."
)

NOT_YOURS_TO_SET = (
    "Only the person who connected this account or an admin of this workspace can choose where and "
    "when its posts go."
)


def may_act_on(member: Member, post: Post) -> bool:
    """Change, cancel, publish or retry a post: its author and admins of the workspace."""
    return _is_here(member, post.workspace_id) and (
        member.user_id == post.author or member.is_admin
    )


def may_see(member: Member, post: Post) -> bool:
    """Read a post: everybody in its workspace."""
    return _is_here(member, post.workspace_id)


def may_connect(member: Member) -> bool:
    """Connect an account: everybody whom Postbot knows as a member of the workspace."""
    return bool(member.user_id)


def may_disconnect(member: Member, account: Account) -> bool:
    """Disconnect an account: who connected it, and admins of the workspace."""
    return _is_here(member, account.workspace_id) and (
        member.user_id == account.connected_by or member.is_admin
    )


def may_set_up(member: Member, account: Account) -> bool:
    """Choose where an account's posts go by default, and its slots: those who may disconnect it."""
    return may_disconnect(member, account)


def _is_here(member: Member, workspace_id: int) -> bool:
    return member.workspace_id == workspace_id
