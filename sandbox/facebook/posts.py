"""Posts: create one in one step or in two, publish the second of these, list."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.facebook import rules
from sandbox.facebook.nodes import show
from sandbox.facebook.rights import page_to_post_on, page_to_read
from sandbox.facebook.world import WORLD, Photo, Post, World
from sandbox.failures import RECEIVED_AT
from sandbox.graph import fields
from sandbox.graph.errors import Refusal, invalid
from sandbox.graph.paging import Item, answer_page
from sandbox.graph.parameters import read
from sandbox.graph.people import Page
from sandbox.oauth import is_web_address


async def create(request: web.Request) -> web.Response:
    """POST /{page}/feed: with `published=false` a post that nobody sees yet."""
    page = page_to_post_on(request)
    values = read(request, rules.POST_FEED)
    world = request.app[WORLD]
    photos = _find_photos(world, page, values.get("attached_media", []))
    post = Post(
        id=f"{page.id}_{world.next_id()}",
        page=page,
        message=check_message(values.get("message", "")),
        link=_check_link(values.get("link")),
        photos=photos,
        created_at=time.time(),
    )
    if not (post.message.strip() or post.link or photos):
        raise invalid("The post must have a message, a link or photos.", subcode=1349125)
    if post.link and photos:
        raise invalid("A post has a link or photos, not both.")
    check_duplicate(world, post)
    wanted = fields.parse(values.get("fields"))
    for photo in photos:
        photo.post = post
    if values.get("published", True):
        world.publish(post, received_at=request[RECEIVED_AT])
    else:
        world.keep(post)
    return web.json_response(show(post, wanted) if wanted else {"id": post.id})


async def publish(request: web.Request, post: Post) -> web.Response:
    """POST /{post} `is_published=true`: makes it public; a second time nothing changes."""
    values = read(request, rules.UPDATE_POST)
    if not values.get("is_published"):
        raise invalid("The stand-in changes a post in one way only: is_published=true.")
    if post.published_at is None:
        check_duplicate(request.app[WORLD], post)
        request.app[WORLD].publish(post, received_at=request[RECEIVED_AT])
    return web.json_response({"success": True})


async def listing(request: web.Request) -> web.Response:
    """GET /{page}/published_posts, /posts and /feed: the public posts, newest first."""
    page = page_to_read(request)
    values = read(request, rules.LIST_POSTS)
    world = request.app[WORLD]
    wanted = fields.parse(values.get("fields"))
    return answer_page(request, values, _visible(world, world.posts(page), wanted))


def check_duplicate(world: World, post: Post) -> None:
    """Refuses a post that says the same as the newest one of the Page."""
    newest = next(world.posts(post.page), None)
    if world.switches["duplicates"] and newest is not None and post.says_the_same_as(newest):
        raise Refusal(
            "(#506) Duplicate status message",
            code=506,
            user_title="Duplicate Status Update",
            user_message="This status update is identical to the last one you posted.",
        )


def _find_photos(world: World, page: Page, attached: list[Any]) -> tuple[Photo, ...]:
    photos = tuple(_find_photo(world, page, entry) for entry in attached)
    if len(photos) > rules.MAX_PHOTOS or len(set(photos)) < len(photos):
        raise invalid(f"attached_media may have up to {rules.MAX_PHOTOS} different photos.")
    if any(photo.post is not None for photo in photos):
        raise invalid("These photos were already posted.", subcode=1366051)
    return photos


def _find_photo(world: World, page: Page, entry: Any) -> Photo:
    media_id = entry.get("media_fbid") if isinstance(entry, Mapping) else None
    photo = world.find(str(media_id))
    if not isinstance(photo, Photo) or photo.page is not page:
        raise invalid('attached_media must be a list of {"media_fbid": id of a photo}.')
    return photo


def check_message(message: str) -> str:
    if len(message) > rules.MAX_MESSAGE:
        raise invalid(f"message may have up to {rules.MAX_MESSAGE} characters.")
    return message


def _check_link(link: str | None) -> str | None:
    if not link:
        return None
    if not is_web_address(link.partition("#")[0]):
        raise invalid("link must be an http or https address.", subcode=2061006)
    return link


def _visible(world: World, posts: Iterable[Post], wanted: fields.Wanted | None) -> Iterable[Item]:
    until = time.time() - world.switches["listing_lag_seconds"]
    for post in posts:
        moment = post.published_at or post.created_at
        if moment <= until:
            yield Item(id=post.id, created_at=moment, show=partial(show, post, wanted))
