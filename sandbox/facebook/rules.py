"""What the calls to Facebook accept: parameters with the names and kinds that Meta gives them.

They are those that the stand-in plays; Meta's own lists are longer.
"""

from __future__ import annotations

from sandbox.graph.parameters import FIELDS, LISTING, Accepts

POST_FEED: Accepts = {
    **FIELDS,
    "attached_media": "list",
    "link": "text",
    "message": "text",
    "published": "flag",
}
POST_PHOTOS: Accepts = {
    **FIELDS,
    "alt_text_custom": "text",
    "caption": "text",
    "message": "text",
    "published": "flag",
    "source": "file",
    "temporary": "flag",
    "url": "text",
}
POST_VIDEOS: Accepts = {
    **FIELDS,
    "description": "text",
    "file_url": "text",
    "published": "flag",
    "source": "file",
    "title": "text",
}
POST_VIDEO_REELS: Accepts = {
    "description": "text",
    "title": "text",
    "upload_phase": "text",
    "video_id": "text",
    "video_state": "text",
}
UPDATE_POST: Accepts = {"is_published": "flag"}
UPDATE_VIDEO: Accepts = {"published": "flag"}
POST_COMMENTS: Accepts = {**FIELDS, "message": "text"}

LIST_POSTS: Accepts = {
    **LISTING,
    "include_hidden": "flag",
    "show_expired": "flag",
    "with": "text",
}
LIST_VIDEO_REELS: Accepts = LISTING
LIST_COMMENTS: Accepts = {**LISTING, "filter": "text", "order": "text"}
GET_NODE: Accepts = FIELDS
DELETE_NODE: Accepts = {}

MAX_MESSAGE = 63_206
MAX_PHOTOS = 10
MAX_PHOTO_BYTES = 10 * 1024 * 1024
