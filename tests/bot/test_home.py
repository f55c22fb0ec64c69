"""The Home tab: what needs the member, what comes next, the accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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

    await desk.sees(lambda state: has(state["home"], "Tomorrow", post.id, "Pending"))


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


async def act(
    desk: Desk, action_id: str, value: Any = None, *, member: str = ALICE, block_id: str = ""
) -> None:
    """Uses the first element of that id in the tab."""
    home = await desk.sees(lambda state: state["home"], member)
    place = next(
        each["block_id"]
        for each in home["blocks"]
        for element in each.get("elements", [])
        if element.get("action_id") == action_id and block_id in each["block_id"]
    )
    await desk.does(
        "action",
        member,
        container={"type": "view", "view_id": home["id"]},
        block_id=place,
        action_id=action_id,
        value=value,
    )


async def test_a_failed_post_is_retried_from_the_tab_by_the_button_of_its_card(
    desk: Desk, account: Account
) -> None:
    post = await schedule(desk, account, "In trouble")
    await Delivery.filter(post_id=post.id).update(state=State.FAILED, cause="network")
    await open_home(desk)
    await desk.sees(lambda state: has(state["home"], "Needs you"))

    await act(desk, ids.RETRY_NOW)

    await desk.sees(lambda state: not has(state["home"], "Needs you"))
    assert (await Delivery.get()).state is State.SCHEDULED


async def test_a_button_of_the_tab_that_is_too_old_changes_nothing(
    desk: Desk, account: Account
) -> None:
    post = await schedule(desk, account, "In trouble")
    await Delivery.filter(post_id=post.id).update(state=State.FAILED, cause="network")
    await open_home(desk)
    await desk.sees(lambda state: has(state["home"], "Needs you"))
    await Delivery.filter(post_id=post.id).update(fence=99)

    await act(desk, ids.RETRY_NOW)

    await desk.sees(lambda state: has(state["conversations"], "moved on"))
    assert (await Delivery.get()).state is State.FAILED


async def test_many_that_failed_for_one_cause_are_retried_at_once(
    desk: Desk, account: Account
) -> None:
    for number in range(3):
        await schedule(desk, account, f"Number {number}")
    await Delivery.all().update(state=State.FAILED, cause="authentication")
    await open_home(desk)
    await desk.sees(lambda state: has(state["home"], "Retry 3 That Failed: authentication"))

    await act(desk, f"{ids.HOME_RETRY}:authentication")

    await desk.sees(lambda state: has(state["conversations"], "3 posts go out now"))
    assert {row.state for row in await Delivery.all()} == {State.SCHEDULED}


async def test_what_is_shown_can_be_chosen_and_the_choice_stays(
    desk: Desk, account: Account
) -> None:
    live = await schedule(desk, account, "Live already")
    await Delivery.filter(post_id=live.id).update(
        state=State.PUBLISHED, published_at=desk.runtime.clock.now()
    )
    await schedule(desk, account, "Comes later")
    await open_home(desk)
    await desk.sees(lambda s: has(s["home"], "Comes later") and not has(s["home"], "Live already"))

    await act(desk, ids.HOME_SHOW, "published")
    await desk.sees(lambda s: has(s["home"], "Live already") and not has(s["home"], "Comes later"))
    await act(desk, ids.HOME_ACCOUNT, str(account.id))

    await desk.sees(
        lambda s: has(s["home"], "Live already", f'"account\\": {account.id}', "Today, ")
    )


async def test_everybodys_posts_are_shown_to_who_asks_without_buttons(
    desk: Desk, account: Account
) -> None:
    post = await schedule(desk, account, "Of Alice")
    await Delivery.filter(post_id=post.id).update(state=State.FAILED, cause="network")
    await open_home(desk, BOB)
    await desk.sees(lambda state: state["home"], BOB)

    await act(desk, ids.HOME_WHOSE, "everybody", member=BOB)

    home = await desk.sees(lambda s: has(s["home"], "Of Alice", "Needs you") and s["home"], BOB)
    assert not has(home, ids.RETRY_NOW)


async def test_who_may_approve_sees_what_waits_for_it_and_others_do_not(
    desk: Desk, account: Account
) -> None:
    await Account.filter(id=account.id).update(needs_approval=True)
    await schedule(desk, account, "Please read", author=BOB)

    await open_home(desk)
    await open_home(desk, BOB)

    await desk.sees(lambda s: has(s["home"], "To approve", "Please read", f"By <@{BOB}>"))
    home = await desk.sees(lambda s: has(s["home"], "Please read") and s["home"], BOB)
    assert not has(home, "To approve")


async def test_more_than_a_page_is_turned_over(desk: Desk, account: Account) -> None:
    soon = desk.runtime.clock.now() + timedelta(days=1)
    for number in range(22):
        due = soon + timedelta(minutes=number)
        await schedule(desk, account, f"Number {number:02d}.", due_at=due)
    await open_home(desk)
    await desk.sees(lambda s: has(s["home"], "Number 19.") and not has(s["home"], "Number 20."))

    await act(desk, ids.HOME_LATER)
    await desk.sees(lambda s: has(s["home"], "Number 21.") and not has(s["home"], "Number 19."))
    await act(desk, ids.HOME_EARLIER)

    await desk.sees(lambda s: has(s["home"], "Number 00."))


async def test_the_tab_follows_what_happens_while_somebody_looks(
    desk: Desk, account: Account
) -> None:
    await open_home(desk)
    await desk.sees(lambda state: has(state["home"], "Nothing is scheduled"))

    await schedule(desk, account, "Just written")

    await desk.sees(lambda state: has(state["home"], "Just written"))


async def test_drafts_and_figures_stand_in_the_tab(desk: Desk, account: Account) -> None:
    live = await schedule(desk, account, "Live")
    await Delivery.filter(post_id=live.id).update(
        state=State.PUBLISHED, published_at=desk.runtime.clock.now()
    )

    await open_home(desk)

    await desk.sees(lambda state: has(state["home"], "Last 30 days", "1 post went out"))


async def test_the_stats_tell_the_last_days_in_words(desk: Desk, account: Account) -> None:
    live = await schedule(desk, account, "Live")
    await Delivery.filter(post_id=live.id).update(
        state=State.PUBLISHED, published_at=desk.runtime.clock.now()
    )

    await desk.command("stats")

    message = await desk.says()
    assert message["ephemeral"]
    assert has(message, "1 post went out", "By platform", "X 1", "The last week")


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
