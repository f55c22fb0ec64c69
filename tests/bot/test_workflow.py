"""The step "Schedule a post" of a workflow stores one post a run, in the name of somebody who may,
and ends with its id or with what to do."""

from __future__ import annotations

import time
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from sandbox.slack.desk import DESK
from scheduler.models import Account, Delivery, Member, Post, Rules
from scheduler.states import State
from tests.bot.desk import ALICE, BOB, Desk

Json = dict[str, Any]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def inputs(**changes: Any) -> Json:
    given = {
        "author": BOB,
        "text": "We open at nine!",
        "accounts": "x:@acme",
        "time": int(time.time()) + 7200,
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


async def ended(desk: Desk, **changes: Any) -> Json:
    """The run of a step, once it ended."""
    run = await desk.does("step", callback_id="schedule_post", inputs=inputs(**changes))
    found: Json = await desk.sees(lambda state: over(state, run["id"]))
    return found


def over(state: Json, run: str) -> Json | None:
    return next(
        (each for each in state["executions"] if each["id"] == run and each["state"] != "running"),
        None,
    )


async def test_a_run_stores_the_post_and_ends_with_its_id(desk: Desk, account: Account) -> None:
    run = await ended(desk)

    post = await Post.get()
    assert run["outputs"] == {"post_id": post.id}
    assert (post.author, post.text, post.timezone) == (BOB, "We open at nine!", "Europe/Berlin")
    assert post.due_at is not None
    assert (await Delivery.get()).account_id == account.id


async def test_without_a_time_it_goes_out_at_once(desk: Desk, account: Account) -> None:
    run = await ended(desk, time=None)

    assert run["state"] == "succeeded"
    assert (await Delivery.get()).priority == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"accounts": "x:@nobody"}, "no connected account is called that"),
        ({"accounts": " ; "}, "It is empty"),
        ({"accounts": "acme"}, "x:@acme"),
        ({"text": "x" * 20_000}, "X"),
        ({"text": ""}, "text"),
        ({"time": "soon"}, "cannot be read"),
        ({"time": 10**20}, "cannot be read"),
        ({"time": 1}, "has already passed"),
        ({"author": "U0NOBODY"}, "Slack does not know the author"),
        ({"author": "W0NORA"}, "Slack does not know the author"),
        ({"author": ""}, "Slack does not know the author"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_what_cannot_be_scheduled_ends_with_the_sentence(
    desk: Desk, account: Account, changes: Json, said: str
) -> None:
    run = await ended(desk, **changes)

    assert run["state"] == "failed"
    assert said.casefold() in run["error"].casefold()
    assert "went wrong" not in run["error"]
    assert not await Post.exists()


async def test_a_viewer_publishes_nothing_by_a_workflow(desk: Desk, account: Account) -> None:
    await Member.filter(user_id=BOB).update(role="viewer")

    run = await ended(desk)

    assert "You are a viewer" in run["error"]
    assert not await Post.exists()


async def test_where_posts_are_approved_nobody_passes_by_in_the_name_of_a_publisher(
    desk: Desk, account: Account
) -> None:
    await Rules.create(workspace_id=desk.workspace.id, approvers=[ALICE])

    run = await ended(desk)

    assert run["state"] == "succeeded"
    assert (await Delivery.get()).state is State.HELD


async def test_the_same_post_again_is_told(desk: Desk, account: Account) -> None:
    await ended(desk)

    run = await ended(desk)

    assert "has the same post already" in run["error"]
    assert await Post.all().count() == 1


async def test_a_run_that_comes_again_stores_one_post(desk: Desk, account: Account) -> None:
    await desk.switch(
        fail_methods={"functions.completeSuccess": {"status": 503, "times": 2}},
        redelivery_factor=0.001,
    )

    run = await ended(desk)

    assert run["outputs"] == {"post_id": (await Post.get()).id}


async def test_an_event_that_is_sent_twice_stores_one_post(desk: Desk, account: Account) -> None:
    await desk.switch(duplicate_events=True)

    run = await ended(desk)

    assert run["state"] == "succeeded"
    assert await Post.all().count() == 1


async def test_a_workflow_that_ended_meanwhile_disturbs_nobody(
    desk: Desk, account: Account, slack_server: TestServer
) -> None:
    stand_in = slack_server.app[DESK]
    execution = stand_in.executions.begin("schedule_post", "T0SANDBOX", inputs())
    execution.state = "cancelled"
    event = {
        "type": "function_executed",
        "function": {"callback_id": "schedule_post"},
        "inputs": execution.inputs,
        "function_execution_id": execution.id,
    }
    body = {
        "type": "event_callback",
        "team_id": "T0SANDBOX",
        "event_id": "EvSTEP",
        "event": event,
    }

    status, _ = await desk.send(body, as_json=True)

    assert status == 200
