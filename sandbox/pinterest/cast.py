"""Who is on the stand-in of Pinterest: two business accounts and their boards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Account:
    """A business account that somebody can connect."""

    id: str
    username: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a board."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Board:
    """Where Pins are saved. A secret board is there only for tokens with the `_secret` scopes."""

    id: str
    owner: Account
    name: str
    description: str = ""
    privacy: str = "PUBLIC"
    sections: tuple[Section, ...] = ()

    def section(self, section_id: str) -> Section | None:
        return next((one for one in self.sections if one.id == section_id), None)


ACME = Account(id="549755813001", username="acme", name="Acme")
LABS = Account(id="549755813002", username="acme_labs", name="Acme Labs")
ACCOUNTS = (ACME, LABS)

_WALLS = Board(
    id="549755885001",
    owner=ACME,
    name="Summer walls",
    description="Colours that stay cool.",
    sections=(
        Section(id="5196000001", name="Coral"),
        Section(id="5196000002", name="Lemon"),
        Section(id="5196000003", name="Sky"),
    ),
)
_KITCHENS = Board(id="549755885002", owner=ACME, name="Small kitchens")
_SECRET = Board(id="549755885003", owner=ACME, name="Not yet announced", privacy="SECRET")
# More than the 25 of one page, so that whoever reads only the first page misses some.
_WEEKS = tuple(
    Board(id=str(549755885010 + week), owner=ACME, name=f"Look of week {week}")
    for week in range(1, 29)
)
_TRIALS = Board(id="549755886001", owner=LABS, name="Trial paints")

BOARDS = (_WALLS, _KITCHENS, _SECRET, *_WEEKS, _TRIALS)
"""In the order of their ids."""
