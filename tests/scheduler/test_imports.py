"""Many posts from one file: every problem told, all or nothing, and once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from scheduler import accounts, imports, posts
from scheduler.clock import Clock, FrozenClock
from scheduler.fetching import Fetcher, Rules
from scheduler.imports import DoneBefore, NoSuchImport, NotAsChecked, Report, Unreadable
from scheduler.models import Account, Delivery, Event, Import, MediaFile, Post
from scheduler.networks import Address
from scheduler.post_errors import OverBudget
from scheduler.states import PostState, State
from tests.world import ALICE, World, connect, drawn, settings_for

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HEADER = "text,accounts,date,time"
GOOD = "We open at nine,x:@acme,2026-11-30,09:30"
OTHER = "We close at six,x:@acme,2026-11-30,18:00"


@pytest.fixture
def clock() -> Clock:
    return FrozenClock(NOW)


async def heard(done: int, total: int) -> None:
    """Nobody looks."""


async def check(world: World, *rows: str, header: str = HEADER, **changes: Any) -> Report:
    values: dict[str, Any] = {
        "workspace_id": world.workspace.id,
        "user_id": ALICE,
        "zone": "Europe/Berlin",
        "name": "posts.csv",
        "content": "\n".join([header, *rows]).encode(),
        "progress": heard,
        **changes,
    }
    return await imports.check(world.runtime, **values)


async def press(world: World, import_id: str, actor: str = ALICE) -> imports.Scheduled:
    return await imports.schedule(
        world.runtime,
        workspace_id=world.workspace.id,
        import_id=import_id,
        actor=actor,
        progress=heard,
    )


def told(found: Report) -> list[tuple[int, str]]:
    return [(problem.row, problem.column) for problem in found.problems]


async def test_a_check_stores_no_post_and_says_what_would_be(world: World) -> None:
    found = await check(world, GOOD, OTHER)

    assert (found.rows, found.posts, list(found.problems), found.obstacles) == (2, 2, [], [])
    assert found.costs == {"X": 30}
    assert found.by_account == {"X @acme": 2}
    assert found.first == datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
    assert await Post.all().count() == 0


async def test_a_press_schedules_every_post_with_the_priority_of_a_bulk(world: World) -> None:
    found = await check(world, GOOD, OTHER)

    done = await press(world, found.import_id)

    rows = await Delivery.all().order_by("due_at")
    made = await Post.all().order_by("due_at")
    assert done.posts == 2
    assert [(row.state, row.priority, row.post_id) for row in rows] == [
        (State.SCHEDULED, posts.PRIORITY_BULK, post.id) for post in made
    ]
    assert [(post.text, post.author, post.timezone) for post in made] == [
        ("We open at nine", ALICE, "Europe/Berlin"),
        ("We close at six", ALICE, "Europe/Berlin"),
    ]
    assert await Event.filter(kind="post.scheduled").count() == 2


async def test_a_second_press_says_that_it_was_done(world: World) -> None:
    found = await check(world, GOOD)
    await press(world, found.import_id)

    with pytest.raises(DoneBefore, match="1 post was scheduled from"):
        await press(world, found.import_id)

    assert await Post.all().count() == 1


async def test_two_presses_at_once_schedule_once(world: World) -> None:
    found = await check(world, GOOD, OTHER)

    ends = await asyncio.gather(
        *(press(world, found.import_id) for _ in range(4)), return_exceptions=True
    )

    assert len([end for end in ends if isinstance(end, imports.Scheduled)]) == 1
    assert len([end for end in ends if isinstance(end, DoneBefore)]) == 3
    assert await Post.all().count() == 2


async def test_the_same_file_checked_twice_and_pressed_at_once_is_scheduled_once(
    world: World,
) -> None:
    checks = [await check(world, GOOD, OTHER) for _ in range(4)]

    ends = await asyncio.gather(
        *(press(world, found.import_id) for found in checks), return_exceptions=True
    )

    assert len([end for end in ends if isinstance(end, imports.Scheduled)]) == 1
    assert len([end for end in ends if isinstance(end, NotAsChecked)]) == 3
    assert await Post.all().count() == 2


async def test_a_crash_in_the_middle_leaves_nothing_and_the_next_press_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await check(world, GOOD, OTHER)

    async def die(*_: Any, **__: Any) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as dying:
        dying.setattr("scheduler.events.record", die)
        with pytest.raises(ConnectionResetError):
            await press(world, found.import_id)
    left = await Post.all().count() + await Delivery.all().count()
    done = await press(world, found.import_id)

    assert left == 0
    assert (done.posts, await Post.all().count()) == (2, 2)


async def test_a_check_is_used_by_whoever_made_it_and_not_for_ever(world: World) -> None:
    found = await check(world, GOOD)

    with pytest.raises(NoSuchImport):
        await press(world, found.import_id, "U0BOB")
    with pytest.raises(NoSuchImport):
        await press(world, "nonsense")
    assert isinstance(world.runtime.clock, FrozenClock)
    world.runtime.clock.move_to(NOW + timedelta(hours=7))
    with pytest.raises(NoSuchImport):
        await press(world, found.import_id)

    assert await Post.all().count() == 0


async def test_what_changed_since_the_check_stops_all_of_it(world: World) -> None:
    found = await check(world, GOOD, "Soon,x:@acme,2026-11-25,13:30")
    assert isinstance(world.runtime.clock, FrozenClock)
    world.runtime.clock.move_to(NOW + timedelta(hours=1))

    with pytest.raises(NotAsChecked, match=r"Row 3: That time has already passed"):
        await press(world, found.import_id)

    assert await Post.all().count() == 0
    assert (await Import.get()).done_at is None


async def test_an_account_that_was_disconnected_since_stops_all_of_it(world: World) -> None:
    found = await check(world, GOOD)
    await accounts.disconnect(
        world.runtime, workspace_id=world.workspace.id, account_id=world.account.id
    )

    with pytest.raises(NotAsChecked, match="not connected any more"):
        await press(world, found.import_id)


async def test_rows_in_order_can_be_scheduled_beside_others_that_are_not(world: World) -> None:
    found = await check(world, GOOD, "Late,x:@acme,2020-01-01,09:30", OTHER)

    done = await press(world, found.import_id)

    assert (found.posts, told(found)) == (2, [(3, "date")])
    assert done.posts == 2


LONG = " ".join(["word"] * 2000)


@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        pytest.param("Hi,,2026-11-30,09:30", "accounts", "x:@acme", id="no account"),
        pytest.param("Hi,x:@other,2026-11-30,09:30", "accounts", "x:@acme", id="strange account"),
        pytest.param("Hi,@acme,2026-11-30,09:30", "accounts", "x:@acme", id="no platform"),
        pytest.param("Hi,x:acme;x:@ACME,2026-11-30,09:30", "accounts", "twice", id="named twice"),
        pytest.param(",x:@acme,2026-11-30,09:30", "text", "Write a text", id="no text"),
        pytest.param("Hi,x:@acme,,09:30", "date", "2026-11-30", id="no date"),
        pytest.param("Hi,x:@acme,2026-11-30,", "time", "09:30", id="no time"),
        pytest.param(
            "Hi,x:@acme,45991,09:30", "date", "Excel's number for 2025-11-30", id="serial"
        ),
        pytest.param("Hi,x:@acme,11/12/2026,09:30", "date", "cannot be told apart", id="slashes"),
        pytest.param("Hi,x:@acme,tomorrow,09:30", "date", "no date", id="words"),
        pytest.param("Hi,x:@acme,2026-02-30,09:30", "date", "no calendar", id="30 February"),
        pytest.param("Hi,x:@acme,0001-01-01,00:00", "date", "", id="year 1"),
        pytest.param("Hi,x:@acme,9999-12-31,23:59", "date", "", id="year 9999"),
        pytest.param("Hi,x:@acme,2026-11-30,0.395833", "time", "for 09:30", id="part of a day"),
        pytest.param("Hi,x:@acme,2026-11-30,25:00", "time", "no clock", id="hour 25"),
        pytest.param("Hi,x:@acme,2026-11-30,13:00 PM", "time", "9:30 AM", id="13 pm"),
        pytest.param("Hi,x:@acme,2026-11-25,09:30", "date", "already passed", id="passed"),
        pytest.param("Hi,x:@acme,2027-03-28,02:30", "time", "01:59 and 03:00", id="skipped"),
        pytest.param("Hi,x:@acme,2027-10-31,02:30", "time", "00:30 or 01:30", id="repeated"),
        pytest.param("=A1&B1,x:@acme,2026-11-30,09:30", "text", "formula", id="a formula"),
        pytest.param("#REF!,x:@acme,2026-11-30,09:30", "text", "formula", id="its error"),
        pytest.param(f"{LONG},x:@acme,2026-11-30,09:30", "text", "Shorten it", id="too long for X"),
        pytest.param("A, b,x:@acme,2026-11-30,09:30", "", "quotation marks", id="too many cells"),
    ],
)
async def test_each_problem_is_told_with_row_column_and_what_to_do(
    world: World, row: str, column: str, sentence: str
) -> None:
    found = await check(world, GOOD, "", row)

    problems = [each for each in found.problems if each.column == column]
    assert [each.row for each in problems] == [4]
    assert sentence in problems[0].text
    assert found.posts == 1


@pytest.mark.parametrize(
    ("header", "row", "column"),
    [
        pytest.param("timezone", "Mars/Base", "timezone", id="no zone"),
        pytest.param("media", "cat.png", "media", id="no address"),
        pytest.param("alt_text", "A cat", "alt_text", id="a description without a file"),
        pytest.param("twice", "perhaps", "twice", id="neither yes nor no"),
        pytest.param("text_x", LONG, "text_x", id="a text for one platform"),
    ],
)
async def test_further_columns_are_checked_as_well(
    world: World, header: str, row: str, column: str
) -> None:
    found = await check(world, f"{GOOD},{row}", header=f"{HEADER},{header}")

    assert told(found) == [(2, column)]


async def test_all_that_a_row_can_say_is_stored(world: World) -> None:
    header = "Accounts;Date;Time;Timezone;Text;Text_X;Link;Title;First_Comment"
    row = (
        "X: Acme; 30.11.2026; 9:30 PM; America/New_York; Hello; Hello X; https://a.example; T; C"
    ).replace("; ", ";")

    found = await check(world, row, header=header)
    await press(world, found.import_id)

    post = await Post.get()
    assert (post.text, post.variants, post.link) == ("Hello", {"x": "Hello X"}, "https://a.example")
    assert (post.title, post.first_comment, post.timezone) == ("T", "C", "America/New_York")
    assert post.due_at == datetime(2026, 12, 1, 2, 30, tzinfo=UTC)


async def test_the_same_twice_in_a_file_is_told_unless_it_is_meant(world: World) -> None:
    again = "We open at nine,x:@acme,2026-11-30,11:00"

    found = await check(world, GOOD, again)
    meant = await check(world, f"{GOOD},", f"{again},yes", header=f"{HEADER},twice")

    assert told(found) == [(3, "text")]
    assert "row 2 at x:@acme" in found.problems[0].text
    assert (meant.posts, list(meant.problems)) == (2, [])


async def test_what_is_scheduled_already_is_told(world: World) -> None:
    first = await check(world, GOOD, OTHER)
    await press(world, first.import_id)

    found = await check(world, GOOD, "Something else,x:@acme,2026-11-30,10:00")

    assert told(found) == [(2, "text")]
    assert "is planned for Mon 30 Nov 2026, 09:30 (Europe/Berlin)" in found.problems[0].text
    assert found.posts == 1


async def test_a_press_on_an_older_check_does_not_repeat_what_was_scheduled_since(
    world: World,
) -> None:
    older, newer = await check(world, GOOD), await check(world, GOOD)
    await press(world, newer.import_id)

    with pytest.raises(NotAsChecked, match="is planned for"):
        await press(world, older.import_id)

    assert await Post.all().count() == 1


async def test_several_accounts_each_get_the_post(world: World) -> None:
    await connect(world.runtime, world.workspace, "acme_labs")

    found = await check(world, "Hello,x:@acme; X:acme_labs,2026-11-30,09:30")
    await press(world, found.import_id)

    assert found.by_account == {"X @acme": 1, "X @acme_labs": 1}
    assert await Delivery.all().count() == 2


async def test_a_thousand_rows_are_checked_and_stored_in_one_go(world: World) -> None:
    rows = [f"Post {number},x:@acme,2026-12-{1 + number % 28:02d},09:30" for number in range(1000)]
    steps: list[tuple[int, int]] = []

    async def note(done: int, total: int) -> None:
        steps.append((done, total))

    found = await check(world, *rows, progress=note)
    await press(world, found.import_id)

    assert (found.posts, await Post.all().count(), await Delivery.all().count()) == (1000,) * 3
    assert (900, 1000) in steps
    assert (await Import.get()).plan == []


async def test_others_are_served_while_a_large_file_is_checked(world: World) -> None:
    rows = [f"Post {number},x:@acme,2026-12-{1 + number % 28:02d},09:30" for number in range(1000)]
    task = asyncio.create_task(check(world, *rows))
    turns = 0

    while not task.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns > 100


async def test_what_needs_an_approval_is_held_and_approvers_are_asked(world: World) -> None:
    await Account.filter(id=world.account.id).update(needs_approval=True)

    found = await check(world, GOOD, OTHER)
    done = await press(world, found.import_id)

    assert (found.held, done.held) == (2, 2)
    assert {row.state for row in await Delivery.all()} == {State.HELD}
    assert {post.state for post in await Post.all()} == {PostState.SUBMITTED}
    asked = await Event.filter(kind="post.submitted")
    assert [(each.notice, each.data) for each in asked] == [("review", {"revision": 1})] * 2


async def test_a_file_that_cannot_be_read_is_refused_as_a_whole(world: World) -> None:
    with pytest.raises(Unreadable, match="workbook"):
        await check(world, content=b"PK\x03\x04")

    assert await Import.all().count() == 0


async def test_where_nothing_is_in_order_nothing_is_kept(world: World) -> None:
    found = await check(world, ",,,x")

    assert (found.posts, found.import_id) == (0, "")
    assert await Import.all().count() == 0


class TestWithABudget:
    @pytest.fixture
    def settings(self, database_url: str, tmp_path: Any, x_port: int) -> Any:
        return settings_for(database_url, tmp_path, x_port, X_MONTHLY_BUDGET="0.04")

    async def test_what_costs_more_than_the_month_has_left_stops_all_of_it(
        self, world: World
    ) -> None:
        third = "We sleep at ten,x:@acme,2026-11-30,22:00"

        found = await check(world, GOOD, OTHER, third)

        assert (found.posts, found.import_id) == (3, "")
        assert "$0.045" in found.obstacles[0]

    async def test_what_was_spent_since_the_check_counts(self, world: World) -> None:
        found = await check(world, GOOD, OTHER)
        await world.schedule("Something else", seconds=60)

        with pytest.raises(OverBudget):
            await press(world, found.import_id)

        assert await Post.all().count() == 1


async def loopback(host: str, port: int) -> list[Address]:
    return [ip_address("127.0.0.1")]


@pytest.fixture
async def pictures() -> AsyncIterator[TestServer]:
    """Two images, and nothing else."""

    async def serve(request: web.Request) -> web.Response:
        colour = request.match_info["colour"]
        if colour == "text":
            return web.Response(text="I am no image")
        if colour not in ("navy", "red"):
            raise web.HTTPNotFound
        return web.Response(body=drawn(colour=colour))

    app = web.Application()
    app.router.add_get("/{colour}.png", serve)
    async with TestServer(app) as server:
        yield server


@pytest.fixture
def with_pictures(world: World, pictures: TestServer) -> World:
    """The same world, in which http://media.example leads to them."""
    rules = Rules(
        ports={"http": pictures.port or 0},
        is_allowed=ip_address("127.0.0.1").__eq__,
        look_up=loopback,
    )
    world.runtime = replace(world.runtime, fetcher=Fetcher(rules))
    return world


WITH_MEDIA = f"{HEADER},media,alt_text"


async def test_files_are_fetched_once_and_come_along_with_their_descriptions(
    with_pictures: World,
) -> None:
    navy, red = "http://media.example/navy.png", "http://media.example/red.png"

    found = await check(
        with_pictures,
        f"{GOOD},{navy} {red},Navy|Red",
        f"{OTHER},{navy},",
        header=WITH_MEDIA,
    )
    await press(with_pictures, found.import_id)

    files = await MediaFile.all().order_by("post__due_at", "position")
    assert [(file.name, file.alt_text) for file in files] == [
        ("navy.png", "Navy"),
        ("red.png", "Red"),
        ("navy.png", ""),
    ]
    assert files[0].key == files[2].key


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        pytest.param("http://media.example/gone.png", "404", id="gone"),
        pytest.param("http://media.example/text.png", "not an image", id="no image"),
        pytest.param("file:///etc/passwd", "could not be fetched", id="a file of this machine"),
        pytest.param("http://127.0.0.1/navy.png", "public host", id="an address inside"),
    ],
)
async def test_files_that_cannot_be_used_are_told_at_their_row(
    with_pictures: World, url: str, sentence: str
) -> None:
    found = await check(with_pictures, f"{GOOD},{url},", header=WITH_MEDIA)

    assert told(found) == [(2, "media")]
    assert sentence in found.problems[0].text
