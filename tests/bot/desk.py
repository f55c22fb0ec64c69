"""Slack as members see it, with Postbot behind it: what the tests of the bot hold on to."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from PIL import Image

from bot.views import ids
from sandbox.slack.delivery import sign
from sandbox.slack.settings import SIGNING_SECRET
from scheduler.models import Workspace
from scheduler.runtime import Runtime

Json = dict[str, Any]

ALICE, BOB = "U0ALICE", "U0BOB"
ALICE_DM, GENERAL = "D0ALICE", "C0GENERAL"
TEAM = "T0SANDBOX"


@dataclass
class Desk:
    """The stand-in of Slack at `slack_url`, Postbot's web process at `url`."""

    runtime: Runtime
    workspace: Workspace
    slack_url: str
    url: str
    http: aiohttp.ClientSession

    async def does(self, verb: str, member: str = ALICE, **body: Any) -> Json:
        """What Slack's page sends when a member does something."""
        sent = {"member": member, **body}
        async with self.http.post(f"{self.slack_url}/_/{verb}", json=sent) as response:
            answer = dict(await response.json())
        assert answer["ok"], answer
        return answer

    async def switch(self, **values: Any) -> None:
        async with self.http.post(f"{self.slack_url}/_/switches", json=values) as response:
            assert (await response.json())["ok"]

    async def state(self, member: str = ALICE, *, since: int = 0) -> Json:
        query: dict[str, str | int] = {"member": member, "since": since, "wait": 5}
        async with self.http.get(f"{self.slack_url}/_/state", params=query) as response:
            return dict(await response.json())

    async def sees(
        self, holds: Callable[[Json], Any], member: str = ALICE, *, seconds: float = 15
    ) -> Any:
        """What `holds` gives of the member's state as soon as it is true."""
        try:
            async with asyncio.timeout(seconds):
                state = await self.state(member)
                while not (found := holds(state)):
                    state = await self.state(member, since=state["version"])
        except TimeoutError:
            raise AssertionError(f"never seen; last: {json.dumps(state)[-3000:]}") from None
        return found

    async def command(self, text: str = "", member: str = ALICE, channel: str = GENERAL) -> None:
        line = f"{ids.COMMAND} {text}"
        await self.does("command", member, channel=channel, text=line)

    async def compose(self, text: str = "", member: str = ALICE) -> Form:
        """Types the command and gets the form that opens."""
        await self.command(text, member)
        shown = await self.sees(lambda s: s["views"] and s["views"][-1], member)
        return Form(self, shown["view"]["id"], member)

    async def messages(self, member: str = ALICE, channel: str = ALICE_DM) -> list[Json]:
        """What a conversation of the member holds now."""
        return messages_in(await self.state(member), channel)

    async def press(
        self, message: Json, action_id: str, member: str = ALICE, *, channel: str = ALICE_DM
    ) -> None:
        """Presses the first button of that id under a message."""
        pressed = button(message, action_id)
        await self.does(
            "action",
            member,
            container={"type": "message", "channel": channel, "ts": message["ts"]},
            block_id=pressed["block_id"],
            action_id=action_id,
        )

    async def hears(self, member: str = ALICE, *, channel: str = ALICE_DM) -> list[str]:
        """The sentences that only this member sees in a conversation, once there is one."""
        found: list[str] = await self.sees(
            lambda s: [each["text"] for each in messages_in(s, channel) if each["ephemeral"]],
            member,
        )
        return found

    async def opened(self, member: str = ALICE) -> Form:
        """The form that opens after a button was pressed; its fields go by their whole ids."""
        shown = await self.sees(lambda s: s["views"] and s["views"][-1], member)
        return Form(self, shown["view"]["id"], member, prefix="")

    async def says(self, member: str = ALICE, *, channel: str = GENERAL) -> Json:
        """The newest message in a conversation of the member."""
        message: Json = await self.sees(lambda s: newest(s, channel), member)
        return message

    async def upload(self, name: str, content: bytes, member: str = ALICE) -> str:
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(content), filename=name)
        url = f"{self.slack_url}/_/upload?member={member}"
        async with self.http.post(url, data=form) as response:
            return str((await response.json())["file"]["id"])

    async def send(
        self, payload: Json | bytes, *, headers: Json | None = None, as_json: bool = False
    ) -> tuple[int, str]:
        """A request straight to the endpoint, really signed unless `headers` say otherwise."""
        body = payload if isinstance(payload, bytes) else encoded(payload, as_json=as_json)
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        signed = sign(SIGNING_SECRET, body) if headers is None else headers
        async with self.http.post(
            f"{self.url}/slack/events",
            data=io.BytesIO(body),
            headers={"Content-Type": kind, **signed},
        ) as response:
            return response.status, await response.text()


@dataclass
class Form:
    """An open form, mostly the composer, as its member fills it in."""

    desk: Desk
    id: str
    member: str
    prefix: str = "composer_"

    async def fill(self, **fields: Any) -> Form:
        """Fields by the end of their id: `text="Hello"` for `composer_text`."""
        for name, value in fields.items():
            field = f"{self.prefix}{name}"
            await self.desk.does(
                "input",
                self.member,
                view_id=self.id,
                block_id=field,
                action_id=field,
                value=value,
            )
        return self

    async def type(self, **fields: Any) -> Form:
        """The same, and Postbot is told, as of the fields that dispatch."""
        for name, value in fields.items():
            field = f"{self.prefix}{name}"
            await self.desk.does(
                "action",
                self.member,
                container={"type": "view", "view_id": self.id},
                block_id=field,
                action_id=field,
                value=value,
            )
        return self

    async def submit(self) -> None:
        await self.desk.does("submit", self.member, view_id=self.id)

    async def errors(self) -> Json:
        """What stands at the fields after sending."""
        await self.submit()
        found: Json = await self.desk.sees(
            lambda s: s["views"] and not s["views"][-1]["busy"] and s["views"][-1]["errors"],
            self.member,
        )
        return found

    async def closes(self) -> None:
        await self.submit()
        await self.desk.sees(lambda s: not s["views"], self.member)

    async def shows(self, *texts: str) -> Json:
        """The view as soon as all of these texts stand in it."""
        return dict(
            await self.desk.sees(
                lambda s: s["views"] and has(s["views"][-1], *texts) and s["views"][-1]["view"],
                self.member,
            )
        )


def has(shown: Any, *texts: str) -> bool:
    written = json.dumps(shown, ensure_ascii=False)
    return all(text in written for text in texts)


def messages_in(state: Json, channel: str) -> list[Json]:
    found = next((each for each in state["conversations"] if each["id"] == channel), None)
    return list(found["messages"]) if found else []


def newest(state: Json, channel: str) -> Json | None:
    return next(reversed(messages_in(state, channel)), None)


def button(message: Json, action_id: str) -> Json:
    """The first button of that id under a message, with the id of its block."""
    return next(
        {**element, "block_id": each["block_id"]}
        for each in message["blocks"]
        for element in each.get("elements", [])
        if element.get("action_id") == action_id
    )


def button_ids(message: Json) -> list[str]:
    return [
        element["action_id"]
        for each in message["blocks"]
        if each["type"] == "actions"
        for element in each["elements"]
    ]


def block(view: Json, block_id: str) -> Json:
    return next(each for each in view["blocks"] if each.get("block_id") == block_id)


def block_ids(view: Json) -> list[str]:
    return [each["block_id"] for each in view["blocks"]]


def encoded(payload: Json, *, as_json: bool) -> bytes:
    if as_json:
        return json.dumps(payload).encode()
    return urlencode(payload).encode()


def slash(text: str = "", **changes: Any) -> Json:
    """A slash command as Slack sends it."""
    return {
        "token": "t",
        "team_id": TEAM,
        "channel_id": GENERAL,
        "user_id": ALICE,
        "command": ids.COMMAND,
        "text": text,
        "api_app_id": "A0POSTBOT",
        "response_url": "http://127.0.0.1:9/none",
        "trigger_id": f"{time.time_ns()}.none",
        **changes,
    }


def clicked(pressed: Json, member: str = ALICE, *, message: Json | None = None) -> Json:
    """A click on a button, as Slack delivers it, from a place where only a direct message can
    answer it."""
    payload = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": member, "team_id": TEAM},
        "trigger_id": f"{time.time_ns()}.none",
        "channel": {"id": ALICE_DM},
        "container": {"type": "message"},
        **({"message": message} if message else {}),
        "actions": [{"type": "button", **pressed}],
    }
    return {"payload": json.dumps(payload)}


def sent_form(text: str, account_id: int) -> Json:
    """A composer that is sent for now, as Slack delivers it; nobody has opened it."""
    entries: dict[str, Json] = {
        ids.COMPOSER_TEXT: {"value": text},
        ids.COMPOSER_ACCOUNTS: {"selected_options": [{"value": str(account_id)}]},
        ids.COMPOSER_WHEN: {"selected_option": {"value": ids.COMPOSER_NOW}},
    }
    view = {
        "id": "V0",
        "hash": "h",
        "type": "modal",
        "callback_id": ids.COMPOSER,
        "private_metadata": '{"zone": "UTC"}',
        "blocks": [{"type": "input", "block_id": block_id} for block_id in entries],
        "state": {"values": {block_id: {block_id: each} for block_id, each in entries.items()}},
    }
    user = {"id": ALICE, "team_id": TEAM}
    payload = {"type": "view_submission", "team": {"id": TEAM}, "user": user, "view": view}
    return {"payload": json.dumps(payload)}


def png(width: int = 4, height: int = 4) -> bytes:
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return file.getvalue()


def bomb() -> bytes:
    """A small PNG of 49 million pixels."""
    return png(7000, 7000)


def mp4() -> bytes:
    return base64.b64decode("AAAAGGZ0eXBtcDQyAAAAAG1wNDJpc29t") + b"\0" * 64
