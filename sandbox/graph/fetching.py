"""Fetches media from the addresses that apps hand over, as Meta's crawler does.

Only from this machine: the stand-in must never make anybody's test call the outside world.
"""

from __future__ import annotations

import ipaddress

import aiohttp
from yarl import URL

SECONDS = 20
CHUNK = 64 * 1024


class NotFetched(Exception):
    """The file could not be had; the text says why."""


class TooLarge(NotFetched):
    """There is more of the file than may be."""


async def fetch(address: str, *, most: int) -> bytes:
    """The bytes at a loopback address, at most `most` of them; else `NotFetched`."""
    if not address.isascii() or not _is_loopback(address):
        raise NotFetched("The stand-in fetches from this machine only: 127.0.0.1, ::1, localhost.")
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(address, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise NotFetched(f"The address answered {response.status}.")
            return await _read(response, most)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise NotFetched(f"The address could not be reached: {error!r}.") from error


def _is_loopback(address: str) -> bool:
    try:
        url = URL(address)
    except ValueError:
        return False
    if url.scheme not in ("http", "https") or url.host is None:
        return False
    if url.host == "localhost":
        return True
    try:
        return ipaddress.ip_address(url.host).is_loopback
    except ValueError:
        return False


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    data = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        data += chunk
        if len(data) > most:
            raise TooLarge(f"The file has more than {most} bytes.")
    return bytes(data)
