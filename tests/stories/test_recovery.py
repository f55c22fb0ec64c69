"""Something goes wrong, and a person puts it right from the card."""

from __future__ import annotations

from pathlib import Path

from tests.stories.slack_page import SlackPage, Timeline
from tests.world import drawn

REFUSES = "says the post is not permitted"
FAILS_BEFORE = "says 503 and does nothing"


def test_a_refused_post_is_told_and_retried(alice: SlackPage, x: Timeline) -> None:
    x.fails(REFUSES)
    alice.publishes("Not like this")
    card = alice.card("Not like this", "Failed").offers("Retry Now", "Post Manually")
    card.opens_thread()
    alice.reply("was not published on X", "Not like this").offers("Retry Now")

    x.works_again()
    card.presses("Retry Now")

    card.becomes("Published").no_longer_offers("Retry Now")
    assert x.times("Not like this") == 1


def test_a_post_whose_attempts_ran_out_is_posted_by_hand(
    alice: SlackPage, x: Timeline, tmp_path: Path
) -> None:
    door = tmp_path / "door.png"
    door.write_bytes(drawn("PNG", size=(400, 400)))
    x.fails(FAILS_BEFORE, on="uploading media")
    alice.publishes("By hand, then", door)
    card = alice.card("By hand, then", "Failed", "attempt 4").offers("Retry Now")
    card.opens_thread()
    told = alice.reply("was not published on X", "By hand, then")

    told.presses("Post Manually")
    kit = alice.form("Post manually").says("By hand, then", "Open X")
    kit.writes("Link to the post", "x.com/acme/status/1")
    kit.tries().complains("Link to the post", "Paste the whole address")
    kit.writes("Link to the post", "https://x.com/acme/status/1")
    kit.sends()

    card.becomes("Posted by hand", "See it on X").no_longer_offers("Retry Now")
    told.becomes("posted it by hand").no_longer_offers("Post Manually")
    assert x.times("By hand, then") == 0
