"""The shape of X's JSON request bodies, as strict as its contract: no field it does not know."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from sandbox.shapes import Rule, fields, flag, listing_of, matching, one_of, text, whole
from sandbox.x import problems

an_id = matching("[0-9]{1,19}")
REPLY_SETTINGS = one_of("following", "mentionedUsers", "subscribers", "verified")
LINKED = fields({"url": text()}, required=("url",))

CREATE_POST = fields(
    {
        "text": text(),
        "media": fields(
            {
                "media_ids": listing_of(an_id, least=1, most=4),
                "tagged_user_ids": listing_of(an_id, most=10),
                "preview_media_id": an_id,
                "title": text(),
                "description": text(),
                "embeddable": flag,
                "call_to_actions": fields(
                    {
                        "app_install": fields(
                            {
                                "app_store_id": text(),
                                "ipad_app_store_id": text(),
                                "play_store_id": text(),
                            }
                        ),
                        "visit_site": LINKED,
                        "watch_now": LINKED,
                    }
                ),
            },
            required=("media_ids",),
        ),
        "poll": fields(
            {
                "options": listing_of(text(least=1, most=25), least=2, most=4),
                "duration_minutes": whole(5, 10_080),
                "reply_settings": REPLY_SETTINGS,
            },
            required=("options", "duration_minutes"),
        ),
        "reply": fields(
            {
                "in_reply_to_tweet_id": an_id,
                "exclude_reply_user_ids": listing_of(text()),
                "auto_populate_reply_metadata": flag,
            },
            required=("in_reply_to_tweet_id",),
        ),
        "reply_settings": REPLY_SETTINGS,
        "quote_tweet_id": an_id,
        "geo": fields({"place_id": text()}, required=("place_id",)),
        "edit_options": fields({"previous_post_id": an_id}, required=("previous_post_id",)),
        "community_id": an_id,
        "card_uri": text(),
        "direct_message_deep_link": text(),
        "for_super_followers_only": flag,
        "share_with_followers": flag,
        "made_with_ai": flag,
        "nullcast": flag,
        "paid_partnership": flag,
    }
)

# What a scheduler attaches to posts; the contract also knows types for direct messages, captions
# and 3D models, which no post can use.
INITIALIZE_MEDIA = fields(
    {
        "media_type": one_of(
            "image/jpeg",
            "image/png",
            "image/webp",
            "image/gif",
            "video/mp4",
            "video/quicktime",
        ),
        "media_category": one_of("tweet_image", "tweet_gif", "tweet_video"),
        "total_bytes": whole(1, 17_179_869_184),
        "shared": flag,
        "additional_owners": listing_of(an_id),
    },
    required=("media_type", "media_category", "total_bytes"),
)

MEDIA_METADATA = fields(
    {
        "id": an_id,
        "metadata": fields({"alt_text": fields({"text": text(most=1000)}, required=("text",))}),
    },
    required=("id", "metadata"),
)


async def read_json(request: web.Request, rule: Rule) -> dict[str, Any]:
    """The request's JSON object, or the refusal: 415 for another content type, 400 for the rest."""
    if request.content_type != "application/json":
        raise problems.blank(415, "Send the body as application/json.")
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise problems.invalid("Request body is not valid JSON.") from error
    messages = rule(body, "$")
    if messages:
        raise problems.invalid(*messages)
    return dict(body)
