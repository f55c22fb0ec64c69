"""The shape of X's JSON request bodies, as strict as its contract: no field it does not know."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from sandbox.x import problems

Rule = Callable[[Any, str], list[str]]
"""Given a value and its JSON path, the messages that say what is wrong with it."""

_ID = re.compile(r"[0-9]{1,19}")


def text(*, least: int = 0, most: int | None = None) -> Rule:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, str):
            return [_wrong_type(path, value, "string")]
        if len(value) < least or (most is not None and len(value) > most):
            return [f"{path}: must be at least {least} and at most {most} characters long"]
        return []

    return check


def an_id(value: Any, path: str) -> list[str]:
    if not isinstance(value, str):
        return [_wrong_type(path, value, "string")]
    matches = _ID.fullmatch(value) and value.isascii()
    return [] if matches else [f"{path}: does not match the regex pattern ^[0-9]{{1,19}}$"]


def flag(value: Any, path: str) -> list[str]:
    return [] if isinstance(value, bool) else [_wrong_type(path, value, "boolean")]


def whole(least: int, most: int) -> Rule:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            return [_wrong_type(path, value, "integer")]
        return [] if least <= value <= most else [f"{path}: must be between {least} and {most}"]

    return check


def one_of(*choices: str) -> Rule:
    def check(value: Any, path: str) -> list[str]:
        known = isinstance(value, str) and value in choices
        return [] if known else [f"{path}: does not have a value in the enumeration {choices}"]

    return check


def listing(item: Rule, *, least: int = 0, most: int | None = None) -> Rule:
    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, list):
            return [_wrong_type(path, value, "array")]
        if len(value) < least:
            return [f"{path}: there must be a minimum of {least} items in the array"]
        if most is not None and len(value) > most:
            return [f"{path}: there must be a maximum of {most} items in the array"]
        return [message for n, entry in enumerate(value) for message in item(entry, f"{path}[{n}]")]

    return check


def fields(rules: Mapping[str, Rule], *, required: tuple[str, ...] = ()) -> Rule:
    """An object that has the required fields and no field without a rule."""

    def check(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return [_wrong_type(path, value, "object")]
        messages = [
            f"{path}.{name}: is missing but it is required"
            for name in required
            if name not in value
        ]
        for name, entry in value.items():
            rule = rules.get(name)
            messages += rule(entry, f"{path}.{name}") if rule else [_unknown(path, name)]
        return messages

    return check


def _wrong_type(path: str, value: Any, wanted: str) -> str:
    return f"{path}: {type(value).__name__} found, {wanted} expected"


def _unknown(path: str, name: str) -> str:
    return (
        f"{path}.{name}: is not defined in the schema and the schema does not allow "
        "additional properties"
    )


REPLY_SETTINGS = one_of("following", "mentionedUsers", "subscribers", "verified")
LINKED = fields({"url": text()}, required=("url",))

CREATE_POST = fields(
    {
        "text": text(),
        "media": fields(
            {
                "media_ids": listing(an_id, least=1, most=4),
                "tagged_user_ids": listing(an_id, most=10),
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
                "options": listing(text(least=1, most=25), least=2, most=4),
                "duration_minutes": whole(5, 10_080),
                "reply_settings": REPLY_SETTINGS,
            },
            required=("options", "duration_minutes"),
        ),
        "reply": fields(
            {
                "in_reply_to_tweet_id": an_id,
                "exclude_reply_user_ids": listing(text()),
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
        "additional_owners": listing(an_id),
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
