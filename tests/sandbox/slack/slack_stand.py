"""What the tests of the Slack stand-in hold on to: the app, the page's calls, small blocks."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack.settings import SIGNING_SECRET

Json = dict[str, Any]

ALICE, BOB = "U0ALICE", "U0BOB"
ALICE_DM = "D0ALICE"


class Clock:
    """Runs with the real one, and jumps ahead when told."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Received:
    payload: Json
    headers: Json
    form: Json = field(default_factory=dict)


class App:
    """The app under Slack: keeps what it receives and answers what `answer` gives."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[Received] = asyncio.Queue()
        self.answer: Callable[[Received], Any] = lambda received: web.Response()
        self._verifier = SignatureVerifier(SIGNING_SECRET)

    async def next(self) -> Received:
        return await asyncio.wait_for(self.inbox.get(), 5)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if not self._verifier.is_valid_request(body, dict(request.headers)):
            return web.Response(status=401)
        received = Received(_decode(request.content_type, body.decode()), dict(request.headers))
        answer = self.answer(received)
        if asyncio.iscoroutine(answer):
            answer = await answer
        self.inbox.put_nowait(received)
        return answer


def _decode(content_type: str, body: str) -> Json:
    if content_type == "application/json":
        return dict(json.loads(body))
    form = {key: values[0] for key, values in parse_qs(body, keep_blank_values=True).items()}
    return dict(json.loads(form["payload"])) if "payload" in form else form


@dataclass
class Slack:
    """The stand-in as the app and the page reach it."""

    url: str
    app: App
    clock: Clock
    client: AsyncWebClient
    http: aiohttp.ClientSession
    record: Path
    app_url: str = ""

    async def does(self, verb: str, member: str = ALICE, **body: Any) -> Json:
        """What the page sends when a member does something."""
        sent = {"member": member, **body}
        async with self.http.post(f"{self.url}/_/{verb}", json=sent) as response:
            return dict(await response.json())

    async def switch(self, **values: Any) -> Json:
        async with self.http.post(f"{self.url}/_/switches", json=values) as response:
            return dict(await response.json())

    async def state(self, member: str = ALICE, **query: Any) -> Json:
        query = {"member": member, **query}
        async with self.http.get(f"{self.url}/_/state", params=query) as response:
            return dict(await response.json())

    async def sees(self, holds: Callable[[Json], Any], member: str = ALICE) -> Json:
        """The member's state as soon as it holds; fails after five seconds."""
        async with asyncio.timeout(5):
            state = await self.state(member)
            while not holds(state):
                state = await self.state(member, since=state["version"])
        return state

    async def upload(self, name: str, content: bytes, member: str = ALICE) -> Json:
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name)
        url = f"{self.url}/_/upload?member={member}"
        async with self.http.post(url, data=form) as response:
            return dict((await response.json())["file"])

    async def trigger(self, member: str = ALICE) -> str:
        """A fresh trigger id, from a command."""
        await self.does("command", member, channel="C0GENERAL", text="/schedule-post")
        return str((await self.app.next()).payload["trigger_id"])

    async def open_modal(self, view: Json, member: str = ALICE) -> Json:
        trigger_id = await self.trigger(member)
        answer = await self.client.views_open(trigger_id=trigger_id, view=view)
        return dict(answer["view"])


def conversation(state: Json, channel: str) -> list[Json]:
    """The messages that a member sees in a conversation."""
    found = [each for each in state["conversations"] if each["id"] == channel]
    return list(found[0]["messages"])


def text_input(block_id: str, **element: Any) -> Json:
    """An input block with one plain text field of action id `text`."""
    dispatch = {"dispatch_action": True} if element.pop("dispatch", False) else {}
    optional = {"optional": True} if element.pop("optional", False) else {}
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": "Text"},
        "element": {"type": "plain_text_input", "action_id": "text", **element},
        **dispatch,
        **optional,
    }


def modal(*blocks: Json, **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": "compose",
        "title": {"type": "plain_text", "text": "New post"},
        "submit": {"type": "plain_text", "text": "Schedule Post"},
        "blocks": list(blocks),
        **more,
    }


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def buttons(block_id: str, *action_ids: str) -> Json:
    return {
        "type": "actions",
        "block_id": block_id,
        "elements": [
            {
                "type": "button",
                "action_id": action_id,
                "text": {"type": "plain_text", "text": action_id.title()},
                "value": f"value of {action_id}",
            }
            for action_id in action_ids
        ],
    }
