"""`python -m tests.stories.screenshots [folder]`: photographs all that people see, in light and
dark, on a desk and on a phone, for somebody to look at."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

from playwright.sync_api import Page

from tests.chaos.ground import open_ground
from tests.stories.conftest import chromium
from tests.stories.slack_page import Form, SlackPage
from tests.world import drawn

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
COLOURS = ("light", "dark")
LONG = (
    "We open at nine, and there is cake for everybody who brings a friend. "
    "שלום עולם 👩‍👩‍👧 *not bold* <https://example.com|not a link> & more. "
) * 3


class Album:
    """Takes each picture in every size and colour."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = itertools.count(1)
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, page: Page, name: str) -> None:
        number = next(self._number)
        print(f"{number:02} {name}", flush=True)
        for size, (width, height) in SIZES.items():
            for colour in COLOURS:
                page.emulate_media(color_scheme=colour)  # type: ignore[arg-type]
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_timeout(250)  # Until what moved stands still.
                page.screenshot(path=self._folder / f"{number:02}-{name}-{size}-{colour}.png")
        page.emulate_media(color_scheme="light")
        width, height = SIZES["desk"]
        page.set_viewport_size({"width": width, "height": height})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("screenshots"))
    album = Album(parser.parse_args().folder)
    with open_ground("embedded") as ground, chromium() as browser:
        with SlackPage.opened(browser, ground.slack_url) as alice:
            door = ground.folder / "door.jpg"
            door.write_bytes(drawn("JPEG", size=(400, 300)))
            _first_steps(album, alice)
            _composer(album, alice, door)
            _cards(album, alice, door)
            _lists(album, alice)
        with SlackPage.opened(browser, ground.slack_url, "Carol") as carol:
            carol.goes_to("Home")
            carol.page.wait_for_timeout(1500)
            album.add(carol.page, "home-of-a-newcomer")


def _first_steps(album: Album, alice: SlackPage) -> None:
    album.add(alice.page, "nothing-yet")
    alice.goes_to("Home")
    alice.page.wait_for_timeout(1500)
    album.add(alice.page, "home-empty")
    alice.goes_to("Messages")
    form = alice.composes()
    album.add(alice.page, "composer-without-accounts")
    form.closes()
    alice.types("/schedule-post accounts")
    link = alice.page.get_by_role("link", name="Connect Facebook").last
    link.wait_for()
    album.add(alice.page, "accounts-none")
    with alice.page.context.expect_page() as opened:
        link.click()
    consent = opened.value
    album.add(consent, "consent-facebook")
    consent.locator("button.primary").click()
    consent.get_by_role("checkbox").first.wait_for()
    album.add(consent, "choose-profiles")
    consent.get_by_role("button", name="Connect").click()
    consent.wait_for_timeout(500)
    album.add(consent, "choose-none-chosen")
    consent.get_by_role("checkbox").first.check()
    consent.get_by_role("button", name="Connect").click()
    consent.get_by_role("heading", name="Connected").wait_for()
    album.add(consent, "connected")
    consent.goto(consent.url)
    album.add(consent, "connect-link-used-twice")
    consent.close()
    for platform in ("Instagram", "Pinterest", "X"):
        alice.connects(platform)
    alice.types("/schedule-post accounts")
    alice.card("Facebook", "Instagram", "@acme is connected")
    alice.page.wait_for_timeout(800)
    album.add(alice.page, "accounts-all")
    alice.goes_to("Home")
    alice.page.get_by_role("tabpanel").get_by_role("button", name="Accounts").click()
    accounts = alice.form("Accounts")
    album.add(alice.page, "accounts-form")
    accounts.closes()
    alice.goes_to("Messages")


def _composer(album: Album, alice: SlackPage, door: Path) -> None:
    form = alice.composes(LONG)
    album.add(alice.page, "composer-open")
    form.chooses("Accounts", "Facebook", "Instagram", "Pinterest", "X")
    form.ticks("Adapt per platform", "Write a text of its own for some platforms")
    form.writes("Text on X", "Nine. Doors. Cake.")
    form.attaches("Images or a video", door)
    form.field("Where on Pinterest").get_by_role("combobox").click()
    form.field("Where on Pinterest").get_by_role("option").first.wait_for()
    album.add(alice.page, "composer-board-menu")
    form.field("Where on Pinterest").get_by_role("combobox").press("Escape")
    _parts(album, alice, form, "composer-full")
    form.sets("Date in America/New_York", "2020-01-01")
    form.tries().complains("Date in America/New_York", "passed")
    _parts(album, alice, form, "composer-wrong")
    form.closes()


def _parts(album: Album, alice: SlackPage, form: Form, name: str) -> None:
    """A form in three parts, since it is longer than the window."""
    body = form.dialog.locator(".dialog-body")
    for part, where in enumerate(("0", "el.scrollHeight / 3", "el.scrollHeight")):
        body.evaluate(f"(el) => el.scrollTo(0, {where})")
        album.add(alice.page, f"{name}-{part}")


def _cards(album: Album, alice: SlackPage, door: Path) -> None:
    alice.publishes("All went well", door, to=("X",))
    alice.card("All went well", "Published")
    form = alice.composes(LONG)
    form.chooses("Accounts", "X")
    form.sends()
    planned = alice.card("We open at nine", "Pending")
    album.add(alice.page, "card-published-and-pending")
    planned.presses("Reschedule")
    form = alice.form("Reschedule")
    album.add(alice.page, "reschedule")
    form.closes()
    planned.presses("Edit")
    form = alice.form("Edit the text")
    album.add(alice.page, "edit")
    form.closes()
    planned.presses("Cancel")
    alice.page.get_by_role("alertdialog").wait_for()
    album.add(alice.page, "cancel-question")
    alice.confirms("Keep Post")
    _failures(album, alice)


def _failures(album: Album, alice: SlackPage) -> None:
    x = alice.timeline("X")
    album.add(x.page, "timeline-of-x")
    x.fails("says the post is not permitted")
    album.add(x.page, "timeline-switches")
    alice.publishes("Not like this", to=("X",))
    card = alice.card("Not like this", "Failed").offers("Retry Now")
    card.opens_thread()
    reply = alice.reply("was not published on X")
    album.add(alice.page, "card-failed-and-thread")
    reply.presses("Post Manually")
    form = alice.form("Post manually")
    album.add(alice.page, "post-manually")
    form.closes()
    x.works_again()
    x.fails("never answers and does nothing")
    alice.publishes("Is it out?", to=("X",))
    card = alice.card("Is it out?", "your answer is needed", timeout=90_000)
    album.add(alice.page, "card-unconfirmed")
    card.presses("It Is Live")
    form = alice.form("It is live")
    album.add(alice.page, "confirm-live")
    form.closes()
    x.works_again()
    x.fails("cannot be reached: it refuses connections")
    alice.publishes("Patience", to=("X",))
    alice.card("Patience", "X is down", timeout=90_000)
    album.add(alice.page, "card-waits")
    x.works_again()
    alice.goes_to("Home")
    alice.page.wait_for_timeout(1500)
    album.add(alice.page, "home-with-posts")
    alice.goes_to("Messages")
    x.takes_back_all_access()
    alice.publishes("Waiting for the key", to=("X",))
    alice.card("Postbot can no longer post to X", timeout=90_000)
    album.add(alice.page, "account-lost")


def _lists(album: Album, alice: SlackPage) -> None:
    for command in ("list", "help", "status nothing", "accounts"):
        alice.types(f"/schedule-post {command}")
        alice.page.wait_for_timeout(1500)
        album.add(alice.page, f"command-{command.replace(' ', '-')}")
    alice.page.get_by_role("button", name="Make things fail").click()
    album.add(alice.page, "slack-switches")


if __name__ == "__main__":
    main()
