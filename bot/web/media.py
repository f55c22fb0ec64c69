"""Files of posts, for the platforms that fetch them by themselves: by signed address only."""

from __future__ import annotations

import structlog
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest

from bot.web.keys import RUNTIME
from scheduler import versions
from scheduler.media import MediaStore
from scheduler.shelf import ShelfFailed

log = structlog.get_logger(__name__)

_ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
}


def add_routes(app: web.Application) -> None:
    app.router.add_get("/media/{signed}", show)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /media/{signed}: the file, or parts of it; 404 whatever may be wrong with the address."""
    store = request.app[RUNTIME].media
    key = store.addresses.key(request.match_info["signed"])
    mime = await versions.mime_of(key) if key else None
    if key is None or mime is None:
        raise web.HTTPNotFound
    try:
        # What is not on this machine is fetched while there is still another answer to give.
        async with store.shelf.at_hand([key]):
            return _FileAtHand(store, key, mime)
    except FileNotFoundError:
        raise web.HTTPNotFound from None
    except ShelfFailed as error:
        log.warning("file not shown", error=repr(error))
        raise web.HTTPServiceUnavailable from None


class _FileAtHand(web.FileResponse):
    """A file of the store, kept at hand while it is sent. A browser saves it and shows nothing."""

    def __init__(self, store: MediaStore, key: str, mime: str) -> None:
        headers = {
            "Content-Type": mime,
            "Content-Disposition": f'attachment; filename="media.{_ENDINGS[mime]}"',
            "Cache-Control": "private",
        }
        super().__init__(store.path(key), headers=headers)
        self._shelf, self._key = store.shelf, key

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        async with self._shelf.at_hand([self._key]):
            return await super().prepare(request)
