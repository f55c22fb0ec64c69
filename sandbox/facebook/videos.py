"""Videos and reels: the session of an upload, its bytes, and the step that publishes them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.facebook import rules
from sandbox.facebook.nodes import show
from sandbox.facebook.rights import page_to_post_on, page_to_read
from sandbox.facebook.world import WORLD, Post, Video, World
from sandbox.failures import RECEIVED_AT
from sandbox.graph import fields
from sandbox.graph.errors import Refusal, invalid, missing_object
from sandbox.graph.fetching import NotFetched, fetch
from sandbox.graph.files import video_type
from sandbox.graph.paging import Item, answer_page
from sandbox.graph.parameters import need, read
from sandbox.graph.people import Page
from sandbox.graph.uploads import MOST_BYTES, Upload, receive, upload_token
from sandbox.graph.versions import LATEST

STATES = {"PUBLISHED": "published", "DRAFT": "draft"}


async def reels(request: web.Request) -> web.Response:
    """POST /{page}/video_reels: `upload_phase=start`, and after the upload `finish`."""
    page = page_to_post_on(request)
    values = read(request, rules.POST_VIDEO_REELS)
    match need(values, "upload_phase").lower():
        case "start":
            return _start(request, page)
        case "finish":
            return _finish(request, page, values)
        case other:
            raise invalid(f"upload_phase must be start or finish, not {other}.")


async def upload(request: web.Request) -> web.Response:
    """POST /video-upload/{version}/{video}: the bytes of a reel from `offset` on."""
    token = upload_token(request)
    video = request.app[WORLD].find(request.match_info["id"])
    if not isinstance(video, Video) or token.page is not video.page:
        raise missing_object(request.match_info["id"], "post")
    return await receive(request, video.upload)


async def create(request: web.Request) -> web.Response:
    """POST /{page}/videos: a whole video in one request, as bytes or by its address."""
    page = page_to_post_on(request)
    values = read(request, rules.POST_VIDEOS)
    data = await _read_file(values)
    world = request.app[WORLD]
    video = Video(
        id=world.next_id(),
        page=page,
        is_reel=False,
        upload=Upload(size=len(data), data=bytearray(data)),
        created_at=time.time(),
    )
    world.keep(video)
    _process(world, video, values)
    if values.get("published", True):
        _publish(request, video)
    return web.json_response({"id": video.id})


async def publish(request: web.Request, video: Video) -> web.Response:
    """POST /{video} `published=true`: makes an unpublished video public."""
    values = read(request, rules.UPDATE_VIDEO)
    if not values.get("published") or video.is_reel or video.finished_at is None:
        raise invalid("The stand-in changes a video in one way only: published=true.")
    if video.state != "published":
        _publish(request, video)
    return web.json_response({"success": True})


async def listing(request: web.Request) -> web.Response:
    """GET /{page}/video_reels: the public reels, newest first."""
    page = page_to_read(request)
    values = read(request, rules.LIST_VIDEO_REELS)
    world = request.app[WORLD]
    wanted = fields.parse(values.get("fields"))
    return answer_page(request, values, _visible(world, page, wanted))


def _start(request: web.Request, page: Page) -> web.Response:
    world = request.app[WORLD]
    video = Video(id=world.next_id(), page=page, is_reel=True, created_at=time.time())
    world.keep(video)
    version = request.match_info.get("version", LATEST)
    address = request.url.origin() / "video-upload" / version / video.id
    return web.json_response({"video_id": video.id, "upload_url": str(address)})


def _finish(request: web.Request, page: Page, values: Mapping[str, Any]) -> web.Response:
    world = request.app[WORLD]
    video = world.find(need(values, "video_id"))
    if not isinstance(video, Video) or not video.is_reel or video.page is not page:
        raise invalid("There is no such upload of this Page.")
    wanted = need(values, "video_state")
    if wanted not in STATES:
        raise invalid(f"video_state must be one of {', '.join(STATES)}.")
    if not video.upload.is_complete:
        raise invalid("The upload of the video is not complete.")
    if video.state == "published":
        raise invalid("The video is published already.")
    _process(world, video, values)
    if wanted == "PUBLISHED":
        _publish(request, video)
    else:
        video.state = STATES[wanted]
    return web.json_response({"success": True})


def _process(world: World, video: Video, values: Mapping[str, Any]) -> None:
    video.title, video.description = values.get("title", ""), values.get("description", "")
    video.state, video.finished_at = "draft", time.time()
    video.ready_at = video.finished_at + world.switches["processing_seconds"]
    is_video = video_type(bytes(video.upload.data[:16])) is not None
    video.failed = world.switches["processing_fails"] or not is_video


def _publish(request: web.Request, video: Video) -> None:
    """Accepts the video. It is public when it is processed, and never when that fails."""
    world = request.app[WORLD]
    video.state = "published"
    if video.failed:
        return
    video.post = Post(
        id=f"{video.page.id}_{world.next_id()}",
        page=video.page,
        message=video.description,
        video=video,
        created_at=time.time(),
    )
    at = max(time.time(), video.ready_at)
    world.publish(video.post, received_at=request[RECEIVED_AT], at=at)


async def _read_file(values: Mapping[str, Any]) -> bytes:
    if "source" in values:
        return bytes(values["source"])
    try:
        return await fetch(need(values, "file_url"), most=MOST_BYTES)
    except NotFetched as error:
        raise Refusal(f"(#389) Unable to fetch video file from URL. {error}", code=389) from error


def _visible(world: World, page: Page, wanted: fields.Wanted | None) -> Iterable[Item]:
    now = time.time() - world.switches["listing_lag_seconds"]
    for video in world.videos(page):
        if video.is_reel and video.state == "published" and video.is_ready(now):
            show_it = partial(show, video, wanted)
            yield Item(id=video.id, created_at=video.ready_at, show=show_it)
