"""How Instagram fails: the calls that a failure can hit, before, at and after the publication."""

from __future__ import annotations

from aiohttp import web

from sandbox.graph.error_map import plan_of
from sandbox.graph.errors import is_api
from sandbox.graph.parameters import RAW
from sandbox.graph.people import ACCOUNTS
from sandbox.instagram.world import WORLD, Container
from sandbox.modes import Call

CALLS = {
    "publish": Call(label="publishing a container", irreversible=True),
    "prepare": Call(label="making containers"),
    "upload": Call(label="uploading the bytes of a video"),
    "poll": Call(label="reading the state of a container"),
    "comment": Call(label="commenting"),
    "read": Call(label="reading one post, or what is left of the quota"),
    "list": Call(label="listing posts, stories and comments"),
    "delete": Call(label="deleting"),
    "token": Call(label="logging in: tokens, Pages, profiles and permissions"),
}
_LOGIN = (
    "access_token",
    "refresh_access_token",
    "debug_token",
    "accounts",
    "permissions",
    "me",
)
_LISTS = ("media", "stories", "comments")
_WRITES = {"media": "prepare", "media_publish": "publish", "comments": "comment"}


def kind_of(request: web.Request) -> str | None:
    if not is_api(request):
        return None
    edge = request.path.rstrip("/").rpartition("/")[2]
    if request.path.startswith(RAW):
        return "upload"
    if edge in _LOGIN:
        return "token"
    match request.method:
        case "POST":
            return _WRITES.get(edge, "prepare")
        case "DELETE":
            return "delete"
    if edge in _LISTS:
        return "list"
    return "poll" if isinstance(request.app[WORLD].find(edge), Container) else "read"


PLAN = plan_of(
    "instagram",
    name="Instagram",
    calls=CALLS,
    kind_of=kind_of,
    throttle="error_80002",
    example=ACCOUNTS[0].id,
)
