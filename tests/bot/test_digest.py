"""The digest: its hour by the command, its message in the member's own conversation, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.clients import open_clients
from bot.notifier import Notifier
from bot.views import ids
from scheduler import digests
from scheduler.models import Account, Event, Member, Post
from tests.bot.desk import ALICE, GENERAL, Desk, has, messages_in


async def told(desk: Desk, *texts: str) -> None:
    await desk.sees(lambda s: has(messages_in(s, GENERAL), *texts))


@pytest.mark.parametrize("typed", ["8:30", "08:30", "8:30 am"])
async def test_the_hour_is_read_back_with_the_zone(desk: Desk, typed: str) -> None:
    await desk.command(f"digest {typed}")

    await told(desk, "every day at 08:30 (America/New_York)")
    assert (await Member.get(user_id=ALICE)).digest_at == "08:30"


async def test_it_is_off_until_somebody_asks_and_off_again(desk: Desk) -> None:
    await desk.command("digest")
    await told(desk, "You get no digest.")
    await desk.command("digest 9:00")
    await told(desk, "every day at 09:00")

    await desk.command("digest off")

    await desk.sees(
        lambda s: (
            [has(each, "You get no digest.") for each in messages_in(s, GENERAL)]
            == [True, False, True]
        )
    )
    assert (await Member.get(user_id=ALICE)).digest_at == ""


async def test_what_is_no_hour_is_told_with_what_to_type(desk: Desk) -> None:
    await desk.command("digest 25:99")

    await told(desk, "is no time of the day", f"{ids.COMMAND} digest off")


async def test_a_post_that_begins_with_the_word_stays_a_post(desk: Desk, account: Account) -> None:
    form = await desk.compose("Digest our news with coffee")

    await form.shows("Digest our news with coffee")


async def _due(desk: Desk) -> None:
    """Alice wants her digest at the beginning of every day, and has not had today's."""
    await Member.filter(user_id=ALICE).update(digest_at="00:00", digested_on="")
    await digests.tick(desk.runtime)


async def _notify(desk: Desk) -> None:
    async with open_clients(desk.runtime) as clients:
        await Notifier(desk.runtime, clients).outages.tick()


async def _digests(desk: Desk) -> list[str]:
    return [each["text"] for each in await desk.messages() if each["text"].startswith("Your ")]


async def test_it_comes_once_in_the_direct_conversation(desk: Desk, account: Account) -> None:
    form = await desk.compose("Later today")
    await form.type(when="now")
    await form.closes()
    post = await Post.get()
    await _due(desk)

    for _ in range(3):
        await digests.tick(desk.runtime)
        await _notify(desk)

    texts = await _digests(desk)
    assert len(texts) == 1
    assert "1 today" in texts[0]
    assert has(await desk.messages(), post.id)


async def test_a_crash_after_it_was_sent_does_not_send_it_again(desk: Desk) -> None:
    await _due(desk)
    await _notify(desk)
    event = await Event.get(kind="member.digest")
    await Event.filter(id=event.id).update(
        notice="member", notice_began_at=datetime.now(UTC) - timedelta(seconds=5)
    )

    await _notify(desk)

    assert len(await _digests(desk)) == 1
    assert (await Event.get(id=event.id)).notice is None


async def test_one_that_could_not_be_sent_until_the_day_was_over_is_not_sent(desk: Desk) -> None:
    await _due(desk)
    yesterday = (datetime.now(ZoneInfo("America/New_York")) - timedelta(days=1)).date()
    event = await Event.get(kind="member.digest")
    await Event.filter(id=event.id).update(data={**event.data, "day": yesterday.isoformat()})

    await _notify(desk)

    assert await _digests(desk) == []
    assert (await Event.get(id=event.id)).notice is None


async def test_who_cannot_be_written_to_has_no_digest_sent_to_an_admin(desk: Desk) -> None:
    await Member.filter(user_id="U0BOB").update(digest_at="00:00", digested_on="")
    await digests.tick(desk.runtime)
    await desk.switch(dm_closed=["U0BOB"])

    await _notify(desk)

    assert await _digests(desk) == []
