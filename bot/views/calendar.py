"""The address under which a calendar program reads the schedule, as its member sees it."""

from __future__ import annotations

from datetime import datetime

from bot.views import ids
from bot.views.blocks import Json, actions, button, confirm, context, section, when

_NEW = confirm(
    "Make a new address?",
    "Programs that read the calendar at the old one get nothing any more.",
    yes="New Address",
    no="Keep It",
)
_ASK_FOR_MORE = (
    "Whoever has the address can read every post of this workspace: keep it to yourself."
)


def offer(made_at: datetime | None) -> Json:
    """What a member without an address, or with one that was shown before, can do."""
    if made_at is None:
        text = (
            "*Posts in your calendar*\nPostbot gives you a secret address; add it to your calendar "
            "program as a calendar from the web."
        )
        buttons = [button("Make an Address", ids.CALENDAR_RENEW, style="primary")]
    else:
        text = (
            f"*Posts in your calendar*\nYou have an address since {when(made_at)}. It was shown "
            "once and is kept nowhere; if you lost it, make a new one."
        )
        buttons = [
            button("New Address", ids.CALENDAR_RENEW, confirm=_NEW),
            button("Turn Off", ids.CALENDAR_REVOKE, style="danger"),
        ]
    return _message("Posts in your calendar.", [section(text), actions(*buttons)])


def made(url: str, *, is_reachable: bool) -> Json:
    """The new address, shown this one time."""
    blocks = [
        section("*Your calendar's address*, shown only now. Copy it into your calendar program:"),
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": url}]}
            ],
        },
        context(_ASK_FOR_MORE),
        *([] if is_reachable else [context(_UNREACHABLE)]),
    ]
    return _message(f"Your calendar's address: {url}", blocks)


def ended() -> Json:
    """After an address was turned off."""
    text = f"Your address is off. `{ids.COMMAND} calendar` makes a new one."
    return _message(text, [section(text)])


_UNREACHABLE = (
    "Programs on other machines cannot reach this address: whoever runs Postbot must set "
    "POSTBOT_PUBLIC_URL."
)


def _message(text: str, blocks: list[Json]) -> Json:
    return {"response_type": "ephemeral", "text": text, "blocks": blocks}
