"""How Facebook fails: the calls that a failure can hit, before, at and after the publication."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.graph.error_map import plan_of
from sandbox.graph.errors import is_api
from sandbox.graph.parameters import PARAMETERS, RAW
from sandbox.graph.people import PAGES
from sandbox.modes import Call

CALLS = {
    "publish": Call(label="publishing", irreversible=True),
    "prepare": Call(label="preparing: unpublished posts and photos, the start of a reel"),
    "upload": Call(label="uploading the bytes of a reel"),
    "comment": Call(label="commenting"),
    "read": Call(label="reading one post, photo or video"),
    "list": Call(label="listing posts, reels and comments"),
    "delete": Call(label="deleting"),
    "token": Call(label="logging in: tokens, Pages and permissions"),
}
_LOGIN = ("access_token", "debug_token", "accounts", "permissions", "me")
_LISTS = ("feed", "posts", "published_posts", "video_reels", "comments")
_FALSE = (False, "false", "0")


def kind_of(request: web.Request) -> str | None:
    if not is_api(request):
        return None
    edge = request.path.rstrip("/").rpartition("/")[2]
    if request.path.startswith(RAW):
        return "upload"
    if edge in _LOGIN:
        return "token"
    match request.method:
        case "POST" if edge == "comments":
            return "comment"
        case "POST":
            return "publish" if _publishes(edge, request[PARAMETERS]) else "prepare"
        case "DELETE":
            return "delete"
    return "list" if edge in _LISTS else "read"


def _publishes(edge: str, parameters: dict[str, Any]) -> bool:
    if edge == "video_reels":
        return parameters.get("video_state") == "PUBLISHED"
    return parameters.get("published", True) not in _FALSE


PLAN = plan_of(
    "facebook",
    name="Facebook",
    calls=CALLS,
    kind_of=kind_of,
    throttle="error_80001",
    example=PAGES[0].id,
)
