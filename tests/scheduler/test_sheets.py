"""CSV as people's spreadsheets write it, and as they should be able to open it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import sheets
from scheduler.sheets import Unreadable

KNOWN = ("text", "accounts", "date", "time")
WANTED = ("accounts", "date", "time")
HEADER = "text,accounts,date,time"


def read(content: str | bytes) -> sheets.Sheet:
    raw = content.encode() if isinstance(content, str) else content
    return sheets.read(raw, known=KNOWN, wanted=WANTED)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"{HEADER}\nHello,x:@acme,2026-11-30,09:30\n".encode(), id="plain"),
        pytest.param(f"{HEADER}\nHello,x:@acme,2026-11-30,09:30\n".encode("utf-8-sig"), id="BOM"),
        pytest.param(
            f"{HEADER}\r\nHello,x:@acme,2026-11-30,09:30\r\n".encode(), id="line ends of Windows"
        ),
        pytest.param(b"text;accounts;date;time\nHello;x:@acme;2026-11-30;09:30", id="semicolons"),
        pytest.param(b"text\taccounts\tdate\ttime\nHello\tx:@acme\t2026-11-30\t09:30", id="tabs"),
        pytest.param(
            b'"Text", "Accounts",DATE , time\n"Hello",x:@acme,2026-11-30,09:30', id="loose header"
        ),
    ],
)
def test_every_common_form_of_csv_is_read(content: bytes) -> None:
    sheet = read(content)

    assert [dict(row.cells) for row in sheet.rows] == [
        {"text": "Hello", "accounts": "x:@acme", "date": "2026-11-30", "time": "09:30"}
    ]


def test_rows_have_the_numbers_that_a_spreadsheet_shows_and_empty_ones_are_passed_over() -> None:
    sheet = read(f'{HEADER}\n"One\nof two lines",x,1,1\n\n , ,,\nThree,x,1,1\n')

    assert [(row.number, row.cells["text"]) for row in sheet.rows] == [
        (2, "One\nof two lines"),
        (5, "Three"),
    ]


def test_a_row_with_more_cells_than_columns_says_so() -> None:
    sheet = read(f"{HEADER}\nHello, world,x,1,1\nHello,x,1,1,,,\n")

    assert [row.surplus for row in sheet.rows] == [True, False]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b"\xef\xbb\xbf \r\n\r\n", "empty", id="blank lines"),
        pytest.param(HEADER.encode(), "no posts", id="a header alone"),
        pytest.param(
            b"text,when\nHello,now", "“accounts”, “date”, “time” is missing", id="columns"
        ),
        pytest.param(f"{HEADER},text\na,b,c,d,e".encode(), "“text” is there twice", id="twice"),
        pytest.param(f"{HEADER},first_coment\na,b,c,d,e".encode(), "“first_coment”", id="misspelt"),
        pytest.param(f"{HEADER}\nK\xf6ln,x,1,1".encode("latin-1"), "line 2", id="Latin-1"),
        pytest.param(f"{HEADER}\nK\xf6ln,x,1,1".encode("cp1252"), "CSV UTF-8", id="Windows"),
        pytest.param(f"{HEADER}\nHello,x,1,1".encode("utf-16"), "UTF-16", id="UTF-16"),
        pytest.param(f"{HEADER}\nHello,x,1,1".encode("utf-16-le"), "UTF-16", id="no BOM"),
        pytest.param(b"PK\x03\x04rest of an xlsx", "workbook", id="xlsx"),
        pytest.param(b"\xd0\xcf\x11\xe0rest of an xls", "workbook", id="xls"),
        pytest.param(f'{HEADER}\na,b,c,d\n"Hello,x,1,1\n'.encode(), "Row 3", id="open quotation"),
        pytest.param(f'{HEADER}\n"a"b,c,d,e\n'.encode(), "Row 2", id="text behind a quotation"),
        pytest.param(
            f"{HEADER}\n{'x' * 100_001},c,d,e".encode(), "100,000 characters", id="a huge cell"
        ),
        pytest.param(
            f"{HEADER}\n{'a,b,c,d' * 1_500_000}".encode(), "larger than 10 MB", id="10 MB"
        ),
        pytest.param(
            (HEADER + "\na,b,c,d" * 1001).encode(), "1,001 posts, and 1,000 is the most", id="rows"
        ),
    ],
)
def test_what_cannot_be_read_is_told_in_plain_words(content: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        read(content)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "'="])
def test_what_a_spreadsheet_would_run_is_defused_and_comes_back_as_it_was(start: str) -> None:
    cell = f"{start}HYPERLINK(1)"
    row = {"text": cell, "accounts": "x", "date": "1", "time": "1"}

    written = sheets.write(KNOWN, [row])

    assert next(csv.DictReader(io.StringIO(written.decode("utf-8-sig"))))["text"] == f"'{cell}"
    assert read(written).rows[0].cells["text"] == cell


@given(st.text(min_size=1, max_size=50).filter(lambda text: text.strip() == text))
def test_whatever_is_written_is_read_again(text: str) -> None:
    kept = text.replace("\x00", "").encode("utf-8", "replace").decode() or "x"
    row = {"text": kept, "accounts": "x", "date": "1", "time": "1"}

    found = read(sheets.write(KNOWN, [row])).rows[0].cells["text"]

    assert found == kept
