"""`/schedule-post export`: the form, and the file in the direct messages."""

from __future__ import annotations

from typing import Any

import pytest

from bot.listeners import exports as listener
from bot.views import ids
from scheduler.models import Account
from tests.bot.desk import ALICE_DM, Desk, Form, has, messages_in
from tests.bot.test_sub_commands import schedule


async def open_form(desk: Desk) -> Form:
    await desk.command("export")
    return await desk.opened()


async def file_of(desk: Desk) -> tuple[str, str]:
    """The sentence beside the file in Alice's direct messages, and what it holds."""

    def shared(state: Any) -> Any:
        return next((each for each in messages_in(state, ALICE_DM) if each.get("files")), None)

    message = await desk.sees(shared)
    url = f"{desk.slack_url}/_/file/{message['files'][0]}"
    async with desk.http.get(url) as response:
        return message["text"], (await response.read()).decode("utf-8-sig")


async def test_the_calendar_comes_as_a_file_in_the_direct_messages(
    desk: Desk, account: Account
) -> None:
    post = await schedule(desk, account, "We open at nine")
    form = await open_form(desk)

    await form.submit()
    await form.shows("comes as a direct message")

    comment, content = await file_of(desk)
    assert comment == "1 post of the calendar, as CSV."
    assert content.startswith("id,state,text,accounts,date,time")
    assert f"{post.id},pending,We open at nine,x:@acme," in content


async def test_an_account_can_be_chosen(desk: Desk, account: Account) -> None:
    await schedule(desk, account, "We open at nine")
    form = await open_form(desk)
    await form.fill(**{ids.EXPORT_ACCOUNTS: [str(account.id)], ids.EXPORT_FROM: None})

    await form.submit()

    assert "We open at nine" in (await file_of(desk))[1]


async def test_days_without_a_post_are_told(desk: Desk, account: Account) -> None:
    form = await open_form(desk)

    await form.submit()

    await desk.sees(lambda state: has(messages_in(state, ALICE_DM), listener.NOTHING))


async def test_days_in_the_wrong_order_are_told_at_the_field(desk: Desk, account: Account) -> None:
    form = await open_form(desk)
    await form.fill(**{ids.EXPORT_FROM: "2027-01-02", ids.EXPORT_TO: "2027-01-01"})

    assert await form.errors() == {ids.EXPORT_TO: listener.BACKWARDS}


@pytest.mark.parametrize(
    ("switches", "sentence"),
    [
        pytest.param({"removed_scopes": ["files:write"]}, "`files:write`", id="no permission"),
        pytest.param(
            {"fail_methods": {"files.completeUploadExternal": {"error": "fatal_error"}}},
            "Slack did not take the file",
            id="Slack fails",
        ),
    ],
)
async def test_a_file_that_slack_does_not_take_is_told(
    desk: Desk, account: Account, switches: Any, sentence: str
) -> None:
    await schedule(desk, account)
    await desk.switch(**switches)
    form = await open_form(desk)

    await form.submit()

    await desk.sees(lambda state: has(messages_in(state, ALICE_DM), sentence))
