"""Addresses that platforms fetch files from: signed, and over after a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from scheduler.addresses import USABLE_FOR, Addresses
from scheduler.clock import FrozenClock
from scheduler.vault import Vault

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = f"{'ab' * 32}-20261124"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


def addresses(clock: FrozenClock, *keys: str) -> Addresses:
    return Addresses("https://postbot.example.com", Vault(keys), clock)


def signed(address: str) -> str:
    return address.removeprefix("https://postbot.example.com/media/")


def test_an_address_leads_back_to_its_file(clock: FrozenClock) -> None:
    address = addresses(clock, NEW).of(KEY)

    assert address.startswith("https://postbot.example.com/media/")
    assert address.isascii()
    assert addresses(clock, NEW).key(signed(address)) == KEY


@pytest.mark.parametrize(
    ("after", "is_usable"),
    [(USABLE_FOR - timedelta(seconds=1), True), (USABLE_FOR, False)],
    ids=["a day", "longer"],
)
def test_an_address_is_usable_for_a_day(
    clock: FrozenClock, after: timedelta, is_usable: bool
) -> None:
    made = signed(addresses(clock, NEW).of(KEY))

    clock.move_to(NOON + after)

    assert (addresses(clock, NEW).key(made) is not None) is is_usable


def test_an_old_key_still_opens_and_the_newest_signs(clock: FrozenClock) -> None:
    before = signed(addresses(clock, OLD).of(KEY))

    after = signed(addresses(clock, NEW, OLD).of(KEY))

    assert addresses(clock, NEW, OLD).key(before) == KEY
    assert addresses(clock, NEW).key(after) == KEY
    assert addresses(clock, NEW).key(before) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made.replace("ab", "cd", 1),
        lambda made: made.replace(".1", ".9", 1),
        lambda made: made[:-1] + ("0" if made[-1] != "0" else "1"),
        lambda made: made.upper(),
        lambda made: made + "0",
        lambda made: made[:-64],
        lambda made: made + "\n",
        lambda made: f"../{made}",
        lambda made: made.replace(".1", ".१", 1),
        lambda made: made.replace("-", ".", 1),
        lambda made: KEY,
        lambda made: "",
    ],
    ids=[
        "other file",
        "later end",
        "other signature",
        "upper case",
        "longer",
        "no signature",
        "line feed",
        "path",
        "other digits",
        "moved point",
        "key alone",
        "empty",
    ],
)
def test_what_was_not_made_here_leads_nowhere(clock: FrozenClock, change: object) -> None:
    made = signed(addresses(clock, NEW).of(KEY))

    assert callable(change)
    assert addresses(clock, NEW).key(change(made)) is None
