"""What is sent to Facebook for a post: its photos, and the post itself, unpublished or not."""

from __future__ import annotations

import asyncio
from typing import Any

from publishers._errors import TemporaryFailure
from publishers._facebook_shelf import Shelf, gone
from publishers._facebook_text import message
from publishers._graph import Graph
from publishers._json import text
from publishers._values import Content, Media


async def bring_photos(graph: Graph, page_id: str, files: tuple[Media, ...], shelf: Shelf) -> None:
    """Uploads what is missing, described, without showing it to anybody."""
    for position, media in enumerate(files):
        if str(position) not in shelf.photos:
            photo_id = await _upload(graph, page_id, media)
            await shelf.keep(photos={**shelf.photos, str(position): photo_id})


async def create_unpublished(graph: Graph, page_id: str, content: Content, shelf: Shelf) -> None:
    """Makes the post, with an id and a link, that only waits to be published."""
    body = {**post_body(content, shelf), "published": False}
    answer = await graph.call("POST", f"/{page_id}/feed", **asking_link(body))
    await shelf.keep(post={"id": _id(answer), "permalink": text(answer.get("permalink_url"))})


def post_body(content: Content, shelf: Shelf) -> dict[str, Any]:
    """The parameters of a post without a video."""
    body = {"message": message(content)} if message(content).strip() else {}
    if not content.media:
        return body | ({"link": content.link} if content.link else {})
    photos = shelf.need("photos")
    attached = [{"media_fbid": photos.get(str(place))} for place in range(len(content.media))]
    return {**body, "attached_media": attached}


def finish_body(content: Content, shelf: Shelf) -> dict[str, Any]:
    """The parameters that publish an uploaded reel."""
    body = {
        "upload_phase": "finish",
        "video_id": shelf.need("reel")["id"],
        "video_state": "PUBLISHED",
        "description": message(content),
        "title": content.title,
    }
    return {name: value for name, value in body.items() if value}


def asking_link(body: dict[str, Any]) -> dict[str, Any]:
    """A request whose answer tells the link too, so that nothing is left to ask afterwards."""
    return {"json": body, "params": {"fields": "id,permalink_url"}}


async def _upload(graph: Graph, page_id: str, media: Media) -> str:
    try:
        content = await asyncio.to_thread(media.path.read_bytes)
    except FileNotFoundError as error:
        raise gone(media) from error
    form = {"published": "false"} | ({"alt_text_custom": media.alt_text} if media.alt_text else {})
    files = {"source": ("photo", content, media.mime)}
    return _id(await graph.call("POST", f"/{page_id}/photos", data=form, files=files))


def _id(answer: dict[str, Any]) -> str:
    found = text(answer.get("id"))
    if not found.replace("_", "").isdecimal():
        raise TemporaryFailure(
            "Facebook took something without giving it an id. Postbot tries again."
        )
    return found
