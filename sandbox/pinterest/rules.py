"""The shape of Pinterest's JSON request bodies: stricter than its contract, which allows any field.

What the contract leaves open and Pinterest demands is demanded here too: a board and a medium.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.pinterest import problems
from sandbox.shapes import (
    Rule,
    fields,
    flag,
    listing_of,
    matching,
    one_of,
    or_null,
    text,
    whole,
    wrong_type,
)

an_id = matching(r"\d+")
BASE64 = matching(r"[a-zA-Z0-9+/=]+")
CONTENT_TYPE = one_of("image/jpeg", "image/png")


def web_address(value: Any, path: str) -> list[str]:
    if messages := text(most=2048)(value, path):
        return messages
    return [] if _is_web_address(value) else [f"{path}: is not a valid URL"]


def _is_web_address(value: str) -> bool:
    try:
        address = urlsplit(value)
    except ValueError:
        return False
    is_web = address.scheme in ("http", "https") and bool(address.hostname)
    return is_web and not re.search(r"\s", value)


CAPTIONS = {"title": text(most=100), "description": text(most=800), "link": web_address}

SOURCES = {
    "image_url": fields(
        {"source_type": text(), "url": web_address, "is_standard": flag},
        required=("url",),
    ),
    "image_base64": fields(
        {"source_type": text(), "content_type": CONTENT_TYPE, "data": BASE64, "is_standard": flag},
        required=("content_type", "data"),
    ),
    "multiple_image_urls": fields(
        {
            "source_type": text(),
            "index": whole(0),
            "items": listing_of(
                fields({"url": web_address, **CAPTIONS}, required=("url",)), least=2, most=5
            ),
        },
        required=("items",),
    ),
    "multiple_image_base64": fields(
        {
            "source_type": text(),
            "index": whole(0),
            "items": listing_of(
                fields(
                    {"content_type": CONTENT_TYPE, "data": BASE64, **CAPTIONS},
                    required=("content_type", "data"),
                ),
                least=2,
                most=5,
            ),
        },
        required=("items",),
    ),
    "video_id": fields(
        {
            "source_type": text(),
            "media_id": an_id,
            "cover_image_url": web_address,
            "cover_image_content_type": CONTENT_TYPE,
            "cover_image_data": BASE64,
            "cover_image_key_frame_time": whole(0),
            "is_standard": flag,
        },
        required=("media_id",),
    ),
}


def media_source(value: Any, path: str) -> list[str]:
    """One of the kinds of media; `pin_url` is for a closed beta and unknown here."""
    if not isinstance(value, dict):
        return [wrong_type(path, value, "object")]
    messages = one_of(*SOURCES)(value.get("source_type"), f"{path}.source_type")
    if messages:
        return messages
    return SOURCES[value["source_type"]](value, path) + _inconsistent(value, path)


def _inconsistent(value: dict[str, Any], path: str) -> list[str]:
    match value:
        case {"source_type": "video_id"}:
            return _cover(value, path)
        case {"items": list(items), "index": int(index)} if index >= len(items):
            return [f"{path}.index: must be less than the number of items"]
    return []


def _cover(value: dict[str, Any], path: str) -> list[str]:
    data = {"cover_image_content_type", "cover_image_data"} & value.keys()
    if len(data) == 1:
        return [f"{path}: cover_image_content_type and cover_image_data go together"]
    covers = {"cover_image_url", "cover_image_data", "cover_image_key_frame_time"} & value.keys()
    if len(covers) == 1:
        return []
    return [
        f"{path}: needs exactly one of cover_image_url, cover_image_data and "
        "cover_image_key_frame_time"
    ]


CREATE_PIN = fields(
    {
        "board_id": an_id,
        "board_section_id": or_null(an_id),
        "title": or_null(text(most=100)),
        "description": or_null(text(most=800)),
        "alt_text": or_null(text(most=500)),
        "link": or_null(web_address),
        "dominant_color": or_null(matching("#[0-9a-fA-F]{6}")),
        "parent_pin_id": or_null(an_id),
        "sponsor_id": or_null(an_id),
        "media_source": media_source,
    },
    required=("board_id", "media_source"),
)

REGISTER_MEDIA = fields({"media_type": one_of("video")}, required=("media_type",))


async def read_json(request: web.Request, rule: Rule) -> dict[str, Any]:
    """The request's JSON object, or the refusal."""
    if request.content_type != "application/json":
        raise problems.invalid("the content type must be application/json")
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise problems.invalid("the body is not JSON") from error
    if messages := rule(body, "$"):
        raise problems.invalid(*messages)
    return dict(body)
