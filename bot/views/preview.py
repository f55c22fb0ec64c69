"""What a post will look like on each platform, rendered from the form as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from bot import long_texts
from bot.views.blocks import MOST_VIEW_BLOCKS, Json, context, cut, escape, header, modal, section
from scheduler.previews import Preview, PreviewFile

TITLE = "Preview"
NO_ACCOUNT = "Choose at least one account to see how the post will look there."
# Slack takes 250 kB of a whole view.
MOST_BYTES = 200_000


def preview(shown: Sequence[Preview], when: str, place_names: Mapping[str, str]) -> Json:
    """The view that lies on the composer. `when` says when it goes out."""
    if not shown:
        return modal(TITLE, [section(NO_ACCOUNT)], close="Back")
    first = section(escape(when, 2900) or "No time is chosen yet.")
    more = (block for each in shown for block in _platform(each, place_names))
    return modal(TITLE, [first, *_as_many_as_fit(more)], close="Back")


def _as_many_as_fit(blocks: Iterable[Json]) -> list[Json]:
    fitting: list[Json] = []
    size = 0
    for block in blocks:
        size += len(json.dumps(block))
        if size > MOST_BYTES or len(fitting) > MOST_VIEW_BLOCKS - 3:
            return [*fitting, context("The rest is too long to be shown here.")]
        fitting.append(block)
    return fitting


def _platform(each: Preview, place_names: Mapping[str, str]) -> list[Json]:
    names = ", ".join(_target(name, place, place_names) for name, place in each.targets)
    over = f", {each.room.excess:,} too many" if each.room.excess else ""
    price = f", about {each.room.price}" if each.room.price else ""
    return [
        header(each.label),
        context(f"{each.room.filled}{over}{price}"),
        context(cut(f"To {names}", 1500)),
        *(context(f":warning: {escape(problem, 1000)}") for problem in each.problems[:10]),
        *(block for label, text in each.texts for block in _exactly(label, text)),
        *(_file(number, file) for number, file in enumerate(each.files, 1)),
    ]


def _target(name: str, place: str, place_names: Mapping[str, str]) -> str:
    called = f" ({escape(place_names.get(place, place), 100)})" if place else ""
    return f"@{escape(name, 100)}{called}"


def _exactly(label: str, text: str) -> list[Json]:
    """A text as it is sent: rich text formats nothing by itself."""
    pieces = [piece for piece in long_texts.pieces(text) if piece.strip()]
    return [context(f"*{escape(label, 100)}*"), *(_quote(piece) for piece in pieces)]


def _quote(text: str) -> Json:
    quote = {"type": "rich_text_quote", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [quote]}


def _file(number: int, file: PreviewFile) -> Json:
    said = f"Alt text: {escape(file.alt_text, 1000)}" if file.alt_text else "No alt text."
    done = " ".join(escape(change, 300) for change in file.changes[:4])
    return context(cut(f"{number}. *{escape(file.name, 200)}* · {said} {done}".rstrip(), 2900))
