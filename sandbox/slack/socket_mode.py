"""Socket Mode: the app connects to us, and payloads travel as envelopes that it acknowledges."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import uuid
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.slack.cast import APP_ID
from sandbox.slack.delivery import Retry
from sandbox.slack.payloads import Parcel

PATH = "/link"


class SocketMode:
    """The open connections; payloads go to them in turn, each waits for its own ack."""

    def __init__(self) -> None:
        self._tickets: set[str] = set()
        self._connections: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}

    @property
    def is_connected(self) -> bool:
        return bool(self._connections)

    def new_url(self, host: str) -> str:
        """A WebSocket address that can be used once."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return f"ws://{host}{PATH}?ticket={ticket}&app_id={APP_ID}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it closes."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.json_response({"ok": False, "error": "invalid_auth"}, status=401)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        self._connections.append(socket)
        try:
            await socket.send_json(self._hello())
            await self._listen(socket)
        finally:
            self._connections.remove(socket)
        return socket

    async def send(self, parcel: Parcel, *, retry: Retry | None, timeout: float) -> Any:
        """The payload of the app's ack. Raises TimeoutError, or ConnectionError when cut off."""
        envelope_id = str(uuid.uuid4())
        answer = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = answer
        self._connections.append(self._connections.pop(0))
        try:
            await self._connections[0].send_json(_envelope(envelope_id, parcel, retry))
            return await asyncio.wait_for(answer, timeout)
        finally:
            del self._waiting[envelope_id]

    async def close(self) -> None:
        for socket in list(self._connections):
            with contextlib.suppress(ConnectionError):
                await socket.close()

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP_ID},
        }

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._take_ack(message.data)

    def _take_ack(self, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            return
        waiting = self._waiting.get(ack.get("envelope_id", "")) if isinstance(ack, dict) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(ack.get("payload") or None)


def _envelope(envelope_id: str, parcel: Parcel, retry: Retry | None) -> dict[str, Any]:
    envelope = {
        "envelope_id": envelope_id,
        "type": parcel.kind,
        "payload": parcel.payload,
        "accepts_response_payload": parcel.kind != "events_api",
    }
    if parcel.kind == "events_api":
        envelope["retry_attempt"] = retry.number if retry else 0
        envelope["retry_reason"] = retry.reason if retry else ""
    return envelope
