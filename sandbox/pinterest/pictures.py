"""The images of a Pin: fetched or decoded, and checked by their bytes."""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from PIL import Image as Pillow

from sandbox.pinterest import problems
from sandbox.pinterest.world import WORLD, Image

# The low one of the figures that are told for Pinterest.
MAX_BYTES = 20 * 1024 * 1024
BY_ADDRESS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
CAPTIONS = ("title", "description", "link")
FETCH_SECONDS = 5
# A broken PNG is a SyntaxError to Pillow, and one that would fill the memory is a bomb.
UNREADABLE = (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError)
FETCHER = web.AppKey("fetcher", aiohttp.ClientSession)


async def read_images(request: web.Request, source: Mapping[str, Any]) -> tuple[Image, ...]:
    """The images that a `media_source` gives, which are the cover in the case of a video."""
    match source:
        case {"items": items}:
            images = tuple([await _read(request, item) for item in items])
            if len({one.size for one in images if one.size}) > 1:
                raise problems.invalid("All images of a carousel must have the same dimensions")
            return images
        case {"cover_image_url": url}:
            return (await _read(request, {"url": url}),)
        case {"cover_image_data": data, "cover_image_content_type": content_type}:
            return (await _read(request, {"data": data, "content_type": content_type}),)
        case {"media_id": _}:
            return ()
    return (await _read(request, source),)


async def _read(request: web.Request, item: Mapping[str, Any]) -> Image:
    image_id = request.app[WORLD].next_id()
    captions: dict[str, Any] = {name: item.get(name) for name in CAPTIONS}
    if "url" in item and not _is_on_this_machine(item["url"]):
        return Image(id=image_id, address=item["url"], **captions)
    if "url" in item:
        data = await _fetch(request.app[FETCHER], item["url"])
    else:
        data = _decode(item["data"])
    content_type, size = await asyncio.to_thread(_look_at, data, _formats(item))
    return Image(
        id=image_id,
        content_type=content_type,
        data=data,
        size=size,
        address=item.get("url"),
        **captions,
    )


def _is_on_this_machine(address: str) -> bool:
    """Only loopback is ever fetched: nothing that a stand-in does leaves the machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _fetch(fetcher: aiohttp.ClientSession, address: str) -> bytes:
    """The image at the address; redirects are not followed, for they may lead elsewhere."""
    try:
        async with fetcher.get(address, allow_redirects=False) as response:
            if response.status != 200:
                raise problems.unreachable()
            data = await response.content.read(MAX_BYTES + 1)
            while len(data) <= MAX_BYTES and (more := await response.content.read(MAX_BYTES)):
                data += more
    except (aiohttp.ClientError, TimeoutError) as error:
        raise problems.unreachable() from error
    return data


def _decode(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise problems.invalid("data: is not base64") from error


def _formats(item: Mapping[str, Any]) -> tuple[str, ...]:
    """What the image may be, in Pillow's words."""
    if "url" in item:
        return BY_ADDRESS
    return (item["content_type"].removeprefix("image/").upper(),)


def _look_at(data: bytes, formats: tuple[str, ...]) -> tuple[str, tuple[int, int]]:
    """Content type, width and height; refuses what is too large or none of the formats."""
    if len(data) > MAX_BYTES:
        raise problems.invalid(f"The image is larger than {MAX_BYTES} bytes")
    try:
        with Pillow.open(BytesIO(data), formats=formats) as image:
            image.load()
            return Pillow.MIME[image.format or ""], image.size
    except UNREADABLE as error:
        raise problems.invalid(f"The image is not a whole {' or '.join(formats)}") from error
