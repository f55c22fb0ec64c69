"""Slots of an account: set in the list of accounts, chosen in the composer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.permissions import NOT_YOURS_TO_SET
from bot.views import ids
from scheduler import free_slots, posts
from scheduler.contents import Words
from scheduler.models import Account, Delivery, Post
from tests.bot.desk import BOB, GENERAL, Desk, Form, block_ids, has, messages_in

NEW_YORK = ZoneInfo("America/New_York")


async def slotted(account: Account, text: str = "daily 09:00") -> Account:
    return await free_slots.set_slots(
        workspace_id=account.workspace_id,
        account_id=account.id,
        text=text,
        zone="America/New_York",
    )


async def slots_form(desk: Desk, member: str = "U0ALICE") -> Form:
    await desk.command("accounts", member)
    message = await desk.says(member)
    await desk.press(message, ids.SET_SLOTS, member, channel=GENERAL)
    return await desk.opened(member)


async def test_slots_are_typed_and_read_back_with_the_next_ones(
    desk: Desk, account: Account
) -> None:
    form = await slots_form(desk)
    await form.fill(**{ids.SLOTS_TEXT: "mon - fri 9am, sat 11.30"})

    await form.submit()

    await form.shows("Mon-Fri 09:00, Sat 11:30", "The next ones are", "America/New_York")
    stored = await Account.get()
    assert (stored.slots, stored.slots_zone) == ("Mon-Fri 09:00, Sat 11:30", "America/New_York")


async def test_what_is_no_slot_is_told_at_the_field(desk: Desk, account: Account) -> None:
    form = await slots_form(desk)
    await form.fill(**{ids.SLOTS_TEXT: "whenever it suits"})

    errors = await form.errors()

    assert "is no day" in errors[ids.SLOTS_TEXT] or "has no time" in errors[ids.SLOTS_TEXT]
    assert (await Account.get()).slots == ""


async def test_who_did_not_connect_the_account_is_offered_no_slots(
    desk: Desk, account: Account
) -> None:
    await desk.command("accounts", BOB)

    message = await desk.says(BOB)

    assert not has(message, ids.SET_SLOTS)


async def test_who_lost_the_right_meanwhile_sets_nothing(desk: Desk, account: Account) -> None:
    bobs = await Account.get()
    await Account.filter(id=bobs.id).update(connected_by=BOB)
    form = await slots_form(desk, BOB)
    await Account.filter(id=bobs.id).update(connected_by="U0ALICE")
    await form.fill(**{ids.SLOTS_TEXT: "daily 9"})

    errors = await form.errors()

    assert errors == {ids.SLOTS_TEXT: NOT_YOURS_TO_SET}
    assert (await Account.get()).slots == ""


async def test_the_next_free_slot_is_shown_and_taken(desk: Desk, account: Account) -> None:
    await slotted(account)
    form = await desk.compose("In its slot")
    await form.type(when="slot")
    view = await form.shows("X @acme:", "09:00 (America/New_York)")
    assert ids.COMPOSER_TIME not in block_ids(view)

    await form.closes()

    delivery = await Delivery.get()
    local = delivery.due_at.astimezone(NEW_YORK)
    assert f"{local:%H:%M}" == "09:00"
    assert timedelta() < delivery.due_at - datetime.now(UTC) <= timedelta(days=1, hours=1)
    assert (await Post.get()).due_at == delivery.due_at
    assert delivery.priority == posts.PRIORITY_SCHEDULED


async def test_a_slot_that_was_taken_while_somebody_wrote_is_not_exchanged_unasked(
    desk: Desk, account: Account
) -> None:
    account = await slotted(account)
    form = await desk.compose("Mine")
    await form.type(when="slot")
    await form.shows("X @acme:", "09:00 (America/New_York)")
    slots = await free_slots.next_free([account], datetime.now(UTC))
    await posts.schedule(
        desk.runtime,
        posts.NewPost(
            workspace_id=desk.workspace.id,
            author=BOB,
            words=Words(text="Faster"),
            account_ids=(account.id,),
            timezone="UTC",
            slots=slots,
        ),
    )

    errors = await form.errors()
    assert "Send the form again" in errors[ids.COMPOSER_WHEN]
    await form.closes()

    mine = await Post.get(text="Mine")
    assert mine.due_at is not None
    assert mine.due_at - slots[account.id] >= timedelta(hours=23)


async def test_without_slots_the_form_says_where_to_set_them(desk: Desk, account: Account) -> None:
    form = await desk.compose("In its slot")
    await form.type(when="slot")
    await form.shows("has no slots yet")

    errors = await form.errors()

    assert "has no slots yet" in errors[ids.COMPOSER_WHEN]
    assert not await Post.exists()


async def test_a_time_that_was_chosen_is_still_there_after_a_look_at_the_slots(
    desk: Desk, account: Account
) -> None:
    later = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    form = await desk.compose("Back and forth")
    await form.type(date=later, time="09:30")
    await form.shows("09:30 (America/New_York)")
    await form.type(when="slot")
    await form.shows("has no slots yet")
    await form.type(when="later")
    await form.shows("09:30 (America/New_York)")

    await form.closes()

    post = await Post.get()
    assert post.due_at is not None
    assert f"{post.due_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}" == f"{later} 09:30"


async def test_slots_can_be_taken_away(desk: Desk, account: Account) -> None:
    await slotted(account)
    form = await slots_form(desk)
    await form.fill(**{ids.SLOTS_TEXT: ""})

    await form.submit()

    await form.shows("has no slots now")
    assert (await Account.get()).slots == ""


async def test_the_list_of_accounts_shows_their_slots(desk: Desk, account: Account) -> None:
    await slotted(account)

    await desk.command("accounts")

    await desk.sees(lambda s: has(messages_in(s, GENERAL), "Slots: Mon-Sun 09:00"))
