"""An installation with its stand-ins, a browser, and people before it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.chaos.ground import Ground, open_ground
from tests.conftest import REQUIRED
from tests.stories.slack_page import SlackPage, Timeline

#: Debian's; any Chromium will do.
CHROMIUM = Path(os.environ.get("POSTBOT_TEST_BROWSER", "/usr/bin/chromium"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    if not CHROMIUM.exists():
        sentence = f"No browser at {CHROMIUM}: install Debian's package `chromium`."
        if REQUIRED:
            pytest.fail(sentence)
        pytest.skip(sentence)
    with open_ground("embedded") as opened:
        yield opened


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Containers have neither the right to build a sandbox nor a large /dev/shm.
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def browser(ground: Ground) -> Iterator[Browser]:
    """Opened after the installation, so that it is closed before: no event loop can be begun while
    Playwright has its own."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def connected(browser: Browser, ground: Ground) -> Ground:
    """The installation, in which Alice has connected an account of X."""
    with SlackPage.opened(browser, ground.slack_url) as alice:
        alice.connects("X")
    return ground


@pytest.fixture
def person(browser: Browser, connected: Ground) -> Iterator[Callable[[str], SlackPage]]:
    """Opens the Slack of somebody."""
    with ExitStack() as stack:

        def opened(name: str) -> SlackPage:
            return stack.enter_context(SlackPage.opened(browser, connected.slack_url, name))

        yield opened


@pytest.fixture
def alice(person: Callable[[str], SlackPage]) -> SlackPage:
    return person("Alice")


@pytest.fixture
def x(alice: SlackPage) -> Iterator[Timeline]:
    """The page of X, which works again afterwards."""
    timeline = alice.timeline("X")
    yield timeline
    timeline.works_again()
