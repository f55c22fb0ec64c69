"""What Instagram shows on the page that all platforms share."""

from __future__ import annotations

from sandbox.graph.people import ACCOUNTS
from sandbox.graph.tokens import Tokens
from sandbox.instagram.world import Comment, Container, Media, World
from sandbox.page import Entry, File, Look, Picture, Timeline

LOOK = Look(name="Instagram", mark="I", light="#a8225f", dark="#ff9cc8")
PLACES = {"reel": "Reel", "story": "Story"}


def timeline_of(world: World, tokens: Tokens) -> Timeline:
    return Timeline(
        look=LOOK,
        profiles=ACCOUNTS,
        switches=world.switches,
        version=lambda: world.version,
        entries=lambda: map(_entry, world.newest_first()),
        count=world.count,
        media=lambda media_id: _file(world, media_id),
        clear=world.clear,
        expire_access=tokens.expire_all,
        kill_tokens=tokens.end_all,
    )


def _entry(shown: Media | Comment) -> Entry:
    if isinstance(shown, Comment):
        return Entry(
            id=shown.id,
            profile=shown.account,
            created_at=shown.created_at,
            text=shown.text,
            reply_to=shown.media.id,
        )
    container = shown.container
    return Entry(
        id=shown.id,
        profile=shown.account,
        created_at=shown.published_at,
        text=container.caption,
        place=PLACES.get(container.kind),
        media=[_picture(one) for one in container.children or (container,)],
    )


def _picture(container: Container) -> Picture:
    is_video = container.file is not None and container.file.content_type.startswith("video/")
    return Picture(
        id=container.id, type="video" if is_video else "image", alt_text=container.alt_text
    )


def _file(world: World, media_id: str) -> File | None:
    container = world.find(media_id)
    if not isinstance(container, Container) or container.file is None:
        return None
    return File(content_type=container.file.content_type, data=container.file.data)
