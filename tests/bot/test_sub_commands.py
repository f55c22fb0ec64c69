"""`list`, `status`, `accounts` and `help`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot import permissions
from bot.listeners.accounts import GONE
from bot.views import ids
from scheduler import members, posts
from scheduler.contents import Words
from scheduler.models import Account, Delivery, Member, Post
from scheduler.states import State
from tests.bot.desk import ALICE, BOB, GENERAL, Desk, has, newest
from tests.world import StandIn

Json = dict[str, Any]


async def schedule(desk: Desk, account: Account, text: str = "Hello", **changes: Any) -> Post:
    values: Json = {
        "workspace_id": desk.workspace.id,
        "author": ALICE,
        "words": Words(text=text),
        "account_ids": (account.id,),
        "timezone": "UTC",
        "due_at": desk.runtime.clock.now() + timedelta(days=1),
        **changes,
    }
    return await posts.schedule(desk.runtime, posts.NewPost(**values))


async def answer(desk: Desk, text: str, member: str = ALICE) -> Json:
    await desk.command(text, member)
    message: Json = await desk.sees(lambda state: newest(state, GENERAL), member)
    assert message["ephemeral"]
    return message


async def test_the_list_shows_the_newest_posts_with_state_time_and_id(
    desk: Desk, account: Account
) -> None:
    post = await schedule(desk, account, "We open at nine <!channel>")
    assert post.due_at is not None

    message = await answer(desk, "list")

    assert has(message, "*Pending*", post.id, "We open at nine &lt;!channel&gt;")
    assert has(message, f"<!date^{int(post.due_at.timestamp())}^")


async def test_the_list_shows_only_ones_own_posts(desk: Desk, account: Account) -> None:
    await schedule(desk, account, "Of Alice")

    message = await answer(desk, "list", BOB)

    assert "no posts yet" in message["text"]


async def test_the_status_shows_each_account_with_the_reason_and_the_link(
    desk: Desk, account: Account
) -> None:
    post = await schedule(desk, account)
    await Delivery.filter(post_id=post.id).update(
        state=State.POSTED_MANUALLY,
        reason="X said no.\nTwice.",
        permalink="https://x.com/i/web/status/1",
    )

    message = await answer(desk, f"status {post.id}")

    assert has(message, "*X* @acme: *posted manually*", "> X said no. Twice.")
    assert has(message, "<https://x.com/i/web/status/1|Open it>")


async def test_a_link_that_is_no_web_address_is_not_shown(desk: Desk, account: Account) -> None:
    post = await schedule(desk, account)
    await Delivery.filter(post_id=post.id).update(permalink="javascript:alert(1)")

    message = await answer(desk, f"status {post.id}")

    assert not has(message, "javascript")


async def test_a_post_of_another_workspace_is_no_post(desk: Desk, account: Account) -> None:
    other = await members.workspace(desk.runtime, "T0OTHER")
    post = await schedule(desk, account)
    await Post.filter(id=post.id).update(workspace_id=other.id)

    theirs = (await answer(desk, f"status {post.id}"))["text"]

    assert theirs == str(posts.NoSuchPost())


async def test_a_post_that_never_was_is_no_post(desk: Desk) -> None:
    message = await answer(desk, "status 2222222222")

    assert message["text"] == str(posts.NoSuchPost())


async def test_a_status_without_an_id_says_how_to_ask(desk: Desk) -> None:
    message = await answer(desk, "status")

    assert "Which post?" in message["text"]


async def test_help_names_every_sub_command(desk: Desk) -> None:
    message = await answer(desk, "help")

    assert has(message, *(f"{ids.COMMAND} {word}" for word in ("list", "status", "accounts")))


async def test_a_slip_of_the_finger_is_asked_about(desk: Desk) -> None:
    message = await answer(desk, "acounts")

    assert f"Did you mean `{ids.COMMAND} accounts`?" in message["text"]
    assert "open the form" in message["text"]


async def test_accounts_are_listed_with_their_health(desk: Desk, account: Account) -> None:
    await Account.filter(id=account.id).update(health="broken")

    message = await answer(desk, "accounts")

    assert has(message, "@acme must be connected again", "Connect X", "/connect/x?ticket=")


async def test_without_accounts_the_list_offers_to_connect_one(desk: Desk) -> None:
    message = await answer(desk, "accounts")

    assert has(message, "No account is connected yet", "Connect X")


async def press_disconnect(desk: Desk, member: str = ALICE) -> None:
    message = await answer(desk, "accounts", member)
    row = next(each for each in message["blocks"] if "accessory" in each)
    await desk.does(
        "action",
        member,
        container={"type": "message", "channel": GENERAL, "ts": message["ts"]},
        block_id=row["block_id"],
        action_id=ids.DISCONNECT,
        value=None,
    )


async def test_an_account_is_disconnected_and_the_list_changes_in_place(
    desk: Desk, account: Account
) -> None:
    await press_disconnect(desk)

    await desk.sees(lambda state: has(newest(state, GENERAL), "No account is connected yet"))
    stored = await Account.get(id=account.id)
    assert (stored.health, stored.secrets) == ("disconnected", "")


async def test_a_stranger_is_not_offered_to_disconnect(desk: Desk, account: Account) -> None:
    message = await answer(desk, "accounts", BOB)

    assert not has(message, ids.DISCONNECT)


async def test_a_right_that_ended_since_the_button_was_shown_is_gone(
    desk: Desk, account: Account
) -> None:
    await Account.filter(id=account.id).update(connected_by="U0CAROL")
    message = await answer(desk, "accounts")
    row = next(each for each in message["blocks"] if "accessory" in each)
    await Member.filter(user_id=ALICE).update(is_admin=False)

    await desk.does(
        "action",
        container={"type": "message", "channel": GENERAL, "ts": message["ts"]},
        block_id=row["block_id"],
        action_id=ids.DISCONNECT,
        value=None,
    )

    await desk.sees(lambda state: has(state["conversations"], permissions.NOT_YOUR_ACCOUNT))
    assert (await Account.get(id=account.id)).health == "connected"


async def test_disconnecting_twice_is_told(desk: Desk, account: Account) -> None:
    message = await answer(desk, "accounts")
    row = next(each for each in message["blocks"] if "accessory" in each)
    await Account.filter(id=account.id).update(health="disconnected")

    await desk.does(
        "action",
        container={"type": "message", "channel": GENERAL, "ts": message["ts"]},
        block_id=row["block_id"],
        action_id=ids.DISCONNECT,
        value=None,
    )

    await desk.sees(lambda state: has(state["conversations"], GONE))


async def test_an_account_of_another_workspace_cannot_be_disconnected(
    desk: Desk, account: Account, x: StandIn
) -> None:
    other = await members.workspace(desk.runtime, "T0OTHER")
    message = await answer(desk, "accounts")
    row = next(each for each in message["blocks"] if "accessory" in each)
    await Account.filter(id=account.id).update(workspace_id=other.id)

    await desk.does(
        "action",
        container={"type": "message", "channel": GENERAL, "ts": message["ts"]},
        block_id=row["block_id"],
        action_id=ids.DISCONNECT,
        value=None,
    )

    await desk.sees(lambda state: has(state["conversations"], GONE))
    assert (await Account.get(id=account.id)).health == "connected"


@pytest.mark.parametrize(
    ("who", "admin", "may"),
    [
        pytest.param(ALICE, False, True, id="the author"),
        pytest.param(BOB, False, False, id="a colleague"),
        pytest.param(BOB, True, True, id="an admin"),
    ],
)
def test_a_post_is_acted_on_by_its_author_and_admins(who: str, admin: bool, may: bool) -> None:
    member = Member(workspace_id=1, user_id=who, is_admin=admin, role="publisher")

    assert permissions.may_act_on(member, Post(workspace_id=1, author=ALICE)) is may
    assert permissions.may_see(member, Post(workspace_id=1, author=ALICE))


def test_an_admin_of_another_workspace_has_no_right_here() -> None:
    member = Member(workspace_id=2, user_id=ALICE, is_admin=True)
    post, account = Post(workspace_id=1, author=ALICE), Account(workspace_id=1, connected_by=ALICE)

    assert not permissions.may_act_on(member, post)
    assert not permissions.may_see(member, post)
    assert not permissions.may_disconnect(member, account)
