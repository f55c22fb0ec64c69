"""Approvers are asked where they read, decide once each, and everybody concerned hears of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.clients import Clients, open_clients
from bot.notifier import Notifier
from bot.views import ids
from scheduler import events, members, posts, reminders
from scheduler.approval import approve
from scheduler.contents import Words
from scheduler.models import Account, Card, Copy, Delivery, Event, Member, Post, Rules
from scheduler.posts import Found, Ref
from scheduler.states import PostState, State
from tests.bot.desk import ALICE, ALICE_DM, BOB, Desk, button_ids, has
from tests.bot.post_world import make_account, publish, schedule
from tests.bot.test_sub_commands import answer
from tests.world import until

Json = dict[str, Any]

CAROL, BOB_DM, CAROL_DM = "U0CAROL", "D0BOB", "D0CAROL"
APPROVALS, BRAND, REVIEWERS = "C0APPROVALS", "C0BRAND", "S0REVIEWERS"


@pytest.fixture
async def clients(desk: Desk) -> AsyncIterator[Clients]:
    async with open_clients(desk.runtime) as opened:
        yield opened


@pytest.fixture
def notifier(desk: Desk, clients: Clients) -> Notifier:
    return Notifier(desk.runtime, clients)


@pytest.fixture
async def acme(desk: Desk) -> Account:
    """An account to which Carol contributes, and Bob approves."""
    await members.remember_member(
        desk.runtime, desk.workspace.id, CAROL, name="Carol", timezone="UTC", is_admin=False
    )
    await Member.filter(user_id=CAROL).update(role="contributor")
    await rule(desk, approvers=[BOB], review_channel=APPROVALS)
    return await make_account(desk.workspace.id)


async def rule(desk: Desk, **values: Any) -> None:
    values = {"saved_by": ALICE, **values}
    await Rules.update_or_create(values, workspace_id=desk.workspace.id)


async def submit(desk: Desk, account: Account, **changes: Any) -> Found:
    return await schedule(desk.runtime, account, **{"author": CAROL, **changes})


async def tell(notifier: Notifier) -> None:
    """Ticks until nothing is left to tell."""

    async def told() -> bool:
        await notifier.tick()
        await notifier.outages.tick()
        return await events.is_quiet()

    await until(told, what="everything told")


async def asked(desk: Desk, member: str = BOB, channel: str = APPROVALS) -> Json:
    """The one message with which approvers are asked."""
    (found,) = await tops(desk, member, channel)
    return found


async def tops(desk: Desk, member: str, channel: str) -> list[Json]:
    return [each for each in await desk.messages(member, channel) if not each.get("thread_ts")]


async def threads(desk: Desk, member: str, channel: str) -> list[Json]:
    return [each for each in await desk.messages(member, channel) if each.get("thread_ts")]


async def stands(found: Found) -> tuple[PostState, State]:
    fresh = await posts.find(found.post.workspace_id, found.post.id)
    return fresh.post.state, fresh.deliveries[0].state


def ref(found: Found, actor: str = CAROL) -> Ref:
    return Ref(workspace_id=found.post.workspace_id, post_id=found.post.id, actor=actor)


async def turns(found: Found, state: PostState) -> None:
    async def turned() -> bool:
        return (await stands(found))[0] is state

    await until(turned, what=state.value)


async def test_approvers_are_asked_in_the_channel_and_a_yes_lets_it_go_out(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await submit(desk, acme)
    await tell(notifier)
    message = await asked(desk)
    assert has(message, "We open at nine!", "Waits for approval", "0 of 1 approvals", f"<@{CAROL}>")
    assert button_ids(message)[:2] == [ids.APPROVE, ids.REQUEST_CHANGES]
    assert ids.APPROVE not in button_ids((await tops(desk, CAROL, CAROL_DM))[0])

    await desk.press(message, ids.APPROVE, BOB, channel=APPROVALS)
    await turns(found, PostState.SCHEDULED)
    await tell(notifier)

    assert await stands(found) == (PostState.SCHEDULED, State.SCHEDULED)
    after = await asked(desk)
    assert ids.APPROVE not in button_ids(after)
    assert after["ts"] == message["ts"]
    (told,) = await threads(desk, CAROL, CAROL_DM)
    assert told["text"].startswith(f"<@{BOB}> approved “We open at nine!”. It goes out ")


async def test_without_a_channel_each_approver_is_asked_directly(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await rule(desk, approvers=[BOB, ALICE], review_channel="")

    await submit(desk, acme)
    await tell(notifier)

    assert ids.APPROVE in button_ids(await asked(desk, BOB, BOB_DM))
    assert ids.APPROVE in button_ids(await asked(desk, ALICE, ALICE_DM))


async def test_changes_are_requested_with_a_reason_that_the_author_reads(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await submit(desk, acme)
    await tell(notifier)

    await desk.press(await asked(desk), ids.REQUEST_CHANGES, BOB, channel=APPROVALS)
    form = await desk.opened(BOB)
    await (await form.fill(changes_reason="Too *long* <!channel>")).closes()
    await tell(notifier)

    assert await stands(found) == (PostState.RETURNED, State.HELD)
    (told,) = await threads(desk, CAROL, CAROL_DM)
    assert has(told, f"<@{BOB}> asks for changes", "Too *long* &lt;!channel&gt;")
    assert button_ids(told) == [ids.EDIT, ids.CANCEL]
    assert has(await asked(desk), f"<@{BOB}> asks for changes")
    assert ids.APPROVE not in button_ids(await asked(desk))


async def test_an_edit_asks_anew_in_the_thread_and_a_yes_counts_again(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await submit(desk, acme)
    await tell(notifier)
    await desk.press(await asked(desk), ids.APPROVE, BOB, channel=APPROVALS)
    await turns(found, PostState.SCHEDULED)

    await posts.edit(desk.runtime, ref(found), Words(text="We open at ten!"))
    await tell(notifier)

    (told,) = await threads(desk, BOB, APPROVALS)
    assert has(told, f"<@{BOB}>", "was changed and needs your approval anew")
    assert has(await asked(desk), "We open at ten!", "0 of 1 approvals")
    await desk.press(told, ids.APPROVE, BOB, channel=APPROVALS)
    await turns(found, PostState.SCHEDULED)


async def test_a_button_of_an_older_text_approves_nothing_and_shows_the_present_one(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await submit(desk, acme)
    await tell(notifier)
    older = await asked(desk)
    await posts.edit(desk.runtime, ref(found), Words(text="Something <else>"))

    await desk.press(older, ids.APPROVE, BOB, channel=APPROVALS)

    (said,) = await desk.hears(BOB, channel=APPROVALS)
    assert "was changed since that button was shown" in said
    assert "> Something &lt;else&gt;" in said
    assert await stands(found) == (PostState.SUBMITTED, State.HELD)


async def test_several_approvals_are_counted_and_the_author_hears_of_each(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await rule(desk, approvers=[ALICE, BOB], needed=2)
    found = await submit(desk, acme)
    await tell(notifier)

    for _ in range(2):
        await desk.press(await asked(desk), ids.APPROVE, BOB, channel=APPROVALS)
        await tell(notifier)
    await until(lambda: _is_endorsed(found), what="the first approval")
    await tell(notifier)
    assert has(await asked(desk), "1 of 2 approvals", f"Approved by <@{BOB}>", f"<@{ALICE}>")
    await desk.press(await asked(desk), ids.APPROVE, ALICE, channel=APPROVALS)
    await turns(found, PostState.SCHEDULED)
    await tell(notifier)

    first, second = await threads(desk, CAROL, CAROL_DM)
    assert has(first, f"<@{BOB}> approved", "1 more approval is needed")
    assert has(second, f"<@{ALICE}> approved", "It goes out")


async def _is_endorsed(found: Found) -> bool:
    return await Event.filter(post_id=found.post.id, kind="post.endorsed").exists()


async def test_a_member_of_the_group_approves_and_somebody_who_left_it_does_not(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await rule(desk, approvers=[], approver_group=REVIEWERS, group_members=[ALICE])
    found = await submit(desk, acme)
    await tell(notifier)
    message = await asked(desk)

    await desk.press(message, ids.APPROVE, ALICE, channel=APPROVALS)
    (said,) = await desk.hears(ALICE, channel=APPROVALS)
    assert f"Only approvers of this workspace can decide that. Ask <@{BOB}>." in said
    await desk.press(message, ids.APPROVE, BOB, channel=APPROVALS)

    await turns(found, PostState.SCHEDULED)


async def test_only_those_who_have_not_answered_are_reminded(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await rule(desk, approvers=[ALICE, BOB], needed=2, remind_minutes=30)
    found = await submit(desk, acme)
    await tell(notifier)
    await approve(desk.runtime, ref(found, BOB), 1)
    await Post.filter(id=found.post.id).update(review_at=desk.runtime.clock.now())

    await reminders.tick(desk.runtime)
    await tell(notifier)

    (told,) = await threads(desk, BOB, APPROVALS)
    assert told["text"].startswith(f"<@{ALICE}> “We open at nine!” waits for your approval")
    assert f"<@{BOB}>" not in told["text"]


async def test_who_has_answered_is_not_reminded_in_direct_messages(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await rule(desk, approvers=[ALICE, BOB], needed=2, review_channel="")
    found = await submit(desk, acme)
    await tell(notifier)
    await approve(desk.runtime, ref(found, BOB), 1)
    await Post.filter(id=found.post.id).update(review_at=desk.runtime.clock.now())

    await reminders.tick(desk.runtime)
    await tell(notifier)

    assert len(await threads(desk, ALICE, ALICE_DM)) == 1
    assert await threads(desk, BOB, BOB_DM) == []


async def overdue(desk: Desk, found: Found) -> datetime:
    """Lets the time of a post pass without an approval."""
    past = desk.runtime.clock.now() - timedelta(minutes=5)
    await Post.filter(id=found.post.id).update(due_at=past, review_at=past)
    await Delivery.filter(post_id=found.post.id).update(due_at=past)
    await reminders.tick(desk.runtime)
    return past


async def test_a_time_that_came_without_approval_is_told_to_both_and_nothing_goes_out(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await submit(desk, acme)
    await tell(notifier)

    await overdue(desk, found)
    await tell(notifier)

    (author,) = await threads(desk, CAROL, CAROL_DM)
    assert has(author, "came without the approval that it needs, so it did not go out")
    assert button_ids(author) == [ids.RESCHEDULE, ids.CANCEL]
    (told,) = await threads(desk, BOB, APPROVALS)
    assert button_ids(told) == [ids.APPROVE_NOW, ids.REQUEST_CHANGES]
    assert await stands(found) == (PostState.SUBMITTED, State.HELD)


async def test_a_button_that_knows_nothing_of_the_passed_time_publishes_nothing(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await submit(desk, acme)
    await tell(notifier)
    await overdue(desk, found)

    await desk.press(await asked(desk), ids.APPROVE, BOB, channel=APPROVALS)

    (said,) = await desk.hears(BOB, channel=APPROVALS)
    assert "does not go out unasked" in said
    assert await stands(found) == (PostState.SUBMITTED, State.HELD)


async def test_an_approver_publishes_late_only_by_saying_so(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await submit(desk, acme)
    await tell(notifier)
    past = await overdue(desk, found)
    await tell(notifier)
    (told,) = await threads(desk, BOB, APPROVALS)

    await desk.press(told, ids.APPROVE_NOW, BOB, channel=APPROVALS)
    await turns(found, PostState.SCHEDULED)

    row = await Delivery.get(post_id=found.post.id)
    assert row.state is State.SCHEDULED
    assert row.due_at > past


async def test_a_channel_without_postbot_is_told_to_the_admin_once_and_approvers_are_asked_directly(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await rule(desk, review_channel=BRAND, brand_channel=BRAND)

    for text in ("One", "Two"):
        await submit(desk, acme, text=text)
        await tell(notifier)

    assert len(await tops(desk, BOB, BOB_DM)) == 2
    told = [each for each in await tops(desk, ALICE, ALICE_DM) if has(each, "/invite @Postbot")]
    assert len(told) == 1
    assert has(told[0], f"<#{BRAND}>", "/schedule-post settings")
    assert len(await tops(desk, CAROL, CAROL_DM)) == 2


async def test_the_card_is_kept_true_in_the_brand_channel_too(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await rule(desk, brand_channel=APPROVALS, review_channel="")
    found = await schedule(desk.runtime, acme)
    await tell(notifier)
    before = await asked(desk)
    assert has(before, "Pending", f"by <@{ALICE}>")
    assert button_ids(before) == button_ids((await tops(desk, ALICE, ALICE_DM))[0])

    await desk.press(before, ids.CANCEL, BOB, channel=APPROVALS)
    (said,) = await desk.hears(BOB, channel=APPROVALS)
    assert "Only the author" in said
    await publish(desk.runtime, found)
    await tell(notifier)

    after = await asked(desk, ALICE)
    assert after["ts"] == before["ts"]
    assert has(after, "Published")


async def test_an_approver_may_edit_what_waits_and_is_asked_anew(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await submit(desk, acme)
    await tell(notifier)

    await desk.press(await asked(desk), ids.EDIT, BOB, channel=APPROVALS)
    form = await desk.opened(BOB)
    await (await form.fill(composer_text="By Bob")).closes()
    await tell(notifier)

    fresh = await posts.find(found.post.workspace_id, found.post.id)
    assert (fresh.post.text, fresh.post.revision) == ("By Bob", 2)
    assert await stands(found) == (PostState.SUBMITTED, State.HELD)


async def test_an_approver_may_not_call_it_off(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await submit(desk, acme)
    await tell(notifier)

    await desk.press(await asked(desk), ids.CANCEL, BOB, channel=APPROVALS)

    (said,) = await desk.hears(BOB, channel=APPROVALS)
    assert "Only the author" in said
    assert await stands(found) == (PostState.SUBMITTED, State.HELD)


async def test_a_message_that_came_before_a_crash_is_found_and_not_sent_again(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await rule(desk, review_channel="")
    found = await submit(desk, acme)
    await tell(notifier)
    await overdue(desk, found)
    await tell(notifier)
    await Copy.all().update(ts="")
    await Card.all().update(ts="")
    began = desk.runtime.clock.now() - timedelta(minutes=1)
    await Copy.all().update(began_at=began)
    await Card.all().update(began_at=began)
    await Event.filter(kind="post.unapproved").update(notice="review", notice_began_at=began)

    await tell(notifier)

    assert len(await desk.messages(BOB, BOB_DM)) == 2
    assert len(await desk.messages(CAROL, CAROL_DM)) == 2


async def test_approvers_are_asked_once_while_the_author_cannot_be_reached(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await Member.filter(is_admin=True).update(is_admin=False)
    await desk.switch(dm_closed=[CAROL])
    found = await submit(desk, acme)
    for _ in range(3):
        await notifier.tick()
        notifier._rests.clear()
    await Post.filter(id=found.post.id).update(review_at=desk.runtime.clock.now())
    await reminders.tick(desk.runtime)

    for _ in range(3):
        await notifier.tick()
        notifier._rests.clear()

    assert len(await tops(desk, BOB, APPROVALS)) == 1
    assert len(await threads(desk, BOB, APPROVALS)) == 1
    assert not await events.is_quiet()


async def test_an_author_hears_when_nobody_can_approve(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await Member.filter(is_admin=True).update(is_admin=False)
    await rule(desk, approvers=[])

    await submit(desk, acme)
    await tell(notifier)

    (told,) = await threads(desk, CAROL, CAROL_DM)
    assert has(told, "Nobody can approve", "/schedule-post settings")


async def test_the_status_tells_who_decided_what_and_when(desk: Desk, acme: Account) -> None:
    found = await submit(desk, acme)
    await approve(desk.runtime, ref(found, BOB), 1)
    await posts.edit(desk.runtime, ref(found), Words(text="We open at ten!"))

    message = await answer(desk, f"status {found.post.id}")

    lines = next(
        each["text"]["text"] for each in message["blocks"] if "submitted it" in str(each)
    ).split("\n")
    assert [line.split(" · ")[1] for line in lines] == [
        f"<@{CAROL}> submitted it for approval",
        f"<@{BOB}> approved it",
        f"<@{CAROL}> edited it",
        f"<@{CAROL}> submitted it for approval",
    ]
    assert all(line.startswith("<!date^") for line in lines)


async def test_a_contributor_does_not_publish_ahead_of_the_approved_time(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await submit(desk, acme)
    await approve(desk.runtime, ref(found, BOB), 1)
    await tell(notifier)
    (card,) = await tops(desk, CAROL, CAROL_DM)

    await desk.press(card, ids.PUBLISH_NOW, CAROL, channel=CAROL_DM)

    (said,) = await desk.hears(CAROL, channel=CAROL_DM)
    assert "needs an approval for another time" in said
    assert await stands(found) == (PostState.SCHEDULED, State.SCHEDULED)
