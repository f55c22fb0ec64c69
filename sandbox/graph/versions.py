"""The versions of the Graph API: a prefix of every path, which may be left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.graph.errors import Refusal

LATEST = "v26.0"
OLDEST = "v21.0"


def versioned(routes: Iterable[web.RouteDef]) -> Iterator[web.RouteDef]:
    """Each route twice: below a version and without one."""
    for route in routes:
        path = rf"/{{version:v\d+\.\d+}}{route.path}"
        yield web.RouteDef(route.method, path, route.handler, route.kwargs)
        yield route


@web.middleware
async def versions_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses a version that does not exist yet; plays a dead one as the oldest that lives."""
    asked = request.match_info.get("version", LATEST)
    if _number(asked) > _number(LATEST):
        raise Refusal(f"Unknown path components: {request.path}", code=2500)
    response = await handler(request)
    response.headers.setdefault("facebook-api-version", max(asked, OLDEST, key=_number))
    return response


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
