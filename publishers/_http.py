"""One request helper for all platforms: sends, and tells the truth about what left the machine.

`send` is for requests that may be repeated. `commit` is for the one that may not: it uses a
connection of its own, never repeats, ends after one deadline for the whole call, refuses to start
when its time has passed, and says whether the first byte left. The class of an exception alone
does not tell that: a lost pooled connection and a request that the platform has read both arrive
as read errors. The deadline of either grows with the body.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from publishers._errors import Cause, OutcomeUnknown, RateLimited, TemporaryFailure
from publishers._values import Budget

# Larger answers are no answers of an API; reading on would only feed a hostile peer.
MAX_ANSWER_BYTES = 5_000_000
# Bytes a second that even a slow line takes: a large file gets the time that it needs.
SLOWEST_LINE = 200_000

_Trace = Callable[[str, Mapping[str, Any]], Awaitable[None]]
_trace_of_request: ContextVar[_Trace | None] = ContextVar("trace_of_request", default=None)


class _WithoutQueries(logging.Filter):
    """httpx logs whole addresses. The query of one may hold a token, where a platform takes it
    nowhere else."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                one.copy_with(query=None) if isinstance(one, httpx.URL) else one
                for one in record.args
            )
        return True


logging.getLogger("httpx").addFilter(_WithoutQueries())


class TooLate(Exception):
    """The moment up to which the irreversible request may leave has passed."""


@dataclass(frozen=True, kw_only=True)
class HttpClients:
    """`pooled` keeps connections; `fresh` opens one for each request."""

    pooled: httpx.AsyncClient
    fresh: httpx.AsyncClient

    async def aclose(self) -> None:
        await self.pooled.aclose()
        await self.fresh.aclose()


def open_clients(*, connections: int = 512) -> HttpClients:
    """Clients for one event loop, on aiohttp's connector: httpx's own pool costs 20 times the CPU
    at 256 requests in flight."""
    return HttpClients(
        pooled=_client(force_close=False, limit=connections),
        fresh=_client(force_close=True, limit=0),
    )


def _client(*, force_close: bool, limit: int) -> httpx.AsyncClient:
    # A cookie that one account's answer sets must not travel with another account's request.
    no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=()))
    transport = _TracedTransport(force_close=force_close, limit=limit)
    headers = {"Connection": "close"} if force_close else {}
    return httpx.AsyncClient(transport=transport, cookies=no_cookies, headers=headers)


def boottime() -> float:
    """Seconds on a clock that goes on while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class Http:
    """The request helper of one attempt.

    `gate` is awaited once, when the irreversible request is ready on an open connection and only
    its first byte is missing: so connecting and encoding are done ahead of the instant. It may set
    `send_by`, the `boottime()` after which the request may no longer leave. `left_at` is the UTC
    instant at which it began to leave, `None` until then. `answered` tells of the last request
    whether the platform itself gave an answer, however unwelcome: a status below 500, read whole.
    A publisher puts into `budget` what an answer said of the posts that are left.
    """

    gate: Callable[[], Awaitable[None]] | None = None
    #: What the platform is called in sentences for the author.
    label = "The platform"

    def __init__(
        self, clients: HttpClients, *, timeout: float = 30.0, send_by: float | None = None
    ) -> None:
        self._clients = clients
        self._timeout = timeout
        self.send_by = send_by
        self._status = 0
        self.left_at: datetime | None = None
        self.answered = False
        self.budget: Budget | None = None

    async def send(self, method: str, url: str, **request: Any) -> httpx.Response:
        """One repeatable request. Any status is returned; raises `TemporaryFailure` (network)."""
        try:
            return await self._call(self._clients.pooled, method, url, request)
        except (httpx.HTTPError, OSError, TimeoutError, aiohttp.ClientError) as error:
            raise self._unreached(error) from error

    async def commit(self, method: str, url: str, **request: Any) -> httpx.Response:
        """The irreversible request. Any status is returned.

        Raises `TemporaryFailure` when surely nothing was sent and `OutcomeUnknown` otherwise.
        """
        self.left_at, self._status = None, 0
        request["extensions"] = {"trace": self._watch}
        if not self._clients_are_traced:
            await self._pass_gate()
        try:
            return await self._committed(method, url, request)
        except TooLate as error:
            raise TemporaryFailure(
                "The process was held up before sending, so nothing was sent.",
                cause=Cause.NETWORK,
                kind="held_up",
            ) from error
        except (httpx.HTTPError, OSError, TimeoutError, aiohttp.ClientError) as error:
            raise self._outcome(error) from error
        except Exception as error:
            # Whatever it is: once the request has left, its outcome is open.
            if self.left_at is None:
                raise
            raise self._outcome(error) from error

    async def _committed(self, method: str, url: str, request: Mapping[str, Any]) -> httpx.Response:
        try:
            return await self._call(self._clients.fresh, method, url, request)
        except (httpx.HTTPError, OSError, TimeoutError, aiohttp.ClientError):
            if self.gate is None:
                raise
        # Not even connected, and that ahead of its instant: tried once more when it has come.
        await self._pass_gate()
        return await self._call(self._clients.fresh, method, url, request)

    async def _call(
        self, client: httpx.AsyncClient, method: str, url: str, request: Mapping[str, Any]
    ) -> httpx.Response:
        self.answered = False
        built = client.build_request(method, url, timeout=None, **request)
        self._seconds = self._timeout + int(built.headers.get("content-length", 0)) / SLOWEST_LINE
        async with asyncio.timeout(self._seconds) as self._deadline:
            response = await client.send(built, stream=True, follow_redirects=False)
            self._status = response.status_code
            try:
                read = await _read(response)
            finally:
                await response.aclose()
        self.answered = self._status < 500
        return read

    async def _watch(self, event: str, _info: Mapping[str, Any]) -> None:
        if not event.endswith("send_request_headers.started"):
            return
        if self.left_at is not None:
            # aiohttp repeats a PUT or DELETE by itself after a lost connection.
            raise httpx.WriteError("refused to send the request a second time")
        self._deadline.reschedule(None)
        await self._pass_gate()
        self._deadline.reschedule(asyncio.get_running_loop().time() + self._seconds)
        if self.send_by is not None and boottime() > self.send_by:
            raise TooLate
        self.left_at = datetime.now(UTC)

    async def _pass_gate(self) -> None:
        gate, self.gate = self.gate, None
        if gate is not None:
            await gate()

    def _outcome(self, error: BaseException) -> TemporaryFailure | OutcomeUnknown:
        never_left = isinstance(
            error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
        )
        if self.left_at is None and (never_left or self._clients_are_traced):
            return self._unreached(error)
        if 200 <= self._status < 300:
            return OutcomeUnknown(
                f"{self.label} accepted the post, but its answer broke off.",
                code=_name(error),
                likely_live=True,
            )
        timeout = f"{self.label} did not answer in time"
        what = timeout if _is_timeout(error) else "the connection broke"
        return OutcomeUnknown(f"The post was handed over, then {what}.", code=_name(error))

    def _unreached(self, error: BaseException) -> TemporaryFailure:
        what = "did not answer in time" if _is_timeout(error) else "could not be reached"
        return TemporaryFailure(f"{self.label} {what}.", cause=Cause.NETWORK, code=_name(error))

    @property
    def _clients_are_traced(self) -> bool:
        return isinstance(self._clients.fresh._transport, _TracedTransport)


def retry_at(headers: httpx.Headers, now: datetime) -> datetime | None:
    """When a platform allows the next request, from `Retry-After` (seconds or a date) or
    `x-rate-limit-reset` (epoch seconds); `None` when it does not say."""
    after, reset = headers.get("retry-after", ""), headers.get("x-rate-limit-reset", "")
    if _is_number(after, digits=9):
        return now + timedelta(seconds=int(after))
    if date := _http_date(after):
        return max(now, date)
    if _is_number(reset, digits=11):
        return max(now, datetime.fromtimestamp(int(reset), UTC))
    return None


def budget(headers: httpx.Headers, prefixes: Collection[str] = ("x-rate-limit",)) -> Budget | None:
    """The tightest budget that an answer names in `<prefix>-remaining` and `<prefix>-reset` (epoch
    seconds); `None` when it names none."""
    known = [
        Budget(remaining=int(left), reset=datetime.fromtimestamp(int(reset), UTC))
        for prefix in prefixes
        if _is_number(left := headers.get(f"{prefix}-remaining", "").strip(), digits=9)
        and _is_number(reset := headers.get(f"{prefix}-reset", "").strip(), digits=11)
    ]
    return min(known, key=lambda one: (one.remaining, -one.reset.timestamp()), default=None)


def _is_number(value: str, *, digits: int) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= digits


def _http_date(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def rate_limited(label: str, response: httpx.Response) -> RateLimited:
    """The error for a 429, with the moment that its headers name."""
    until = retry_at(response.headers, datetime.now(UTC))
    return RateLimited(f"{label} limits how often this account may post.", until=until, code="429")


async def _read(response: httpx.Response) -> httpx.Response:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise httpx.ReadError("answer too large")
    headers = [
        (key, value)
        for key, value in response.headers.multi_items()
        if key not in ("content-encoding", "content-length", "transfer-encoding")
    ]
    return httpx.Response(
        response.status_code, headers=headers, content=bytes(body), request=response.request
    )


def _is_timeout(error: BaseException) -> bool:
    """Only our own deadlines: httpx-aiohttp calls a lost connection a timeout too."""
    return isinstance(error, TimeoutError)


def _name(error: BaseException) -> str:
    """For support; the author reads plain words."""
    return type(error).__name__


@cache
def _authorities() -> ssl.SSLContext:
    """One for the process: reading the list of authorities takes 20 ms."""
    return httpx.create_ssl_context()


class _TracedTransport(AiohttpTransport):
    """aiohttp's connector under httpx's interface, reporting the start of sending by httpx's
    `trace` extension under httpcore's event name. aiohttp calls its hook before it writes."""

    def __init__(self, *, force_close: bool, limit: int) -> None:
        def open_session() -> aiohttp.ClientSession:
            tracing = aiohttp.TraceConfig()
            tracing.on_request_headers_sent.append(_report_headers)
            connector = aiohttp.TCPConnector(
                ssl=self.ssl_context, force_close=force_close, limit=limit
            )
            return aiohttp.ClientSession(
                connector=connector,
                trace_configs=[tracing],
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )

        super().__init__(client=open_session, verify=_authorities())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _trace_of_request.set(request.extensions.get("trace"))
        return await super().handle_async_request(request)


async def _report_headers(
    _session: aiohttp.ClientSession,
    _context: SimpleNamespace,
    _params: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    trace = _trace_of_request.get()
    if trace is not None:
        await trace("http11.send_request_headers.started", {})
