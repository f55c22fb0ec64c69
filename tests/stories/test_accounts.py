"""Accounts that are connected, lost and connected again."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.stories.slack_page import SlackPage


def test_a_dead_account_is_connected_again_and_its_posts_go_out(alice: SlackPage) -> None:
    x = alice.timeline("X")
    x.takes_back_all_access()
    alice.publishes("Waiting for the key")
    card = alice.card("Waiting for the key", "Pending").offers("Post Manually")
    told = alice.card("Postbot can no longer post to X", "1 post does not go out until then")

    again = told.place.get_by_role("link", name="@acme Again")
    alice.connects("X", link=again)

    card.becomes("Published").no_longer_offers("Post Manually")
    assert x.times("Waiting for the key") == 1


def test_the_first_account_is_connected_from_the_home_tab(
    person: Callable[[str], SlackPage],
) -> None:
    bob = person("Bob")
    bob.goes_to("Home")
    home = bob.page.get_by_role("tabpanel")
    expect(home).to_contain_text("Nothing is scheduled")

    bob.connects("Pinterest", link=home.get_by_role("link", name="Connect Pinterest"))

    bob.goes_to("Messages")
    bob.card("Pinterest", "@acme", "connected")
