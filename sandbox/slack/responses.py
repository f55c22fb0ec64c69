"""What the app says back where a member acted: in a command's ack or through a response URL."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.slack import messages
from sandbox.slack.cast import BOT_USER_ID, Member
from sandbox.slack.desk import DESK
from sandbox.slack.response_urls import ResponseUrl
from sandbox.slack.rules import check_answer
from sandbox.slack.world import Message, World

Json = dict[str, Any]


def show_answer(world: World, channel: str, *, member: Member, answer: Json) -> Message:
    """Post it for the member alone, or for everybody with `response_type: in_channel`."""
    everybody = answer.get("response_type") == "in_channel"
    return messages.post(
        world,
        world.conversations[channel],
        user=BOT_USER_ID,
        text=answer.get("text", ""),
        blocks=answer.get("blocks"),
        thread_ts=answer.get("thread_ts") if everybody else None,
        only_for=None if everybody else member.id,
    )


async def respond(request: web.Request) -> web.Response:
    """`POST /_/respond/<id>`: `ok`, or 404 `used_url`, or 400 with the reason as text."""
    desk = request.app[DESK]
    answer = await _answer_of(request)
    if answer is None:
        return web.Response(status=400, text="invalid_payload")
    problems = check_answer(answer)
    if problems:
        return web.Response(status=400, text="invalid_blocks: " + "; ".join(problems))
    url = desk.world.response_urls.use(request.match_info["id"])
    if url is None:
        return web.Response(status=404, text="used_url")
    _apply(desk.world, url, answer)
    return web.Response(text="ok")


async def _answer_of(request: web.Request) -> Json | None:
    try:
        answer = await request.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _apply(world: World, url: ResponseUrl, answer: Json) -> None:
    original = world.conversations[url.channel].messages.get(url.message_ts or "")
    if answer.get("delete_original"):
        if original is not None:
            messages.remove(world, original)
    elif answer.get("replace_original") and original is not None:
        original.text = answer.get("text", "")
        messages.replace_blocks(original, answer.get("blocks") or [])
        world.touch()
    else:
        member = world.members[url.member_id]
        show_answer(world, url.channel, member=member, answer=answer)
