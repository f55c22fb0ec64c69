"""Lists, a page at a time: `{"data": […], "paging": {"cursors": {…}, "next": …}}`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aiohttp import web

from sandbox.graph.errors import invalid

USUAL = 25
MOST = 100


@dataclass(frozen=True, kw_only=True)
class Item:
    """An entry of a list. `created_at` is in epoch seconds; `show` gives what is to be seen."""

    id: str
    created_at: float
    show: Callable[[], Mapping[str, Any]]


def answer_page(
    request: web.Request, values: Mapping[str, Any], items: Iterable[Item]
) -> web.Response:
    """The page of `items` that the parameters ask for, in the given order."""
    window = (one for one in items if _is_within(one, values))
    page, more = _cut(window, values)
    answer: dict[str, Any] = {"data": [one.show() for one in page]}
    if page:
        cursors = {"before": _cursor(page[0]), "after": _cursor(page[-1])}
        answer["paging"] = {"cursors": cursors}
        if more:
            follow = request.url.update_query(after=cursors["after"])
            answer["paging"]["next"] = str(follow)
    return web.json_response(answer)


def _is_within(one: Item, values: Mapping[str, Any]) -> bool:
    moment = int(one.created_at)
    since, until = values.get("since", 0), values.get("until", float("inf"))
    return bool(since <= moment <= until)


def _cut(items: Iterator[Item], values: Mapping[str, Any]) -> tuple[list[Item], bool]:
    """The entries of the page, and whether there are more after it; reads no further than that."""
    most = values.get("limit", USUAL)
    if not 1 <= most <= MOST:
        raise invalid(f"limit must be a number from 1 to {MOST}.")
    if "before" in values:
        return _read_up_to(items, values["before"])[-most:], True
    if "after" in values:
        _read_up_to(items, values["after"])
    page = list(islice(items, most + 1))
    return page[:most], len(page) > most


def _read_up_to(items: Iterator[Item], cursor: str) -> list[Item]:
    """The entries before that of the cursor, which is read too."""
    wanted = _id_of(cursor)
    passed: list[Item] = []
    for one in items:
        if one.id == wanted:
            return passed
        passed.append(one)
    raise invalid("The cursor is not valid.")


def _cursor(one: Item) -> str:
    return base64.urlsafe_b64encode(one.id.encode()).decode()


def _id_of(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor).decode()
    except (binascii.Error, ValueError) as error:
        raise invalid("The cursor is not valid.") from error
