"""The endpoints that read: who am I, boards, their sections, the Pins on one."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.pinterest import problems
from sandbox.pinterest.access import ACCOUNT, READ_BOARDS, READ_PINS, authorize
from sandbox.pinterest.cast import BOARDS, Board
from sandbox.pinterest.paging import PAGE, check_names, cut_page
from sandbox.pinterest.shows import show_account, show_board, show_pin, show_section
from sandbox.pinterest.tokens import Grant
from sandbox.pinterest.world import WORLD

PRIVACY = {
    "ALL": frozenset({"PUBLIC", "PROTECTED", "SECRET"}),
    "PUBLIC": frozenset({"PUBLIC"}),
    "PROTECTED": frozenset({"PROTECTED"}),
    "SECRET": frozenset({"SECRET"}),
    "PUBLIC_AND_SECRET": frozenset({"PUBLIC", "SECRET"}),
}
CREATIVE_TYPES = frozenset(
    {
        "REGULAR",
        "VIDEO",
        "SHOPPING",
        "CAROUSEL",
        "MAX_VIDEO",
        "SHOP_THE_PIN",
        "COLLECTION",
        "IDEA",
        "SHOWCASE",
        "QUIZ",
        "COLLAGE",
        "MAX_WIDTH_REGULAR_COLLECTION",
        "MAX_WIDTH_VIDEO_COLLECTION",
    }
)


async def me(request: web.Request) -> web.Response:
    """GET /v5/user_account."""
    grant = authorize(request, scopes=ACCOUNT, category="org_read")
    check_names(request)
    return web.json_response(show_account(grant.account, request.app[WORLD]))


async def boards(request: web.Request) -> web.Response:
    """GET /v5/boards: a page at a time."""
    grant = authorize(request, scopes=READ_BOARDS, category="org_read")
    check_names(request, PAGE | {"privacy"})
    privacy = request.query.get("privacy", "ALL")
    if privacy not in PRIVACY:
        raise problems.invalid(f"privacy: is not one of {sorted(PRIVACY)}")
    wanted = [one for one in BOARDS if one.privacy in PRIVACY[privacy] and may_see(grant, one)]
    page, bookmark = cut_page(wanted, request.query)
    return _page([show_board(one, request.app[WORLD]) for one in page], bookmark)


async def board(request: web.Request) -> web.Response:
    """GET /v5/boards/{id}."""
    grant = authorize(request, scopes=READ_BOARDS, category="org_read")
    check_names(request)
    found = find_board(grant, request.match_info["id"])
    return web.json_response(show_board(found, request.app[WORLD]))


async def sections(request: web.Request) -> web.Response:
    """GET /v5/boards/{id}/sections: a page at a time."""
    grant = authorize(request, scopes=READ_BOARDS, category="org_read")
    check_names(request, PAGE)
    found = find_board(grant, request.match_info["id"])
    page, bookmark = cut_page(found.sections, request.query)
    return _page([show_section(one) for one in page], bookmark)


async def pins(request: web.Request) -> web.Response:
    """GET /v5/boards/{id}/pins: newest first, a page at a time."""
    grant = authorize(request, scopes=READ_PINS, category="org_read")
    check_names(request, PAGE | {"creative_types", "pin_metrics"})
    found = find_board(grant, request.match_info["id"])
    kinds = _creative_types(request)
    wanted = [one for one in request.app[WORLD].pins_on(found) if one.creative_type in kinds]
    page, bookmark = cut_page(wanted, request.query, newest_first=True)
    base_url = str(request.url.origin())
    return _page([show_pin(one, base_url=base_url) for one in page], bookmark)


def find_board(grant: Grant, board_id: str) -> Board:
    """The board, if it is the account's own and the token may see it; else 404."""
    for one in BOARDS:
        if one.id == board_id and may_see(grant, one):
            return one
    raise problems.board_not_found()


def may_see(grant: Grant, board: Board) -> bool:
    is_open = board.privacy != "SECRET" or "boards:read_secret" in grant.scopes
    return board.owner is grant.account and is_open


def _creative_types(request: web.Request) -> frozenset[str]:
    values = frozenset(request.query.getall("creative_types", []))
    if not values <= CREATIVE_TYPES:
        raise problems.invalid(f"creative_types: is not one of {sorted(CREATIVE_TYPES)}")
    return values or CREATIVE_TYPES


def _page(items: list[dict[str, Any]], bookmark: str | None) -> web.Response:
    return web.json_response({"items": items, "bookmark": bookmark})
