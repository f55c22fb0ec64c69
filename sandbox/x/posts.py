"""The endpoints around posts: who am I, create, delete, list."""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web

from sandbox.failures import RECEIVED_AT
from sandbox.x import problems
from sandbox.x.access import READ, WRITE, authorize
from sandbox.x.listing import read_query, select, show_post
from sandbox.x.query import read_fields
from sandbox.x.rules import CREATE_POST, read_json
from sandbox.x.text import is_too_long
from sandbox.x.world import WORLD, Account, Media, World

USER_FIELDS = {
    "created_at": "2023-09-08T00:00:00.000Z",
    "description": "A profile of the stand-in.",
    "location": "",
    "protected": False,
    "subscription_type": "None",
    "verified": False,
    "verified_type": "none",
}


async def me(request: web.Request) -> web.Response:
    """GET /2/users/me."""
    account = authorize(request, scopes=READ, endpoint="me")
    known = frozenset({"user.fields", "expansions", "tweet.fields", "post.fields"})
    chosen = read_fields(request.query, "user.fields", parameters=known)
    data = {"id": account.id, "name": account.name, "username": account.username}
    extra = {key: value for key, value in USER_FIELDS.items() if key in chosen}
    return web.json_response({"data": {**data, **extra}})


async def create(request: web.Request) -> web.Response:
    """POST /2/tweets: on the record before it is answered."""
    account = authorize(request, scopes=WRITE, endpoint="create")
    body = await read_json(request, CREATE_POST)
    world = request.app[WORLD]
    text = body.get("text", "")
    media = _find_media(world, account, body.get("media", {}).get("media_ids", []))
    reply_to = body.get("reply", {}).get("in_reply_to_tweet_id")
    _check(world, account, body, text=text, media=media, reply_to=reply_to)
    post = world.accept(
        account=account,
        text=text,
        media=media,
        reply_to=reply_to,
        received_at=request[RECEIVED_AT],
    )
    return web.json_response({"data": {"id": post.id, "text": post.shown}}, status=201)


async def delete(request: web.Request) -> web.Response:
    """DELETE /2/tweets/{id}."""
    account = authorize(request, scopes=WRITE, endpoint="delete")
    world = request.app[WORLD]
    post = world.post(request.match_info["id"])
    if post is None:
        raise problems.Refusal(404, problems.not_found("tweet", request.match_info["id"]))
    if post.account is not account:
        raise problems.not_permitted()
    world.delete(post)
    return web.json_response({"data": {"deleted": True}})


async def listing(request: web.Request) -> web.Response:
    """GET /2/users/{id}/tweets: newest first, a page at a time."""
    authorize(request, scopes=READ, endpoint="listing")
    world = request.app[WORLD]
    query = read_query(request.query)
    owner = world.account(request.match_info["id"])
    if owner is None:
        return web.json_response({"errors": [problems.not_found("user", request.match_info["id"])]})
    visible_until = time.time() - world.switches["listing_lag_seconds"]
    page, meta = select(world.newest_first(owner), query, visible_until=visible_until)
    answer: dict[str, Any] = {"meta": meta}
    if page:
        answer["data"] = [show_post(post, query.fields) for post in page]
    return web.json_response(answer)


def _find_media(world: World, account: Account, ids: list[str]) -> tuple[Media, ...]:
    now = time.time()
    found = [world.media[media_id] for media_id in ids if media_id in world.media]
    usable = [one for one in found if one.owner is account and one.is_ready(now)]
    if len(usable) < len(ids):
        raise problems.invalid("Your media IDs are invalid.", parameters={"media.media_ids": ids})
    if len(usable) > 1 and any(one.kind != "image" for one in usable):
        raise problems.invalid(
            "A post can have up to 4 images, or 1 GIF, or 1 video.",
            parameters={"media.media_ids": ids},
        )
    return tuple(usable)


def _check(
    world: World,
    account: Account,
    body: dict[str, Any],
    *,
    text: str,
    media: tuple[Media, ...],
    reply_to: str | None,
) -> None:
    if not text.strip() and not media:
        raise problems.invalid("One of text or media is required.")
    if len({"media", "poll", "quote_tweet_id", "card_uri"} & body.keys()) > 1:
        raise problems.invalid("media, poll, quote_tweet_id and card_uri exclude one another.")
    if is_too_long(text):
        raise problems.not_permitted()
    if reply_to is not None and world.post(reply_to) is None:
        raise problems.blank(
            403, "You attempted to reply to a Tweet that is deleted or not visible to you."
        )
    if text and world.switches["duplicates"] and world.is_duplicate(account, text):
        raise problems.duplicate()
