"""People press buttons that are not theirs."""

from __future__ import annotations

from collections.abc import Callable

from tests.stories.slack_page import SlackPage


def test_a_stranger_cannot_disconnect_an_account(person: Callable[[str], SlackPage]) -> None:
    carol = person("Carol")

    carol.types("/schedule-post accounts")
    accounts = carol.card("@acme is connected")

    accounts.no_longer_offers("Disconnect")


def test_a_stranger_sees_how_a_post_stands_but_has_no_buttons(
    alice: SlackPage, person: Callable[[str], SlackPage]
) -> None:
    alice.composes("Mine alone").sends()
    card = alice.card("Mine alone", "Pending")
    post_id = card.place.locator("code").first.inner_text()

    carol = person("Carol")
    carol.goes_to("general")
    carol.types(f"/schedule-post status {post_id}")

    carol.hears("Mine alone")
    carol.card("Mine alone").no_longer_offers("Cancel")
