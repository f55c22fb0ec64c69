"""Messages to Slack, sent with care: nothing twice, nobody held up by another's rate limit, and
every failure told apart by what the sender must do next.

SendingError
 ├─ Paused          Slack said when: try again then
 ├─ Unreachable     nobody can write to this conversation: write to somebody else
 ├─ MessageGone     the message is not there: send a new one
 ├─ BlocksRefused   Slack does not take these blocks: send simpler ones
 ├─ NotAllowed      the app lacks a permission: an operator must install it anew
 ├─ NoAccess        Postbot is not installed in this workspace, or not any more: wait until it is
 └─ Unsent          anything else: try again later; `is_certain` when surely nothing was sent
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clients import Clients
from bot.slack import error_name
from scheduler.installations import Access, NotInstalled, NotRenewed

Json = dict[str, Any]
_Call = Callable[[AsyncWebClient], Awaitable[Any]]

log = structlog.get_logger(__name__)

#: The type of the metadata by which our own messages are found again.
NOTICE = "postbot_notice"
_UNREACHABLE = frozenset(
    {
        "cannot_dm_bot",
        "cannot_message_user",
        "channel_not_found",
        "is_archived",
        "messages_tab_disabled",
        "not_in_channel",
        "restricted_action",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
    }
)
_GONE = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})
_GONE_THREAD = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})
_NOT_ALLOWED = frozenset(
    {"access_denied", "missing_scope", "no_permission", "not_allowed_token_type"}
)
_NO_ACCESS = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)
_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
# With these Slack does not say whether it did what it was asked.
_DOUBTFUL = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"}
)
# Clocks of Slack and ours may differ by so much when a message is looked for.
_SKEW = timedelta(minutes=5)
_PAGES = 10
_PER_PAGE = 200
_SHORTEST_PAUSE = 1.0
_BY_CONVERSATION = "chat.postMessage"
# One conversation that hangs must not hold up the others for long.
_CALL_SECONDS = 10.0


class SendingError(Exception):
    """A message that was not shown. The text is for operators and names no content."""

    #: False when it may have been shown all the same.
    is_certain = True


class Paused(SendingError):
    """Slack limits this method, here or in the whole workspace, for another `seconds`."""

    def __init__(self, method: str, seconds: float) -> None:
        super().__init__(f"{method}: rate limited")
        self.seconds = seconds


class Unreachable(SendingError):
    """The bot cannot write there."""


class MessageGone(SendingError):
    """The message, or the thread, is not there any more."""


class BlocksRefused(SendingError):
    """Slack does not take these blocks."""


class NotAllowed(SendingError):
    """The bot's token lacks a permission."""


class NoAccess(SendingError):
    """Nobody can be told anything in this workspace until Postbot is installed in it."""


class Unsent(SendingError):
    """Slack failed or could not be reached."""

    def __init__(self, text: str, *, is_certain: bool) -> None:
        super().__init__(text)
        self.is_certain = is_certain


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A message as it is sent. `payload` are the ids by which it is found again."""

    text: str
    blocks: list[Json] = field(default_factory=list)
    payload: Json = field(default_factory=dict)


class Senders:
    """The sender of each workspace, for one event loop."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._known: dict[int, Sender] = {}

    def of(self, workspace_id: int) -> Sender:
        if workspace_id not in self._known:
            self._known[workspace_id] = Sender(self._clients, workspace_id)
        return self._known[workspace_id]


class Sender:
    """Sends to one workspace, whose rate limits are its own. It retries nothing by itself: the
    caller looks first."""

    def __init__(self, clients: Clients, workspace_id: int) -> None:
        self._clients = clients
        self._workspace_id = workspace_id
        self._until: dict[tuple[str, str], float] = {}
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def post(self, channel: str, letter: Letter, *, thread_ts: str | None = None) -> str:
        """Sends a message and returns its timestamp. Messages of one conversation go one by one, so
        that a rate limit costs one refusal, not many."""
        async with self._turns[channel]:
            answer = await self._call(
                "chat.postMessage",
                channel,
                lambda slack: slack.chat_postMessage(
                    channel=channel,
                    thread_ts=thread_ts,
                    metadata={"event_type": NOTICE, "event_payload": letter.payload},
                    text=letter.text,
                    blocks=letter.blocks,
                    unfurl_links=False,
                    unfurl_media=False,
                ),
            )
        return str(answer["ts"])

    async def update(self, channel: str, ts: str, letter: Letter) -> None:
        """Shows other content in a message that was sent before."""
        await self._call(
            "chat.update",
            channel,
            lambda slack: slack.chat_update(
                channel=channel, ts=ts, text=letter.text, blocks=letter.blocks
            ),
        )

    async def open_dm(self, user_id: str) -> str:
        """The direct conversation with a member."""
        answer = await self._call(
            "conversations.open",
            user_id,
            lambda slack: slack.conversations_open(users=user_id),
        )
        return str(answer["channel"]["id"])

    async def sent(
        self, channel: str, *, since: datetime, thread_ts: str = ""
    ) -> list[tuple[str, Json]]:
        """Timestamps and payloads of our own messages in a conversation, or in one thread of it.
        Empty when we may not read it: a message too many does less harm than one too few."""
        oldest = f"{(since - _SKEW).timestamp():.6f}"
        try:
            return [
                (str(message["ts"]), dict(metadata.get("event_payload") or {}))
                async for message in self._messages(channel, oldest, thread_ts)
                if (metadata := message.get("metadata") or {}).get("event_type") == NOTICE
            ]
        except NotAllowed as error:
            log.error("sent messages cannot be looked for", channel=channel, why=str(error))
            return []

    async def _messages(self, channel: str, oldest: str, thread_ts: str) -> AsyncIterator[Json]:
        method = "conversations.replies" if thread_ts else "conversations.history"
        asked: Json = {
            "channel": channel,
            "oldest": oldest,
            "limit": _PER_PAGE,
            "include_all_metadata": True,
            **({"ts": thread_ts} if thread_ts else {}),
        }
        for _ in range(_PAGES):
            answer = await self._call(
                method, channel, lambda slack: slack.api_call(method, params=asked)
            )
            for message in answer.get("messages") or []:
                yield message
            asked["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not asked["cursor"]:
                return

    async def _call(self, method: str, channel: str, call: _Call) -> Any:
        left = self._until.get(_counted(method, channel), 0.0) - time.monotonic()
        if left > 0:
            raise Paused(method, left)
        access: Access | None = None
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                access = await self._clients.access(self._workspace_id)
                return await call(self._clients.bearing(access.token, patient=False))
        except NotInstalled as error:
            raise NoAccess("not installed") from error
        except NotRenewed as error:
            raise Unsent(f"{method}: {error}", is_certain=True) from error
        except SlackApiError as error:
            if access is not None and error_name(error) in _NO_ACCESS:
                await self._clients.refused(access, error_name(error))
            raise self._explained(method, channel, error) from error
        except aiohttp.ClientConnectorError as error:
            raise Unsent(f"{method}: {error!r}", is_certain=True) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unsent(f"{method}: {error!r}", is_certain=False) from error

    def _explained(self, method: str, channel: str, error: SlackApiError) -> SendingError:
        status, name = _status(error), error_name(error)
        if status == 429 or name in ("ratelimited", "rate_limited"):
            seconds = _retry_after(error)
            self._until[_counted(method, channel)] = time.monotonic() + seconds
            return Paused(method, seconds)
        said = f"{method}: {name or status}"
        if name in _UNREACHABLE:
            return Unreachable(said)
        if name in (_GONE if method == "chat.update" else _GONE_THREAD):
            return MessageGone(said)
        if name in _REFUSED:
            return BlocksRefused(said)
        if name in _NOT_ALLOWED:
            return NotAllowed(said)
        if name in _NO_ACCESS:
            return NoAccess(said)
        return Unsent(said, is_certain=bool(name) and name not in _DOUBTFUL and status == 200)


def _counted(method: str, channel: str) -> tuple[str, str]:
    """By what Slack counts the calls of a method: messages by conversation, all else by
    workspace."""
    return method, channel if method == _BY_CONVERSATION else ""


def _status(error: SlackApiError) -> int:
    response = error.response
    return int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)


def _retry_after(error: SlackApiError) -> float:
    value = error.response.headers.get("Retry-After", "")
    return max(_SHORTEST_PAUSE, float(value)) if str(value).isdecimal() else _SHORTEST_PAUSE
