"""What is reached by its id alone: read it, delete it."""

from __future__ import annotations

from aiohttp import web

from sandbox.graph import fields
from sandbox.graph.access import token_value
from sandbox.graph.errors import missing_object
from sandbox.graph.me import read_person_or_page
from sandbox.graph.parameters import read
from sandbox.graph.people import ACCOUNTS
from sandbox.instagram import rules
from sandbox.instagram.nodes import show, show_account
from sandbox.instagram.rights import account_for, thing_for
from sandbox.instagram.world import WORLD, Media

_ACCOUNT_IDS = {one.id for one in ACCOUNTS} | {one.app_scoped_id for one in ACCOUNTS}


async def get(request: web.Request) -> web.Response:
    """GET /{id}: an account, a container, media, a comment; a person or Page of Facebook Login."""
    object_id = request.match_info["id"]
    if object_id in _ACCOUNT_IDS or (object_id == "me" and _is_of_instagram_login(request)):
        return _account(request)
    known = await read_person_or_page(request, object_id)
    if known is not None:
        return known
    thing = thing_for(request, "read")
    wanted = fields.parse(read(request, rules.GET_NODE).get("fields"))
    return web.json_response(show(request.app[WORLD], thing, wanted))


async def delete(request: web.Request) -> web.Response:
    """DELETE /{media}: with Facebook Login only."""
    thing = thing_for(request, "delete")
    read(request, rules.DELETE_NODE)
    if not isinstance(thing, Media):
        raise missing_object(thing.id, "delete")
    request.app[WORLD].delete(thing)
    return web.json_response({"success": True})


def _is_of_instagram_login(request: web.Request) -> bool:
    return token_value(request).startswith("IG")


def _account(request: web.Request) -> web.Response:
    token, account = account_for(request, "read")
    wanted = fields.parse(read(request, rules.GET_NODE).get("fields"))
    own = token.kind == "instagram"
    return web.json_response(show_account(request.app[WORLD], account, wanted, own=own))
