"""Containers: make one of an image, a video or of others, and send the bytes of a video."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.graph.errors import Refusal, invalid, missing_object
from sandbox.graph.fetching import NotFetched, TooLarge, fetch
from sandbox.graph.files import Stored, video_type
from sandbox.graph.parameters import need, read
from sandbox.graph.tokens import Token
from sandbox.graph.uploads import Upload, receive, upload_token
from sandbox.graph.versions import LATEST
from sandbox.instagram import rules
from sandbox.instagram.rights import account_for, may_see
from sandbox.instagram.world import WORLD, Container, Kind, World

#: `media_type` and what it makes.
TYPES: Mapping[str, Kind] = {
    "IMAGE": "image",
    "VIDEO": "video",
    "REELS": "reel",
    "STORIES": "story",
    "CAROUSEL": "carousel",
}
NOT_FETCHED = 2207052
WRONG_FORMAT = 2207026


async def create(request: web.Request) -> web.Response:
    """POST /{account}/media: the id of a container, which nobody sees yet."""
    token, account = account_for(request, "publish")
    values = read(request, rules.POST_MEDIA)
    world = request.app[WORLD]
    container = Container(
        id=world.next_id(),
        account=account,
        kind=_kind(values),
        caption=rules.check_caption(values.get("caption", "")),
        alt_text=rules.check_alt_text(values.get("alt_text")),
        is_item=values.get("is_carousel_item", False),
        share_to_feed=values.get("share_to_feed", True),
        created_at=time.time(),
    )
    await _fill(world, container, values, token)
    world.keep(container)
    answer = {"id": container.id}
    if container.upload is not None:
        version = request.match_info.get("version", LATEST)
        answer["uri"] = str(request.url.origin() / "ig-api-upload" / version / container.id)
    return web.json_response(answer)


async def upload(request: web.Request) -> web.Response:
    """POST /ig-api-upload/{version}/{container}: the bytes of a video from `offset` on."""
    token = upload_token(request)
    world = request.app[WORLD]
    container = world.find(request.match_info["id"])
    if not isinstance(container, Container) or not may_see(token, container.account):
        raise missing_object(request.match_info["id"], "post")
    if container.upload is None or container.file is not None:
        raise invalid("This container takes no upload.")
    response = await receive(request, container.upload)
    if container.upload.is_complete:
        _process_video(world, container, bytes(container.upload.data))
    return response


def _kind(values: Mapping[str, Any]) -> Kind:
    name = values.get("media_type", "IMAGE")
    if name not in TYPES:
        raise invalid(f"The media type {name} is unknown.", subcode=2207023)
    kind, is_item = TYPES[name], values.get("is_carousel_item", False)
    if kind == "video" and not is_item:
        raise invalid(
            "The VIDEO value for media_type is no longer supported. Use the REELS media_type.",
            subcode=2207067,
        )
    if is_item and kind not in ("image", "video"):
        raise invalid("An item of a carousel is an image or has the media_type VIDEO.")
    if "alt_text" in values and kind != "image":
        raise invalid("alt_text is for images only.")
    return kind


async def _fill(
    world: World, container: Container, values: Mapping[str, Any], token: Token
) -> None:
    if container.kind == "carousel":
        _add_children(world, container, need(values, "children"))
    elif container.kind == "image" or (container.kind == "story" and "image_url" in values):
        await _add_image(world, container, need(values, "image_url"))
    elif values.get("upload_type") == "resumable":
        _await_upload(container, token)
    else:
        await _add_video(world, container, values)


def _add_children(world: World, container: Container, ids: list[Any]) -> None:
    least, most = rules.ITEMS
    if not least <= len(ids) <= most or len(set(map(str, ids))) < len(ids):
        raise invalid(f"A carousel has {least} to {most} different items.", subcode=2207028)
    container.children = tuple(_find_child(world, container, str(one)) for one in ids)
    _process(world, container, seconds=world.switches["image_processing_seconds"])


def _find_child(world: World, parent: Container, child_id: str) -> Container:
    child = world.find(child_id)
    if not isinstance(child, Container) or child.account is not parent.account:
        raise missing_object(child_id, "post")
    if not child.is_item:
        raise invalid("Each item needs is_carousel_item=true.", subcode=2207028)
    if world.state_of(child) != "FINISHED":
        raise not_ready()
    return child


def not_ready() -> Refusal:
    return Refusal(
        "Media ID is not available",
        code=9007,
        subcode=2207027,
        user_title="Media Not Ready",
        user_message="The media is not ready for publishing, please wait for a moment",
    )


async def _add_image(world: World, container: Container, address: str) -> None:
    container.file = rules.read_image(
        await _fetch_image(address), any_ratio=container.kind == "story"
    )
    _process(world, container, seconds=world.switches["image_processing_seconds"])


async def _fetch_image(address: str) -> bytes:
    try:
        return await fetch(address, most=rules.MAX_IMAGE_BYTES)
    except TooLarge as error:
        raise Refusal(
            "The image is too large to download. It should be less than 8 MiB.",
            code=36000,
            subcode=2207004,
        ) from error
    except NotFetched as error:
        raise Refusal(
            "Only photo or video can be accepted as media type.",
            code=9004,
            subcode=NOT_FETCHED,
            user_title="Media download has failed. The media URI doesn't meet our requirements.",
            user_message=f"The media could not be fetched from this URI: {address}. {error}",
        ) from error


def _await_upload(container: Container, token: Token) -> None:
    if token.kind == "instagram":
        raise invalid("upload_type=resumable is there with Facebook Login only.")
    container.upload = Upload()


async def _add_video(world: World, container: Container, values: Mapping[str, Any]) -> None:
    """What is wrong with a video is told by the state of its container, not by this answer."""
    data = b""
    try:
        data = await fetch(need(values, "video_url"), most=rules.MAX_VIDEO_BYTES)
        if "cover_url" in values:
            await fetch(values["cover_url"], most=rules.MAX_IMAGE_BYTES)
    except NotFetched:
        container.error = NOT_FETCHED
    _process_video(world, container, data)


def _process_video(world: World, container: Container, data: bytes) -> None:
    content_type = video_type(data)
    if content_type is None:
        container.error = container.error or WRONG_FORMAT
    container.file = Stored(content_type=content_type or "application/octet-stream", data=data)
    _process(world, container, seconds=world.switches["processing_seconds"])


def _process(world: World, container: Container, *, seconds: float) -> None:
    container.ready_at = time.time() + seconds
    if world.switches["container_error"] != "none":
        container.error = int(world.switches["container_error"])
