"""Comments of a Page below its posts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.facebook import rules
from sandbox.facebook.nodes import show
from sandbox.facebook.rights import thing_to_change, thing_to_read
from sandbox.facebook.world import WORLD, Comment, Post, Thing
from sandbox.failures import RECEIVED_AT
from sandbox.graph import fields
from sandbox.graph.errors import invalid, missing_object
from sandbox.graph.paging import Item, answer_page
from sandbox.graph.parameters import need, read


async def create(request: web.Request) -> web.Response:
    """POST /{post}/comments: the id of a photo or video stands for its post."""
    thing = thing_to_change(request, "pages_manage_engagement")
    values = read(request, rules.POST_COMMENTS)
    world = request.app[WORLD]
    post, message = _public_post(thing), need(values, "message")
    comment = world.comment(post, message, received_at=request[RECEIVED_AT])
    wanted = fields.parse(values.get("fields"))
    return web.json_response(show(comment, wanted) if wanted else {"id": comment.id})


async def listing(request: web.Request) -> web.Response:
    """GET /{post}/comments: oldest first, unless `order=reverse_chronological`."""
    thing = thing_to_read(request)
    values = read(request, rules.LIST_COMMENTS)
    wanted = fields.parse(values.get("fields"))
    items = [
        Item(id=one.id, created_at=one.created_at, show=partial(show, one, wanted))
        for one in _public_post(thing).comments
    ]
    return answer_page(request, values, items if _is_chronological(values) else items[::-1])


def _is_chronological(values: Mapping[str, Any]) -> bool:
    order = values.get("order", "chronological")
    if order not in ("chronological", "reverse_chronological"):
        raise invalid(f"order must be chronological or reverse_chronological, not {order}.")
    return bool(order == "chronological")


def _public_post(thing: Thing) -> Post:
    post = thing if isinstance(thing, Post) else None
    if not isinstance(thing, Post | Comment):
        post = thing.post
    if post is None or post.published_at is None:
        raise missing_object(thing.id, "post")
    return post
