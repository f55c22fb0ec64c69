"""The whole product as separate processes: signed requests of Slack's stand-in to the web process,
dispatcher, Dramatiq workers over a Redis server, and X's stand-in at the far end."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.chaos.ground import Ground, open_ground
from tests.world import drawn

Json = dict[str, Any]
ALICE, DM = "U0ALICE", "D0ALICE"
# What the stand-ins call the text in their records.
_TEXTS = ("text", "description")


class Member:
    """Alice at her desk: what she does in Slack, and what she sees there."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._slack = httpx.Client(base_url=ground.slack_url, timeout=30)

    def close(self) -> None:
        self._slack.close()

    def does(self, verb: str, **body: Any) -> None:
        answer = self._slack.post(f"/_/{verb}", json={"member": ALICE, **body}).json()
        assert answer["ok"], answer

    def sees(self, holds: Callable[[Json], Any], *, seconds: float = 30) -> Any:
        """What `holds` gives of her state as soon as it is true."""
        deadline = time.monotonic() + seconds
        version = 0
        while time.monotonic() < deadline:
            query: dict[str, str | int] = {"member": ALICE, "since": version, "wait": 2}
            state = self._slack.get("/_/state", params=query).json()
            if found := holds(state):
                return found
            version = state["version"]
        raise AssertionError(f"never seen; last: {json.dumps(state)[-2000:]}")

    def connects(self, platform: str = "x", person: str = "acme") -> None:
        self.does("command", channel=DM, text="/schedule-post accounts")
        pattern = re.compile(rf'"(http[^"]*/connect/{platform}\?[^"]*)"')
        link = self.sees(lambda s: pattern.search(json.dumps(s)))[1]
        with httpx.Client(timeout=30) as browser:
            consent = browser.get(link).headers["location"]
            back = browser.get(f"{consent}&auto={person}").headers["location"]
            assert browser.get(back.partition("#")[0]).status_code == 200

    def composes(self, text: str, *platforms: str, **fields: Any) -> None:
        """Types the command, chooses accounts and "publish now", fills in, and sends the form."""
        self.does("command", channel=DM, text=f"/schedule-post {text}")
        view = self.sees(lambda s: s["views"] and s["views"][-1]["view"])
        labels = platforms or ("X",)
        chosen = [value for label, value in _offered(view) if label.startswith(labels)]
        self._acts(view["id"], "composer_accounts", chosen)
        self.sees(lambda s: all(f"{label}:" in json.dumps(s["views"]) for label in labels))
        for field, value in {"when": "now", **fields}.items():
            name = f"composer_{field}"
            if field.startswith("place:"):
                self._opens_menu(view["id"], name)
            self.does("input", view_id=view["id"], block_id=name, action_id=name, value=value)
        self.does("submit", view_id=view["id"])
        self.sees(lambda s: not s["views"])

    def uploads(self, name: str, content: bytes) -> str:
        """A file of hers in Slack; its id."""
        files = {"file": (name, content)}
        answer = self._slack.post("/_/upload", params={"member": ALICE}, files=files).json()
        return str(answer["file"]["id"])

    def _opens_menu(self, view_id: str, field: str) -> None:
        """Lets the menu load its options."""
        container = {"type": "view", "view_id": view_id}
        self.does("suggest", container=container, block_id=field, action_id=field, query="")

    def _acts(self, view_id: str, field: str, value: Any) -> None:
        container = {"type": "view", "view_id": view_id}
        self.does("action", container=container, block_id=field, action_id=field, value=value)

    def presses(self, name: str, post: str) -> None:
        """A button of a post's card."""
        message, block = self.sees(lambda s: _button(s, name, post))
        container = {"type": "message", "channel": DM, "ts": message}
        self.does("action", container=container, block_id=block, action_id=name, value="")

    def sees_card(self, *texts: str, seconds: float = 30) -> Json:
        """The card that holds all these texts."""
        card: Json = self.sees(
            lambda s: next((m for m in _messages(s) if all(t in str(m) for t in texts)), None),
            seconds=seconds,
        )
        return card


def _offered(view: Json) -> list[tuple[str, str]]:
    """The accounts that a composer offers: label and value."""
    block = next(each for each in view["blocks"] if each.get("block_id") == "composer_accounts")
    element = block["element"]
    groups = element.get("option_groups") or [{"options": element["options"]}]
    options = [each for group in groups for each in group["options"]]
    return [(each["text"]["text"], each["value"]) for each in options]


def _messages(state: Json) -> list[Json]:
    return [m for c in state["conversations"] if c["id"] == DM for m in c["messages"]]


def _button(state: Json, name: str, post: str) -> tuple[str, str] | None:
    for message in _messages(state):
        for block in message.get("blocks") or []:
            names = [element.get("action_id") for element in block.get("elements", [])]
            if post in str(message) and name in names and "thread_ts" not in message:
                return message["ts"], block["block_id"]
    return None


def _accepted(ground: Ground, text: str, platform: str = "x") -> int:
    record = ground.folder / f"{platform}.jsonl"
    lines = record.read_text().splitlines() if record.exists() else []
    return sum(text in (json.loads(line).get(key) for key in _TEXTS) for line in lines)


def _switch_x(ground: Ground, **switches: Any) -> None:
    httpx.post(f"{ground.x_url}/_/switches", json=switches).raise_for_status()


@pytest.fixture(scope="module", params=["postgres", "embedded"])
def alice(request: pytest.FixtureRequest) -> Iterator[Member]:
    if request.param == "postgres":
        request.getfixturevalue("postgres_template")
    with open_ground(request.param) as ground, closing(Member(ground)) as member:
        member.connects()
        yield member


def test_a_post_goes_from_the_command_to_the_timeline_and_the_card(alice: Member) -> None:
    alice.composes("Good morning, world")

    card = alice.sees_card("Published", "Good morning, world", "https://x.com/i/web/status/")

    assert _accepted(alice.ground, "Good morning, world") == 1
    assert card["username"] == "Postbot"


def test_a_refused_post_is_told_and_retried_by_a_click(alice: Member) -> None:
    _switch_x(alice.ground, mode="not_permitted")
    alice.composes("Not like this")
    alice.sees_card("Failed", "Not like this", "Retry Now", "Post Manually")
    alice.sees_card("was not published on", "Not like this", "thread_ts")

    _switch_x(alice.ground, mode="ok")
    alice.presses("retry_now", "Not like this")

    alice.sees_card("Published", "Not like this")


def test_a_post_that_keeps_failing_is_told_and_retried_by_a_click(alice: Member) -> None:
    _switch_x(alice.ground, mode="refuses")
    alice.composes("Nobody hears this")
    alice.sees_card("Pending", "Nobody hears this", "X is down", "Retry Now", "Post Manually")
    told = alice.sees_card("all attempts failed", "Nobody hears this", "thread_ts")

    _switch_x(alice.ground, mode="ok")
    alice.presses("retry_now", "Nobody hears this")

    alice.sees_card("Published", "Nobody hears this")
    assert told["thread_ts"]
    assert _accepted(alice.ground, "Nobody hears this") == 1


def test_a_doubtful_post_is_found_and_not_sent_again(alice: Member) -> None:
    _switch_x(alice.ground, mode="timeout_after", mode_times=1)

    alice.composes("Is this one out?")

    alice.sees_card("Published", "Is this one out?")
    assert _accepted(alice.ground, "Is this one out?") == 1


def test_an_unproven_post_is_asked_about_and_published_once_more_only_when_told(
    alice: Member,
) -> None:
    _switch_x(alice.ground, mode="timeout_before", mode_times=1)
    alice.composes("Nobody can tell")
    alice.sees_card("your answer is needed", "Nobody can tell", "It Is Live")
    before = _accepted(alice.ground, "Nobody can tell")

    alice.presses("is_not_live", "Nobody can tell")

    alice.sees_card("Published", "Nobody can tell")
    assert (before, _accepted(alice.ground, "Nobody can tell")) == (0, 1)


def test_one_post_goes_to_all_platforms_with_its_first_comment(alice: Member) -> None:
    people = {"facebook": "bob", "instagram": "acme", "pinterest": "acme"}
    for platform, person in people.items():
        alice.connects(platform, person)
    files = [alice.uploads("door.jpg", drawn("JPEG", size=(400, 400)))]
    extra = {"first_comment": "Ask us", "media": files, "place:4": "549755885001"}

    alice.composes("Doors open", "Facebook", "Instagram", "Pinterest", "X", **extra)

    card = str(alice.sees_card("Published", "Doors open", "Its first comment is out", seconds=60))
    links = ("facebook.com", "instagram.com/p/", "pinterest.com/pin/", "x.com/i/web/status/")
    assert [link for link in links if link not in card] == []
    assert {name: _accepted(alice.ground, "Doors open", name) for name in (*people, "x")} == {
        name: 1 for name in (*people, "x")
    }
