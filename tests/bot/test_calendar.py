"""`/schedule-post calendar` and the address behind it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from icalendar import Calendar

from bot.views import ids
from scheduler import feeds, members
from scheduler.models import Account, Feed, Member
from tests.bot.desk import ALICE, BOB, GENERAL, Desk, has, newest
from tests.bot.test_sub_commands import schedule


async def make(desk: Desk, member: str = ALICE) -> str:
    """The address that a member gets by the button."""
    await desk.command("calendar", member)
    message = await desk.sees(lambda s: newest(s, GENERAL), member)
    await desk.press(message, ids.CALENDAR_RENEW, member, channel=GENERAL)

    def address(state: Any) -> str:
        found = re.search(r"http://[^\"\s]+?/calendar/[^\"\s]+?\.ics", str(newest(state, GENERAL)))
        return found[0] if found else ""

    url: str = await desk.sees(address, member)
    return url


async def read(desk: Desk, url: str, **headers: str) -> tuple[int, Any, bytes]:
    async with desk.http.get(url, headers=headers) as response:
        return response.status, response.headers, await response.read()


async def test_the_address_gives_the_posts_as_a_calendar(desk: Desk, account: Account) -> None:
    await schedule(desk, account, "We open at nine")
    url = await make(desk)

    status, headers, content = await read(desk, url)

    assert (status, headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    events = Calendar.from_ical(content).walk("VEVENT")
    assert [event["SUMMARY"] for event in events] == ["Pending: We open at nine"]


async def test_what_a_program_has_seen_is_not_sent_again(desk: Desk, account: Account) -> None:
    url = await make(desk)
    _, headers, _ = await read(desk, url)

    same = await read(desk, url, **{"If-None-Match": f"W/{headers['ETag']}"})
    await schedule(desk, account)
    other = await read(desk, url, **{"If-None-Match": headers["ETag"]})

    assert (same[0], same[2]) == (304, b"")
    assert other[0] == 200


async def test_a_new_address_ends_the_old_one_and_turning_off_ends_all(desk: Desk) -> None:
    old = await make(desk)
    await desk.command("calendar")
    message = await desk.sees(
        lambda s: has(newest(s, GENERAL), "You have an address") and newest(s, GENERAL)
    )
    await desk.press(message, ids.CALENDAR_RENEW, channel=GENERAL)
    await desk.sees(lambda s: has(newest(s, GENERAL), "shown only now"))
    renewed = await read(desk, old)

    await desk.command("calendar")
    message = await desk.sees(
        lambda s: has(newest(s, GENERAL), "You have an address") and newest(s, GENERAL)
    )
    await desk.press(message, ids.CALENDAR_REVOKE, channel=GENERAL)
    await desk.sees(lambda s: has(newest(s, GENERAL), "Your address is off"))

    assert renewed[0] == 404
    assert await Feed.all().count() == 0


async def test_everybody_has_an_address_of_their_own(desk: Desk) -> None:
    first, second = await make(desk), await make(desk, BOB)

    assert first != second
    assert await Feed.all().count() == 2


async def test_wrong_addresses_are_not_found(desk: Desk) -> None:
    for secret in ("a" * 43, "%F0%9F%8D%AA", "..%2F..%2Fetc"):
        assert (await read(desk, f"{desk.url}/calendar/{secret}.ics"))[0] == 404


async def test_the_address_of_who_left_the_workspace_ends(desk: Desk) -> None:
    gone = await members.remember_member(
        desk.runtime, desk.workspace.id, "U0GONE", name="Gone", timezone="UTC", is_admin=False
    )
    secret = await feeds.renew(desk.runtime, gone)
    await Member.filter(id=gone.id).update(checked_at=gone.checked_at - timedelta(hours=7))

    status, _, _ = await read(desk, f"{desk.url}/calendar/{secret}.ics")

    assert status == 404
    assert await Feed.all().count() == 0


async def test_while_slack_does_not_answer_an_address_stays_good(desk: Desk) -> None:
    url = await make(desk)
    await Member.all().update(checked_at=desk.runtime.clock.now() - timedelta(hours=7))
    await desk.switch(fail_methods={"users.info": {"error": "fatal_error"}})

    assert (await read(desk, url))[0] == 200
