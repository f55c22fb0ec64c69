"""Media: publish a container, list posts and stories, comment, and what is left of the quota."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

from aiohttp import web

from sandbox.failures import RECEIVED_AT
from sandbox.graph import fields
from sandbox.graph.errors import Refusal, missing_object
from sandbox.graph.paging import Item, answer_page
from sandbox.graph.parameters import Accepts, need, read
from sandbox.graph.people import Account
from sandbox.instagram import rules
from sandbox.instagram.containers import not_ready
from sandbox.instagram.nodes import LIMIT, show
from sandbox.instagram.rights import account_for, thing_for
from sandbox.instagram.world import DAY, WORLD, Container, Media, World


async def publish(request: web.Request) -> web.Response:
    """POST /{account}/media_publish: makes a finished container public, once."""
    _, account = account_for(request, "publish")
    values = read(request, rules.POST_MEDIA_PUBLISH)
    world = request.app[WORLD]
    container = _publishable(world, account, need(values, "creation_id"))
    if world.published_in_a_day(account) >= world.switches["quota"]:
        raise Refusal(
            "Application request limit reached",
            code=9,
            subcode=2207042,
            user_title="You reached the maximum number of posts that is allowed to be published",
            user_message="You reached the maximum number of posts of the last 24 hours.",
        )
    wanted = fields.parse(values.get("fields"))
    media = world.publish(container, received_at=request[RECEIVED_AT])
    return web.json_response(show(world, media, wanted))


async def limit(request: web.Request) -> web.Response:
    """GET /{account}/content_publishing_limit: `{data: [{config, quota_usage}]}`."""
    _, account = account_for(request, "publish")
    values = read(request, rules.GET_LIMIT)
    world = request.app[WORLD]
    node = {
        "config": {"quota_total": int(world.switches["quota"]), "quota_duration": int(DAY)},
        "quota_usage": world.published_in_a_day(account),
    }
    wanted = fields.parse(values.get("fields"))
    return web.json_response({"data": [fields.select(node, LIMIT, wanted)]})


async def listing(request: web.Request) -> web.Response:
    """GET /{account}/media: posts and reels, the newest first; stories are not among them."""
    return await _list(request, rules.LIST_MEDIA, stories=False)


async def stories(request: web.Request) -> web.Response:
    """GET /{account}/stories: those of the last day."""
    return await _list(request, rules.LIST_STORIES, stories=True)


async def comment(request: web.Request) -> web.Response:
    """POST /{media}/comments."""
    media = _media(request, "comment")
    message = need(read(request, rules.POST_COMMENTS), "message")
    made = request.app[WORLD].comment(
        media.account, media, message, received_at=request[RECEIVED_AT]
    )
    return web.json_response({"id": made.id})


async def comments(request: web.Request) -> web.Response:
    """GET /{media}/comments: the newest first."""
    media = _media(request, "read")
    values = read(request, rules.LIST_COMMENTS)
    world = request.app[WORLD]
    wanted = fields.parse(values.get("fields"))
    items = [
        Item(id=one.id, created_at=one.created_at, show=partial(show, world, one, wanted))
        for one in world.comments(media)
    ]
    return answer_page(request, values, items)


def _publishable(world: World, account: Account, container_id: str) -> Container:
    container = world.find(container_id)
    if not isinstance(container, Container) or container.account is not account:
        raise Refusal(
            f"The media with the creation ID {container_id} cannot be found.",
            code=24,
            subcode=2207006,
        )
    match world.state_of(container):
        case "FINISHED" if not container.is_item:
            return container
        case "EXPIRED":
            raise Refusal(
                f"The media builder with creation ID {container_id} does not exist or has expired.",
                code=24,
                subcode=2207008,
            )
        case _:
            # Also for one that is published: nobody has written down what Meta says to that.
            raise not_ready()


async def _list(request: web.Request, accepts: Accepts, *, stories: bool) -> web.Response:
    _, account = account_for(request, "read")
    values = read(request, accepts)
    world = request.app[WORLD]
    wanted = fields.parse(values.get("fields"))
    found = world.media(account, stories=stories)
    return answer_page(request, values, _visible(world, found, wanted))


def _visible(world: World, media: Iterable[Media], wanted: fields.Wanted | None) -> Iterable[Item]:
    until = time.time() - world.switches["listing_lag_seconds"]
    for one in media:
        if one.published_at <= until:
            show_it = partial(show, world, one, wanted)
            yield Item(id=one.id, created_at=one.published_at, show=show_it)


def _media(request: web.Request, right: str) -> Media:
    thing = thing_for(request, right)
    if not isinstance(thing, Media):
        raise missing_object(thing.id, request.method.lower())
    return thing
