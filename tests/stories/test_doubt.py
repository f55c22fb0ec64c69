"""Nobody can tell whether a post is live, and its author is asked."""

from __future__ import annotations

from tests.stories.slack_page import SlackPage, Timeline

HANGS_BEFORE = "never answers and does nothing"


def test_a_doubtful_post_is_live_after_all(alice: SlackPage, x: Timeline) -> None:
    x.fails(HANGS_BEFORE)
    alice.publishes("Is it out?")
    card = alice.card("Is it out?", "your answer is needed").offers("It Is Live", "Skip")

    card.presses("It Is Live")
    form = alice.form("It is live").says("Is it out?")
    form.writes("Link to the post", "https://x.com/acme/status/2")
    form.sends()

    card.becomes("Published", "See it on X").no_longer_offers("It Is Live")


def test_a_doubtful_post_is_published_once_more_only_after_a_second_question(
    alice: SlackPage, x: Timeline
) -> None:
    x.fails(HANGS_BEFORE)
    alice.publishes("Surely not out")
    card = alice.card("Surely not out", "your answer is needed")
    x.works_again()

    card.presses("It Is Not")
    alice.confirms("Go Back")
    card.offers("It Is Live")
    card.presses("It Is Not")
    alice.confirms("Publish Now")

    card.becomes("Published").no_longer_offers("It Is Live")
    assert x.times("Surely not out") == 1
