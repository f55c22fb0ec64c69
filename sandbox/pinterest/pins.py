"""The endpoints around one Pin: create, look at, delete."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.failures import RECEIVED_AT
from sandbox.pinterest import problems
from sandbox.pinterest.access import READ_PINS, WRITE_PINS, authorize
from sandbox.pinterest.boards import find_board, may_see
from sandbox.pinterest.cast import Account, Board, Section
from sandbox.pinterest.paging import check_names
from sandbox.pinterest.pictures import read_images
from sandbox.pinterest.rules import CREATE_PIN, read_json
from sandbox.pinterest.shows import show_pin
from sandbox.pinterest.tokens import Grant
from sandbox.pinterest.world import WORLD, Pin, Upload, World

WRITE_SECRET = frozenset({"boards:write_secret", "pins:write_secret"})


async def create(request: web.Request) -> web.Response:
    """POST /v5/pins: on the record before it is answered."""
    grant = authorize(request, scopes=WRITE_PINS, category="org_write")
    check_names(request)
    body = await read_json(request, CREATE_PIN)
    world, source = request.app[WORLD], body["media_source"]
    board, section = _find_place(grant, body)
    if body.get("parent_pin_id") is not None and world.pin(body["parent_pin_id"]) is None:
        raise problems.pin_not_found()
    video = _find_video(world, grant.account, source)
    pin = world.accept(
        board=board,
        section=section,
        body=body,
        creative_type=_creative_type(source),
        images=await read_images(request, source),
        video=video,
        received_at=request[RECEIVED_AT],
    )
    return web.json_response(show_pin(pin, base_url=str(request.url.origin())), status=201)


async def show(request: web.Request) -> web.Response:
    """GET /v5/pins/{id}."""
    grant = authorize(request, scopes=READ_PINS, category="org_read")
    check_names(request, frozenset({"pin_metrics"}))
    pin = _find(request, grant)
    return web.json_response(show_pin(pin, base_url=str(request.url.origin())))


async def delete(request: web.Request) -> web.Response:
    """DELETE /v5/pins/{id}."""
    grant = authorize(request, scopes=WRITE_PINS, category="org_write")
    check_names(request)
    request.app[WORLD].delete(_find(request, grant))
    return web.Response(status=204)


def _find(request: web.Request, grant: Grant) -> Pin:
    pin = request.app[WORLD].pin(request.match_info["id"])
    if pin is None or not may_see(grant, pin.board):
        raise problems.pin_not_found()
    return pin


def _find_place(grant: Grant, body: Mapping[str, Any]) -> tuple[Board, Section | None]:
    board = find_board(grant, body["board_id"])
    if board.privacy == "SECRET" and not grant.scopes >= WRITE_SECRET:
        raise problems.not_permitted()
    section_id = body.get("board_section_id")
    if section_id is None:
        return board, None
    section = board.section(section_id)
    if section is None:
        raise problems.section_not_found()
    return board, section


def _find_video(world: World, account: Account, source: Mapping[str, Any]) -> Upload | None:
    if "media_id" not in source:
        return None
    upload = world.uploads.get(source["media_id"])
    if upload is None or upload.owner is not account:
        raise problems.media_not_found()
    if (status := upload.status(time.time())) != "succeeded":
        raise problems.invalid(f"the video is not ready: its status is {status}")
    return upload


def _creative_type(source: Mapping[str, Any]) -> str:
    if "media_id" in source:
        return "VIDEO"
    return "CAROUSEL" if "items" in source else "REGULAR"
