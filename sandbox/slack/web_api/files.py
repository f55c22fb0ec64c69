"""files.*: what members uploaded, and the three steps by which the app uploads: announce, send the
bytes, share."""

from __future__ import annotations

import mimetypes
from typing import Any

from aiohttp import web

from sandbox.slack import messages
from sandbox.slack.cast import BOT_USER_ID, MEMBERS
from sandbox.slack.desk import DESK
from sandbox.slack.errors import SlackError
from sandbox.slack.files import StoredFile, file_object
from sandbox.slack.web_api.call import Call, Method

Json = dict[str, Any]

MOST_BYTES = 1_000_000_000


def info(call: Call) -> Json:
    stored = call.world.files.get(call.text("file") or "")
    if stored is None or stored.about["user_team"] not in call.teams:
        raise SlackError("file_not_found")
    return {"file": stored.about, "comments": [], "response_metadata": {"next_cursor": ""}}


def announce(call: Call) -> Json:
    name, length = call.required("filename"), call.number("length", 0)
    if length <= 0 or length > MOST_BYTES:
        raise SlackError.with_messages("invalid_arguments", ["must be a length [/length]"])
    secret, announced = call.world.uploads.announce(name, length)
    return {"upload_url": f"{call.origin}/upload/v1/{secret}", "file_id": announced.id}


def share(call: Call) -> Json:
    """Shows uploaded files in a conversation, as one message of the bot."""
    wanted = call.structure("files", error="invalid_arguments")
    if not isinstance(wanted, list) or not wanted or not all(_is_named(each) for each in wanted):
        raise SlackError.with_messages("invalid_arguments", ["must be a list of files [/files]"])
    channel = call.text("channel_id")
    conversation = call.conversation(channel) if channel else None
    stored = [_store(call, each) for each in wanted]
    if conversation is not None:
        messages.post(
            call.world,
            conversation,
            user=BOT_USER_ID,
            text=call.text("initial_comment") or "",
            files=[each.about for each in stored],
        )
    call.record(channel=channel, files=[each.id for each in stored])
    return {"files": [each.about for each in stored]}


def _is_named(each: Any) -> bool:
    return isinstance(each, dict) and isinstance(each.get("id"), str)


def _store(call: Call, wanted: Json) -> StoredFile:
    announced = call.world.uploads.take(wanted["id"])
    if announced is None or announced.content is None:
        raise SlackError("file_not_found")
    about = file_object(
        announced.name,
        announced.content,
        mimetype=mimetypes.guess_type(announced.name)[0] or "application/octet-stream",
        member=next(each for each in MEMBERS if each.team_id in call.teams),
        origin=call.origin,
        now=call.received_at,
    )
    title = str(wanted.get("title") or announced.name)
    about |= {"id": announced.id, "title": title, "user": BOT_USER_ID}
    return call.world.files.keep(about, announced.content)


async def receive(request: web.Request) -> web.Response:
    """The bytes of an announced file, as the body or as the one file of a form."""
    announced = request.app[DESK].world.uploads.awaited(request.match_info["secret"])
    if announced is None:
        raise web.HTTPNotFound
    content = await _content(request)
    if len(content) != announced.length:
        return web.Response(status=400, text="not the length that was announced")
    announced.content = content
    return web.Response(text=f"OK - {len(content)}")


async def _content(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    sent = (await request.post()).values()
    parts = [part for part in sent if isinstance(part, web.FileField)]
    return parts[0].file.read() if len(parts) == 1 else b""


METHODS = {
    "files.info": Method(info, scope="files:read", tier=4),
    "files.getUploadURLExternal": Method(announce, scope="files:write", tier=4),
    "files.completeUploadExternal": Method(share, scope="files:write", tier=4),
}
