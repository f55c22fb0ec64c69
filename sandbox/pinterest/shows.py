"""How accounts, boards and Pins look in Pinterest's answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.pinterest.cast import BOARDS, Account, Board, Section
from sandbox.pinterest.world import Image, Pin, World

BEGINNING = "2024-03-01T09:00:00"
SENT = (
    "title",
    "description",
    "alt_text",
    "link",
    "board_section_id",
    "dominant_color",
    "parent_pin_id",
)


def show_account(account: Account, world: World) -> dict[str, Any]:
    pins = [pin for pin in world.newest_first() if pin.board.owner is account]
    return {
        "account_type": "BUSINESS",
        "id": account.id,
        "username": account.username,
        "business_name": account.name,
        "about": "An account of the stand-in.",
        "profile_image": "",
        "website_url": "",
        "board_count": sum(board.owner is account for board in BOARDS),
        "pin_count": len(pins),
        "follower_count": 0,
        "following_count": 0,
        "monthly_views": 0,
    }


def show_board(board: Board, world: World) -> dict[str, Any]:
    return {
        "id": board.id,
        "name": board.name,
        "description": board.description,
        "owner": {"username": board.owner.username},
        "privacy": board.privacy,
        "is_ads_only": False,
        "created_at": BEGINNING,
        "board_pins_modified_at": BEGINNING,
        "collaborator_count": 0,
        "follower_count": 0,
        "pin_count": len(world.pins_on(board)),
        "media": {"image_cover_url": None, "pin_thumbnail_urls": []},
    }


def show_section(section: Section) -> dict[str, Any]:
    return {"id": section.id, "name": section.name}


def show_pin(pin: Pin, *, base_url: str) -> dict[str, Any]:
    """The Pin; Pinterest gives `created_at` in UTC to the whole second, without saying so."""
    created = datetime.fromtimestamp(int(pin.created_at), UTC).replace(tzinfo=None)
    return {
        "id": pin.id,
        "created_at": created.isoformat(),
        **{name: pin.body.get(name) for name in SENT},
        "board_id": pin.board.id,
        "board_owner": {"username": pin.board.owner.username},
        "creative_type": pin.creative_type,
        "has_been_promoted": False,
        "is_owner": True,
        "is_standard": True,
        "media": _media(pin, base_url),
        "pin_metrics": None,
    }


def _media(pin: Pin, base_url: str) -> dict[str, Any]:
    if pin.video is not None:
        cover = _address(pin.images[0], base_url) if pin.images else ""
        nothing_yet = {"duration": None, "height": None, "width": None, "video_url": None}
        return {"media_type": "video", "cover_image_url": cover, **nothing_yet}
    if len(pin.images) > 1:
        items = [_carousel_item(image, base_url) for image in pin.images]
        return {"media_type": "multiple_images", "items": items}
    return {"media_type": "image", "images": _sizes(pin.images[0], base_url)}


def _carousel_item(image: Image, base_url: str) -> dict[str, Any]:
    return {
        "item_type": "image",
        "title": image.title,
        "description": image.description,
        "link": image.link,
        "images": _sizes(image, base_url),
    }


def _sizes(image: Image, base_url: str) -> dict[str, Any]:
    """Pinterest's sizes; this stand-in has only the image as it came behind all of them."""
    url = _address(image, base_url)
    squares = {"150x150": (150, 150), "400x300": (400, 300)}
    fixed = {name: {"width": w, "height": h, "url": url} for name, (w, h) in squares.items()}
    scaled = {
        f"{width}x": {"width": width, "height": _height(image, width), "url": url}
        for width in (600, 1200)
    }
    return fixed | scaled


def _height(image: Image, width: int) -> int | None:
    return None if image.size is None else round(width * image.size[1] / image.size[0])


def _address(image: Image, base_url: str) -> str:
    return f"{base_url}/_/media/{image.id}" if image.data is not None else image.address or ""
