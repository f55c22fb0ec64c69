"""What is written now and goes out later: drafts, and many posts from one file."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.stories.slack_page import SlackPage

GOOD = (
    "text,accounts,date,time\n"
    "Doors open,x:@acme,{year}-12-24,09:00\n"
    "Doors close,x:@acme,{year}-12-24,18:00\n"
)
BAD = (
    "text,accounts,date,time\n"
    "Doors open,x:@nobody,{year}-12-24,09:00\n"
    "Doors close,x:@acme,2001-12-24,18:00\n"
    ",x:@acme,{year}-12-24,18:00\n"
)


def test_a_draft_is_kept_and_scheduled_later(alice: SlackPage) -> None:
    alice.composes("Not quite ready").presses("Save as Draft")
    kept = alice.form("Schedule a post").says("Saved as a draft")
    kept.closes()

    alice.types("/schedule-post drafts")
    alice.card("Your drafts", "Not quite ready").presses("Open")
    form = alice.form("Schedule a post").holds("Text", "Not quite ready")
    form.writes("Text", "Ready after all")
    form.ticks("When", "Publish now")
    form.sends()

    alice.card("Ready after all", "Published")
    alice.timeline("X").shows("Ready after all")


def test_three_bad_rows_are_named_and_the_mended_file_is_scheduled(
    alice: SlackPage, tmp_path: Path
) -> None:
    year = alice.page.evaluate("new Date().getFullYear() + 1")
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text(BAD.format(year=year))
    good.write_text(GOOD.format(year=year))

    alice.types("/schedule-post import")
    form = alice.form("Import posts").attaches("CSV file", bad)
    form.tries().says("Row 2", "Row 3", "Row 4")
    form.tries()
    expect(form.field("CSV file")).to_be_visible()
    form.attaches("CSV file", good)
    form.tries().says("Schedule 2 Posts")
    form.tries().says("scheduled")
    form.closes()

    alice.types("/schedule-post list")
    alice.card("Your newest posts", "Doors open", "Doors close")
