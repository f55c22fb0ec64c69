"""What one row of an import says, and what is wrong with it as far as the row alone tells. Pure: no
database, no network."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from publishers import all_publishers, get
from scheduler import admission
from scheduler.contents import Words
from scheduler.models import Account
from scheduler.post_errors import WrongTime
from scheduler.sheets import Row
from scheduler.walltime import Repeated, Skipped, known_zone, resolve

T = TypeVar("T")

WANTED = ("accounts", "date", "time")
_PLAIN = (
    "text",
    *WANTED,
    "timezone",
    "link",
    "title",
    "first_comment",
    "media",
    "alt_text",
    "twice",
)
#: Columns of an export that say how a post stands; an import passes over them.
TOLD = ("id", "state", "files", "published", "link_to_post", "reason", "author")
_YES, _NO = ("yes", "y", "true", "1", "x"), ("", "no", "n", "false", "0")
_MOST_MEDIA = 20
#: What spreadsheets write where a formula has no value.
_FORMULA_ERROR = re.compile(r"#(?:REF!|NAME\?|VALUE!|DIV/0!|N/A|NULL!|NUM!|SPILL!|CALC!)")
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", re.ASCII)
_SLASHED = re.compile(r"[0-9]{1,4}/[0-9]{1,2}/[0-9]{1,4}", re.ASCII)
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?\s*(am|pm)?", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,6}(?:[.,][0-9]+)?", re.ASCII)
#: Day 0 of Excel's calendar, and the days between 2000 and 2100 in it.
_EXCEL_ZERO, _EXCEL_DAYS = date(1899, 12, 30), range(36526, 73051)


@dataclass(frozen=True, kw_only=True)
class RowProblem:
    """Why a row cannot be scheduled: where, and what to do about it. `column` is empty where it is
    about the whole row."""

    row: int
    column: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A row as a post that could be scheduled. `media` are addresses, `alt_texts` one for each."""

    row: int
    words: Words
    account_ids: tuple[int, ...]
    due_at: datetime
    timezone: str
    media: tuple[str, ...] = ()
    alt_texts: tuple[str, ...] = ()
    twice: bool = False


def known_columns() -> tuple[str, ...]:
    """Every column that an import reads or passes over."""
    return (*_PLAIN, *(f"text_{name}" for name in all_publishers()), *TOLD)


def column_of(field_: str, platform: str, words: Words) -> str:
    """The column in which a problem of a part of a post lies."""
    if field_ == "text" and words.variants.get(platform):
        return f"text_{platform}"
    return "accounts" if field_ == "place" else field_


def read(
    row: Row, accounts: Sequence[Account], *, zone: str, now: datetime
) -> tuple[Planned | None, list[RowProblem]]:
    """The post in a row, or everything that is wrong with it. `zone` is meant where a row names
    none."""
    reading = _Reading(row, accounts, zone, now)
    reading.check_cells()
    words = reading.words()
    chosen = reading.accounts()
    media, alt_texts = reading.media()
    due, timezone = reading.due()
    twice = reading.twice()
    if not words.text and not any(words.variants.values()) and not media:
        reading.refuse("text", "It is empty. Write a text, or an address of an image into “media”.")
    if reading.problems or due is None:
        return None, reading.problems
    return Planned(
        row=row.number,
        words=words,
        account_ids=tuple(account.id for account in chosen),
        due_at=due,
        timezone=timezone,
        media=media,
        alt_texts=alt_texts,
        twice=twice,
    ), []


@dataclass
class _Reading:
    """One row while it is read; collects what is wrong."""

    row: Row
    known: Sequence[Account]
    zone: str
    now: datetime
    problems: list[RowProblem] = field(default_factory=list)

    def refuse(self, column: str, text: str) -> None:
        self.problems.append(RowProblem(row=self.row.number, column=column, text=text))

    def check_cells(self) -> None:
        if self.row.surplus:
            said = (
                "The row has more cells than there are columns. Put a text with commas into "
                "quotation marks."
            )
            self.refuse("", said)
        for column, cell in self.row.cells.items():
            if column not in TOLD and _FORMULA_ERROR.fullmatch(cell):
                self.refuse(column, f"It is “{cell}”, a formula without a value. Write the value.")
            elif column not in TOLD and cell.startswith("="):
                said = (
                    "It begins with “=”, so it is a formula. Write its value; if you mean the sign "
                    "itself, write an apostrophe before it ('=)."
                )
                self.refuse(column, said)

    def words(self) -> Words:
        variants = {name: text for name in all_publishers() if (text := self._cell(f"text_{name}"))}
        return Words(
            text=self._cell("text"),
            link=self._cell("link"),
            title=self._cell("title"),
            first_comment=self._cell("first_comment"),
            variants=variants,
        )

    def accounts(self) -> list[Account]:
        chosen, problems = chosen_accounts(self._cell("accounts"), self.known)
        for problem in problems:
            self.refuse("accounts", problem)
        return chosen

    def media(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        urls = tuple(each for each in re.split(r"[\s|]+", self._cell("media")) if each)
        wrong = [url for url in urls if "://" not in url]
        if wrong:
            said = (
                f"It has “{_short(wrong[0])}”, which is no address of a file. Write addresses that "
                "begin with https://, with a space between two."
            )
            self.refuse("media", said)
        if len(urls) > _MOST_MEDIA:
            self.refuse("media", f"It has {len(urls)} addresses; {_MOST_MEDIA} is the most.")
        alt_texts = [each.strip() for each in self._cell("alt_text").split("|")]
        if len(alt_texts) > max(len(urls), 1) or (any(alt_texts) and not urls):
            said = (
                f"It has {len(alt_texts)} descriptions for {len(urls)} files. Write one for each "
                "file, with | between two."
            )
            self.refuse("alt_text", said)
        alt_texts += [""] * (len(urls) - len(alt_texts))
        return urls, tuple(alt_texts[: len(urls)])

    def due(self) -> tuple[datetime | None, str]:
        timezone = self._cell("timezone") or self.zone
        if not known_zone(timezone):
            said = (
                f"It is “{_short(timezone)}”, which is no time zone. Write one such as "
                "Europe/Berlin or America/New_York, or leave it empty for your own."
            )
            self.refuse("timezone", said)
        day = self._part("date", _date)
        clock = self._part("time", _time)
        if day is None or clock is None or not known_zone(timezone):
            return None, timezone
        return self._instant(datetime.combine(day, clock), timezone), timezone

    def _instant(self, wall: datetime, timezone: str) -> datetime | None:
        try:
            found = resolve(wall, timezone)
            if isinstance(found, datetime):
                admission.check_time(found, self.now)
                return found
            self.refuse("time", _no_instant(wall, timezone, found))
        except OverflowError:
            self.refuse("date", "It lies beyond all calendars. Choose another date.")
        except WrongTime as error:
            self.refuse("date", f"The row says {wall:%Y-%m-%d %H:%M}. {_wrong(error)}")
        return None

    def twice(self) -> bool:
        cell = self._cell("twice").lower()
        if cell not in (*_YES, *_NO):
            self.refuse("twice", "It must be “yes” or empty.")
        return cell in _YES

    def _part(self, column: str, parse: Callable[[str], T]) -> T | None:
        """A date or a time; `None` when the cell does not say one."""
        cell = self._cell(column)
        if not cell:
            example = "2026-11-30" if column == "date" else "09:30"
            self.refuse(column, f"It is empty. Write it as {example}.")
            return None
        try:
            return parse(cell)
        except _NotOne as error:
            self.refuse(column, str(error))
            return None

    def _cell(self, column: str) -> str:
        return self.row.cells.get(column, "")


class _NotOne(ValueError):
    """A cell that says no date or no time, and how to write it."""


def _date(cell: str) -> date:
    if found := _YEAR_FIRST.fullmatch(cell):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.fullmatch(cell):
        day, month, year = (int(part) for part in found.groups())
    else:
        raise _NotOne(_no_date(cell))
    try:
        return date(year, month, day)
    except ValueError:
        raise _NotOne(f"It is “{_short(cell)}”, a day that no calendar has.") from None


def _no_date(cell: str) -> str:
    text = "Set the column to the format “Text” and write it as 2026-11-30."
    if _NUMBER.fullmatch(cell) and int(re.split("[.,]", cell)[0]) in _EXCEL_DAYS:
        meant = _EXCEL_ZERO + timedelta(days=int(re.split("[.,]", cell)[0]))
        return f"It is {cell}, Excel's number for {meant.isoformat()}. {text}"
    if _SLASHED.fullmatch(cell):
        return f"It is “{cell}”, where day and month cannot be told apart for sure. {text}"
    return f"It is “{_short(cell)}”, which is no date that Postbot reads. {text}"


def _time(cell: str) -> time:
    found = _TIME.fullmatch(cell)
    if found is None:
        raise _NotOne(_no_time(cell))
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    half = (found[4] or "").lower()
    if half and not 1 <= hour <= 12:
        raise _NotOne(f"It is “{_short(cell)}”. Write it as 09:30 or 9:30 AM.")
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    try:
        return time(hour, minute, second)
    except ValueError:
        raise _NotOne(f"It is “{_short(cell)}”, a time that no clock shows.") from None


def _no_time(cell: str) -> str:
    text = "Set the column to the format “Text” and write it as 09:30."
    if _NUMBER.fullmatch(cell) and 0 < float(cell.replace(",", ".")) < 1:
        minutes = round(float(cell.replace(",", ".")) * 24 * 60)
        return f"It is {cell}, Excel's number for {minutes // 60:02d}:{minutes % 60:02d}. {text}"
    return f"It is “{_short(cell)}”, which is no time that Postbot reads. {text}"


def _no_instant(wall: datetime, timezone: str, found: Skipped | Repeated) -> str:
    if isinstance(found, Repeated):
        return (
            f"{wall:%H:%M} happens twice on that day: clocks in {timezone} are set back. Choose a "
            f"time that comes once, or write {found.first:%H:%M} or {found.second:%H:%M} with "
            "the timezone UTC."
        )
    return (
        f"{wall:%H:%M} does not exist on that day: clocks in {timezone} jump ahead. The nearest "
        f"times are {found.before:%H:%M} and {found.after:%H:%M}."
    )


def _wrong(error: WrongTime) -> str:
    return str(error).replace(", or publish now", "")


def chosen_accounts(written: str, known: Sequence[Account]) -> tuple[list[Account], list[str]]:
    """The accounts that a text like `x:@acme; facebook:@acme` names, and what is wrong with it."""
    wishes = [each.strip() for each in re.split(r"[;\n]", written)]
    chosen: list[Account] = []
    problems: list[str] = []
    for wish in filter(None, wishes):
        found = _matching(wish, known)
        if len(found) == 1 and found[0] in chosen:
            problems.append(f"It names “{_short(wish)}” twice. Remove one of them.")
        elif len(found) == 1:
            chosen.append(found[0])
        else:
            problems.append(_unmatched(wish, found, known))
    if not any(wishes):
        example = _named(known[0]) if known else "x:@acme"
        problems.append(f"It is empty. Write where the post goes, such as {example}.")
    return chosen, problems


def _matching(wish: str, known: Sequence[Account]) -> list[Account]:
    """The accounts that `x:@acme`, `x:acme` or `x:Acme Inc` may mean."""
    platform, colon, name = wish.partition(":")
    if not colon:
        return []
    platform, name = platform.strip().lower(), name.strip().removeprefix("@").casefold()
    there = [
        each for each in known if platform in (each.platform, get(each.platform).label.lower())
    ]
    exact = [each for each in there if each.username.casefold() == name]
    return exact or [each for each in there if each.name.casefold() == name]


def _unmatched(wish: str, found: Sequence[Account], known: Sequence[Account]) -> str:
    if found:
        return f"It names “{_short(wish)}”, and there are {len(found)} of that name. Use the @name."
    shown = ", ".join(_named(each) for each in known[:5]) or "none yet: connect one first"
    more = f" and {len(known) - 5} more" if len(known) > 5 else ""
    return (
        f"It names “{_short(wish)}”, and no connected account is called that. Connected are {shown}"
        f"{more}. Write a semicolon between two."
    )


def _named(account: Account) -> str:
    return f"{account.platform}:@{account.username}"


def named(accounts: Sequence[Account]) -> str:
    """Accounts as an import and an export write them."""
    return "; ".join(_named(each) for each in accounts)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def example_rows(accounts: Sequence[Account], day: date) -> list[Mapping[str, str]]:
    """Rows for a template, with accounts that are there."""
    first = named(accounts[:1]) or "x:@acme"
    both = named(accounts[:2]) or "x:@acme; facebook:Acme"
    return [
        {"text": "We open at nine!", "accounts": first, "date": f"{day}", "time": "09:30"},
        {
            "text": "New: coffee, cake and more",
            "accounts": both,
            "date": f"{day + timedelta(days=1)}",
            "time": "12:00",
            "link": "https://example.com/menu",
        },
    ]
