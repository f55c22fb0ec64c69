"""Slack's page in a browser, in the words of the person before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

PEOPLE = {"Alice": "U0ALICE", "Bob": "U0BOB", "Carol": "U0CAROL"}
#: How long something may take that goes through the product and back, in milliseconds.
SOON, IN_A_WHILE = 30_000, 60_000


class SlackPage:
    """One person's Slack. What is seen is waited for."""

    def __init__(self, context: BrowserContext, url: str, name: str) -> None:
        self.name = name
        self._context = context
        self.page = context.new_page()
        self.page.set_default_timeout(SOON)
        self.page.goto(f"{url}/?member={PEOPLE[name]}#/messages")
        expect(self.page.get_by_label("You are", exact=True)).to_be_visible()

    @classmethod
    @contextmanager
    def opened(cls, browser: Browser, url: str, name: str = "Alice") -> Iterator[SlackPage]:
        context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
        yield cls(context, url, name)
        context.close()

    def becomes(self, name: str) -> None:
        """Switches to another person of the workspace."""
        self.page.get_by_label("You are", exact=True).select_option(PEOPLE[name])
        self.name = name

    def goes_to(self, place: str) -> None:
        """A channel, or a tab of the app: `general`, `Home`, `Messages`."""
        if place in ("Home", "Messages"):
            self.page.get_by_role("link", name="Postbot").click()
            self.page.get_by_role("tab", name=place).click()
        else:
            self.page.get_by_role("link", name=place).click()

    def types(self, text: str) -> None:
        """A message or a command, in the conversation that is open."""
        field = self.page.locator("main .composer-text")
        field.fill(text)
        field.press("Escape")  # What is offered while a command is typed.
        field.press("Enter")

    def composes(self, text: str = "") -> Form:
        """Opens the form in which a post is written."""
        self.types(f"/schedule-post {text}".rstrip())
        return self.form("Schedule a post")

    def publishes(self, text: str, *files: Path, to: tuple[str, ...] = ()) -> None:
        """Writes a post and sends it out at once; to the only account, or `to` some."""
        form = self.composes(text)
        if to:
            form.chooses("Accounts", *to)
        if files:
            form.attaches("Images or a video", *files)
        form.ticks("When", "Publish now")
        form.sends()

    def form(self, title: str) -> Form:
        """The form of that title, as soon as it is open."""
        dialog = self.page.locator("dialog.modal")
        expect(dialog.get_by_role("heading", name=title)).to_be_visible(timeout=SOON)
        return Form(self.page, dialog)

    def card(self, *texts: str, timeout: float = IN_A_WHILE) -> Message:
        """The newest message of the conversation that holds these texts."""
        return self._message("main", texts, timeout)

    def reply(self, *texts: str, timeout: float = IN_A_WHILE) -> Message:
        """The newest message of the open thread that holds these texts."""
        return self._message("aside.thread", texts, timeout)

    def hears(self, text: str) -> None:
        """Something that only this person sees."""
        only = self.page.locator("article.ephemeral").filter(has_text=text)
        expect(only.last).to_be_visible()

    def confirms(self, button: str) -> None:
        """Answers the question that came up."""
        self.page.get_by_role("alertdialog").get_by_role("button", name=button).click()

    def connects(self, platform: str, profile: str = "", *, link: Locator | None = None) -> None:
        """Connects an account as a person does: over the link, the consent page, and back."""
        if link is None:
            self.types("/schedule-post accounts")
            link = self.page.get_by_role("link", name=f"Connect {platform}").last
        with self._context.expect_page() as opened:
            link.click()
        consent = opened.value
        if profile:
            consent.locator("label.choice", has_text=f"@{profile}").click()
        consent.locator("button.primary").click()
        expect(
            consent.get_by_role("heading", name=re.compile("^(Connected|Choose)"))
        ).to_be_visible()
        if consent.get_by_role("checkbox").count():  # This consent gave several.
            consent.get_by_role("checkbox").first.check()
            consent.get_by_role("button", name="Connect").click()
        expect(consent.get_by_role("heading", name=re.compile("^Connected"))).to_be_visible()
        consent.close()

    def timeline(self, platform: str) -> Timeline:
        """What a platform received, in a tab of its own."""
        with self._context.expect_page() as opened:
            self.page.get_by_role("link", name=f"{platform} timeline").click()
        return Timeline(opened.value, platform)

    def _message(self, place: str, texts: tuple[str, ...], timeout: float) -> Message:
        found = self.page.locator(f"{place} article")
        for text in texts:
            found = found.filter(has_text=text)
        expect(found.last).to_be_visible(timeout=timeout)
        stamp = found.last.get_attribute("data-ts")
        return Message(self.page, self.page.locator(f'{place} article[data-ts="{stamp}"]'))


@dataclass
class Message:
    """A message, also after it was changed."""

    page: Page
    place: Locator

    def becomes(self, *texts: str, timeout: float = IN_A_WHILE) -> Message:
        for text in texts:
            expect(self.place).to_contain_text(text, timeout=timeout)
        return self

    def no_longer_offers(self, button: str) -> None:
        expect(self._button(button)).to_have_count(0, timeout=IN_A_WHILE)

    def offers(self, *buttons: str) -> Message:
        for button in buttons:
            expect(self._button(button).first).to_be_visible(timeout=IN_A_WHILE)
        return self

    def presses(self, button: str) -> None:
        self._button(button).first.click()

    def opens_thread(self) -> None:
        self.place.get_by_role("button", name=re.compile(r"^\d+ repl(y|ies)")).click()

    def _button(self, name: str) -> Locator:
        return self.place.get_by_role("button", name=name)


@dataclass
class Form:
    """An open form, filled in by the labels of its fields."""

    page: Page
    dialog: Locator

    def writes(self, label: str, text: str) -> Form:
        self.field(label).locator("textarea, input").fill(text)
        return self

    def chooses(self, label: str, *options: str) -> Form:
        """Options of a menu: one value or several, given or looked for."""
        field = self.field(label)
        if field.locator("select").count():
            field.locator("select").select_option(label=options[0])
            return self
        field.get_by_role("combobox").click()
        for option in options:
            offered = field.get_by_role("option", name=option).first
            # A form may begin with what was chosen last; a second click would take it away.
            if offered.get_attribute("aria-selected") != "true":
                offered.click()
        if field.get_by_role("listbox").count():
            field.get_by_role("combobox").press("Escape")
        return self

    def ticks(self, label: str, option: str) -> Form:
        """A checkbox or a radio button."""
        self.field(label).get_by_label(option).check()
        return self

    def sets(self, label: str, value: str) -> Form:
        """A date (2027-03-14) or a time (02:30)."""
        control = self.field(label).locator("input")
        control.fill(value)
        control.blur()
        return self

    def attaches(self, label: str, *files: Path) -> Form:
        field = self.field(label)
        field.locator("input[type=file]").set_input_files(files)
        expect(field.locator("[data-file-id]")).to_have_count(len(files))
        return self

    def presses(self, button: str) -> None:
        self.dialog.get_by_role("button", name=button).click()

    def sends(self) -> None:
        """Sends the form, which closes."""
        view = self.dialog.get_attribute("data-view-id")
        self.tries()
        expect(self.page.locator(f'dialog.modal[data-view-id="{view}"]')).to_have_count(
            0, timeout=SOON
        )

    def tries(self) -> Form:
        """Sends the form, which stays."""
        self.dialog.locator('[data-modal="submit"]').click()
        return self

    def says(self, *texts: str) -> Form:
        for text in texts:
            expect(self.dialog).to_contain_text(text, timeout=SOON)
        return self

    def holds(self, label: str, text: str) -> Form:
        """A field has this text in it."""
        expect(self.field(label).locator("textarea, input")).to_have_value(text, timeout=SOON)
        return self

    def complains(self, label: str, text: str) -> Form:
        """There is a complaint below a field."""
        expect(self.field(label).get_by_role("alert")).to_contain_text(text, timeout=SOON)
        return self

    def closes(self) -> None:
        self.dialog.locator('[data-modal="close"]').click()
        expect(self.dialog).to_have_count(0)

    def field(self, label: str) -> Locator:
        name = self.page.locator(".label label").get_by_text(label, exact=True)
        by_start = self.page.locator(".label label", has_text=re.compile(rf"^{re.escape(label)}"))
        found = self.dialog.locator(".b-input", has=name.or_(by_start))
        expect(found.first).to_be_visible(timeout=SOON)
        exact = self.dialog.locator(".b-input", has=name)
        return exact if exact.count() else found.first


@dataclass
class Timeline:
    """The page of a platform's stand-in: what was posted, and the switches that make it fail."""

    page: Page
    platform: str

    def shows(self, *texts: str) -> Timeline:
        """The newest post holds these texts."""
        for text in texts:
            expect(self.page.locator("#feed > li").first).to_contain_text(text, timeout=SOON)
        return self

    def times(self, text: str) -> int:
        """How many posts hold this text, by now."""
        self.page.reload()
        expect(self.page.locator("#summary")).not_to_be_empty()
        return self.page.locator("#feed > li").filter(has_text=text).count()

    def fails(self, how: str, *, on: str = "") -> None:
        """Makes the platform fail in the way that its page describes so, at some of the calls."""
        self._unfold()
        if on:
            self.page.get_by_label("Which calls does it hit?").select_option(label=on)
        self.page.get_by_label(how, exact=True).check()
        expect(self.page.locator("#alarm")).to_be_visible()

    def works_again(self) -> None:
        if self.page.locator("#alarm").is_visible():
            self.page.locator("#alarm button").click()
        expect(self.page.locator("#alarm")).to_be_hidden()

    def takes_back_all_access(self) -> None:
        """As a person does in the platform's settings: no app may act for them any more."""
        self._unfold()
        self.page.get_by_role("button", name="Take back the access of all apps").click()
        expect(self.page.locator("#said")).not_to_be_empty()

    def _unfold(self) -> None:
        self.page.wait_for_selector("#switches fieldset", state="attached")
        self.page.evaluate(
            "document.querySelectorAll('#panel, #panel details')"
            ".forEach((each) => (each.open = true))"
        )
