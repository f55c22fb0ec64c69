"""What X shows on the page that all platforms share."""

from __future__ import annotations

from sandbox.page import Entry, File, Look, Picture, Timeline
from sandbox.x.tokens import Tokens
from sandbox.x.world import ACCOUNTS, Media, Post, World

LOOK = Look(name="X", mark="X", light="#27313d", dark="#dbe3ec")


def timeline_of(world: World, tokens: Tokens) -> Timeline:
    return Timeline(
        look=LOOK,
        profiles=ACCOUNTS,
        switches=world.switches,
        version=lambda: world.version,
        entries=lambda: map(_entry, world.newest_first()),
        count=world.count,
        media=lambda media_id: _file(world.media.get(media_id)),
        clear=world.clear,
        expire_access=tokens.expire_access,
        kill_tokens=tokens.kill,
    )


def _entry(post: Post) -> Entry:
    return Entry(
        id=post.id,
        profile=post.account,
        created_at=post.created_at,
        text=post.text,
        reply_to=post.reply_to,
        media=[Picture(id=one.id, type=one.kind, alt_text=one.alt_text) for one in post.media],
    )


def _file(media: Media | None) -> File | None:
    if media is None or media.finalized_at is None:
        return None
    return File(content_type=media.content_type, data=media.data)
