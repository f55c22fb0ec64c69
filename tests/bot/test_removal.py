"""Somebody removes Postbot from a workspace: nothing is lost, nobody else notices, and what
happened meanwhile is told when it is installed again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from aiohttp.test_utils import TestServer

from bot.clients import Clients, open_clients
from bot.notifier import Notifier
from sandbox.slack.desk import DESK
from scheduler import events, installations, markers, members
from scheduler.models import Account, Delivery, Event, Installation, Marker, Post, Workspace
from scheduler.states import State
from tests.bot.desk import ALICE, ALICE_DM, TEAM, Desk, messages_in
from tests.bot.installing import BRANCH, DANA, DANAS_DM, GRID, NORTH, by_oauth, install
from tests.bot.post_world import make_account, miss, schedule
from tests.scheduler.engine import Engine
from tests.world import StandIn, connect, until

Json = dict[str, Any]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def more_settings(slack_server: TestServer) -> dict[str, object]:
    return by_oauth(slack_server)


@pytest.fixture
async def branch(desk: Desk, browser: httpx.AsyncClient) -> Workspace:
    """Dana's workspace, beside Alice's; both have Postbot."""
    await install(desk, browser, TEAM)
    await install(desk, browser, BRANCH)
    return await Workspace.get(team_id=BRANCH)


@pytest.fixture
async def clients(desk: Desk) -> AsyncIterator[Clients]:
    async with open_clients(desk.runtime) as opened:
        yield opened


@pytest.fixture
def notifier(desk: Desk, clients: Clients) -> Notifier:
    return Notifier(desk.runtime, clients)


async def removed(desk: Desk, place: str = BRANCH, member: str = DANA) -> Installation:
    """After somebody removed Postbot, and Postbot heard of it."""
    await desk.does("uninstall", member, place=place)

    async def known() -> Installation | None:
        return await Installation.get_or_none(place=place, revoked_at__isnull=False)

    found: Installation = await until(known, what="removal known")
    return found


async def post_of_dana(desk: Desk, account: Account) -> Any:
    return await schedule(desk.runtime, account, author=DANA)


async def texts(desk: Desk, member: str, channel: str) -> list[str]:
    return [each["text"] for each in messages_in(await desk.state(member), channel)]


async def test_tokens_are_forgotten_and_everything_else_stays(
    desk: Desk, branch: Workspace
) -> None:
    await make_account(branch.id)

    stored = await removed(desk)

    assert stored.secrets == ""
    assert await Account.filter(workspace_id=branch.id).count() == 1
    assert await Installation.filter(place=TEAM, revoked_at__isnull=True).exists()


async def test_posts_go_out_and_are_told_after_the_next_installation(
    desk: Desk, branch: Workspace, browser: httpx.AsyncClient, notifier: Notifier, x: StandIn
) -> None:
    account = await connect(desk.runtime, branch)
    due = desk.runtime.clock.now() - timedelta(seconds=1)
    await post_of_dana(desk, account)
    await Delivery.all().update(due_at=due, next_attempt_at=due)
    await removed(desk)

    await Engine(desk.runtime).run()
    await notifier.tick()
    away = await texts(desk, DANA, DANAS_DM)
    await install(desk, browser, BRANCH)
    await notifier.tick()

    assert (await Delivery.get()).state is State.PUBLISHED
    assert away == []
    (card,) = await texts(desk, DANA, DANAS_DM)
    assert card.startswith("Published: ")
    assert await events.untold(10) == []


async def test_a_question_waits_for_the_next_installation(
    desk: Desk, branch: Workspace, browser: httpx.AsyncClient, notifier: Notifier
) -> None:
    found = await post_of_dana(desk, await make_account(branch.id))
    await notifier.tick()
    await removed(desk)
    await miss(desk.runtime, found)
    await notifier.tick()

    await install(desk, browser, BRANCH)
    await notifier.tick()

    card, question = await texts(desk, DANA, DANAS_DM)
    assert "We open at nine!" in card
    assert "did not go out" in question


async def test_others_are_told_while_thousands_of_notices_wait_for_a_removed_workspace(
    desk: Desk, branch: Workspace, notifier: Notifier
) -> None:
    now = desk.runtime.clock.now()
    await removed(desk)
    ids = [f"p{number}" for number in range(2500)]
    post: Json = {"author": DANA, "text": "Hello", "created_at": now, "updated_at": now}
    await Post.bulk_create([Post(id=each, workspace_id=branch.id, **post) for each in ids])
    about: Json = {"kind": "post.scheduled", "notice": "card", "at": now, "data": {}}
    await Event.bulk_create([Event(workspace_id=branch.id, post_id=each, **about) for each in ids])
    acme = await make_account(desk.workspace.id)

    await notifier.tick()
    began = time.monotonic()
    await schedule(desk.runtime, acme)
    await notifier.tick()

    assert (await texts(desk, ALICE, ALICE_DM))[0].startswith("Pending: ")
    assert time.monotonic() - began < 5
    assert await Event.filter(notice="card").count() == 2500


async def test_a_workspace_that_hangs_holds_up_nobody_else(
    desk: Desk,
    branch: Workspace,
    notifier: Notifier,
    slack_server: TestServer,
) -> None:
    await members.remember_member(
        desk.runtime, branch.id, DANA, name="Dana", timezone="UTC", is_admin=True
    )
    dana = await make_account(branch.id)
    for number in range(20):
        await schedule(desk.runtime, dana, author=DANA, text=f"Post {number}")
    alice = await make_account(desk.workspace.id)
    await schedule(desk.runtime, alice)
    installs = slack_server.app[DESK].installs
    token = next(iter(installs.at(BRANCH).tokens))
    slack_server.app[DESK].slow_tokens[token] = 30.0
    running = asyncio.create_task(notifier.run())

    async def told() -> list[str]:
        return await texts(desk, ALICE, ALICE_DM)

    try:
        assert (await until(told, seconds=5))[0].startswith("Pending: ")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_the_news_of_a_standing_scheduler_reaches_the_others(
    desk: Desk, branch: Workspace, notifier: Notifier
) -> None:
    await members.remember_member(
        desk.runtime, branch.id, DANA, name="Dana", timezone="UTC", is_admin=True
    )
    acme = await make_account(desk.workspace.id)
    found = await schedule(desk.runtime, acme)
    past = desk.runtime.clock.now() - timedelta(minutes=5)
    await Delivery.filter(post_id=found.post.id).update(due_at=past, next_attempt_at=past)
    await Marker.create(name=markers.DISPATCHER, value={"count": 1}, at=past)
    await removed(desk)

    await notifier.watch.tick()
    assert "stood still" in (await texts(desk, ALICE, ALICE_DM))[0]
    await Marker.filter(name=markers.DISPATCHER).update(at=desk.runtime.clock.now())
    await notifier.watch.tick()

    assert "runs again" in (await texts(desk, ALICE, ALICE_DM))[-1]
    assert not await Marker.exists(name="dispatcher_trouble")


async def test_a_late_event_does_not_end_a_newer_installation(
    desk: Desk, branch: Workspace, browser: httpx.AsyncClient
) -> None:
    await removed(desk)
    await install(desk, browser, BRANCH)
    late = {
        "type": "event_callback",
        "team_id": BRANCH,
        "event_id": "EvLATE",
        "event": {"type": "app_uninstalled"},
    }

    status, _ = await desk.send(late, as_json=True)

    assert status == 200
    assert await installations.find(team_id=BRANCH) is not None


async def test_an_event_comes_again_while_slack_cannot_be_asked(
    desk: Desk, branch: Workspace
) -> None:
    await desk.switch(
        fail_methods={"auth.test": {"status": 503, "times": 1}}, redelivery_factor=0.001
    )

    await removed(desk)


async def test_without_an_event_the_first_refused_message_tells(
    desk: Desk, branch: Workspace, notifier: Notifier, slack_server: TestServer
) -> None:
    slack_server.app[DESK].installs.uninstall(BRANCH)
    await post_of_dana(desk, await make_account(branch.id))

    await notifier.tick()

    assert (await Installation.get(place=BRANCH)).revoked_at is not None


async def test_an_organisation_removes_it_from_all_its_workspaces(
    desk: Desk, branch: Workspace, browser: httpx.AsyncClient
) -> None:
    await install(desk, browser, GRID)

    await removed(desk, GRID, "W0NORA")

    assert await installations.find(team_id=NORTH, enterprise_id=GRID) is None
    assert await installations.find(team_id=BRANCH) is not None


async def test_a_renewed_token_is_used_for_the_next_message(
    desk: Desk, browser: httpx.AsyncClient, notifier: Notifier
) -> None:
    await desk.switch(token_rotation=True)
    await install(desk, browser, BRANCH)
    workspace = await Workspace.get(team_id=BRANCH)
    soon = desk.runtime.clock.now() + timedelta(seconds=30)
    await Installation.all().update(expires_at=soon)
    await post_of_dana(desk, await make_account(workspace.id))

    await notifier.tick()

    assert (await texts(desk, DANA, DANAS_DM))[0].startswith("Pending: ")
    assert (await Installation.get()).token_version == 2
    assert await Event.filter(notice__isnull=False).count() == 0
