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

Json = dict[str, Any]
ALICE, DM = "U0ALICE", "D0ALICE"


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

    def connects(self) -> None:
        self.does("command", channel=DM, text="/schedule-post accounts")
        link = self.sees(lambda s: re.search(r'"(http[^"]*/connect/x[^"]*)"', json.dumps(s)))[1]
        with httpx.Client(timeout=30) as browser:
            consent = browser.get(link).headers["location"]
            back = browser.get(f"{consent}&auto=acme").headers["location"]
            assert browser.get(back).status_code == 200

    def composes(self, text: str) -> None:
        """Types the command, chooses "publish now", and sends the form."""
        self.does("command", channel=DM, text=f"/schedule-post {text}")
        view = self.sees(lambda s: s["views"] and s["views"][-1]["view"]["id"])
        field = "composer_when"
        self.does("input", view_id=view, block_id=field, action_id=field, value="now")
        self.does("submit", view_id=view)
        self.sees(lambda s: not s["views"])

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


def _messages(state: Json) -> list[Json]:
    return [m for c in state["conversations"] if c["id"] == DM for m in c["messages"]]


def _button(state: Json, name: str, post: str) -> tuple[str, str] | None:
    for message in _messages(state):
        for block in message.get("blocks") or []:
            names = [element.get("action_id") for element in block.get("elements", [])]
            if post in str(message) and name in names and "thread_ts" not in message:
                return message["ts"], block["block_id"]
    return None


def _accepted(ground: Ground, text: str) -> int:
    record = ground.folder / "x.jsonl"
    lines = record.read_text().splitlines() if record.exists() else []
    return sum(json.loads(line)["text"] == text for line in lines)


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


def test_a_post_that_keeps_failing_is_told_and_retried_by_a_click(alice: Member) -> None:
    _switch_x(alice.ground, mode="refuses")
    alice.composes("Nobody hears this")
    alice.sees_card("Failed", "Nobody hears this", "Retry Now", "Post Manually")
    told = alice.sees_card("was not published on", "Nobody hears this", "thread_ts")

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
