"""Another time for a post, also on the nights on which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.stories.slack_page import SlackPage

NEW_YORK = ZoneInfo("America/New_York")


def _next_night(*, ahead: bool) -> str:
    """The next date on which New York's clocks jump ahead, or are set back."""
    at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    while True:
        before, after = at.astimezone(NEW_YORK), (at + timedelta(hours=1)).astimezone(NEW_YORK)
        change = after.utcoffset() - before.utcoffset()  # type: ignore[operator]
        if change and (change > timedelta()) is ahead:
            return f"{before:%Y-%m-%d}"
        at += timedelta(hours=1)


def test_a_post_is_moved_past_an_hour_that_does_not_exist(alice: SlackPage) -> None:
    night = _next_night(ahead=True)
    alice.composes("Spring").sends()
    card = alice.card("Spring", "Pending").offers("Reschedule")

    card.presses("Reschedule")
    form = alice.form("Reschedule")
    form.sets("Date in America/New_York", night).sets("Time in America/New_York", "02:30")
    form.tries()
    form.complains("Time in America/New_York", "02:30 does not exist on that day")
    form.sets("Time in America/New_York", "03:00")
    form.sends()

    card.becomes("at 3:00 AM")


def test_a_time_that_happens_twice_is_asked_about(alice: SlackPage) -> None:
    night = _next_night(ahead=False)
    alice.composes("Autumn").sends()
    card = alice.card("Autumn", "Pending")

    card.presses("Reschedule")
    form = alice.form("Reschedule")
    form.sets("Date in America/New_York", night).sets("Time in America/New_York", "01:30")
    form.tries().says("happens twice on that day", "01:30 the second time (EST)")
    form.ticks("This time happens twice on that day. Which one?", "01:30 the second time (EST)")
    form.sends()

    card.becomes("at 1:30 AM")
    alice.becomes("Bob")
    alice.goes_to("general")
    alice.types("/schedule-post list")
    alice.hears("You have no posts yet")


def test_a_planned_post_is_published_at_once_instead(alice: SlackPage) -> None:
    alice.composes("No need to wait").sends()
    card = alice.card("No need to wait", "Pending").offers("Publish Now", "Cancel")

    card.presses("Publish Now")

    card.becomes("Published", "See it on X")


def test_a_planned_post_is_called_off_after_a_question(alice: SlackPage) -> None:
    alice.composes("Never mind").sends()
    card = alice.card("Never mind", "Pending")

    card.presses("Cancel")
    alice.confirms("Keep Post")
    card.offers("Cancel")
    card.presses("Cancel")
    alice.confirms("Cancel Post")

    card.becomes("Cancelled").no_longer_offers("Cancel")
