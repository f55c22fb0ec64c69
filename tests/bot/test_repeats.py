"""Posts that are repeated: chosen in the composer, looked after in the list of series."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import draft_rules
from bot.clients import open_clients
from bot.draft_times import When
from bot.notifier import Notifier
from bot.permissions import NOT_YOUR_SERIES
from bot.views import ids
from scheduler import occurrences, series
from scheduler.accounts import disconnect
from scheduler.models import Account, Event, Post, Series
from scheduler.recurrence import Every, Rule
from scheduler.states import PostState
from tests.bot.desk import (
    ALICE_DM,
    BOB,
    GENERAL,
    Desk,
    Form,
    block_ids,
    button,
    clicked,
    has,
    messages_in,
    newest,
)
from tests.bot.test_drafts import press
from tests.world import until

NEW_YORK = ZoneInfo("America/New_York")
FIRST = datetime.now(NEW_YORK).date() + timedelta(days=2)
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


async def repeating(desk: Desk, text: str = "Every day", **fields: Any) -> Form:
    """A composer in which a post is to be repeated."""
    form = await desk.compose(text)
    await form.type(when="repeat")
    await form.shows("First day in America/New_York")
    for name, value in {"date": FIRST.isoformat(), "time": "09:30", **fields}.items():
        await form.type(**{name: value})
    return form


async def stored(desk: Desk, account: Account, **fields: Any) -> Series:
    form = await repeating(desk, how="day:1", **fields)
    await form.shows("It goes out every day")
    await form.submit()
    await form.shows("It is repeated every day at 09:30")
    await desk.does("close", view_id=form.id)
    return await Series.get()


async def test_the_next_three_occurrences_are_shown_before_anything_is_stored(
    desk: Desk, account: Account
) -> None:
    form = await repeating(desk, how="week:1")

    view = await form.shows("It goes out every week on", "09:30 (America/New_York), in")

    assert {ids.COMPOSER_WEEKDAYS, ids.COMPOSER_UNTIL, ids.COMPOSER_TIMES} <= set(block_ids(view))
    note = json.dumps(view["blocks"]).count("09:30 (America/New_York), in")
    assert note == 3
    assert not await Series.exists()


async def test_a_repeated_post_is_stored_and_says_what_comes(desk: Desk, account: Account) -> None:
    made = await stored(desk, account, times="3")

    posts = await Post.filter(series_id=made.id).order_by("due_at")
    local = [post.due_at.astimezone(NEW_YORK) for post in posts if post.due_at]
    assert [f"{at:%Y-%m-%d %H:%M}" for at in local] == [
        f"{FIRST + timedelta(days=ahead)} 09:30" for ahead in range(3)
    ]


@pytest.mark.parametrize(
    ("fields", "block", "told"),
    [
        ({"how": "week:1", "weekdays": []}, ids.COMPOSER_HOW, "at least one day of the week"),
        ({"how": "day:1", "until": "2020-01-01"}, ids.COMPOSER_HOW, "before the first one"),
        ({"how": "day:1", "date": "2020-01-01", "times": "3"}, ids.COMPOSER_HOW, "have passed"),
    ],
)
async def test_a_rule_of_which_nothing_would_happen_is_told_at_its_field(
    desk: Desk, account: Account, fields: dict[str, Any], block: str, told: str
) -> None:
    form = await repeating(desk, **fields)

    errors = await form.errors()

    assert told in errors[block]
    assert not await Series.exists()


def when(**values: Any) -> When:
    given = {
        "zone": "America/New_York",
        "way": ids.COMPOSER_REPEAT,
        "date": "2026-12-01",
        "time": "02:30",
        "how": "day:1",
        **values,
    }
    return When(**given)


def test_a_time_at_which_clocks_are_changed_has_to_be_chosen() -> None:
    asked = draft_rules.problems(when(), NOW)
    chosen = draft_rules.problems(when(fold="second"), NOW)

    assert "Sun 14 Mar 2027 clocks in America/New_York are changed" in asked[ids.COMPOSER_FOLD][0]
    assert chosen == {}
    assert draft_rules.rule(when(fold="second")).later


def test_a_time_that_no_change_of_the_clocks_meets_asks_nothing() -> None:
    assert draft_rules.problems(when(time="09:30"), NOW) == {}
    assert draft_rules.problems(when(until="2027-01-01"), NOW) == {}


@pytest.mark.parametrize("how", list(draft_rules.WAYS))
def test_the_fields_of_a_rule_say_that_rule_again(how: str) -> None:
    filled = when(how=how, weekdays="14", until="2030-01-01", times="7", fold="first")

    made = draft_rules.rule(filled)

    assert draft_rules.rule(draft_rules.fields(made, When(zone="UTC"))) == made


def test_months_without_the_day_are_named() -> None:
    note = draft_rules.note(when(how="month:1", date="2026-12-31", time="09:30"), NOW)

    assert "Months without day 31 are left out." in note


async def test_the_list_shows_what_is_repeated_with_its_buttons(
    desk: Desk, account: Account
) -> None:
    await stored(desk, account)

    await desk.command("repeats")

    message = await desk.sees(lambda s: _listed(s))
    assert has(message, "“Every day”", "Every day at 09:30 (America/New_York)", "X @acme")
    for action in (ids.SERIES_SKIP, ids.SERIES_PAUSE, ids.SERIES_EDIT, ids.SERIES_STOP):
        assert button(message, action)


def _listed(state: Any, *texts: str) -> Any:
    message = newest(state, GENERAL)
    return message if message and has(message, "What is repeated", *texts) else None


async def listed(desk: Desk, member: str = "U0ALICE") -> Any:
    await desk.command("repeats", member)
    return await desk.sees(lambda s: _listed(s), member)


async def test_skip_next_leaves_out_one_and_shows_what_comes_then(
    desk: Desk, account: Account
) -> None:
    await stored(desk, account)
    message = await listed(desk)

    await desk.press(message, ids.SERIES_SKIP, channel=GENERAL)

    await until(Post.filter(state=PostState.CANCELLED).exists)
    cancelled = await Post.filter(state=PostState.CANCELLED)
    assert [post.occurrence for post in cancelled] == [FIRST.isoformat()]
    await desk.sees(lambda s: newest(s, GENERAL) != message and _listed(s))


async def test_pause_and_resume(desk: Desk, account: Account) -> None:
    made = await stored(desk, account)
    await desk.press(await listed(desk), ids.SERIES_PAUSE, channel=GENERAL)
    paused = await desk.sees(lambda s: _listed(s, "Paused.", "Resume"))

    await desk.press(paused, ids.SERIES_RESUME, channel=GENERAL)

    await desk.sees(lambda s: _listed(s, "Next:"))
    assert (await Series.get(id=made.id)).paused_at is None
    assert await Post.filter(state=PostState.SCHEDULED).count() > 5


async def test_stop_takes_it_off_the_list(desk: Desk, account: Account) -> None:
    await stored(desk, account)

    await desk.press(await listed(desk), ids.SERIES_STOP, channel=GENERAL)

    await desk.sees(lambda s: has(messages_in(s, GENERAL), "Nothing is repeated."))
    assert not await Post.filter(state=PostState.SCHEDULED).exists()


async def test_a_button_of_an_older_list_changes_nothing_and_says_so(
    desk: Desk, account: Account
) -> None:
    made = await stored(desk, account)
    message = await listed(desk)
    ref = series.SeriesRef(workspace_id=desk.workspace.id, series_id=made.id, actor="U0ALICE")
    shown = await series.show(made, datetime.now(UTC))
    await series.skip_next(desk.runtime, ref, shown.next_key)

    await desk.press(message, ids.SERIES_SKIP, channel=GENERAL)

    await desk.sees(lambda s: has(messages_in(s, GENERAL), "has moved on since"))
    assert await Post.filter(state=PostState.CANCELLED).count() == 1


async def test_who_is_neither_author_nor_admin_gets_no_buttons_and_no_way_around(
    desk: Desk, account: Account
) -> None:
    await stored(desk, account)
    of_alice = await listed(desk)
    of_bob = await listed(desk, BOB)
    assert not has(of_bob, ids.SERIES_STOP)

    pressed = {**button(of_alice, ids.SERIES_STOP)}
    await desk.send(clicked(pressed, BOB))

    await desk.sees(lambda s: has(messages_in(s, "D0BOB"), NOT_YOUR_SERIES), BOB)
    assert (await Series.get()).ended_at is None


async def edit_form(desk: Desk) -> Form:
    await desk.press(await listed(desk), ids.SERIES_EDIT, channel=GENERAL)
    return await desk.opened()


async def test_edit_all_changes_text_and_time_of_what_is_to_come(
    desk: Desk, account: Account
) -> None:
    await stored(desk, account)
    form = await edit_form(desk)
    await form.fill(**{ids.SERIES_TEXT: "From now on", ids.COMPOSER_TIME: "10:45"})

    await form.submit()

    await form.shows("It is repeated every day at 10:45", "10:45 (America/New_York)")
    waiting = await Post.filter(state=PostState.SCHEDULED)
    assert {post.text for post in waiting} == {"From now on"}
    local = {f"{post.due_at.astimezone(NEW_YORK):%H:%M}" for post in waiting if post.due_at}
    assert local == {"10:45"}


async def test_edit_all_asks_for_the_days_when_the_rule_becomes_a_weekly_one(
    desk: Desk, account: Account
) -> None:
    await stored(desk, account)
    form = await edit_form(desk)
    await form.fill(**{ids.COMPOSER_HOW: "week:1"})

    await form.submit()
    await form.shows("On these days")
    await form.submit()

    await form.shows("It is repeated every week on")
    assert Rule.of((await Series.get()).rule).every is Every.WEEK


async def test_edit_all_refuses_what_does_not_fit(desk: Desk, account: Account) -> None:
    await stored(desk, account)
    form = await edit_form(desk)
    await form.fill(**{ids.SERIES_TEXT: ""})

    errors = await form.errors()

    assert "Write a text" in errors[ids.SERIES_TEXT]
    assert (await Series.get()).text == "Every day"


async def test_the_card_of_an_occurrence_says_that_it_belongs_to_a_series(
    desk: Desk, account: Account
) -> None:
    soon = datetime.now(NEW_YORK) + timedelta(minutes=90)
    # Between one and three the form asks about the days on which the clocks change.
    soon += timedelta(hours=3 if 1 <= soon.hour < 3 else 0)
    # Two of them, so that no change of the clocks comes in between.
    day, time = f"{soon:%Y-%m-%d}", f"{soon:%H:%M}"
    form = await repeating(desk, how="day:1", date=day, time=time, times="2")
    await form.submit()
    await form.shows("It is repeated every day")

    await _notify(desk)

    await desk.sees(lambda s: has(messages_in(s, ALICE_DM), "One of a series, every day at"))


async def test_an_author_hears_what_keeps_a_series_from_going_on_once(
    desk: Desk, account: Account
) -> None:
    made = await stored(desk, account)
    await disconnect(
        desk.runtime, workspace_id=desk.workspace.id, account_id=account.id, actor="U0ALICE"
    )
    await Series.filter(id=made.id).update(last_at=None)

    for _ in range(2):
        await occurrences.make_due(desk.runtime, made.id)
        await _notify(desk)

    told = await desk.messages()
    texts = [each["text"] for each in told if "cannot be put on the calendar" in each["text"]]
    assert len(texts) == 1
    assert "@acme was disconnected meanwhile" in texts[0]
    assert await Event.filter(kind="series.stuck", notice__isnull=False).count() == 0


async def _notify(desk: Desk) -> None:
    async with open_clients(desk.runtime) as clients:
        notifier = Notifier(desk.runtime, clients)
        await notifier.tick()
        await notifier.outages.tick()


async def test_a_draft_that_is_repeated_is_used_up(desk: Desk, account: Account) -> None:
    form = await repeating(desk, how="day:1")
    await form.shows("It goes out every day")
    await press(form, ids.COMPOSER_SAVE_DRAFT)
    await form.shows("Saved as a draft")
    await press(form, ids.DRAFT_CONTINUE)
    await form.shows("It goes out every day", "Save as Draft")

    await form.submit()

    await form.shows("It is repeated every day at 09:30")
    assert not await Post.filter(state=PostState.DRAFT).exists()
    assert await Series.all().count() == 1
