"""Brings payloads to the app: signed over HTTP, or through Socket Mode while it is connected."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

import aiohttp

from sandbox.slack.payloads import Parcel
from sandbox.slack.settings import Settings
from sandbox.slack.switches import Switches

log = logging.getLogger(__name__)

Reason = Literal["http_timeout", "http_error", "connection_failed"]

#: Slack sends an event again at once, after a minute and after five.
REDELIVERY_WAITS = (0.0, 60.0, 300.0)


@dataclass(frozen=True)
class Ack:
    """The app took it; `body` is its decoded JSON, its text, or None when empty."""

    body: Any


@dataclass(frozen=True)
class Undelivered:
    """The app did not take it in time."""

    reason: Reason
    status: int | None = None
    may_retry: bool = True


@dataclass(frozen=True)
class Retry:
    number: int
    reason: Reason


class Wire(Protocol):
    """A way to the app that may be connected or not (Socket Mode)."""

    @property
    def is_connected(self) -> bool: ...

    async def send(self, parcel: Parcel, *, retry: Retry | None, timeout: float) -> Any: ...


class Delivery:
    """Sends each payload once and says what became of it; only events are sent again."""

    def __init__(self, settings: Settings, switches: Switches, socket: Wire) -> None:
        self._url = settings.app_url.rstrip("/") + "/slack/events"
        self._secret = settings.signing_secret
        self._switches = switches
        self._socket = socket
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        # A kept connection to an app that restarted would fail the next payload for no reason.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True)
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, parcel: Parcel, retry: Retry | None = None) -> Ack | Undelivered:
        timeout = self._switches.app_timeout
        if self._socket.is_connected:
            return await self._send_by_socket(parcel, retry=retry, timeout=timeout)
        return await self._send_by_http(parcel, retry=retry, timeout=timeout)

    async def send_event(self, parcel: Parcel) -> None:
        """Send an event until the app takes it: four times at most."""
        outcome = await self.send(parcel)
        waits = REDELIVERY_WAITS if self._switches.redelivery else ()
        for number, wait in enumerate(waits, start=1):
            if isinstance(outcome, Ack) or not outcome.may_retry:
                return
            await asyncio.sleep(wait * self._switches.redelivery_factor)
            outcome = await self.send(parcel, Retry(number, outcome.reason))
        if isinstance(outcome, Undelivered):
            log.warning("event %s given up: %s", parcel.payload["event_id"], outcome.reason)

    async def _send_by_socket(
        self, parcel: Parcel, *, retry: Retry | None, timeout: float
    ) -> Ack | Undelivered:
        try:
            body = await self._socket.send(parcel, retry=retry, timeout=timeout)
        except TimeoutError:
            return Undelivered("http_timeout")
        except ConnectionError:
            return Undelivered("connection_failed")
        return Ack(body)

    async def _send_by_http(
        self, parcel: Parcel, *, retry: Retry | None, timeout: float
    ) -> Ack | Undelivered:
        assert self._session is not None
        content_type, body = _encode(parcel)
        headers = {
            "Content-Type": content_type,
            **sign(self._secret, body),
            **_retry_headers(retry),
        }
        limit = aiohttp.ClientTimeout(total=timeout)
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as response:
                return await _outcome(response)
        except TimeoutError:
            return Undelivered("http_timeout")
        except aiohttp.ClientError:
            return Undelivered("connection_failed")


def sign(secret: str, body: bytes) -> dict[str, str]:
    """The two headers by which the app knows that Slack sent these bytes now."""
    stamp = str(int(time.time()))
    base = b"v0:" + stamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    }


def _encode(parcel: Parcel) -> tuple[str, bytes]:
    form = "application/x-www-form-urlencoded"
    match parcel.kind:
        case "slash_commands":
            return form, urlencode(parcel.payload).encode()
        case "interactive":
            return form, urlencode({"payload": json.dumps(parcel.payload)}).encode()
        case "events_api":
            return "application/json", json.dumps(parcel.payload).encode()


def _retry_headers(retry: Retry | None) -> dict[str, str]:
    if retry is None:
        return {}
    return {"X-Slack-Retry-Num": str(retry.number), "X-Slack-Retry-Reason": retry.reason}


async def _outcome(response: aiohttp.ClientResponse) -> Ack | Undelivered:
    text = (await response.text()).strip()
    if not 200 <= response.status < 300:
        may_retry = response.headers.get("X-Slack-No-Retry") != "1"
        return Undelivered("http_error", response.status, may_retry)
    if response.content_type != "application/json" or not text:
        return Ack(text or None)
    try:
        return Ack(json.loads(text))
    except ValueError:
        return Ack(text)
