"""What the calls to Instagram accept, with the names and kinds that Meta gives them, and limits.

The parameters are those that the stand-in plays; Meta's own lists are longer.
"""

from __future__ import annotations

import re

from sandbox.graph.errors import Refusal, invalid
from sandbox.graph.files import Stored, image_type, picture_size
from sandbox.graph.parameters import FIELDS, LISTING, Accepts

POST_MEDIA: Accepts = {
    "alt_text": "text",
    "caption": "text",
    "children": "list",
    "cover_url": "text",
    "image_url": "text",
    "is_carousel_item": "flag",
    "media_type": "text",
    "share_to_feed": "flag",
    "thumb_offset": "text",
    "upload_type": "text",
    "video_url": "text",
}
POST_MEDIA_PUBLISH: Accepts = {**FIELDS, "creation_id": "text"}
POST_COMMENTS: Accepts = {"message": "text"}
LIST_MEDIA: Accepts = LISTING
LIST_STORIES: Accepts = LISTING
LIST_COMMENTS: Accepts = LISTING
GET_LIMIT: Accepts = {**FIELDS, "since": "time"}
GET_NODE: Accepts = FIELDS
DELETE_NODE: Accepts = {}

MAX_CAPTION = 2200
MAX_HASHTAGS = 30
MAX_MENTIONS = 20
MAX_ALT_TEXT = 1000
MAX_IMAGE_BYTES = 8 * 1024 * 1024
MAX_VIDEO_BYTES = 300 * 1024 * 1024
RATIOS = (4 / 5, 1.91)
# Pixels are whole: 1080 x 566 is what a ratio of 1.91 comes to.
_SLACK = 0.01
ITEMS = (2, 10)


def check_caption(caption: str) -> str:
    hashtags = re.findall(r"(?<!\w)#\w", caption)
    mentions = re.findall(r"(?<!\w)@\w", caption)
    if len(caption) > MAX_CAPTION or len(hashtags) > MAX_HASHTAGS or len(mentions) > MAX_MENTIONS:
        raise Refusal(
            "The caption was too long.",
            code=36004,
            subcode=2207010,
            user_title="Caption too long",
            user_message=(
                f"A caption may have up to {MAX_CAPTION} characters, {MAX_HASHTAGS} hashtags and "
                f"{MAX_MENTIONS} mentions."
            ),
        )
    return caption


def check_alt_text(alt_text: str | None) -> str | None:
    if alt_text is not None and len(alt_text) > MAX_ALT_TEXT:
        raise invalid(f"alt_text may have up to {MAX_ALT_TEXT} characters.")
    return alt_text


def read_image(data: bytes, *, any_ratio: bool) -> Stored:
    """The image, when it is a JPEG of a size and shape that Instagram takes."""
    size = picture_size(data)
    if image_type(data) != "image/jpeg" or size is None:
        raise Refusal(
            "The image format is not supported. Supported formats are: JPEG.",
            code=36001,
            subcode=2207005,
        )
    width, height = size
    fits = RATIOS[0] - _SLACK <= width / height <= RATIOS[1] + _SLACK
    if not (any_ratio or fits):
        raise Refusal(
            f"The submitted image with aspect ratio ({width}:{height}) cannot be published.",
            code=36003,
            subcode=2207009,
            user_title="Unsupported aspect ratio",
            user_message="The aspect ratio must be within 4:5 and 1.91:1.",
        )
    return Stored(content_type="image/jpeg", data=data)
