"""What is a sub-command, what is a slip, and what is meant for a post."""

from __future__ import annotations

import pytest

from bot.listeners.wording import slip, subcommand, text_of_command, text_of_message


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("list", ("list", "")),
        ("  LIST ", ("list", "")),
        ("help", ("help", "")),
        ("accounts", ("accounts", "")),
        ("status", ("status", "")),
        ("status k7m2p9xq4w", ("status", "k7m2p9xq4w")),
    ],
)
def test_sub_commands_are_recognised(typed: str, meant: tuple[str, str]) -> None:
    assert subcommand(typed) == meant


@pytest.mark.parametrize(
    "typed", ["", "Help us choose a name", "list of things", "status is fine today", "hello"]
)
def test_other_texts_are_meant_for_a_post(typed: str) -> None:
    assert subcommand(typed) is None
    assert slip(typed) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("lst", "list", id="a letter missing"),
        pytest.param("lisst", "list", id="a letter too many"),
        pytest.param("lizt", "list", id="a wrong letter"),
        pytest.param("lsit", "list", id="two letters swapped"),
        pytest.param("Acounts", "accounts", id="a double letter missing"),
        pytest.param("account", "accounts", id="the last letter missing"),
        pytest.param("hlep", "help", id="swapped in the middle"),
        pytest.param("staus", "status", id="missing in the middle"),
    ],
)
def test_slips_of_the_finger_are_recognised(typed: str, meant: str) -> None:
    assert slip(typed) == meant


@pytest.mark.parametrize("typed", ["list", "sale", "lol", "shelf", "tsil", "discounts", "lists ok"])
def test_words_that_are_no_slips_stay_words(typed: str) -> None:
    assert slip(typed) is None


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("a &amp; b &lt;3", "a & b <3"),
        ("&amp;lt;", "&lt;"),
        ("<https://example.com>", "https://example.com"),
        ("<https://example.com/a?b=1&amp;c=2|our page>", "https://example.com/a?b=1&c=2"),
        ("<mailto:a@example.com|a@example.com>", "a@example.com"),
        ("Thanks <@U0BOB|bob>", "Thanks @bob"),
        ("Thanks <@U0BOB>", "Thanks @U0BOB"),
        ("In <#C0GENERAL|general>", "In #general"),
        ("<!here> and <!subteam^S1|@team>", "@here and @team"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ],
)
def test_a_message_is_read_as_people_see_it(sent: str, read: str) -> None:
    assert text_of_message(sent) == read


def test_spaces_around_a_command_are_dropped() -> None:
    assert text_of_command("  Hello \n") == "Hello"
