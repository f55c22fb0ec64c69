"""`/schedule-post import`: from the file over the report to the scheduled posts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.listeners import imports as listener
from bot.views import ids
from scheduler.models import Account, Delivery, Import, Post
from tests.bot.desk import ALICE, ALICE_DM, BOB, Desk, Form, button, clicked, has, messages_in

DAY = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
HEADER = "text,accounts,date,time"
GOOD = f"We open at nine,x:@acme,{DAY},09:30"
WRONG = f"We close <!channel>,x:@nobody,{DAY},18:00"


async def open_form(desk: Desk, member: str = ALICE) -> Form:
    await desk.command("import", member)
    return await desk.opened(member)


async def check(desk: Desk, *rows: str, member: str = ALICE) -> Form:
    """The form after a file with these rows was sent."""
    form = await open_form(desk, member)
    content = "\n".join([HEADER, *rows]).encode()
    file = await desk.upload("posts.csv", content, member)
    await form.fill(**{ids.IMPORT_FILE: [file]})
    await form.submit()
    return form


async def test_the_form_has_a_template_with_an_account_that_is_there(
    desk: Desk, account: Account
) -> None:
    form = await open_form(desk)

    await form.shows("text,accounts,date,time,timezone", "We open at nine!,x:@acme,", "`text_x`")


async def test_the_template_itself_can_be_imported(desk: Desk, account: Account) -> None:
    form = await open_form(desk)
    view = await form.shows("text,accounts")
    copied = next(each for each in view["blocks"] if each["type"] == "rich_text")
    template = copied["elements"][0]["elements"][0]["text"]
    file = await desk.upload("template.csv", template.encode())

    await form.fill(**{ids.IMPORT_FILE: [file]})
    await form.submit()

    await form.shows("All 2 rows are in order", "Schedule 2 Posts")


async def test_a_file_in_order_is_scheduled_by_the_button_of_its_report(
    desk: Desk, account: Account
) -> None:
    form = await check(desk, GOOD)
    await form.shows("The row is in order", "X @acme: 1", "about $0.015 on X", "Schedule 1 Post")
    before = await Post.all().count()

    await form.submit()
    await form.shows("1 post is scheduled")

    delivery = await Delivery.get()
    assert (before, delivery.priority) == (0, 9)
    said = await desk.says(channel=ALICE_DM)
    assert "1 post is scheduled from “posts.csv”" in said["text"]


async def test_every_problem_stands_in_the_report_and_the_rest_can_be_scheduled(
    desk: Desk, account: Account
) -> None:
    form = await check(desk, GOOD, WRONG)

    await form.shows("1 of 2 rows has problems", "*Row 3, accounts*", "x:@nobody", "left out")
    await form.submit()

    await form.shows("1 post is scheduled")
    assert (await Post.get()).text == "We open at nine"


async def test_more_problems_than_a_form_shows_come_as_a_file(desk: Desk, account: Account) -> None:
    form = await check(desk, *[f"={number},x:@acme,{DAY},09:30" for number in range(160)])
    await form.shows("160 of 160 rows have problems", "10 more")

    message = await desk.sees(
        lambda s: next((m for m in messages_in(s, ALICE_DM) if m.get("files")), None)
    )

    async with desk.http.get(f"{desk.slack_url}/_/file/{message['files'][0]}") as response:
        lines = (await response.read()).decode("utf-8-sig").splitlines()
    assert "All 160 problems" in message["text"]
    assert len(lines) == 161
    assert lines[1].startswith('2,text,"It begins with')


async def test_where_nothing_can_be_scheduled_another_file_can_be_chosen(
    desk: Desk, account: Account
) -> None:
    form = await check(desk, WRONG)
    await form.shows("1 of 1 rows has problems", "Choose Another File")

    await form.submit()

    await form.shows("CSV file", "Check File")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"PK\x03\x04", "This is a workbook", id="a workbook"),
        pytest.param("text\nK\xf6ln".encode("latin-1"), "not UTF-8", id="Latin-1"),
        pytest.param(b"x" * 10_000_001, "larger than 10 MB", id="10 MB"),
        pytest.param(b"", "empty", id="nothing"),
    ],
)
async def test_a_file_that_cannot_be_read_is_told_at_its_field(
    desk: Desk, account: Account, content: bytes, sentence: str
) -> None:
    form = await open_form(desk)
    await form.fill(**{ids.IMPORT_FILE: [await desk.upload("posts.csv", content)]})

    errors = await form.errors()

    assert sentence in errors[ids.IMPORT_FILE]


async def test_without_the_permission_to_read_files_the_form_says_so(
    desk: Desk, account: Account
) -> None:
    await desk.switch(removed_scopes=["files:read"])
    form = await open_form(desk)
    await form.fill(**{ids.IMPORT_FILE: [await desk.upload("posts.csv", GOOD.encode())]})

    errors = await form.errors()

    assert "files:read" in errors[ids.IMPORT_FILE]


async def test_a_large_file_shows_that_it_is_worked_on_and_then_its_report(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "QUICK_SECONDS", 0.0)

    form = await check(desk, GOOD)
    await form.shows("Schedule 1 Post")
    await form.submit()

    await form.shows("1 post is scheduled")


async def test_a_file_that_cannot_be_read_after_a_while_gives_the_form_back(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "QUICK_SECONDS", 0.0)
    form = await open_form(desk)
    await form.fill(**{ids.IMPORT_FILE: [await desk.upload("posts.csv", b"PK\x03\x04")]})

    await form.submit()

    await form.shows("This is a workbook", "CSV file", "Check File")


async def closed_too_early(desk: Desk, monkeypatch: pytest.MonkeyPatch, *rows: str) -> Any:
    """The direct message that comes when a form was closed while its file was checked."""
    monkeypatch.setattr(listener, "QUICK_SECONDS", 0.0)
    form = await check(desk, *rows)
    await form.shows("You can close this")
    await desk.does("close", view_id=form.id, all=True)
    return await desk.says(channel=ALICE_DM)


async def test_who_closed_the_form_gets_the_report_as_a_message_with_the_button(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await closed_too_early(desk, monkeypatch, GOOD, WRONG)
    assert has(message, "1 of 2 rows has problems", "Row 3, accounts")

    await desk.press(message, ids.IMPORT_SCHEDULE)
    await desk.sees(lambda state: has(state, "1 post is scheduled from"))
    await desk.press(message, ids.IMPORT_SCHEDULE)

    await desk.sees(lambda state: has(messages_in(state, ALICE_DM), "This was done already"))
    assert await Post.all().count() == 1


async def test_the_button_of_somebody_else_schedules_nothing(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await closed_too_early(desk, monkeypatch, GOOD)
    stolen = button(message, ids.IMPORT_SCHEDULE)
    form = await open_form(desk, BOB)
    await desk.does("close", BOB, view_id=form.id, all=True)

    status, _ = await desk.send(clicked(stolen, BOB))

    await desk.sees(lambda state: has(state, "too old to be used"), BOB)
    assert status == 200
    assert await Post.all().count() == 0


async def test_a_report_whose_posts_were_scheduled_meanwhile_schedules_nothing(
    desk: Desk, account: Account
) -> None:
    form = await check(desk, GOOD)
    await form.shows("Schedule 1 Post")
    await Import.all().update(done_at=datetime.now(UTC))

    await form.submit()

    await form.shows("This was done already")
    assert await Post.all().count() == 0


async def test_the_word_behind_other_words_is_a_post(desk: Desk, account: Account) -> None:
    form = await desk.compose("import duties are rising")

    await form.shows("import duties are rising")
