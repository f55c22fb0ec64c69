"""From the form to the timelines."""

from __future__ import annotations

from pathlib import Path

from tests.stories.slack_page import SlackPage
from tests.world import drawn


def test_a_post_is_written_and_seen_on_the_timeline(alice: SlackPage) -> None:
    form = alice.composes("Good morning, world")
    form.ticks("When", "Publish now").says("It goes out as soon as you send this form.")
    form.sends()

    alice.card("Good morning, world", "Published", "See it on X")
    alice.timeline("X").shows("Good morning, world")


def test_every_platform_gets_its_own_text(alice: SlackPage, tmp_path: Path) -> None:
    alice.connects("Pinterest")
    alice.connects("Facebook")
    alice.connects("Instagram")
    door = tmp_path / "door.jpg"
    door.write_bytes(drawn("JPEG", size=(400, 400)))

    form = alice.composes("Doors open at nine")
    form.chooses("Accounts", "Facebook", "Instagram", "Pinterest", "X")
    form.attaches("Images or a video", door)
    form.ticks("Adapt per platform", "Write a text of its own for some platforms")
    form.writes("Text on Facebook", "Doors open at nine, and there is cake for everybody")
    form.writes("Text on X", "Nine. Doors. Cake.")
    form.chooses("Where on Pinterest", "Summer walls")
    form.ticks("When", "Publish now")
    form.sends()

    alice.card("Doors open at nine", "Published", "See it on Facebook", "See it on Pinterest")
    alice.timeline("Facebook").shows("and there is cake for everybody")
    alice.timeline("X").shows("Nine. Doors. Cake.")
    alice.timeline("Instagram").shows("Doors open at nine")
    alice.timeline("Pinterest").shows("Doors open at nine", "Summer walls")
