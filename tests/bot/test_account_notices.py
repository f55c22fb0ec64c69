"""The owner of an account hears once that its access has ended, with the posts at risk and a way to
connect it again; neither a crash nor Slack's limits change that."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.clients import Clients, open_clients
from bot.notifier import Notifier
from bot.views.blocks import when
from bot.views.lost_account import lost_account
from sandbox.slack.rules import check_blocks
from scheduler import accounts, events, posts
from scheduler.contents import Words
from scheduler.models import Account, Event
from scheduler.overview import Risk
from scheduler.runtime import open_runtime
from tests.bot.desk import ALICE, ALICE_DM, BOB, Desk, button, has
from tests.bot.post_world import NOW, delivery, found, make_account
from tests.world import StandIn, connect, until

Json = dict[str, Any]
BOB_DM = "D0BOB"
LOST_ANSWER = {"reset": True, "after": True, "times": 1}


@pytest.fixture
async def clients(desk: Desk) -> AsyncIterator[Clients]:
    async with open_clients(desk.runtime) as opened:
        yield opened


@pytest.fixture
def notifier(desk: Desk, clients: Clients) -> Notifier:
    return Notifier(desk.runtime, clients)


@pytest.fixture
async def acme(desk: Desk) -> Account:
    """@acme, connected by Alice."""
    return await make_account(desk.workspace.id)


async def breaks(desk: Desk, account: Account, reason: str = "X ended the access.") -> None:
    version = (await Account.get(id=account.id)).token_version
    await accounts.mark_broken(desk.runtime, account.id, version, reason=reason)


async def mended(account: Account) -> None:
    await Account.filter(id=account.id).update(health=accounts.CONNECTED)


async def tell_all(notifier: Notifier) -> None:
    """Ticks until nothing is left to tell of accounts."""

    async def told() -> bool:
        await notifier.tick()
        return not await events.untold_accounts(100)

    await until(told, what="everything told")


async def planned(
    desk: Desk, account: Account, text: str, hours: float, author: str = ALICE
) -> Any:
    new = posts.NewPost(
        workspace_id=desk.workspace.id,
        author=ALICE,
        words=Words(text=text),
        account_ids=(account.id,),
        timezone="UTC",
        due_at=desk.runtime.clock.now() + timedelta(hours=hours),
    )
    return await posts.schedule(desk.runtime, new)


def losses(messages: list[Json]) -> list[Json]:
    """The messages about lost access; cards of posts may lie between them."""
    return [each for each in messages if "can no longer post to" in each["text"]]


async def heard(desk: Desk, member: str = ALICE, channel: str = ALICE_DM) -> list[Json]:
    return losses(await desk.messages(member, channel))


async def test_the_owner_hears_once_why_and_what_to_do(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await breaks(desk, acme)

    await notifier.tick()
    await notifier.tick()

    (message,) = await heard(desk)
    assert "can no longer post to *X* @acme. X ended the access." in message["text"]
    assert "No post is waiting for it. Connect the account again" in message["text"]
    assert message["metadata"]["event_payload"]["account"] == acme.id
    assert await events.untold_accounts(10) == []


async def test_the_posts_at_risk_are_listed_with_their_times(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    other = await make_account(desk.workspace.id, "acme_jobs")
    made = [await planned(desk, acme, f"Post <{n}>", n) for n in range(1, 8)]
    await planned(desk, other, "Somewhere else", 1)
    called_off = await planned(desk, acme, "Called off", 1)
    ref = posts.Ref(workspace_id=desk.workspace.id, post_id=called_off.id, actor=ALICE)
    await posts.cancel(desk.runtime, ref)

    await breaks(desk, acme)
    await tell_all(notifier)

    (message,) = await heard(desk)
    assert "7 posts do not go out until then." in message["text"]
    listed = message["blocks"][1]["text"]["text"].splitlines()
    assert listed[0] == f"• {when(made[0].due_at)}: “Post &lt;1&gt;”"
    assert listed[5:] == ["… and 2 more."]
    assert not has(message, "Somewhere else")
    assert not has(message, "Called off")


async def test_the_button_leads_to_the_consent_page_and_back_to_a_working_account(
    desk: Desk, x: StandIn, notifier: Notifier
) -> None:
    account = await connect(desk.runtime, desk.workspace)
    await breaks(desk, account)
    await notifier.tick()
    (message,) = await heard(desk)
    url = button(message, "connect:x")["url"]

    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(url, allow_redirects=False) as asked:
            consent = asked.headers["Location"]
        async with browser.get(f"{consent}&auto=acme") as done:
            status = done.status

    assert status == 200
    assert (await Account.get(id=account.id)).health == accounts.CONNECTED


@pytest.mark.parametrize("more_settings", [{"X_CLIENT_ID": ""}])
async def test_without_app_credentials_there_is_no_button(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await breaks(desk, acme)

    await notifier.tick()

    (message,) = await heard(desk)
    assert not has(message, '"actions"')


@pytest.mark.parametrize("health", [accounts.CONNECTED, accounts.DISCONNECTED])
async def test_what_was_settled_before_it_was_told_is_not_told(
    desk: Desk, notifier: Notifier, acme: Account, health: str
) -> None:
    await breaks(desk, acme)
    await Account.filter(id=acme.id).update(health=health)

    await notifier.tick()

    assert await heard(desk) == []
    assert await events.untold_accounts(10) == []


async def test_an_account_that_breaks_again_is_told_again(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await breaks(desk, acme, "The first.")
    await notifier.tick()
    await mended(acme)

    await breaks(desk, acme, "The second.")
    await notifier.tick()

    said = [message["text"] for message in await heard(desk)]
    assert ["The first." in said[0], "The second." in said[1], len(said)] == [True, True, 2]


async def test_a_message_whose_answer_got_lost_is_not_sent_again(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await breaks(desk, acme)
    await desk.switch(fail_methods={"chat.postMessage": LOST_ANSWER})

    await notifier.tick()
    assert await events.untold_accounts(10) == [acme.id]
    await tell_all(notifier)

    assert len(await heard(desk)) == 1


async def test_a_notifier_that_dies_while_it_sends_says_nothing_twice(
    desk: Desk, clients: Clients, acme: Account
) -> None:
    await breaks(desk, acme)
    dying = asyncio.create_task(Notifier(desk.runtime, clients).tick())
    await desk.sees(
        lambda s: [e for c in s["conversations"] if c["id"] == ALICE_DM for e in c["messages"]]
    )

    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    await tell_all(Notifier(desk.runtime, clients))

    assert len(await heard(desk)) == 1


async def test_two_processes_say_it_once(desk: Desk, clients: Clients, acme: Account) -> None:
    for number in range(5):
        await breaks(desk, await make_account(desk.workspace.id, f"acme_{number}"))
    async with open_runtime(desk.runtime.settings) as other:
        both = [Notifier(desk.runtime, clients), Notifier(other, clients)]

        await asyncio.gather(*(each.tick() for each in both))
        await asyncio.gather(*(tell_all(each) for each in both))

    assert len(await heard(desk)) == 5


async def test_what_a_dead_process_began_is_taken_over(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await breaks(desk, acme)
    await Account.filter(id=acme.id).update(teller=12345)

    await tell_all(notifier)

    assert len(await heard(desk)) == 1
    assert (await Account.get(id=acme.id)).teller is None


async def test_what_a_living_process_is_at_is_left_alone(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await breaks(desk, acme)
    async with open_runtime(desk.runtime.settings) as other:
        await Account.filter(id=acme.id).update(teller=other.owner.id)

        await notifier.tick()

        assert await heard(desk) == []
    assert await events.untold_accounts(10) == [acme.id]


@pytest.mark.parametrize(
    "failure",
    [
        {"status": 500, "times": 2},
        {"error": "internal_error", "times": 2},
        {"status": 429, "retry_after": 1, "times": 1},
    ],
    ids=["500", "internal_error", "rate limit"],
)
async def test_a_failure_of_slack_is_outlived(
    desk: Desk, notifier: Notifier, acme: Account, failure: Json
) -> None:
    await breaks(desk, acme)
    await desk.switch(fail_methods={"chat.postMessage": failure})

    await tell_all(notifier)

    assert len(await heard(desk)) == 1


async def test_refused_blocks_become_a_mere_text(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await breaks(desk, acme)
    await desk.switch(fail_methods={"chat.postMessage": {"error": "invalid_blocks", "times": 1}})

    await tell_all(notifier)

    (message,) = await heard(desk)
    assert not has(message, '"actions"')


async def test_an_admin_stands_in_for_an_owner_who_cannot_be_reached(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await Account.filter(id=acme.id).update(connected_by=BOB)
    await breaks(desk, acme)
    await desk.switch(dm_closed=[BOB])

    await tell_all(notifier)

    (message,) = await heard(desk)
    assert f"@acme, which <@{BOB}> connected." in message["text"]


async def test_while_nobody_can_be_reached_the_notice_stays(
    desk: Desk, notifier: Notifier, acme: Account
) -> None:
    await breaks(desk, acme)
    await desk.switch(dm_closed=[ALICE])

    await notifier.tick()

    assert await events.untold_accounts(10) == [acme.id]
    assert (await Event.get(kind="account.broken")).notice == "account"


def test_extreme_values_fit_slacks_limits() -> None:
    account = Account(id=1, platform="x", username="<&>" * 85, name="A", connected_by="U0ALICE")
    risky = Risk(soonest=[(NOW, found(delivery(), text="<&>\n" * 2000))] * 5, count=10_000)

    text, blocks = lost_account(account, "<&>\n" * 5000, risky, connect=None, reader="U0BOB")

    assert check_blocks(blocks) == []
    assert 0 < len(text) < 4000
    assert "9995 more" in json.dumps(blocks)
