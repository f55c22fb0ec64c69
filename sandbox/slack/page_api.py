"""The JSON calls of the browser page and of tests, all below `/_/`.

Every answer is `{"ok": true}` or `{"ok": false, "error": …}`; what happened is seen in `/_/state`.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.slack import interactions, suggestions
from sandbox.slack.cast import Member
from sandbox.slack.desk import DESK, Desk
from sandbox.slack.errors import PageError
from sandbox.slack.files import file_object
from sandbox.slack.page_state import MESSAGES_SHOWN, state_for

Json = dict[str, Any]

#: A long poll is answered after this many seconds even when nothing changed.
POLL_SECONDS = 20.0


class Asked:
    """One call of the page: who asks, and typed access to what was sent."""

    def __init__(self, request: web.Request, body: Json) -> None:
        self.desk: Desk = request.app[DESK]
        self.origin = str(request.url.origin())
        self.body = body
        self.member: Member = self.desk.world.member(self.text("member"))

    def text(self, name: str) -> str:
        value = self.body.get(name)
        if not isinstance(value, str):
            raise PageError("missing_argument", argument=name)
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.body.get(name) is not None else None


async def state(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    member = desk.world.member(request.query.get("member", ""))
    since = _number(request, "since", default=0)
    wait = min(_number(request, "wait", default=POLL_SECONDS), POLL_SECONDS)
    await desk.world.wait_for_change(int(since), wait)
    limit = int(_number(request, "limit", default=MESSAGES_SHOWN))
    return web.json_response(state_for(desk, member, limit=limit))


def command(asked: Asked) -> None:
    interactions.run_command(
        asked.desk,
        asked.member,
        asked.text("channel"),
        line=asked.text("text"),
        origin=asked.origin,
    )


def message(asked: Asked) -> Json:
    files = [asked.desk.world.files.get(str(file_id)) for file_id in asked.body.get("files") or []]
    found = [file.about for file in files if file is not None]
    if len(found) < len(files):
        raise PageError("file_not_found")
    if not asked.text("text") and not found:
        raise PageError("no_text")
    posted = interactions.write_message(
        asked.desk,
        asked.member,
        asked.text("channel"),
        text=asked.text("text"),
        thread_ts=asked.optional_text("thread_ts"),
        files=found,
    )
    return {"ts": posted.ts}


def action(asked: Asked) -> None:
    desk, member = asked.desk, asked.member
    what: Json = {
        "block_id": asked.text("block_id"),
        "action_id": asked.text("action_id"),
        "value": asked.body.get("value"),
    }
    match asked.body.get("container"):
        case {"type": "view", "view_id": str(view_id)}:
            interactions.act_in_view(desk, member, view_id, **what)
        case {"type": "message", "channel": str(channel), "ts": str(ts)}:
            target = interactions.message_of(desk, member, channel, ts)
            interactions.act_in_message(desk, member, target, origin=asked.origin, **what)
        case _:
            raise PageError("invalid_container")


async def suggest(request: web.Request) -> web.Response:
    """The options that the app loads for what a member typed into a menu."""
    asked = Asked(request, await _json_object(request))
    desk, member = asked.desk, asked.member
    what = {
        "block_id": asked.text("block_id"),
        "action_id": asked.text("action_id"),
        "query": asked.text("query"),
    }
    match asked.body.get("container"):
        case {"type": "view", "view_id": str(view_id)}:
            view = interactions.view_of(desk, member, view_id)
            found = await suggestions.suggest_in_view(desk, view, **what)
        case {"type": "message", "channel": str(channel), "ts": str(ts)}:
            target = interactions.message_of(desk, member, channel, ts)
            found = await suggestions.suggest_in_message(desk, member, target, **what)
        case _:
            raise PageError("invalid_container")
    return web.json_response({"ok": True, **found})


def put_input(asked: Asked) -> None:
    interactions.put_input(
        asked.desk,
        asked.member,
        asked.text("view_id"),
        block_id=asked.text("block_id"),
        action_id=asked.text("action_id"),
        value=asked.body.get("value"),
    )


def submit(asked: Asked) -> None:
    interactions.submit(asked.desk, asked.member, asked.text("view_id"), origin=asked.origin)


def close(asked: Asked) -> None:
    everything = asked.body.get("all") is True
    interactions.close(asked.desk, asked.member, asked.text("view_id"), everything=everything)


def home(asked: Asked) -> None:
    interactions.open_home(asked.desk, asked.member, asked.text("tab"))


def shortcut(asked: Asked) -> None:
    interactions.use_shortcut(asked.desk, asked.member, asked.text("callback_id"))


def message_shortcut(asked: Asked) -> None:
    target = interactions.message_of(
        asked.desk, asked.member, asked.text("channel"), asked.text("ts")
    )
    interactions.use_message_shortcut(
        asked.desk,
        asked.member,
        target,
        callback_id=asked.text("callback_id"),
        origin=asked.origin,
    )


def uninstall(asked: Asked) -> None:
    place = asked.optional_text("place") or asked.member.team_id
    interactions.uninstall(asked.desk, asked.member, place)


def step(asked: Asked) -> Json:
    inputs = asked.body.get("inputs")
    if not isinstance(inputs, dict):
        raise PageError("missing_argument", argument="inputs")
    execution = interactions.run_step(asked.desk, asked.member, asked.text("callback_id"), inputs)
    return {"id": execution.id}


async def upload(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    member = desk.world.member(request.query.get("member", ""))
    part = (await request.post()).get("file")
    if not isinstance(part, web.FileField):
        raise PageError("no_file")
    content = part.file.read()
    about = file_object(
        part.filename,
        content,
        mimetype=_mimetype(part),
        member=member,
        origin=str(request.url.origin()),
        now=desk.world.clock(),
    )
    stored = desk.world.files.keep(about, content)
    desk.world.touch()
    return web.json_response({"ok": True, "file": {**stored.about, **stored.for_page()}})


def _mimetype(part: web.FileField) -> str:
    guessed = mimetypes.guess_type(part.filename)[0]
    unknown = part.content_type in ("", "application/octet-stream")
    return guessed if guessed and unknown else part.content_type or "application/octet-stream"


async def file(request: web.Request) -> web.Response:
    """The bytes for the page itself, which has no token."""
    stored = request.app[DESK].world.files.get(request.match_info["id"])
    if stored is None:
        raise PageError("file_not_found")
    return web.Response(
        body=stored.content,
        content_type=stored.about["mimetype"],
        headers={"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"},
    )


async def switches(request: web.Request) -> web.Response:
    desk = request.app[DESK]
    if request.method == "POST":
        desk.switches.turn(await _json_object(request))
        desk.world.touch()
    return web.json_response({"ok": True, **desk.switches.describe()})


def add_routes(app: web.Application) -> None:
    app.router.add_get("/_/state", state)
    app.router.add_get("/_/file/{id}", file)
    app.router.add_post("/_/upload", upload)
    app.router.add_post("/_/suggest", suggest)
    app.router.add_get("/_/switches", switches)
    app.router.add_post("/_/switches", switches)
    for name, verb in _VERBS.items():
        app.router.add_post(f"/_/{name}", _answering(verb))


_VERBS: dict[str, Callable[[Asked], Json | None]] = {
    "command": command,
    "message": message,
    "action": action,
    "input": put_input,
    "submit": submit,
    "close": close,
    "home": home,
    "shortcut": shortcut,
    "message_shortcut": message_shortcut,
    "uninstall": uninstall,
    "step": step,
}


def _answering(verb: Callable[[Asked], Json | None]) -> Any:
    async def handle(request: web.Request) -> web.Response:
        result = verb(Asked(request, await _json_object(request)))
        return web.json_response({"ok": True, **(result or {})})

    return handle


async def _json_object(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise PageError("invalid_json") from None
    if not isinstance(body, dict):
        raise PageError("invalid_json")
    return body


def _number(request: web.Request, name: str, *, default: float) -> float:
    try:
        return max(0.0, float(request.query.get(name, default)))
    except ValueError:
        raise PageError("invalid_value", argument=name) from None
