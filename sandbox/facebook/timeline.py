"""What Facebook shows on the page that all platforms share."""

from __future__ import annotations

from sandbox.facebook.world import Comment, Photo, Post, Video, World
from sandbox.graph.files import video_type
from sandbox.graph.people import PAGES
from sandbox.graph.tokens import Tokens
from sandbox.page import Entry, File, Look, Picture, Timeline

LOOK = Look(name="Facebook", mark="f", light="#1557c0", dark="#8ab4ff")
PLACES = {"reel": "Reel", "video": "Video"}


def timeline_of(world: World, tokens: Tokens) -> Timeline:
    return Timeline(
        look=LOOK,
        profiles=PAGES,
        switches=world.switches,
        version=lambda: world.version,
        entries=lambda: map(_entry, world.newest_first()),
        count=world.count,
        media=lambda media_id: _file(world, media_id),
        clear=world.clear,
        expire_access=tokens.expire_all,
        kill_tokens=tokens.end_all,
    )


def _entry(shown: Post | Comment) -> Entry:
    if isinstance(shown, Comment):
        return Entry(
            id=shown.id,
            profile=shown.page,
            created_at=shown.created_at,
            text=shown.message,
            reply_to=shown.post.id,
        )
    return Entry(
        id=shown.id,
        profile=shown.page,
        created_at=shown.published_at or shown.created_at,
        text=shown.message,
        title=shown.video.title or None if shown.video else None,
        link=shown.link,
        place=PLACES.get(shown.kind),
        media=_pictures(shown),
    )


def _pictures(post: Post) -> list[Picture]:
    if post.video is not None:
        return [Picture(id=post.video.id, type="video")]
    return [Picture(id=one.id, type="image", alt_text=one.alt_text) for one in post.photos]


def _file(world: World, media_id: str) -> File | None:
    match world.find(media_id):
        case Photo() as photo:
            return File(content_type=photo.file.content_type, data=photo.file.data)
        case Video() as video if video.upload.is_complete:
            data = bytes(video.upload.data)
            content_type = video_type(data) or "application/octet-stream"
            return File(content_type=content_type, data=data)
        case _:
            return None
