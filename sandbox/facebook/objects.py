"""What is reached by its id alone: read it, change it, delete it."""

from __future__ import annotations

from aiohttp import web

from sandbox.facebook import posts, rules, videos
from sandbox.facebook.nodes import show
from sandbox.facebook.rights import thing_to_change, thing_to_read
from sandbox.facebook.world import WORLD, Post, Video
from sandbox.graph import fields
from sandbox.graph.errors import missing_object
from sandbox.graph.me import read_person_or_page
from sandbox.graph.parameters import read


async def get(request: web.Request) -> web.Response:
    """GET /{id}: a person, a Page, a post, a photo, a video or a comment."""
    known = await read_person_or_page(request, request.match_info["id"])
    if known is not None:
        return known
    thing = thing_to_read(request)
    wanted = fields.parse(read(request, rules.GET_NODE).get("fields"))
    return web.json_response(show(thing, wanted))


async def update(request: web.Request) -> web.Response:
    """POST /{id}: publishes an unpublished post or video."""
    match thing_to_change(request):
        case Post() as post:
            return await posts.publish(request, post)
        case Video() as video:
            return await videos.publish(request, video)
        case other:
            raise missing_object(other.id, "post")


async def delete(request: web.Request) -> web.Response:
    """DELETE /{id}: a post, photo, video or comment."""
    thing = thing_to_change(request)
    read(request, rules.DELETE_NODE)
    request.app[WORLD].delete(thing)
    return web.json_response({"success": True})
