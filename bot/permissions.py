"""Who may do what: one function for each right. Asked at the moment of the click, never before.

| right | viewer | contributor | publisher | admin |
|---|---|---|---|---|
| read posts, accounts and the calendar | yes | yes | yes | yes |
| write, and change their own posts | | yes | yes | yes |
| publish without an approval, unless an account demands it | | | yes | yes |
| connect accounts, set up and disconnect their own | | | yes | yes |
| change every post and account | | | | yes |
| set the workspace up | | | | yes |
"""

from __future__ import annotations

from collections.abc import Collection

from scheduler.models import Account, Member, Post, Series
from scheduler.posts import PostError
from scheduler.roles import MemberRole, role_of
from scheduler.rules import WAITING

_ASK = "An admin can change your role with `/schedule-post settings`."
NOT_A_WRITER = (
    "You are a viewer in this workspace, so you can read posts but not write or change them. "
    f"Contributors, publishers and admins can. {_ASK}"
)
NOT_YOURS = "Only the author of this post or an admin of this workspace can do that."
NOT_YOUR_SERIES = "Only the author of this series or an admin of this workspace can do that."
NOT_TO_CONNECT = (
    "Only publishers and admins of this workspace can connect accounts. Ask one of them to do it, "
    f"or to change your role. {_ASK}"
)
NOT_YOUR_ACCOUNT = (
    "Only the person who connected this account or an admin of this workspace can disconnect it."
)

NOT_YOURS_TO_SET = (
    "Only the person who connected this account or an admin of this workspace can choose where and "
    "when its posts go."
)


NOT_AHEAD = (
    "This post needs an approval for another time, so it cannot be published ahead of it without "
    "one. Press Reschedule to choose a time; the approvers are asked then."
)
NOT_AN_ADMIN = (
    "Only admins of this workspace can change its settings. Ask one of them; owners and admins of "
    "the Slack workspace are admins here, too."
)


class Refused(PostError):
    """A right that is lacking. The text says who has it, and what to do."""


def demand(is_allowed: bool, otherwise: str) -> None:
    """Raises `Refused` with the sentence, which the app shows where the member acted."""
    if not is_allowed:
        raise Refused(otherwise)


def may_see(member: Member, post: Post) -> bool:
    """Read a post: everybody in its workspace."""
    return _is_here(member, post.workspace_id)


def may_write(member: Member) -> bool:
    """Write a post: contributors and above."""
    return role_of(member).reaches(MemberRole.CONTRIBUTOR)


def may_import(member: Member) -> bool:
    """Schedule many posts from a file: whoever may write one. What needs an approval is held."""
    return may_write(member)


def may_act_on(member: Member, post: Post) -> bool:
    """Change, cancel, publish or retry a post: its author, unless they are a viewer by now, and
    admins of the workspace."""
    is_theirs = member.user_id == post.author and may_write(member)
    return _is_here(member, post.workspace_id) and (is_theirs or _is_admin(member))


def why_not_act_on(member: Member, post: Post) -> str:
    """The sentence for whoever may not."""
    return NOT_YOURS if may_write(member) or member.user_id != post.author else NOT_A_WRITER


def may_act_on_series(member: Member, series: Series) -> bool:
    """Change, skip, pause or stop a series: its author, unless they are a viewer by now, and admins
    of the workspace."""
    is_theirs = member.user_id == series.author and may_write(member)
    return _is_here(member, series.workspace_id) and (is_theirs or _is_admin(member))


def may_connect(member: Member) -> bool:
    """Connect an account: publishers and above."""
    return role_of(member).reaches(MemberRole.PUBLISHER)


def may_disconnect(member: Member, account: Account) -> bool:
    """Disconnect an account: who connected it, while they may connect accounts, and admins of the
    workspace."""
    is_theirs = member.user_id == account.connected_by and may_connect(member)
    return _is_here(member, account.workspace_id) and (is_theirs or _is_admin(member))


def may_set_up(member: Member, account: Account) -> bool:
    """Choose where an account's posts go by default, and its slots: those who may disconnect it."""
    return may_disconnect(member, account)


def may_decide(member: Member, post: Post, people: Collection[str]) -> bool:
    """Approve a post or ask for changes: those whom the settings name for it, whatever their role;
    `people` come from `scheduler.approval.review_of`."""
    return _is_here(member, post.workspace_id) and member.user_id in people


def may_revise(member: Member, post: Post, people: Collection[str]) -> bool:
    """Edit or move a post: those who may act on it, and, while it waits for approvals, those who
    decide about it; it is asked about anew then."""
    waits = post.state in WAITING
    return may_act_on(member, post) or (waits and may_decide(member, post, people))


def may_publish_ahead(member: Member, *, is_demanded: bool) -> bool:
    """Publish now what waits for its time: those who need no approval for it."""
    return not is_demanded and role_of(member).reaches(MemberRole.PUBLISHER)


def may_govern(member: Member) -> bool:
    """Change roles, approvers and the other settings of the workspace: its admins."""
    return _is_admin(member)


def _is_admin(member: Member) -> bool:
    return role_of(member) is MemberRole.ADMIN


def _is_here(member: Member, workspace_id: int) -> bool:
    return member.workspace_id == workspace_id
