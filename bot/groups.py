"""The user groups of a Slack workspace, one of which may approve posts."""

from __future__ import annotations

import asyncio

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import SLACK_FAILURES
from scheduler import policy
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# Somebody waits for it, and Slack itself waits three seconds for us.
_QUICK_SECONDS = 1.5


async def refresh(runtime: Runtime, slack: AsyncWebClient, workspace_id: int) -> None:
    """Learns who is in the group of approvers now, where that is not known. When Slack does not
    answer soon, whoever was in it before counts."""
    group = await policy.stale_group(runtime, workspace_id)
    if not group:
        return
    try:
        async with asyncio.timeout(_QUICK_SECONDS):
            people = (await slack.usergroups_users_list(usergroup=group))["users"]
    except SLACK_FAILURES as error:
        log.warning("group unknown", group=group, error=repr(error))
    else:
        await policy.remember_group(runtime, workspace_id, group, [str(each) for each in people])


async def named(slack: AsyncWebClient) -> dict[str, str]:
    """The groups of a workspace, name by id; none when Slack does not tell."""
    try:
        async with asyncio.timeout(_QUICK_SECONDS):
            found = (await slack.usergroups_list())["usergroups"]
    except SLACK_FAILURES as error:
        log.warning("groups unknown", error=repr(error))
        return {}
    return {str(each["id"]): str(each["name"]) for each in found if not each.get("date_delete")}
