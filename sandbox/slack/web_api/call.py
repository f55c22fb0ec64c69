"""One call of a Web API method: who calls, and its arguments in whatever form they came."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.slack.cast import Member
from sandbox.slack.desk import DESK, Desk
from sandbox.slack.errors import SlackError
from sandbox.slack.installs import Install
from sandbox.slack.world import Conversation, World

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Call:
    """`origin` is our own address as the app sees it; `received_at` is epoch seconds."""

    desk: Desk
    method: str
    args: Json
    origin: str
    received_at: float
    #: Whose token it bears; None for methods that need no bot token.
    install: Install | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def teams(self) -> frozenset[str]:
        """The workspaces that its token is good for."""
        return self.install.teams if self.install else frozenset()

    @property
    def scopes(self) -> list[str]:
        return self.desk.installs.scopes(self.install) if self.install else []

    @property
    def place(self) -> str:
        return self.install.place if self.install else ""

    def conversation(self, channel: str) -> Conversation:
        """The conversation of that id in the token's workspaces; else `channel_not_found`."""
        found = self.world.conversation(channel)
        if found.team_id not in self.teams:
            raise SlackError("channel_not_found")
        return found

    def member(self, user_id: str) -> Member:
        """The member of that id in the token's workspaces; else `user_not_found`."""
        found = self.world.members.get(user_id)
        if found is None or found.team_id not in self.teams:
            raise SlackError("user_not_found")
        return found

    @property
    def world(self) -> World:
        return self.desk.world

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise SlackError.with_messages("invalid_arguments", [f"missing required field: {name}"])
        return value

    def text(self, name: str) -> str | None:
        value = self.args.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int | float):
            return str(value)
        raise SlackError.with_messages("invalid_arguments", [f"must be a string [/{name}]"])

    def flag(self, name: str) -> bool:
        return self.args.get(name) in (True, 1, "1", "true", "True")

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.args.get(name) or default)
        except (TypeError, ValueError):
            raise SlackError.with_messages(
                "invalid_arguments", [f"must be a number [/{name}]"]
            ) from None

    def structure(self, name: str, *, error: str) -> Any:
        """An argument that is JSON, given as such or as a text; `error` when it cannot be read."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise SlackError(error) from None

    def record(self, **outcome: Any) -> None:
        """Write down what was accepted, before it is answered."""
        self.desk.recorder.write(
            {"received_at": self.received_at, "method": self.method, **outcome, "args": self.args}
        )


@dataclass(frozen=True)
class Method:
    """A method of the Web API: what it does, the scope it needs, its rate-limit tier."""

    run: Callable[[Call], Json]
    scope: str | None = None
    tier: int | None = None
    token: str = "bot"  # noqa: S105 - the kind of token that is needed: bot, app or none


async def read_call(request: web.Request, method: str) -> tuple[Call, str | None]:
    """The call and its token, from the header or the `token` argument."""
    desk = request.app[DESK]
    received_at = desk.world.clock()
    args = {**request.query, **await _body(request)}
    header = request.headers.get("Authorization", "")
    if header.startswith("Basic "):
        args = {**_basic(header), **args}
    token = header.removeprefix("Bearer ") if header.startswith("Bearer ") else args.get("token")
    args.pop("token", None)
    origin = str(request.url.origin())
    call = Call(desk=desk, method=method, args=args, origin=origin, received_at=received_at)
    return call, token


async def _body(request: web.Request) -> Json:
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        return body
    return dict(await request.post())


def _basic(header: str) -> Json:
    try:
        decoded = base64.b64decode(header.removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_auth") from None
    client_id, _, client_secret = decoded.partition(":")
    return {"client_id": client_id, "client_secret": client_secret}
