"""What Pinterest shows on the page that all platforms share."""

from __future__ import annotations

from sandbox.page import Entry, File, Look, Picture, Timeline
from sandbox.pinterest.cast import ACCOUNTS
from sandbox.pinterest.tokens import Tokens
from sandbox.pinterest.world import Image, Pin, World

LOOK = Look(name="Pinterest", mark="P", light="#b3001b", dark="#ff9aa5", post="Pin")


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
        expire_access=tokens.expire_access,
        kill_tokens=tokens.kill,
    )


def _entry(pin: Pin) -> Entry:
    section = f" › {pin.section.name}" if pin.section else ""
    return Entry(
        id=pin.id,
        profile=pin.board.owner,
        created_at=pin.created_at,
        title=pin.body.get("title"),
        text=pin.body.get("description") or "",
        link=pin.body.get("link"),
        place=pin.board.name + section,
        media=[*_video(pin), *(_picture(pin, image) for image in pin.images)],
    )


def _video(pin: Pin) -> list[Picture]:
    if pin.video is None:
        return []
    second = pin.body["media_source"].get("cover_image_key_frame_time")
    caption = None if second is None else f"Cover: the frame at second {second}"
    alt_text = pin.body.get("alt_text")
    return [Picture(id=pin.video.id, type="video", alt_text=alt_text, caption=caption)]


def _picture(pin: Pin, image: Image) -> Picture:
    said = ["Cover"] if pin.video else []
    said += [each for each in (image.title, image.description, image.link) if each]
    if image.data is None:
        said.append(f"Not fetched, because it is not on this machine: {image.address}")
    return Picture(
        id=None if image.data is None else image.id,
        type="image",
        alt_text=pin.body.get("alt_text"),
        caption=" · ".join(said) or None,
    )


def _file(world: World, media_id: str) -> File | None:
    upload, image = world.uploads.get(media_id), world.images.get(media_id)
    if upload is not None and upload.data:
        return File(content_type=upload.content_type, data=upload.data)
    if image is not None and image.data is not None:
        return File(content_type=image.content_type, data=image.data)
    return None
