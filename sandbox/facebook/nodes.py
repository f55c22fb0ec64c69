"""How posts, photos, videos and comments look when they are read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sandbox.facebook.world import Comment, Photo, Post, Thing, Video
from sandbox.graph.fields import NodeType, Wanted, instant, select, words
from sandbox.graph.people import Page

SITE = "https://www.facebook.com"

_PROFILE = NodeType(name="Page", fields=dict.fromkeys(("id", "name", "username")), usual=("name",))
_TARGET = NodeType(name="ProfileOrPageOrObject", fields=dict.fromkeys(("id", "url")))
_MEDIA = NodeType(
    name="StoryAttachmentMedia", fields={"image": None, "source": None}, usual=("image",)
)
_ATTACHMENT_FIELDS = {
    **dict.fromkeys(("description", "media_type", "title", "type", "unshimmed_url", "url")),
    "media": _MEDIA,
    "target": _TARGET,
}
_SUBATTACHMENT = NodeType(
    name="StoryAttachment",
    fields=_ATTACHMENT_FIELDS,
    usual=("media", "target", "type", "url"),
)
ATTACHMENT = NodeType(
    name="StoryAttachment",
    fields={**_ATTACHMENT_FIELDS, "subattachments": _SUBATTACHMENT},
    usual=("description", "media", "target", "title", "type", "url", "subattachments"),
)
COMMENT = NodeType(
    name="Comment",
    fields={
        **dict.fromkeys(("id", "message", "created_time", "permalink_url", "parent")),
        "from": _PROFILE,
    },
    usual=("created_time", "from", "message", "id"),
    known=words("attachment can_comment can_remove comment_count is_hidden like_count object"),
)
POST = NodeType(
    name="PagePost",
    fields={
        **dict.fromkeys(
            ("id", "message", "created_time", "updated_time", "permalink_url", "is_published")
        ),
        **dict.fromkeys(("is_hidden", "status_type", "full_picture")),
        "attachments": ATTACHMENT,
        "comments": COMMENT,
        "from": _PROFILE,
    },
    usual=("created_time", "message", "id"),
    known=words(
        """actions admin_creator application backdated_time call_to_action child_attachments
        coordinates event feed_targeting icon is_expired is_spherical message_tags parent_id
        picture place privacy properties scheduled_publish_time shares story story_tags target
        targeting timeline_visibility to via"""
    ),
)
PHOTO = NodeType(
    name="Photo",
    fields={
        **dict.fromkeys(("id", "name", "alt_text", "alt_text_custom", "created_time", "link")),
        **dict.fromkeys(("page_story_id", "updated_time")),
        "from": _PROFILE,
    },
    usual=("created_time", "name", "id"),
    known=words(
        """album backdated_time can_delete can_tag event height icon images name_tags picture place
        position source target webp_images width"""
    ),
)
VIDEO = NodeType(
    name="Video",
    fields={
        **dict.fromkeys(("id", "title", "description", "created_time", "updated_time", "status")),
        **dict.fromkeys(("permalink_url", "post_id", "published")),
        "from": _PROFILE,
    },
    usual=("updated_time", "description", "id"),
    known=words(
        """content_category content_tags custom_labels embed_html embeddable event format icon
        is_crosspost_video is_episode is_instagram_eligible length live_status picture place privacy
        scheduled_publish_time source spherical universal_video_id views"""
    ),
)


def show(thing: Thing, wanted: Wanted | None) -> dict[str, Any]:
    """The wanted fields of the thing; refuses those that its kind has not."""
    match thing:
        case Post():
            return select(_post(thing), POST, wanted)
        case Photo():
            return select(_photo(thing), PHOTO, wanted)
        case Video():
            return select(_video(thing), VIDEO, wanted)
        case Comment():
            return select(_comment(thing), COMMENT, wanted)


def _post(post: Post) -> Mapping[str, Any]:
    node: dict[str, Any] = {
        "id": post.id,
        "created_time": instant(post.published_at or post.created_at),
        "updated_time": instant(post.published_at or post.created_at),
        "permalink_url": f"{SITE}/{post.page.username}/posts/{post.number}",
        "is_published": post.published_at is not None,
        "is_hidden": False,
        "from": _author(post.page),
        "status_type": _STATUS_TYPES[post.kind],
        "comments": {"data": [_comment(one) for one in post.comments]},
    }
    if post.message:
        node["message"] = post.message
    if attachments := _attachments(post):
        node["attachments"] = {"data": attachments}
    return node


def _attachments(post: Post) -> list[dict[str, Any]]:
    """One attachment: the link, the video, the photo, or an album with the photos below it."""
    if post.video is not None:
        return [_attachment("video_inline", "video", post.video.id)]
    photos = [_attachment("photo", "photo", one.id) for one in post.photos]
    if len(photos) > 1:
        album = _attachment("album", "album", post.number)
        return [{**album, "media": photos[0]["media"], "subattachments": {"data": photos}}]
    if photos or post.link is None:
        return photos
    shared = {"media_type": "link", "type": "share", "target": {"url": post.link}}
    return [{**shared, "title": post.link, "url": post.link, "unshimmed_url": post.link}]


def _attachment(kind: str, media_type: str, target_id: str) -> dict[str, Any]:
    address = f"{SITE}/{target_id}"
    return {
        "media": {"image": {"src": f"{SITE}/_/media/{target_id}"}},
        "media_type": media_type,
        "target": {"id": target_id, "url": address},
        "type": kind,
        "url": address,
    }


def _photo(photo: Photo) -> Mapping[str, Any]:
    node = {
        "id": photo.id,
        "name": photo.caption or None,
        "alt_text": photo.alt_text,
        "alt_text_custom": photo.alt_text,
        "created_time": instant(photo.created_at),
        "updated_time": instant(photo.created_at),
        "from": _author(photo.page),
        "link": f"{SITE}/photo.php?fbid={photo.id}",
    }
    if photo.post is not None:
        node["page_story_id"] = photo.post.id
    return node


def _video(video: Video) -> Mapping[str, Any]:
    kind = "reel" if video.is_reel else f"{video.page.id}/videos"
    node = {
        "id": video.id,
        "title": video.title or None,
        "description": video.description or None,
        "created_time": instant(video.created_at),
        "updated_time": instant(video.finished_at or video.created_at),
        "published": video.state == "published" and video.is_ready(time.time()),
        "from": _author(video.page),
        # Of a video Meta gives the path only.
        "permalink_url": f"/{kind}/{video.id}/",
        "status": video_status(video, time.time()),
    }
    if video.post is not None and video.is_ready(time.time()):
        node["post_id"] = video.post.id
    return node


def video_status(video: Video, now: float) -> Mapping[str, Any]:
    """`{video_status, uploading_phase, processing_phase, publishing_phase}`."""
    arrived = len(video.upload.data)
    uploading: dict[str, Any] = {"status": "not_started", "bytes_transferred": arrived}
    if video.upload.size is not None:
        uploading["status"] = "complete" if video.upload.is_complete else "in_progress"
        uploading["source_file_size"] = video.upload.size
    return {
        "video_status": _video_status(video, now),
        "uploading_phase": uploading,
        "processing_phase": _processing_phase(video, now),
        "publishing_phase": _publishing_phase(video, now),
    }


def _video_status(video: Video, now: float) -> str:
    if video.finished_at is None:
        return "upload_complete" if video.upload.is_complete else "uploading"
    if now < video.ready_at:
        return "processing"
    return "error" if video.failed else "ready"


def _processing_phase(video: Video, now: float) -> Mapping[str, Any]:
    if video.finished_at is None:
        return {"status": "not_started"}
    if now < video.ready_at:
        return {"status": "in_progress"}
    if video.failed:
        errors = [{"code": 1363008, "message": "The video file could not be processed."}]
        return {"status": "error", "errors": errors}
    return {"status": "complete"}


def _publishing_phase(video: Video, now: float) -> Mapping[str, Any]:
    if video.state == "draft":
        return {"status": "not_started", "publish_status": "draft"}
    if video.state != "published" or now < video.ready_at or video.failed:
        return {"status": "not_started"}
    return {
        "status": "complete",
        "publish_status": "published",
        "publish_time": int(video.ready_at),
    }


def _comment(comment: Comment) -> Mapping[str, Any]:
    return {
        "id": comment.id,
        "message": comment.message,
        "created_time": instant(comment.created_at),
        "from": _author(comment.page),
    }


def _author(page: Page) -> Mapping[str, str]:
    return {"id": page.id, "name": page.name, "username": page.username}


_STATUS_TYPES = {
    "text": "mobile_status_update",
    "link": "shared_story",
    "photo": "added_photos",
    "photos": "added_photos",
    "video": "added_video",
    "reel": "added_video",
}
