"""Members hear in Slack that a platform is down and that it is back, once each whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.clients import Clients, open_clients
from bot.notifier import Notifier
from bot.outages import OutageNotices
from scheduler import circuits, events, states
from scheduler.config import Settings
from scheduler.database import transaction
from scheduler.models import Account, Circuit, Delivery, Event, Marker, Member
from scheduler.states import State
from tests.bot.desk import ALICE, ALICE_DM, BOB, Desk
from tests.bot.post_world import make_account, move, schedule
from tests.scheduler.engine import another_process

Json = dict[str, Any]
BOB_DM = "D0BOB"


@pytest.fixture
async def clients(desk: Desk) -> AsyncIterator[Clients]:
    async with open_clients(desk.runtime) as opened:
        yield opened


@pytest.fixture
def notifier(desk: Desk, clients: Clients) -> Notifier:
    return Notifier(desk.runtime, clients)


@pytest.fixture
def outages(notifier: Notifier) -> OutageNotices:
    return notifier.outages


@pytest.fixture
async def acme(desk: Desk) -> Account:
    return await make_account(desk.workspace.id)


async def note(desk: Desk, kind: str, *, posts: int = 3, member: str = ALICE) -> Event:
    """A notice as the schedule leaves it."""
    row = {
        "workspace_id": desk.workspace.id,
        "post_id": "",
        "kind": kind,
        "data": {"platform": "x", "member": member, "posts": posts},
        "at": desk.runtime.clock.now(),
        "notice": "member",
    }
    async with transaction() as connection:
        await events.record(connection, [row])
    return (await Event.filter(kind=kind).order_by("-id"))[0]


async def texts(desk: Desk, member: str = ALICE, channel: str = ALICE_DM) -> list[str]:
    return [each["text"] for each in await desk.messages(member, channel)]


async def test_an_author_hears_that_a_platform_is_down_and_that_it_is_back(
    desk: Desk, outages: OutageNotices
) -> None:
    await note(desk, "platform.down", posts=1)
    await outages.tick()
    await outages.tick()

    await note(desk, "platform.back", posts=12)
    await outages.tick()
    await outages.tick()

    assert await texts(desk) == [
        "X does not answer, so 1 post of yours waits. It goes out by itself when X is back, and "
        "Postbot says so here. Nothing needs to be done.",
        "X is back. The 12 posts of yours that waited go out now, one after the other.",
    ]
    assert await events.for_members(10) == []


@pytest.mark.parametrize(
    ("kind", "posts", "words"),
    [
        ("platform.down", 3, "so 3 posts of yours wait. They go out by themselves"),
        ("platform.back", 1, "The post of yours that waited goes out now."),
        ("platform.back", 0, "No post of yours waits for it any more."),
    ],
)
async def test_the_words_fit_the_number_of_posts(
    desk: Desk, outages: OutageNotices, kind: str, posts: int, words: str
) -> None:
    await note(desk, kind, posts=posts)

    await outages.tick()

    assert words in (await texts(desk))[0]


async def test_several_notifiers_tell_once(
    desk: Desk, outages: OutageNotices, clients: Clients
) -> None:
    await note(desk, "platform.down")
    other = Notifier(desk.runtime, clients).outages

    await asyncio.gather(outages.tick(), other.tick(), outages.tick())

    assert len(await texts(desk)) == 1


async def test_another_process_tells_only_when_the_first_is_dead(
    desk: Desk, outages: OutageNotices, settings: Settings
) -> None:
    await note(desk, "platform.down")
    async with another_process(settings) as first:
        value = {"owner": first.runtime.owner.id}
        now = desk.runtime.clock.now()
        await Marker.create(name="outage_teller", value=value, at=now)
        await outages.tick()
        while_alive = await events.for_members(10)

    await outages.tick()

    assert (len(while_alive), len(await texts(desk))) == (1, 1)


async def test_what_was_sent_before_a_crash_is_not_sent_again(
    desk: Desk, outages: OutageNotices
) -> None:
    event = await note(desk, "platform.down")
    await outages.tick()
    began = desk.runtime.clock.now() - timedelta(seconds=5)
    await Event.filter(id=event.id).update(notice="member", notice_began_at=began)

    await outages.tick()

    assert len(await texts(desk)) == 1
    assert await events.for_members(10) == []


async def test_what_was_begun_and_did_not_arrive_is_sent(
    desk: Desk, outages: OutageNotices
) -> None:
    event = await note(desk, "platform.down")
    await events.begin_telling(event, desk.runtime.clock.now())

    await outages.tick()

    assert len(await texts(desk)) == 1


@pytest.mark.parametrize(
    "failure",
    [{"reset": True}, {"reset": True, "after": True}, {"status": 500}, {"error": "fatal_error"}],
    ids=["lost", "sent and lost", "500", "fatal error"],
)
async def test_a_notice_that_slack_swallowed_arrives_once(
    desk: Desk, clients: Clients, failure: Json
) -> None:
    await desk.switch(fail_methods={"chat.postMessage": {**failure, "times": 1}})
    await note(desk, "platform.down")

    await Notifier(desk.runtime, clients).outages.tick()
    left = len(await events.for_members(10))
    await Notifier(desk.runtime, clients).outages.tick()

    assert (left, await events.for_members(10)) == (1, [])
    assert len(await texts(desk)) == 1


async def test_an_outage_that_was_over_before_anybody_heard_of_it_is_not_told(
    desk: Desk, outages: OutageNotices
) -> None:
    await note(desk, "platform.down")
    await note(desk, "platform.back")
    await note(desk, "platform.down", member=BOB)

    await outages.tick()

    assert await texts(desk) == []
    assert len(await texts(desk, BOB, BOB_DM)) == 1


async def test_an_admin_stands_in_for_an_author_who_cannot_be_reached(
    desk: Desk, outages: OutageNotices
) -> None:
    await note(desk, "platform.down", member="U0GONE")

    await outages.tick()

    (text,) = await texts(desk)
    assert "3 posts by <@U0GONE> wait" in text


async def test_a_notice_for_whom_nobody_can_be_reached_waits(
    desk: Desk, outages: OutageNotices
) -> None:
    await Member.filter(is_admin=True).update(is_admin=False)
    await note(desk, "platform.down", member="U0GONE")

    await outages.tick()
    await outages.tick()

    assert len(await events.for_members(10)) == 1


async def test_the_card_says_what_a_post_waits_for(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    reason = "Waits because X is down. It goes out by itself when X is back."

    await move(desk.runtime, found, states.PARK, reason=reason)
    await notifier.tick()

    (card,) = await desk.messages()
    assert card["text"] == f"Pending: “We open at nine!”. X @acme: {reason}"


async def test_readyz_names_a_platform_that_is_down_and_stays_ready(
    desk: Desk, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await Delivery.filter(post_id=found.post.id).update(state=State.PARKED)
    since = desk.runtime.clock.now()
    await Circuit.create(key="platform:x", state=circuits.OPEN, since=since)
    await Circuit.create(key=f"account:{acme.id}", state=circuits.OPEN, since=since)

    async with desk.http.get(f"{desk.url}/readyz") as response:
        check = (await response.json())["checks"]["platforms"]

    when = f"{since:%Y-%m-%d %H:%M} UTC, 1 waiting"
    assert check == {
        "ok": True,
        "sentence": f"X is down since {when}; X @acme must be connected again since {when}.",
    }
