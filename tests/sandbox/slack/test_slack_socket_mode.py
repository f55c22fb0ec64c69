"""Socket Mode with slack_sdk's client and Bolt's handler on the other end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from sandbox.slack.settings import APP_TOKEN
from tests.sandbox.slack.slack_stand import Slack, conversation, modal, text_input

GENERAL = "C0GENERAL"


class Connected:
    """An app that is connected; it acknowledges with `payload` while `acknowledges` is set."""

    def __init__(self, client: SocketModeClient) -> None:
        self.client = client
        self.inbox: asyncio.Queue[SocketModeRequest] = asyncio.Queue()
        self.payload: dict[str, Any] | None = None
        self.acknowledges = True
        client.socket_mode_request_listeners.append(self.listen)

    async def listen(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if self.acknowledges:
            response = SocketModeResponse(request.envelope_id, self.payload)
            await client.send_socket_mode_response(response)
        self.inbox.put_nowait(request)

    async def next(self) -> SocketModeRequest:
        return await asyncio.wait_for(self.inbox.get(), 5)


@pytest.fixture
async def connected(slack: Slack) -> AsyncIterator[Connected]:
    client = SocketModeClient(app_token=APP_TOKEN, web_client=slack.client)
    app = Connected(client)
    await client.connect()
    yield app
    await client.close()


async def test_payloads_go_through_the_connection_while_it_is_open(
    slack: Slack, connected: Connected
) -> None:
    await slack.does("command", channel=GENERAL, text="/schedule-post Hello")

    request = await connected.next()
    assert (request.type, request.payload["text"]) == ("slash_commands", "Hello")
    assert slack.app.inbox.empty()


async def test_an_ack_carries_the_answer(slack: Slack, connected: Connected) -> None:
    connected.payload = {"text": "Got it"}

    await slack.does("command", channel=GENERAL, text="/schedule-post Hello")

    seen = await slack.sees(lambda state: conversation(state, GENERAL))
    assert conversation(seen, GENERAL)[0]["text"] == "Got it"


async def test_a_form_is_answered_through_the_connection(
    slack: Slack, connected: Connected
) -> None:
    await slack.does("command", channel=GENERAL, text="/schedule-post")
    trigger_id = (await connected.next()).payload["trigger_id"]
    opened = await slack.client.views_open(
        trigger_id=trigger_id, view=modal(text_input("post", initial_value="Hi"))
    )
    connected.payload = {"response_action": "errors", "errors": {"post": "Too dull"}}

    await slack.does("submit", view_id=opened["view"]["id"])

    seen = await slack.sees(lambda state: state["views"][0]["errors"])
    assert seen["views"][0]["errors"] == {"post": "Too dull"}


async def test_a_command_without_an_ack_times_out(slack: Slack, connected: Connected) -> None:
    connected.acknowledges = False
    await slack.switch(app_timeout=0.05)

    await slack.does("command", channel=GENERAL, text="/schedule-post")

    seen = await slack.sees(lambda state: conversation(state, GENERAL))
    assert "operation_timeout" in conversation(seen, GENERAL)[0]["text"]


async def test_an_event_without_an_ack_comes_again(slack: Slack, connected: Connected) -> None:
    connected.acknowledges = False
    await slack.switch(app_timeout=0.05, redelivery_factor=0)

    await slack.does("home", tab="home")

    first, second = await connected.next(), await connected.next()
    assert first.payload["event_id"] == second.payload["event_id"]
    assert (first.retry_attempt, second.retry_attempt) == (0, 1)
    assert second.retry_reason == "http_timeout"


async def test_after_the_connection_is_closed_payloads_go_over_http_again(
    slack: Slack, connected: Connected
) -> None:
    await connected.client.close()
    await slack.does("command", channel=GENERAL, text="/schedule-post Hello")

    assert (await slack.app.next()).payload["text"] == "Hello"


async def test_a_ticket_is_used_once(slack: Slack) -> None:
    url = (await slack.client.apps_connections_open(app_token=APP_TOKEN))["url"]
    async with slack.http.ws_connect(url) as socket:
        hello = await socket.receive_json()

    async with slack.http.get(url.replace("ws://", "http://")) as response:
        status = response.status

    assert (hello["type"], hello["connection_info"]["app_id"], status) == (
        "hello",
        "A0POSTBOT",
        401,
    )


async def test_a_bolt_app_works_over_socket_mode(slack: Slack) -> None:
    app = AsyncApp(client=slack.client)

    @app.command("/schedule-post")
    async def answer(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"Scheduling: {command['text']}")

    handler = AsyncSocketModeHandler(app, APP_TOKEN)
    await handler.connect_async()
    await slack.does("command", channel=GENERAL, text="/schedule-post Hello")

    seen = await slack.sees(lambda state: conversation(state, GENERAL))
    assert conversation(seen, GENERAL)[0]["text"] == "Scheduling: Hello"
    await handler.close_async()
