"""The Home tab: what needs the member, what comes next, the accounts."""

from __future__ import annotations

import pytest

from bot.views import ids
from scheduler.models import Account, Delivery
from scheduler.states import State
from tests.bot.desk import ALICE, BOB, Desk, has
from tests.bot.test_sub_commands import schedule


async def open_home(desk: Desk, member: str = ALICE) -> None:
    await desk.does("home", member, tab="home")


async def press(desk: Desk, action_id: str) -> None:
    home = await desk.sees(lambda state: state["home"])
    row = next(
        each
        for each in home["blocks"]
        if any(e["action_id"] == action_id for e in each.get("elements", []) if "action_id" in e)
    )
    await desk.does(
        "action",
        container={"type": "view", "view_id": home["id"]},
        block_id=row["block_id"],
        action_id=action_id,
        value=None,
    )


async def test_an_empty_home_teaches_the_first_steps(desk: Desk) -> None:
    await open_home(desk)

    await desk.sees(lambda state: has(state["home"], "Two steps to your first post", "Connect X"))


async def test_a_home_without_posts_says_how_to_write_one(desk: Desk, account: Account) -> None:
    await open_home(desk)

    await desk.sees(lambda state: has(state["home"], "Nothing is scheduled", "@acme is connected"))


async def test_posts_that_come_are_shown_soonest_first(desk: Desk, account: Account) -> None:
    post = await schedule(desk, account, "Tomorrow")

    await open_home(desk)

    await desk.sees(lambda state: has(state["home"], "Tomorrow", post.id, "*Pending*"))


@pytest.mark.parametrize("state", [State.FAILED, State.MISSED, State.UNCONFIRMED])
async def test_posts_that_wait_for_the_member_stand_on_top_with_their_reason(
    desk: Desk, account: Account, state: State
) -> None:
    post = await schedule(desk, account, "In trouble")
    await Delivery.filter(post_id=post.id).update(
        state=state, reason="X was down.", asked_at=desk.runtime.clock.now()
    )

    await open_home(desk)

    await desk.sees(lambda s: has(s["home"], "Needs you", "In trouble", "> X was down."))


async def test_an_unconfirmed_post_that_is_still_looked_for_needs_nobody(
    desk: Desk, account: Account
) -> None:
    post = await schedule(desk, account, "Looked for")
    await Delivery.filter(post_id=post.id).update(state=State.UNCONFIRMED)

    await open_home(desk)

    home = await desk.sees(lambda state: has(state["home"], "Looked for") and state["home"])
    assert not has(home, "Needs you")


async def test_others_see_their_own_home(desk: Desk, account: Account) -> None:
    await schedule(desk, account, "Of Alice")

    await open_home(desk, BOB)

    home = await desk.sees(lambda state: state["home"], BOB)
    assert not has(home, "Of Alice")


async def test_the_home_opens_the_composer(desk: Desk, account: Account) -> None:
    await open_home(desk)

    await press(desk, ids.HOME_COMPOSE)

    await desk.sees(lambda state: has(state["views"], "Schedule a post", "X · @acme"))


async def test_the_home_opens_the_accounts_and_disconnects_there(
    desk: Desk, account: Account
) -> None:
    await open_home(desk)
    await press(desk, ids.HOME_ACCOUNTS)
    view = await desk.sees(lambda state: state["views"] and state["views"][-1]["view"])
    row = next(each for each in view["blocks"] if "accessory" in each)

    await desk.does(
        "action",
        container={"type": "view", "view_id": view["id"]},
        block_id=row["block_id"],
        action_id=ids.DISCONNECT,
        value=None,
    )

    await desk.sees(lambda state: has(state["views"], "No account is connected yet"))
    assert (await Account.get(id=account.id)).health == "disconnected"


async def test_the_messages_tab_needs_no_home(desk: Desk) -> None:
    await desk.does("home", tab="messages")
    await desk.command("list")

    await desk.says()

    assert (await desk.state())["home"] is None
