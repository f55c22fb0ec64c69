"""Reads and writes the files in which spreadsheets keep many posts: CSV, a header and a row a post.

What a spreadsheet would run as a formula is defused on the way out by an apostrophe before it, and
the apostrophe is taken off again on the way in.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

MOST_BYTES = 10_000_000
MOST_ROWS = 1000
_MOST_CELL = 100_000
_DELIMITERS = ",;\t"
#: What makes spreadsheets run a cell instead of showing it.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_DEFUSED = re.compile(r"\A'(?=[=+\-@\t\r\n'])")
#: How the applications that people use say "UTF-8".
_HOW_TO_SAVE = (
    "In Excel choose “Save As” and the type “CSV UTF-8 (Comma delimited)”; Google Sheets and "
    "Numbers save CSV as UTF-8 by themselves."
)


class Unreadable(Exception):
    """The file as a whole cannot be read. The message is for the person who chose it."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row that has anything in it. `number` is the one that spreadsheets show: the header is row
    1. Cells by the name of their column; `surplus` says that it has more cells than there are
    columns."""

    number: int
    cells: Mapping[str, str]
    surplus: bool = False


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The columns as the header names them, in lower case, and the rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read(content: bytes, *, known: Sequence[str], wanted: Sequence[str]) -> Sheet:
    """The sheet in a file. `known` tells the columns of one delimiter from another; those `wanted`
    must be there. Raises `Unreadable`."""
    records = _records(_text(content), known)
    header = next((record for record in records if any(map(str.strip, record))), None)
    if header is None:
        raise Unreadable("The file is empty. Put the names of the columns into its first row.")
    columns = tuple(name.strip().lower() for name in header)
    _check_columns(columns, known, wanted)
    start = records.index(header) + 1
    rows = tuple(
        _row(number, record, columns)
        for number, record in enumerate(records[start:], start + 1)
        if any(cell.strip() for cell in record)
    )
    if not rows:
        raise Unreadable("The file has a header but no posts. Write one post in each row below it.")
    if len(rows) > MOST_ROWS:
        raise Unreadable(
            f"The file has {len(rows):,} posts, and {MOST_ROWS:,} is the most for one import. "
            "Split it into several files."
        )
    return Sheet(columns=columns, rows=rows)


def write(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """A file that spreadsheets open and show, and run nothing of. UTF-8 with a BOM, because Excel
    takes it for another encoding without."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: defused(value) for name, value in row.items()})
    return out.getvalue().encode("utf-8-sig")


def defused(cell: str) -> str:
    """A cell that no spreadsheet runs.

    >>> defused("=1+1"), defused("We open at nine"), defused("'=1")
    ("'=1+1", 'We open at nine', "''=1")
    """
    return f"'{cell}" if cell.startswith(_RUNS) or _DEFUSED.match(cell) else cell


def _text(content: bytes) -> str:
    if not content.strip():
        raise Unreadable("The file is empty. Put the names of the columns into its first row.")
    if len(content) > MOST_BYTES:
        raise Unreadable(
            f"The file is larger than {MOST_BYTES // 1_000_000} MB. Split it into several files."
        )
    if content.startswith(b"PK\x03\x04") or content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(f"This is a workbook, not a CSV file. {_HOW_TO_SAVE}")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise Unreadable(f"The file is not UTF-8 (it seems to be UTF-16). {_HOW_TO_SAVE}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"The file is not UTF-8: line {line:,} has a character in another encoding. "
            f"{_HOW_TO_SAVE}"
        ) from None


def _records(text: str, known: Sequence[str]) -> list[list[str]]:
    first = text.lstrip("\ufeff\r\n ").split("\n", 1)[0]
    by_fit = sorted(_DELIMITERS, key=lambda each: _known_in(first, each, known), reverse=True)
    csv.field_size_limit(_MOST_CELL)
    try:
        return list(_reader(text, by_fit[0]))
    except csv.Error as error:
        raise Unreadable(_unreadable(text, by_fit[0], str(error))) from None


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    lines = io.StringIO(text, newline="")
    return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)


def _known_in(header: str, delimiter: str, known: Sequence[str]) -> int:
    """How many of the known columns a header names when it is cut at a delimiter."""
    names = {name.strip().strip('"').lower() for name in header.split(delimiter)}
    return len(names & set(known))


def _unreadable(text: str, delimiter: str, why: str) -> str:
    """Where reading ended: in the row after the last one that could be read."""
    number = 1
    try:
        for _ in _reader(text, delimiter):
            number += 1
    except csv.Error:
        pass
    if "limit" in why:
        return (
            f"Row {number:,} has a cell of more than {_MOST_CELL:,} characters. Perhaps a "
            "quotation mark is missing before it; no platform takes a text that long."
        )
    return (
        f"Row {number:,} cannot be read: a quotation mark opens a cell and nothing closes it, or "
        'something stands behind the closing one. Write a quotation mark within a cell twice ("").'
    )


def _check_columns(columns: Sequence[str], known: Sequence[str], wanted: Sequence[str]) -> None:
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise Unreadable(f"The column {_listed(twice)} is there twice. Remove or rename one.")
    missing = [name for name in wanted if name not in columns]
    if missing:
        raise Unreadable(
            f"The first row must name the columns, and {_listed(missing)} is missing. Begin with "
            "the template of the form."
        )
    strange = [name for name in columns if name and name not in known]
    if strange:
        raise Unreadable(
            f"Postbot knows no column {_listed(strange[:5])}. Rename or remove it, so that nothing "
            f"is left out unnoticed. It knows {_listed(known)}."
        )


def _row(number: int, record: Sequence[str], columns: Sequence[str]) -> Row:
    cells = {
        name: _DEFUSED.sub("", cell.strip(" "), count=1) if cell.startswith("'") else cell.strip()
        for name, cell in zip(columns, record, strict=False)
        if name
    }
    surplus = any(cell.strip() for cell in record[len(columns) :])
    return Row(number=number, cells=cells, surplus=surplus)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
