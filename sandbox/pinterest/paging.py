"""Query parameters, and pages that follow one another by a bookmark."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from aiohttp import web

from sandbox.pinterest import problems

PAGE = frozenset({"bookmark", "page_size"})
MOST = 250


class Numbered(Protocol):
    """What can be in a page: it has an id of digits."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Numbered)


def check_names(request: web.Request, known: frozenset[str] = frozenset()) -> None:
    """Refuses a query parameter that is not known."""
    if unknown := sorted(request.query.keys() - known):
        raise problems.invalid(f"unknown parameter {', '.join(unknown)}")


def cut_page(
    items: Iterable[T], query: Mapping[str, str], *, newest_first: bool = False
) -> tuple[list[T], str | None]:
    """One page of the items, which are in the order of their ids, and the next bookmark."""
    size, after = _size(query), _after(query)
    sign = -1 if newest_first else 1
    left = [one for one in items if after is None or sign * int(one.id) > sign * after]
    page = left[:size]
    return page, _bookmark(page[-1].id) if len(left) > size else None


def _size(query: Mapping[str, str]) -> int:
    value = query.get("page_size", "25")
    if not (value.isascii() and value.isdecimal()) or not 1 <= int(value) <= MOST:
        raise problems.invalid(f"page_size: must be between 1 and {MOST}")
    return int(value)


def _after(query: Mapping[str, str]) -> int | None:
    if "bookmark" not in query:
        return None
    try:
        return int(base64.urlsafe_b64decode(query["bookmark"]))
    except (binascii.Error, ValueError) as error:
        raise problems.invalid("bookmark: is not one that was given") from error


def _bookmark(item_id: str) -> str:
    return base64.urlsafe_b64encode(item_id.encode()).decode()
