"""How accounts, containers, media and comments look when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.graph.fields import NodeType, Wanted, instant, select, words
from sandbox.graph.people import Account
from sandbox.instagram.world import Comment, Container, Media, Thing, World

SITE = "https://www.instagram.com"

#: An account as Instagram Login and as Facebook Login show it.
OWN_USER = NodeType(
    name="User",
    fields=dict.fromkeys(("id", "user_id", "username", "name", "account_type", "media_count")),
    known=words("biography followers_count follows_count profile_picture_url website"),
)
IG_USER = NodeType(
    name="IGUser",
    fields=dict.fromkeys(("id", "username", "name", "media_count")),
    known=words("biography followers_count follows_count ig_id profile_picture_url website"),
)
_OWNER = NodeType(name="IGUser", fields=dict.fromkeys(("id", "username")))
CONTAINER = NodeType(
    name="IGMedia",
    fields=dict.fromkeys(("id", "status", "status_code")),
    known=words("copyright_check_status video_status"),
)
_CHILD = NodeType(
    name="IGMedia",
    fields=dict.fromkeys(("id", "media_type", "alt_text", "media_url", "permalink", "timestamp")),
)
MEDIA = NodeType(
    name="IGMedia",
    fields={
        **dict.fromkeys(
            ("id", "caption", "permalink", "shortcode", "timestamp", "media_type", "username")
        ),
        **dict.fromkeys(("media_product_type", "media_url", "alt_text", "is_shared_to_feed")),
        "children": _CHILD,
        "owner": _OWNER,
    },
    known=words(
        """boost_eligibility_info comments_count copyright_check_information has_poll has_slider
        is_comment_enabled like_count thumbnail_url view_count"""
    ),
)
COMMENT = NodeType(
    name="IGComment",
    fields={**dict.fromkeys(("id", "text", "timestamp", "username")), "from": _OWNER},
    usual=("timestamp", "text", "id"),
    known=words("hidden like_count media parent_id replies user"),
)
LIMIT = NodeType(
    name="ContentPublishingLimit",
    fields={"config": None, "quota_usage": None},
    usual=("quota_usage",),
)

_STATUS = {
    "IN_PROGRESS": "In Progress: Media is still being processed.",
    "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
    "PUBLISHED": "Published: Media has been successfully published.",
    "EXPIRED": "Expired: Media was not published in time and must be created again.",
}
_TYPES = {
    "image": "IMAGE",
    "video": "VIDEO",
    "reel": "VIDEO",
    "carousel": "CAROUSEL_ALBUM",
}
_PRODUCTS = {"reel": "REELS", "story": "STORY"}


def show(world: World, thing: Thing, wanted: Wanted | None) -> dict[str, Any]:
    """The wanted fields of the thing; refuses those that its kind has not."""
    match thing:
        case Container():
            return select(_container(world, thing), CONTAINER, wanted)
        case Media():
            return select(_media(thing), MEDIA, wanted)
        case Comment():
            return select(_comment(thing), COMMENT, wanted)


def show_account(
    world: World, account: Account, wanted: Wanted | None, *, own: bool
) -> dict[str, Any]:
    """The account, with the ids of Instagram Login when it looks at itself (`own`)."""
    node = {
        "id": account.app_scoped_id if own else account.id,
        "user_id": account.id,
        "username": account.username,
        "name": account.name,
        "account_type": account.account_type,
        "media_count": sum(1 for _ in world.media(account, stories=False)),
    }
    return select(node, OWN_USER if own else IG_USER, wanted)


def _container(world: World, container: Container) -> Mapping[str, Any]:
    state = world.state_of(container)
    text = _STATUS.get(state, f"Error: Media upload has failed with error code {container.error}")
    return {"id": container.id, "status_code": state, "status": text}


def _media(media: Media) -> Mapping[str, Any]:
    one = media.container
    node: dict[str, Any] = {
        "id": media.id,
        "caption": one.caption or None,
        "permalink": _permalink(media),
        "shortcode": media.shortcode,
        "timestamp": instant(media.published_at),
        "username": media.account.username,
        "owner": {"id": media.account.id, "username": media.account.username},
        "media_type": _media_type(one),
        "media_product_type": _PRODUCTS.get(one.kind, "FEED"),
        "media_url": f"{SITE}/_/media/{one.id}",
        "alt_text": one.alt_text,
    }
    if one.kind == "reel":
        node["is_shared_to_feed"] = one.share_to_feed
    if one.children:
        node["children"] = {"data": [_child(child) for child in one.children]}
    return node


def _permalink(media: Media) -> str:
    match media.container.kind:
        case "story":
            return f"{SITE}/stories/{media.account.username}/{media.id}"
        case "reel":
            return f"{SITE}/reel/{media.shortcode}/"
        case _:
            return f"{SITE}/p/{media.shortcode}/"


def _media_type(container: Container) -> str:
    if container.kind == "story":
        is_video = container.file is not None and container.file.content_type.startswith("video/")
        return "VIDEO" if is_video else "IMAGE"
    return _TYPES[container.kind]


def _child(child: Container) -> Mapping[str, Any]:
    return {"id": child.id, "media_type": _media_type(child), "alt_text": child.alt_text}


def _comment(comment: Comment) -> Mapping[str, Any]:
    return {
        "id": comment.id,
        "text": comment.text,
        "timestamp": instant(comment.created_at),
        "username": comment.account.username,
        "from": {"id": comment.account.id, "username": comment.account.username},
    }
