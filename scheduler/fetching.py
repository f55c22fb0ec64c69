"""Fetches a file from an address that a stranger named, and from nowhere else.

The name is looked up once, every address behind it must be public, and the connection goes to those
addresses and no others, so that a name which changes its mind between the look and the connection
gains nothing. Redirects go through the same door. The whole has one deadline, a lowest speed and a
most of bytes.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from ipaddress import ip_address
from ssl import SSLContext
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import aiohttp
import idna
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from scheduler.measure import UnusableMedia
from scheduler.media import MAX_BYTES
from scheduler.networks import Address, is_public

MAX_REDIRECTS = 3
_CHUNK = 64 * 1024
_NO_HOST = "it does not name a public host"
_REDIRECTS = (301, 302, 303, 307, 308)
# One label or more, then one that is no number: `127.1`, `0x7f.1` and `2130706433` are addresses.
_NAME = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+(?!0x[0-9a-f]*$)(?![0-9]+$)[a-z0-9-]{2,63}"
)

Lookup = Callable[[str, int], Awaitable[list[Address]]]


async def look_up(host: str, port: int) -> list[Address]:
    """The addresses of a name. Raises `OSError`."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(address[0]) for *_, address in found]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What may be fetched: ports by scheme, which addresses, how much, in which time. Seconds and
    bytes; in every `drip_seconds` at least `drip_bytes` must come."""

    ports: Mapping[str, int] = field(default_factory=lambda: {"https": 443})
    is_allowed: Callable[[Address], bool] = is_public
    look_up: Lookup = look_up
    #: `None` trusts what the system trusts.
    tls: SSLContext | None = None
    most_bytes: int = MAX_BYTES
    seconds: float = 120.0
    connect_seconds: float = 10.0
    drip_seconds: float = 10.0
    drip_bytes: int = 64 * 1024


class Fetcher:
    """Fetches by rules; the defaults are those for strangers."""

    def __init__(self, rules: Rules | None = None) -> None:
        self._rules = rules or Rules()

    async def chunks(self, url: str) -> AsyncIterator[bytes]:
        """The bytes behind an address. Raises `UnusableMedia`, which says what to do."""
        deadline = asyncio.get_running_loop().time() + self._rules.seconds
        try:
            async with aclosing(self._follow(url, deadline)) as found:
                async for chunk in found:
                    yield chunk
        except _Refused as error:
            raise _unusable(url, str(error)) from error
        except TimeoutError as error:
            raise _unusable(url, "it takes too long") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _unusable(url, "it cannot be reached") from error

    async def _follow(self, url: str, deadline: float) -> AsyncGenerator[bytes]:
        for _ in range(MAX_REDIRECTS + 1):
            door = await self._door(url, deadline)
            async with door.session() as session:
                async with asyncio.timeout_at(deadline):
                    response = await session.get(door.url, allow_redirects=False)
                async with response:
                    if response.status not in _REDIRECTS:
                        async for chunk in self._body(response, deadline):
                            yield chunk
                        return
                    url = urljoin(url, response.headers.get("Location", ""))
        raise _Refused("it leads on too often")

    async def _door(self, url: str, deadline: float) -> _Door:
        """The address taken apart, once everything about it is known to be allowed."""
        parts, host = _taken_apart(url)
        port = self._rules.ports.get(parts.scheme)
        if port is None:
            raise _Refused("it does not begin with https://")
        if parts.port not in (None, port):
            raise _Refused("it names a port")
        if "@" in parts.netloc:
            raise _Refused("it holds a user name")
        if not _NAME.fullmatch(host):
            raise _Refused(_NO_HOST)
        async with asyncio.timeout_at(deadline):
            addresses = await self._rules.look_up(host, port)
        if not addresses or not all(self._rules.is_allowed(address) for address in addresses):
            raise _Refused(_NO_HOST)
        shown = parts._replace(netloc=f"{host}:{port}", fragment="").geturl()
        return _Door(URL(shown), addresses, self._rules)

    async def _body(
        self, response: aiohttp.ClientResponse, deadline: float
    ) -> AsyncIterator[bytes]:
        if response.status != 200:
            raise _Refused(f"it answers with {response.status}")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise _Refused("it answers in a packed form that nobody asked for")
        self._check_size(response.content_length or 0)
        total, pace = 0, _Pace(self._rules)
        while chunk := await pace.keep(response.content.read(_CHUNK), deadline):
            total += len(chunk)
            self._check_size(total)
            yield chunk

    def _check_size(self, size: int) -> None:
        if size > self._rules.most_bytes:
            raise _Refused(f"it is larger than {self._rules.most_bytes / 1_000_000:g} MB")


class _Refused(Exception):
    """Why an address is not fetched, as the middle of a sentence."""


def _taken_apart(url: str) -> tuple[SplitResult, str]:
    """The parts of an address, and its host in the letters that name servers know."""
    try:
        parts = urlsplit(url)
        # Raises for a port that is no number.
        _ = parts.port
        return parts, idna.encode(parts.hostname or "", uts46=True).decode()
    except ValueError as error:
        raise _Refused("it is no address of a file") from error


@dataclass(frozen=True)
class _Door:
    """An address that may be fetched, and the hosts that may be connected to for it."""

    url: URL
    addresses: list[Address]
    rules: Rules

    def session(self) -> aiohttp.ClientSession:
        """A session that knows these hosts and no others, and nothing of the environment."""
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(self.addresses),
            use_dns_cache=False,
            force_close=True,
            ssl=self.rules.tls or True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "Postbot"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.rules.connect_seconds),
        )


class _Pinned(AbstractResolver):
    """Answers with the addresses that were checked."""

    def __init__(self, addresses: list[Address]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


class _Pace:
    """Sees to it that bytes come fast enough."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._since = time.monotonic()
        self._bytes = 0

    async def keep(self, reading: Awaitable[bytes], deadline: float) -> bytes:
        """The next bytes. Raises `TimeoutError` when they are late or too few."""
        slowest = asyncio.get_running_loop().time() + self._rules.drip_seconds
        async with asyncio.timeout_at(min(deadline, slowest)):
            chunk = await reading
        self._bytes += len(chunk)
        now = time.monotonic()
        if chunk and now - self._since > self._rules.drip_seconds:
            if self._bytes < self._rules.drip_bytes:
                raise TimeoutError
            self._since, self._bytes = now, 0
        return chunk


def name_of(url: str) -> str:
    """What a file behind an address is called."""
    path = url.partition("?")[0].partition("#")[0]
    last = unquote(path).rpartition("/")[2].strip()
    return last[:100] if last.isprintable() and last else "file"


def _unusable(url: str, why: str) -> UnusableMedia:
    return UnusableMedia(
        f"“{name_of(url)}” could not be fetched: {why}. Give the https:// address of a file that "
        "everybody can open, or upload the file itself."
    )
