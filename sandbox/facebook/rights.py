"""Which Page a call acts for, and whether its token may."""

from __future__ import annotations

from aiohttp import web

from sandbox.facebook.world import WORLD, Thing
from sandbox.graph.access import caller, need_scopes, tasks_on
from sandbox.graph.errors import missing_object, not_permitted
from sandbox.graph.me import need_page_token
from sandbox.graph.people import Page
from sandbox.graph.tokens import Token

POSTING = ("pages_read_engagement", "pages_manage_posts")


def page_to_post_on(request: web.Request) -> Page:
    """The Page of the path, for a call that makes or changes posts on it."""
    token = caller(request)
    page = need_page_token(token, request.match_info["id"])
    _need_rights(token, page, POSTING)
    return page


def page_to_read(request: web.Request) -> Page:
    """The Page of the path, for a call that lists what is on it."""
    token = caller(request)
    page = need_page_token(token, request.match_info["id"])
    need_scopes(token, "pages_read_engagement", code=10)
    return page


def thing_to_read(request: web.Request) -> Thing:
    """The thing of the path, for the Page's token or that of a person with a role on it."""
    token = caller(request)
    thing = _find(request)
    if token.page is not thing.page and not tasks_on(token, thing.page):
        raise missing_object(request.match_info["id"])
    need_scopes(token, "pages_read_engagement", code=10)
    return thing


def thing_to_change(request: web.Request, *scopes: str) -> Thing:
    """The thing of the path, for a call that changes it or adds to it."""
    token = caller(request)
    thing = _find(request)
    need_page_token(token, thing.page.id)
    _need_rights(token, thing.page, scopes or POSTING)
    return thing


def _find(request: web.Request) -> Thing:
    thing = request.app[WORLD].find(request.match_info["id"])
    if thing is None:
        raise missing_object(request.match_info["id"], request.method.lower())
    return thing


def _need_rights(token: Token, page: Page, scopes: tuple[str, ...]) -> None:
    need_scopes(token, *scopes)
    if "CREATE_CONTENT" not in tasks_on(token, page):
        raise not_permitted("The person has not the task CREATE_CONTENT on this Page.")
