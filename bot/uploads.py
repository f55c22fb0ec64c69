"""The files of a post that is written: given to Slack just now, or stored with the post already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.view_state import entry
from bot.views import ids
from bot.views.blocks import cut
from scheduler.models import MediaFile

Json = dict[str, Any]

#: As many as Slack lets people add, and as many boxes as it shows.
MOST_FILES = 10
# Ten files and all else must fit into what Slack keeps with a form.
_NAME, _MIME = 60, 40


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file of a post. `about` is Slack's file object, as far as we have it; `stored` is the row
    of the file where a post has it already."""

    id: str
    name: str
    mime: str
    size: int
    about: Json = field(repr=False)
    stored: int = 0


def of_slack(about: Json) -> Upload:
    """A file as Slack tells of it."""
    return Upload(
        id=about["id"],
        name=about.get("name") or about.get("title") or about["id"],
        mime=about.get("mimetype") or "",
        size=int(about.get("size") or 0),
        about=about,
    )


def of_message(files: Sequence[Json]) -> tuple[tuple[Upload, ...], list[str]]:
    """The files of a message in Slack that a post can take, and the names of the others."""
    given = [of_slack(about) for about in files if about.get("id")]
    fit = [each for each in given if each.mime.startswith(("image/", "video/"))][:MOST_FILES]
    return tuple(fit), [each.name for each in given if each not in fit]


def of_post(file: MediaFile) -> Upload:
    """A file that a post has."""
    about = {"id": file.slack_file_id, "name": file.name}
    return Upload(
        id=file.slack_file_id,
        name=file.name,
        mime=file.mime,
        size=file.size,
        about=about,
        stored=file.id,
    )


def packed(kept: Sequence[Upload]) -> list[list[Any]]:
    """Files as a form remembers them."""
    return [
        [each.id, _short(each.name, _NAME), _short(each.mime, _MIME), each.size, each.stored]
        for each in kept
    ]


def unpacked(entries: Sequence[Sequence[Any]]) -> tuple[Upload, ...]:
    """The files that a form remembers."""
    return tuple(
        Upload(
            id=id_,
            name=name,
            mime=mime,
            size=size,
            about={"id": id_, "name": name},
            stored=stored[0] if stored else 0,
        )
        for id_, name, mime, size, *stored in entries
    )


def chosen(values: Json, kept: Sequence[Upload]) -> tuple[Upload, ...]:
    """The files that a form was sent with: those that it kept, as far as they are still checked,
    then those that were added."""
    boxes = values.get(ids.COMPOSER_KEPT)
    if boxes is None:
        stay = list(kept)
    else:
        checked = entry(values, ids.COMPOSER_KEPT, "selected_options") or []
        numbers = {int(option["value"]) for option in checked}
        stay = [each for number, each in enumerate(kept) if number in numbers]
    added = [of_slack(about) for about in entry(values, ids.COMPOSER_MEDIA, "files") or []]
    known = {each.id for each in stay if each.id}
    return (*stay, *(each for each in added if each.id not in known))


def _short(text: str, most: int) -> str:
    """A name that takes no more room in JSON than it has letters, as Slack counts them."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return cut(plain.replace('"', "'").replace("\\", "/"), most)
