"""Pictures of figures, for Slack to show in the Home tab: by signed address only."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot import charts
from bot.web.keys import RUNTIME


def add_routes(app: web.Application) -> None:
    app.router.add_get("/chart/{signed}.png", show)


async def show(request: web.Request) -> web.Response:
    """GET /chart/{signed}.png: the picture; 404 for an address that was not made here."""
    days = charts.days_of(request.app[RUNTIME].vault, request.match_info["signed"])
    if days is None:
        raise web.HTTPNotFound
    picture = await asyncio.to_thread(charts.draw, days)
    # What an address shows never changes.
    headers = {"Cache-Control": "private, max-age=86400, immutable"}
    return web.Response(body=picture, content_type="image/png", headers=headers)
