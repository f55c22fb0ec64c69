"""What every click on a post comes to: may this member do it, and the form that opens."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.errors import SlackApiError

from bot import permissions
from bot.slack import known_member
from scheduler import approval, members, posts
from scheduler.models import Member, Post
from scheduler.posts import Found, PostError
from scheduler.runtime import Runtime

Json = dict[str, Any]

TOO_SLOW = "Slack took too long to open the form. Please press the button again."
_LATE = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})
_REFUSED = frozenset({"invalid_blocks", "invalid_arguments"})


async def allowed(
    runtime: Runtime, context: AsyncBoltContext, post_id: str, *, revises: bool = False
) -> tuple[Found, Member]:
    """A post of the workspace that Slack vouches for, and who acts, if they may. One who `revises`
    edits it or moves it; its approvers may, too. Raises `PostError`."""
    post = await posts.find_alone(context["workspace_id"], post_id)
    member = await _member(runtime, context, post)
    people = (await approval.review_of(post)).people if revises else ()
    permissions.demand(
        permissions.may_act_on(member, post)
        or (revises and permissions.may_revise(member, post, people)),
        permissions.why_not_act_on(member, post),
    )
    # Read again: much may have happened while Slack told who that is.
    return await posts.find(post.workspace_id, post_id), member


async def open_form(context: AsyncBoltContext, trigger_id: str, *candidates: Json) -> None:
    """Opens the first of these forms that Slack takes. Raises `PostError` when it is too late."""
    for view in candidates:
        try:
            await context.client.views_open(trigger_id=trigger_id, view=view)
            return
        except SlackApiError as error:
            name = error.response["error"]
            if name in _LATE:
                raise PostError(TOO_SLOW) from error
            if name not in _REFUSED or view is candidates[-1]:
                raise


async def _member(runtime: Runtime, context: AsyncBoltContext, post: Post) -> Member:
    """Slack is asked about others only: a form must open before its trigger expires."""
    user_id = str(context.user_id)
    known = await members.stale_member(post.workspace_id, user_id)
    if known is not None and user_id == post.author:
        return known
    return await known_member(
        runtime, context.client, workspace_id=post.workspace_id, user_id=user_id
    )
