"""Containers: what Instagram makes of the files of a post before it is published.

One file is one container. A carousel is a container for each file and a parent that names them; all
of them must be finished before the parent is made. Each id is saved as soon as it is known, so that
a resumed attempt goes on with what is there. Nobody sees a container; unpublished it dies after a
day.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from publishers._errors import OutcomeUnknown, PublishError, Rejected, TemporaryFailure
from publishers._graph import Graph
from publishers._graph_errors import explain_subcode
from publishers._json import text, tidy
from publishers._values import Checkpoint, Content, Media, Processing, Ready

# Where within an account a post goes; empty means the feed.
FEED, STORY = "feed", "story"
# How long to wait until the next look, in seconds: images take moments, videos minutes.
IMAGE_WAIT = 4.0
VIDEO_WAIT = 15.0
# Instagram's subcode for files that it could not process; it does not always give one.
UNPROCESSED = 2207082
# What was lost is made anew at the next call.
AT_ONCE = Processing(seconds=1.0)


class Status(StrEnum):
    """What Instagram says of a container."""

    IN_PROGRESS = "IN_PROGRESS"
    FINISHED = "FINISHED"
    PUBLISHED = "PUBLISHED"
    EXPIRED = "EXPIRED"
    ERROR = "ERROR"


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container that Instagram has, made at `at` (epoch seconds)."""

    id: str
    at: float
    is_finished: bool = False


class Shelf:
    """The containers of a post in its checkpoint: those of a carousel's files by position, and the
    one that is published."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    @property
    def is_empty(self) -> bool:
        return not self.whole and not self._children

    @property
    def whole(self) -> Container | None:
        saved = self._checkpoint.saved.get("container")
        return Container(**saved) if saved else None

    def child(self, position: int) -> Container | None:
        saved = self._children.get(str(position))
        return Container(**saved) if saved else None

    async def keep(self, container: Container) -> None:
        await self._checkpoint.save(container=asdict(container))

    async def keep_child(self, position: int, container: Container | None) -> None:
        saved = {**self._children, str(position): container and asdict(container)}
        await self._checkpoint.save(children=saved)

    async def clear(self) -> None:
        await self._checkpoint.save(container=None, children={})

    @property
    def _children(self) -> Mapping[str, dict[str, Any] | None]:
        saved: Mapping[str, dict[str, Any] | None] = self._checkpoint.saved.get("children") or {}
        return saved


async def bring(
    graph: Graph, account_id: str, content: Content, checkpoint: Checkpoint
) -> Ready | Processing:
    """Makes the containers that are missing and looks once at what Instagram still works on."""
    shelf, media = Shelf(checkpoint), content.media
    if len(media) > 1 and not shelf.whole:
        for position, one in enumerate(media):
            if not shelf.child(position):
                await shelf.keep_child(position, await _make(graph, account_id, _child(one)))
        for position, one in enumerate(media):
            if waiting := await _bring_child(graph, shelf, position, one):
                return waiting
    if not shelf.whole:
        await shelf.keep(await _make(graph, account_id, _whole(content, shelf)))
    return await _bring_whole(graph, shelf, media)


async def look(graph: Graph, container: Container) -> tuple[Status, str]:
    """What has become of a container, with Instagram's words where it failed."""
    query = {"fields": "status_code,status"}
    answer = await graph.call("GET", f"/{container.id}", params=query)
    told = text(answer.get("status_code"))
    if told not in set(Status):
        raise TemporaryFailure("Instagram did not say how far it is with the files of this post.")
    return Status(told), text(answer.get("status"))


async def _bring_child(
    graph: Graph, shelf: Shelf, position: int, media: Media
) -> Processing | None:
    """One look at the container of a carousel's file; `None` when it is finished."""
    container = shelf.child(position)
    assert container is not None
    if container.is_finished:
        return None
    status, words = await look(graph, container)
    match status:
        case Status.IN_PROGRESS:
            return _pause([media])
        case Status.EXPIRED:
            await shelf.keep_child(position, None)
            return AT_ONCE
        case Status.ERROR:
            await shelf.keep_child(position, None)
            raise _failure(graph.label, words)
    await shelf.keep_child(position, replace(container, is_finished=True))
    return None


async def _bring_whole(graph: Graph, shelf: Shelf, media: tuple[Media, ...]) -> Ready | Processing:
    container = shelf.whole
    assert container is not None
    status, words = await look(graph, container)
    match status:
        case Status.FINISHED:
            return Ready()
        case Status.IN_PROGRESS:
            return _pause(media)
        case Status.EXPIRED:
            await shelf.clear()
            return AT_ONCE
        case Status.PUBLISHED:
            raise OutcomeUnknown(
                "Instagram says that this post is out already. Postbot looks for it.",
                likely_live=True,
            )
    await shelf.clear()
    raise _failure(graph.label, words)


def _failure(label: str, words: str) -> PublishError:
    subcode = re.search(r"\b2207[0-9]{3}\b", words)
    return explain_subcode(label, int(subcode[0]) if subcode else UNPROCESSED, tidy(words))


async def _make(graph: Graph, account_id: str, body: Mapping[str, Any]) -> Container:
    answer = await graph.call("POST", f"/{account_id}/media", json=body)
    container_id = answer.get("id")
    if isinstance(container_id, str) and re.fullmatch(r"[0-9]{1,30}", container_id):
        return Container(id=container_id, at=time.time())
    raise TemporaryFailure("Instagram answered without an id for the files of this post.")


def _whole(content: Content, shelf: Shelf) -> dict[str, Any]:
    """What is published: a story, a reel, an image, or a carousel of finished containers."""
    first, *more = content.media
    if content.place == STORY:
        return {"media_type": "STORIES", **_address(first)}
    caption = {"caption": content.text} if content.text.strip() else {}
    if more:
        found = [shelf.child(position) for position in range(len(content.media))]
        children = ",".join(child.id for child in found if child)
        return {"media_type": "CAROUSEL", "children": children, **caption}
    if first.kind == "video":
        return {"media_type": "REELS", "share_to_feed": True, **_address(first), **caption}
    return {**_address(first), **_description(first), **caption}


def _child(media: Media) -> dict[str, Any]:
    kind = {"media_type": "VIDEO"} if media.kind == "video" else _description(media)
    return {"is_carousel_item": True, **_address(media), **kind}


def _address(media: Media) -> dict[str, str]:
    if not media.url:
        raise Rejected(
            f"Instagram fetches {media.name} itself, but this Postbot has no address on the "
            "internet. Ask your Postbot administrator to set POSTBOT_PUBLIC_URL to one, then retry."
        )
    return {"video_url" if media.kind == "video" else "image_url": media.url}


def _description(media: Media) -> dict[str, str]:
    return {"alt_text": media.alt_text} if media.alt_text else {}


def _pause(media: tuple[Media, ...] | list[Media]) -> Processing:
    has_video = any(one.kind == "video" for one in media)
    return Processing(seconds=VIDEO_WAIT if has_video else IMAGE_WAIT)
