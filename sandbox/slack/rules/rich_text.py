"""Rich text: sections, lists, quotes and code, made of styled pieces."""

from __future__ import annotations

from sandbox.slack.rules.place import Check
from sandbox.slack.rules.shapes import (
    Fields,
    boolean,
    choice,
    integer,
    listing,
    record,
    string,
    tagged,
    url,
)

_STYLE_NAMES = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight")
_STYLE = {"style": record({}, {name: boolean for name in (*_STYLE_NAMES, "unlink")})}
_LONG = string(40_000)
_ID = string(255)
_BORDER = {"border": integer(0, 1)}


def _piece(kind: str, required: Fields, optional: Fields) -> Check:
    return record({"type": choice(kind), **required}, {**_STYLE, **optional})


_PIECES = tagged(
    {
        "text": _piece("text", {"text": _LONG}, {}),
        "link": _piece("link", {"url": url(3000)}, {"text": _LONG, "unsafe": boolean}),
        "user": _piece("user", {"user_id": _ID}, {}),
        "usergroup": _piece("usergroup", {"usergroup_id": _ID}, {}),
        "team": _piece("team", {"team_id": _ID}, {}),
        "channel": _piece("channel", {"channel_id": _ID}, {}),
        "emoji": _piece(
            "emoji",
            {"name": _ID},
            {"unicode": _ID, "skin_tone": integer(1, 6), "url": url(3000)},
        ),
        "broadcast": _piece("broadcast", {"range": choice("here", "channel", "everyone")}, {}),
        "color": _piece("color", {"value": _ID}, {}),
        "date": _piece(
            "date",
            {"timestamp": integer(0, 10**10), "format": string(3000)},
            {"url": url(3000), "fallback": string(3000)},
        ),
    }
)
_PIECE_LIST = listing(_PIECES, most=1000, least=0)


def _part(kind: str, elements: Check, optional: Fields, **required: Check) -> Check:
    return record({"type": choice(kind), "elements": elements, **required}, optional)


_SECTION = _part("rich_text_section", _PIECE_LIST, {})

_PARTS = tagged(
    {
        "rich_text_section": _SECTION,
        "rich_text_list": _part(
            "rich_text_list",
            listing(_SECTION, most=1000),
            {**_BORDER, "indent": integer(0, 8), "offset": integer(0, 10**6)},
            style=choice("bullet", "ordered"),
        ),
        "rich_text_quote": _part("rich_text_quote", _PIECE_LIST, _BORDER),
        "rich_text_preformatted": _part(
            "rich_text_preformatted", _PIECE_LIST, {**_BORDER, "language": _ID}
        ),
    }
)

RICH_TEXT = record(
    {"type": choice("rich_text"), "elements": listing(_PARTS, most=1000)}, {"block_id": _ID}
)
