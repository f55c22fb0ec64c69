"""Photos: uploaded as bytes or fetched, published at once or kept for a post."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.facebook import rules
from sandbox.facebook.nodes import show
from sandbox.facebook.posts import check_duplicate, check_message
from sandbox.facebook.rights import page_to_post_on
from sandbox.facebook.world import WORLD, Photo, Post
from sandbox.failures import RECEIVED_AT
from sandbox.graph import fields
from sandbox.graph.errors import Refusal
from sandbox.graph.fetching import NotFetched, TooLarge, fetch
from sandbox.graph.files import Stored, image_type
from sandbox.graph.parameters import read


async def create(request: web.Request) -> web.Response:
    """POST /{page}/photos: with `published=false` only a photo, else a post as well."""
    page = page_to_post_on(request)
    values = read(request, rules.POST_PHOTOS)
    wanted = fields.parse(values.get("fields"))
    world = request.app[WORLD]
    photo = Photo(
        id=world.next_id(),
        page=page,
        file=await _read_file(values),
        caption=check_message(values.get("message") or values.get("caption") or ""),
        alt_text=values.get("alt_text_custom"),
        created_at=time.time(),
    )
    answer = {"id": photo.id}
    if values.get("published", True):
        post = photo.post = _post_of(photo, world.next_id())
        check_duplicate(world, post)
        world.publish(post, received_at=request[RECEIVED_AT])
        answer["post_id"] = post.id
    world.keep(photo)
    return web.json_response(answer | (show(photo, wanted) if wanted else {}))


async def _read_file(values: Mapping[str, Any]) -> Stored:
    data = values["source"] if "source" in values else await _fetch(values.get("url", ""))
    if len(data) > rules.MAX_PHOTO_BYTES:
        raise _cannot_read()
    content_type = image_type(data)
    if content_type is None:
        raise _cannot_read()
    return Stored(content_type=content_type, data=data)


async def _fetch(address: str) -> bytes:
    if not address:
        raise Refusal("(#324) Requires upload file", code=324)
    try:
        return await fetch(address, most=rules.MAX_PHOTO_BYTES)
    except TooLarge as error:
        raise _cannot_read() from error
    except NotFetched as error:
        raise Refusal(
            f"(#324) Missing or invalid image file. {error}", code=324, subcode=2069019
        ) from error


def _cannot_read() -> Refusal:
    return Refusal(
        "Invalid parameter",
        code=100,
        subcode=1366046,
        user_title="Can't Read Files",
        user_message=(
            "Your photos couldn't be uploaded. They must be JPEG, PNG, GIF, BMP or TIFF files of "
            "at most 10 MB."
        ),
    )


def _post_of(photo: Photo, number: str) -> Post:
    return Post(
        id=f"{photo.page.id}_{number}",
        page=photo.page,
        message=photo.caption,
        photos=(photo,),
        created_at=photo.created_at,
    )
