"""Writes the tables of the README that follow from the code: `make readme`. `tests/test_docs.py`
says when it is due."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from publishers import ABILITIES, abilities, all_publishers
from scheduler import config

README = Path(__file__).parent.parent / "README.md"


def settings_rows() -> list[str]:
    return [
        _line((f"`{variable}`", f"`{default}`" if default else "", meaning))
        for variable, default, meaning in config.table()
    ]


def platform_rows() -> list[str]:
    return [_line(abilities(publisher)) for publisher in all_publishers().values()]


def written(text: str) -> str:
    """The README with both tables as they should be."""
    text = _replaced(text, ABILITIES, platform_rows())
    return _replaced(text, ("Variable", "Default", "Meaning"), settings_rows())


def _replaced(text: str, columns: Sequence[str], rows: Iterable[str]) -> str:
    head = f"{_line(columns)}\n|{'---|' * len(columns)}\n"
    body = "".join(f"{row}\n" for row in rows)
    pattern = re.compile(rf"^\| {columns[0]} \|.*\n\|[-|]+\|\n(?:\|.*\n)*", re.MULTILINE)
    assert pattern.search(text), f"the README has no table of {columns[0]}"
    return pattern.sub(lambda _: head + body, text, count=1)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
