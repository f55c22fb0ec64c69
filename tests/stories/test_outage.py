"""A platform is down: posts wait, their author hears of it, and they go out when it is back."""

from __future__ import annotations

from tests.stories.slack_page import SlackPage

UNREACHABLE = "cannot be reached: it refuses connections"


def test_a_post_waits_out_an_outage_and_goes_out_once(alice: SlackPage) -> None:
    x = alice.timeline("X")
    x.fails(UNREACHABLE)
    alice.publishes("Patience")
    card = alice.card("Patience", "Pending", "X is down").offers("Retry Now", "Post Manually")
    card.opens_thread()
    told = alice.reply("all attempts failed", "Patience").offers("Post Manually")

    told.presses("Retry Now")
    told.becomes("chose to publish it now").no_longer_offers("Retry Now")
    card.offers("Retry Now").presses("Post Manually")
    alice.form("Post manually").says("Patience").closes()
    x.works_again()

    card.becomes("Published", timeout=90_000).no_longer_offers("Retry Now")
    assert x.times("Patience") == 1
