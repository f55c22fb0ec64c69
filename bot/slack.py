"""The few calls to Slack that need care."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from scheduler import members
from scheduler.media import UnusableMedia
from scheduler.models import Member
from scheduler.runtime import Runtime

log = structlog.get_logger(__name__)

# What a call to Slack can end with when Slack refuses or cannot be reached.
SLACK_FAILURES = (SlackApiError, aiohttp.ClientError, TimeoutError)
_FILE_HOSTS = ("files.slack.com", "files.slack-gov.com")
# Whoever clicked waits for it, and Slack itself waits three seconds for us.
_PROFILE_SECONDS = 1.5
_CHUNK = 64 * 1024

Json = dict[str, Any]


def error_name(error: SlackApiError) -> str:
    """What Slack calls its refusal; empty when it did not say."""
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


async def known_member(
    runtime: Runtime, slack: AsyncWebClient, *, workspace_id: int, user_id: str
) -> Member:
    """A member with a fresh name, zone and role; asks Slack when they are not known or old. When
    Slack does not answer soon, what was known before counts; of a stranger nothing is believed."""
    member = await members.find_member(runtime, workspace_id, user_id)
    if member is not None:
        return member
    try:
        async with asyncio.timeout(_PROFILE_SECONDS):
            user = (await slack.users_info(user=user_id))["user"]
    except SLACK_FAILURES as error:
        log.warning("member unknown", user=user_id, error=repr(error))
        old = await members.stale_member(workspace_id, user_id)
        return old or await members.stranger(runtime, workspace_id, user_id)
    profile = user.get("profile") or {}
    return await members.remember_member(
        runtime,
        workspace_id,
        user_id,
        name=profile.get("display_name") or user.get("real_name") or user.get("name") or user_id,
        timezone=user.get("tz") or "",
        is_admin=bool(user.get("is_admin") or user.get("is_owner")),
    )


async def respond(slack: AsyncWebClient, response_url: str, message: Json) -> None:
    """Answers through the URL that came with a command or a click: ephemeral, or in place of an
    ephemeral message. A failure is logged: the state is true without it."""
    assert slack.session is not None
    try:
        async with slack.session.post(response_url, json=message) as response:
            if response.status >= 400:
                log.warning("response refused", status=response.status)
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("response failed", error=repr(error))


async def tell(slack: AsyncWebClient, user_id: str, text: str) -> None:
    """Writes to a member in the direct conversation. A failure is logged."""
    try:
        await slack.chat_postMessage(
            channel=user_id, text=text, unfurl_links=False, unfurl_media=False
        )
    except SLACK_FAILURES as error:
        log.warning("member not told", user=user_id, error=repr(error))


async def file_chunks(slack: AsyncWebClient, file: Json) -> AsyncIterator[bytes]:
    """The bytes of a file that a member uploaded to Slack. `file` is Slack's file object, or one
    with only `id` and `name`. Raises `UnusableMedia` when Slack does not hand it over."""
    about = await _complete(slack, file)
    name = str(about.get("name") or file["id"])
    url = str(about.get("url_private_download") or about.get("url_private") or "")
    if not _may_see_token(url, slack.base_url):
        raise UnusableMedia(
            f"“{name}” does not lie in Slack itself. Download it and upload the file here."
        )
    assert slack.session is not None
    headers = {"Authorization": f"Bearer {slack.token}"}
    try:
        # A redirect would lead to a sign-in page, or carry the token elsewhere.
        async with slack.session.get(url, headers=headers, allow_redirects=False) as response:
            _check_download(response, name)
            async for chunk in response.content.iter_chunked(_CHUNK):
                yield chunk
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UnusableMedia(
            f"Slack did not hand over “{name}” in time. Try again in a minute."
        ) from error


async def _complete(slack: AsyncWebClient, file: Json) -> Json:
    """Files shared from another workspace, and files that we only know by id, must be asked for."""
    has_url = file.get("url_private_download") or file.get("url_private")
    if has_url and file.get("file_access") != "check_file_info":
        return file
    try:
        return dict((await slack.files_info(file=file["id"]))["file"])
    except SLACK_FAILURES as error:
        log.warning("file unknown", file=file["id"], error=repr(error))
        raise UnusableMedia(_gone(str(file.get("name") or file["id"]))) from error


def _may_see_token(url: str, base_url: str) -> bool:
    there, api = urlsplit(url), urlsplit(base_url)
    if there.scheme == "https" and there.netloc in _FILE_HOSTS:
        return True
    return (there.scheme, there.netloc) == (api.scheme, api.netloc)


def _check_download(response: aiohttp.ClientResponse, name: str) -> None:
    if response.status in (404, 410):
        raise UnusableMedia(_gone(name))
    # Without the permission to read files Slack shows a sign-in page, with status 200.
    if response.status in (301, 302, 303, 307, 308, 401, 403) or (
        response.content_type == "text/html"
    ):
        raise UnusableMedia(
            f"Slack did not hand over “{name}”. Upload it again; if that does not help, ask "
            "whoever runs Postbot to give it the permission `files:read`."
        )
    if response.status != 200:
        raise UnusableMedia(f"Slack did not hand over “{name}”. Try again in a minute.")


def _gone(name: str) -> str:
    return (
        f"“{name}” is no longer in Slack, or lies in a conversation that Postbot cannot see. "
        "Upload it here."
    )
