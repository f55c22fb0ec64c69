"""Sends a member a file in the direct conversation."""

from __future__ import annotations

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import SLACK_FAILURES
from scheduler.posts import PostError

_NO_PERMISSION = (
    "Postbot may not send files here yet. Ask whoever runs it to give the Slack app the permission "
    "`files:write` and to install it again."
)
_FAILED = "Slack did not take the file. Try again in a minute."
_SECONDS = 60.0


async def send_file(
    slack: AsyncWebClient, user_id: str, *, name: str, content: bytes, comment: str
) -> None:
    """Uploads a file and shows it to one member. Raises `PostError`, which says what to do."""
    try:
        announced = await slack.files_getUploadURLExternal(filename=name, length=len(content))
        opened = await slack.conversations_open(users=user_id)
        await _send(slack, str(announced["upload_url"]), content)
        await slack.files_completeUploadExternal(
            files=[{"id": announced["file_id"], "title": name}],
            channel_id=opened["channel"]["id"],
            initial_comment=comment,
        )
    except SLACK_FAILURES as error:
        refused = isinstance(error, SlackApiError) and error.response["error"] == "missing_scope"
        raise PostError(_NO_PERMISSION if refused else _FAILED) from error


async def _send(slack: AsyncWebClient, url: str, content: bytes) -> None:
    """The address itself is the permission; the token does not go along."""
    assert slack.session is not None
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with slack.session.post(url, data=content, timeout=timeout) as response:
        if response.status != 200:
            raise PostError(_FAILED)
