"""The fields for the files of a post, and what they show."""

from __future__ import annotations

from bot.drafts import Draft
from bot.long_texts import MOST_TYPED
from bot.uploads import MOST_FILES
from bot.views import ids
from bot.views.blocks import Json, cut, field, option

_FILE_TYPES = ["jpg", "jpeg", "png", "webp", "gif", "mp4", "mov"]


def media_fields(draft: Draft) -> list[Json]:
    """The files of the post and what they show."""
    files: Json = {
        "type": "file_input",
        "action_id": ids.COMPOSER_MEDIA,
        "filetypes": _FILE_TYPES,
        "max_files": MOST_FILES,
    }
    alt_text: Json = {
        "type": "plain_text_input",
        "action_id": ids.COMPOSER_ALT_TEXT,
        "multiline": True,
        "max_length": MOST_TYPED,
        **({"initial_value": cut(draft.alt_text, MOST_TYPED)} if draft.alt_text else {}),
    }
    return [
        *_kept(draft),
        field(
            "More images or a video" if draft.kept else "Images or a video", files, optional=True
        ),
        field(
            "Alt texts",
            alt_text,
            optional=True,
            hint="What the images show, for people who cannot see them. One line for each file, in "
            "their order; leave a line empty to skip one.",
        ),
    ]


def _kept(draft: Draft) -> list[Json]:
    """The files that the form remembers, each with a box by which it stays."""
    offered = [
        option(f"{number + 1}. {each.name}", str(number))
        for number, each in enumerate(draft.kept[:MOST_FILES])
    ]
    if not offered:
        return []
    staying = {id(each) for each in draft.uploads}
    checked = [box for box, each in zip(offered, draft.kept, strict=False) if id(each) in staying]
    element: Json = {
        "type": "checkboxes",
        "action_id": ids.COMPOSER_KEPT,
        "options": offered,
        **({"initial_options": checked} if checked else {}),
    }
    return [
        field(
            "Files of this post",
            element,
            optional=True,
            dispatch_action=True,
            hint="They go out in this order, then those that you add. Uncheck one to leave it out.",
        )
    ]
