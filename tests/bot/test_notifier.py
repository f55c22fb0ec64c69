"""People are told everything once: the card of each post is true, each event that needs a person
has one message, and neither a crash nor Slack's limits change that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.clients import Clients, open_clients
from bot.notifier import Notifier
from bot.views import ids
from bot.watch import SchedulerWatch
from scheduler import events, markers, members, posts
from scheduler.contents import Words
from scheduler.database import transaction
from scheduler.models import Account, Card, Delivery, Event, MediaFile, Member
from scheduler.posts import Found, Ref
from scheduler.runtime import open_runtime
from tests.bot.desk import ALICE, ALICE_DM, BOB, Desk, button_ids, has
from tests.bot.post_world import ask, fail, make_account, miss, publish, schedule, strand
from tests.world import until

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
async def acme(desk: Desk) -> Account:
    return await make_account(desk.workspace.id)


async def messages(desk: Desk, member: str = ALICE, channel: str = ALICE_DM) -> list[Json]:
    state = await desk.state(member)
    found = [each for each in state["conversations"] if each["id"] == channel]
    return list(found[0]["messages"])


async def cards(desk: Desk, member: str = ALICE, channel: str = ALICE_DM) -> list[Json]:
    return [each for each in await messages(desk, member, channel) if not each.get("thread_ts")]


async def replies(desk: Desk, member: str = ALICE, channel: str = ALICE_DM) -> list[Json]:
    return [each for each in await messages(desk, member, channel) if each.get("thread_ts")]


async def tell_all(notifier: Notifier) -> None:
    """Ticks until nothing is left to tell."""

    async def told() -> bool:
        await notifier.tick()
        return not await events.untold(100)

    await until(told, what="everything told")


def ref(found: Found, actor: str = ALICE) -> Ref:
    return Ref(workspace_id=found.post.workspace_id, post_id=found.post.id, actor=actor)


async def test_a_new_post_gets_one_card_in_its_authors_direct_messages(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)

    await notifier.tick()
    await notifier.tick()

    (card,) = await messages(desk)
    assert card["text"].startswith("Pending: “We open at nine!”. X @acme: Goes out ")
    assert card["metadata"] == {
        "event_type": "postbot_notice",
        "event_payload": {"card": found.post.id},
    }
    row = await Card.get(post_id=found.post.id)
    assert (row.channel, row.ts, row.owner) == (ALICE_DM, card["ts"], None)
    assert (await Member.get(user_id=ALICE)).dm_channel == ALICE_DM


async def test_the_card_follows_the_post(desk: Desk, notifier: Notifier, acme: Account) -> None:
    found = await schedule(desk.runtime, acme)
    await notifier.tick()
    (before,) = await messages(desk)

    await publish(desk.runtime, found)
    await notifier.tick()

    (after,) = await messages(desk)
    assert after["ts"] == before["ts"]
    assert after["text"].startswith("Published: ")
    assert has(after, "https://x.com/acme/status/1")
    assert button_ids(after) == [ids.DUPLICATE]


async def test_every_rendering_of_a_card_bears_another_number(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await notifier.tick()
    (first,) = await messages(desk)

    await posts.edit(desk.runtime, ref(found), Words(text="We open at ten!"))
    await notifier.tick()

    (second,) = await messages(desk)
    assert has(first, f"card:{found.post.id}:1")
    assert has(second, f"card:{found.post.id}:2", "We open at ten!")


async def test_what_looks_the_same_is_not_sent_again(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await notifier.tick()

    event = {"workspace_id": found.post.workspace_id, "post_id": found.post.id, "notice": "card"}
    async with transaction() as connection:
        now = desk.runtime.clock.now()
        await events.record(connection, [{**event, "kind": "post.edited", "at": now}])
    await notifier.tick()

    assert (await Card.get(post_id=found.post.id)).version == 1
    assert await events.untold(10) == []


@pytest.mark.parametrize(
    ("happen", "said"),
    [
        (fail, "was not published on X @acme. X refused it."),
        (strand, "is not out on X @acme: all attempts failed. Waits because X is down."),
        (miss, "and did not go out. Postbot was not running."),
        (ask, "Nobody can tell yet whether “We open at nine!” is live on X @acme."),
    ],
    ids=["failed", "stranded", "missed", "asked"],
)
async def test_what_needs_a_person_is_said_once_in_the_cards_thread(
    desk: Desk, notifier: Notifier, acme: Account, happen: Any, said: str
) -> None:
    found = await schedule(desk.runtime, acme)
    await notifier.tick()

    await happen(desk.runtime, found)
    await notifier.tick()
    await notifier.tick()

    (card,) = await cards(desk)
    (reply,) = await replies(desk)
    assert reply["thread_ts"] == card["ts"]
    assert said in reply["text"]
    assert await events.untold(10) == []


async def test_what_was_settled_meanwhile_is_not_asked(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await fail(desk.runtime, found)
    await posts.publish_now(desk.runtime, ref(found))

    await notifier.tick()

    assert len(await cards(desk)) == 1
    assert await replies(desk) == []
    assert await events.untold(10) == []


async def test_of_two_failures_in_a_row_the_last_is_told(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await fail(desk.runtime, found, "The first.")
    await posts.publish_now(desk.runtime, ref(found))
    await fail(desk.runtime, found, "The second.")

    await notifier.tick()

    (reply,) = await replies(desk)
    assert "The second." in reply["text"]


async def test_accounts_that_failed_alike_share_a_message(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    jobs = await make_account(desk.workspace.id, "acme_jobs")
    uk = await make_account(desk.workspace.id, "acme_uk")
    found = await schedule(desk.runtime, acme, jobs, uk)
    await fail(desk.runtime, found.deliveries[0])
    await fail(desk.runtime, found.deliveries[1])
    await fail(desk.runtime, found.deliveries[2], "The account is locked.")

    await notifier.tick()

    said = [reply["text"] for reply in await replies(desk)]
    assert len(said) == 2
    assert "on X @acme and X @acme_jobs. X refused it." in said[0]
    assert "on X @acme_uk. The account is locked." in said[1]


async def test_each_account_is_asked_about_by_itself(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme, await make_account(desk.workspace.id, "acme_jobs"))
    await ask(desk.runtime, found)

    await notifier.tick()

    assert len(await replies(desk)) == 2


LOST_ANSWER = {"reset": True, "after": True, "times": 1}


async def test_a_card_whose_answer_got_lost_is_found_again(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await desk.switch(fail_methods={"chat.postMessage": LOST_ANSWER})

    await notifier.tick()
    await tell_all(notifier)

    (card,) = await messages(desk)
    assert (await Card.get(post_id=found.post.id)).ts == card["ts"]


async def test_a_message_whose_answer_got_lost_is_not_sent_again(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await notifier.tick()
    await fail(desk.runtime, found)
    await desk.switch(fail_methods={"chat.postMessage": LOST_ANSWER})

    await notifier.tick()
    await tell_all(notifier)

    assert len(await replies(desk)) == 1


@pytest.mark.parametrize("sends", [1, 2], ids=["card", "message"])
async def test_a_notifier_that_dies_while_it_sends_says_nothing_twice(
    desk: Desk, clients: Clients, acme: Account, sends: int
) -> None:
    found = await schedule(desk.runtime, acme)
    await fail(desk.runtime, found)
    dying = asyncio.create_task(Notifier(desk.runtime, clients).tick())
    await desk.sees(lambda s: len(_of(s, ALICE_DM)) == sends)

    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    await tell_all(Notifier(desk.runtime, clients))

    assert len(await cards(desk)) == 1
    assert len(await replies(desk)) == 1


async def test_two_notifiers_of_one_process_send_one_card(
    desk: Desk, clients: Clients, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await fail(desk.runtime, found)
    both = [Notifier(desk.runtime, clients), Notifier(desk.runtime, clients)]

    await asyncio.gather(*(each.tick() for each in both))
    await asyncio.gather(*(tell_all(each) for each in both))

    assert len(await cards(desk)) == 1
    assert len(await replies(desk)) == 1


async def test_two_processes_send_one_card(desk: Desk, clients: Clients, acme: Account) -> None:
    for number in range(5):
        await schedule(desk.runtime, acme, text=f"Post {number}")
    async with open_runtime(desk.runtime.settings) as other:
        both = [Notifier(desk.runtime, clients), Notifier(other, clients)]

        await asyncio.gather(*(each.tick() for each in both))
        await asyncio.gather(*(tell_all(each) for each in both))

    assert len(await messages(desk)) == 5


async def test_the_card_of_a_dead_process_is_taken_over(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await Card.create(post_id=found.post.id, owner=12345)

    await tell_all(notifier)

    assert len(await messages(desk)) == 1


async def test_the_card_of_a_living_process_is_left_alone(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    async with open_runtime(desk.runtime.settings) as other:
        await Card.create(post_id=found.post.id, owner=other.owner.id)

        await notifier.tick()

        assert await messages(desk) == []
    assert await events.untold(10) == [found.post.id]


async def test_a_rate_limit_holds_up_its_own_conversation_only(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await schedule(desk.runtime, acme, author=ALICE)
    limited = {"status": 429, "retry_after": 30, "times": 1}
    await desk.switch(fail_methods={"chat.postMessage": limited})
    await notifier.tick()

    await schedule(desk.runtime, acme, author=ALICE, text="Another")
    await schedule(desk.runtime, acme, author=BOB)
    await notifier.tick()

    assert await messages(desk) == []
    assert len(await messages(desk, BOB, BOB_DM)) == 1


async def test_who_must_act_is_told_while_the_card_may_not_be_changed(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await notifier.tick()
    await fail(desk.runtime, found)
    limited = {"status": 429, "retry_after": 1, "times": 1}
    await desk.switch(fail_methods={"chat.update": limited})

    await notifier.tick()

    assert len(await replies(desk)) == 1
    assert (await cards(desk))[0]["text"].startswith("Pending")
    await tell_all(notifier)
    assert (await cards(desk))[0]["text"].startswith("Failed")
    assert len(await replies(desk)) == 1


async def test_without_the_right_to_read_a_message_comes_twice_rather_than_never(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await schedule(desk.runtime, acme)
    await desk.switch(fail_methods={"chat.postMessage": LOST_ANSWER}, removed_scopes=["im:history"])

    await tell_all(notifier)

    assert len(await messages(desk)) == 2


async def test_after_a_rate_limit_everything_is_told(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await desk.switch(rate_limits="normal")
    for number in range(8):
        await schedule(desk.runtime, acme, text=f"Post {number}")

    await tell_all(notifier)

    assert len(await messages(desk)) == 8


@pytest.mark.parametrize(
    "failure",
    [{"status": 500, "times": 2}, {"error": "internal_error", "times": 2}],
    ids=["500", "internal_error"],
)
async def test_a_failure_of_slack_is_outlived(
    desk: Desk, notifier: Notifier, acme: Account, failure: Json
) -> None:
    found = await schedule(desk.runtime, acme)
    await fail(desk.runtime, found)
    await desk.switch(fail_methods={"chat.postMessage": failure})

    await tell_all(notifier)

    assert len(await cards(desk)) == 1
    assert len(await replies(desk)) == 1


async def test_an_admin_stands_in_for_an_author_who_cannot_be_reached(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme, author=BOB)
    await fail(desk.runtime, found)
    await desk.switch(dm_closed=[BOB])

    await tell_all(notifier)

    (card,) = await cards(desk)
    assert has(card, f"by <@{BOB}>, who cannot be reached by direct message")
    assert len(await replies(desk)) == 1


async def test_an_admin_takes_over_when_the_author_leaves_later(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme, author=BOB)
    await notifier.tick()
    await desk.switch(dm_closed=[BOB])

    await fail(desk.runtime, found)
    await tell_all(notifier)

    assert len(await cards(desk)) == 1
    assert len(await replies(desk)) == 1


async def test_nothing_is_dropped_when_nobody_can_be_reached(
    desk: Desk, clients: Clients, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await desk.switch(dm_closed=[ALICE, BOB])
    await Notifier(desk.runtime, clients).tick()
    assert await events.untold(10) == [found.post.id]

    await desk.switch(dm_closed=[])
    await tell_all(Notifier(desk.runtime, clients))

    assert len(await messages(desk)) == 1


async def test_a_stale_conversation_is_opened_anew(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await schedule(desk.runtime, acme)
    await members.remember_dm(await Member.get(user_id=ALICE), "D0GONE")

    await tell_all(notifier)

    assert len(await messages(desk)) == 1
    assert (await Member.get(user_id=ALICE)).dm_channel == ALICE_DM


async def test_a_card_that_was_removed_is_sent_anew(
    desk: Desk, notifier: Notifier, clients: Clients, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await notifier.tick()
    (card,) = await messages(desk)
    await (await clients.of(desk.workspace.id)).chat_delete(channel=ALICE_DM, ts=card["ts"])

    await publish(desk.runtime, found)
    await tell_all(notifier)

    (anew,) = await messages(desk)
    assert anew["text"].startswith("Published")


async def test_an_image_that_slack_does_not_take_costs_only_the_image(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await MediaFile.create(
        post_id=found.post.id,
        position=0,
        name="cat.png",
        key="k",
        kind="image",
        mime="image/png",
        size=1,
        sha256="0",
        slack_file_id="F0DELETED",
    )
    await desk.switch(fail_methods={"chat.postMessage": {"error": "invalid_blocks", "times": 1}})

    await notifier.tick()

    (card,) = await messages(desk)
    assert has(card, "Files: image cat.png", '"actions"')


async def test_the_events_of_a_post_that_is_gone_are_cleared(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    found = await schedule(desk.runtime, acme)
    await Event.filter(post_id=found.post.id).update(post_id="gone")

    await notifier.tick()

    assert await events.untold(10) == []


async def test_the_loop_tells_by_itself_and_ends_when_it_is_told_to(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    running = asyncio.create_task(notifier.run())

    await schedule(desk.runtime, acme)
    notifier.wake()
    await desk.sees(lambda s: _of(s, ALICE_DM))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert running.cancelled()


async def test_no_two_hundred_stuck_posts_hide_a_new_one(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    for number in range(210):
        await schedule(desk.runtime, acme, author="U0NOBODY", text=f"Post {number}")
    await Member.filter(is_admin=True).update(is_admin=False)
    await notifier.tick()

    await schedule(desk.runtime, acme)
    await notifier.tick()
    await notifier.tick()

    assert len(await messages(desk)) == 1


@pytest.fixture
def watch(notifier: Notifier) -> SchedulerWatch:
    return notifier.watch


async def heartbeat(desk: Desk, *, seconds_ago: float) -> None:
    at = desk.runtime.clock.now() - timedelta(seconds=seconds_ago)
    await markers.write(markers.DISPATCHER, {"epoch": 1}, at)


async def make_overdue(desk: Desk, account: Account) -> None:
    await schedule(desk.runtime, account, author=BOB)
    past = desk.runtime.clock.now() - timedelta(minutes=5)
    await Delivery.all().update(due_at=past, next_attempt_at=past)


async def test_admins_hear_once_that_the_scheduler_stands_still_and_once_that_it_runs(
    desk: Desk, watch: SchedulerWatch, acme: Account
) -> None:
    await make_overdue(desk, acme)
    await heartbeat(desk, seconds_ago=40)
    await watch.tick()
    await watch.tick()
    (trouble,) = await messages(desk)

    await heartbeat(desk, seconds_ago=0)
    await watch.tick()
    await watch.tick()

    assert trouble["text"].startswith("Postbot's scheduler has stood still since <!date^")
    assert [each["text"][:30] for each in await messages(desk)][1:] == [
        "Postbot's scheduler runs again"
    ]
    assert await messages(desk, BOB, BOB_DM) == []


async def test_authors_hear_of_it_where_no_admin_is_known(
    desk: Desk, watch: SchedulerWatch, acme: Account
) -> None:
    await Member.filter(is_admin=True).update(is_admin=False)
    await make_overdue(desk, acme)
    await heartbeat(desk, seconds_ago=40)

    await watch.tick()

    assert len(await messages(desk, BOB, BOB_DM)) == 1


@pytest.mark.parametrize(
    ("seconds_ago", "is_overdue"), [(10, True), (40, False)], ids=["ticking", "nothing-due"]
)
async def test_nobody_is_alarmed_without_need(
    desk: Desk, watch: SchedulerWatch, acme: Account, seconds_ago: float, is_overdue: bool
) -> None:
    due = desk.runtime.clock.now() + timedelta(hours=1)
    await schedule(desk.runtime, acme, due_at=due)
    await (make_overdue(desk, acme) if is_overdue else asyncio.sleep(0))
    await heartbeat(desk, seconds_ago=seconds_ago)

    await watch.tick()

    assert await messages(desk) == []


def _of(state: Json, channel: str) -> list[Json]:
    found = [each for each in state["conversations"] if each["id"] == channel]
    return list(found[0]["messages"]) if found else []
