"""A time in words, in the composer and in the form that reschedules: read back before it counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import draft_times
from bot.draft_times import When
from bot.views import ids
from scheduler.models import Account, Post
from tests.bot.desk import Desk

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)


def local(post: Post) -> datetime:
    assert post.due_at is not None
    return post.due_at.astimezone(NEW_YORK)


async def test_typed_words_are_read_back_while_they_are_typed(desk: Desk, account: Account) -> None:
    form = await desk.compose("Hello")

    await form.type(words="tomorrow 9am")

    await form.shows("It goes out on", "09:00 (America/New_York), in ")


async def test_words_that_were_read_back_count_before_the_date(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Hello")
    await form.type(words="tomorrow 9am")
    await form.shows("09:00 (America/New_York), in")

    await form.closes()

    tomorrow = datetime.now(NEW_YORK).date() + timedelta(days=1)
    assert f"{local(await Post.get()):%Y-%m-%d %H:%M}" == f"{tomorrow} 09:00"


async def test_words_that_nobody_saw_read_back_are_not_stored_until_they_were(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Hello")
    await form.fill(words="in 3 days 18:45")

    errors = await form.errors()
    stored = await Post.exists()
    await form.closes()

    assert "18:45 (America/New_York), in" in errors[ids.COMPOSER_WORDS]
    assert "Send the form again" in errors[ids.COMPOSER_WORDS]
    assert not stored
    assert f"{local(await Post.get()):%H:%M}" == "18:45"


async def test_other_words_than_those_read_back_are_read_back_again(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Hello")
    await form.type(words="tomorrow 9am")
    await form.shows("09:00 (America/New_York), in")
    await form.fill(words="tomorrow 9pm")

    errors = await form.errors()

    assert "21:00 (America/New_York)" in errors[ids.COMPOSER_WORDS]
    assert not await Post.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [("soon", "is not understood"), ("3/4 9:00", "may be"), ("25 Dec 2020 9:00", "has passed")],
)
async def test_words_that_say_no_time_are_told_at_their_field(
    desk: Desk, account: Account, words: str, told: str
) -> None:
    form = await desk.compose("Hello")
    await form.fill(words=words)

    errors = await form.errors()

    assert told in errors[ids.COMPOSER_WORDS]
    assert not await Post.exists()


async def test_words_for_more_than_five_years_ahead_are_refused(
    desk: Desk, account: Account
) -> None:
    form = await desk.compose("Hello")
    await form.fill(words="25 Dec 2099 9:00")

    errors = await form.errors()

    assert "more than five years away" in errors[ids.COMPOSER_WORDS]


def test_what_was_read_back_is_meant_even_if_the_day_changes_before_it_is_sent() -> None:
    when = When(zone="America/New_York", words="in 2 hours")

    shown = draft_times.read_back(when, NOW)

    later = NOW + timedelta(minutes=30)
    assert draft_times.problems(shown, later) == {}
    assert draft_times.instant(shown, later) == NOW + timedelta(hours=2)


def test_what_was_read_back_and_has_passed_meanwhile_is_refused() -> None:
    shown = draft_times.read_back(When(zone="America/New_York", words="in 2 minutes"), NOW)

    wrong = draft_times.problems(shown, NOW + timedelta(minutes=5))

    assert "already passed" in wrong[ids.COMPOSER_WORDS][0]


def test_words_for_an_hour_that_comes_twice_ask_which_and_are_read_back_after_the_choice() -> None:
    when = When(zone="America/New_York", words="today 1:30")

    asked = draft_times.problems(when, NOW)
    chosen = When(zone="America/New_York", words="today 1:30", fold="second")
    unread = draft_times.problems(chosen, NOW)
    shown = draft_times.read_back(chosen, NOW)

    assert list(asked) == [ids.COMPOSER_FOLD]
    assert list(unread) == [ids.COMPOSER_WORDS]
    assert draft_times.instant(shown, NOW) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_words_for_an_hour_that_clocks_skip_are_refused_with_the_nearest_times() -> None:
    when = When(zone="America/New_York", words="14 Mar 2027 2:30")

    wrong = draft_times.problems(when, NOW)

    assert "The nearest times are 01:59 and 03:00" in wrong[ids.COMPOSER_WORDS][0]


def test_a_mark_that_somebody_made_up_means_nothing() -> None:
    when = When(zone="UTC", words="tomorrow 9:00", seen="x  tomorrow 9:00")

    assert list(draft_times.problems(when, NOW)) == [ids.COMPOSER_WORDS]
