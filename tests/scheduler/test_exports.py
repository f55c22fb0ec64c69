"""The calendar as a file: complete, in order, harmless, and readable by an import."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from scheduler import exports, imports, posts
from scheduler.clock import Clock, FrozenClock
from scheduler.contents import Words
from scheduler.exports import Span
from scheduler.models import Delivery
from scheduler.posts import PostError
from scheduler.states import State
from tests.world import ALICE, World, connect

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return FrozenClock(NOW)


async def read(world: World, **span: object) -> list[dict[str, str]]:
    content, count = await exports.calendar(world.workspace.id, Span(**span))  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == count
    return rows


async def test_a_post_stands_in_the_file_with_all_that_it_says_and_how_it_stands(
    world: World,
) -> None:
    words = Words(
        text="Hello", link="https://a.example", title="T", first_comment="C", variants={"x": "Hi"}
    )
    row = await world.schedule(words=words, seconds=3600, timezone="Europe/Berlin")
    await Delivery.filter(id=row.id).update(state=State.FAILED, reason="X refused it.")

    found = (await read(world))[0]

    assert found == {
        **dict.fromkeys(exports.columns(), ""),
        "id": row.post_id,
        "state": "failed",
        "text": "Hello",
        "accounts": "x:@acme",
        "date": "2026-11-25",
        "time": "14:00",
        "timezone": "Europe/Berlin",
        "link": "https://a.example",
        "title": "T",
        "first_comment": "C",
        "text_x": "Hi",
        "reason": "X refused it.",
        "author": ALICE,
    }


async def test_posts_stand_in_the_order_of_their_time(world: World) -> None:
    for hours in (3, 1, 2):
        await world.schedule(f"In {hours}", seconds=hours * 3600)

    assert [row["text"] for row in await read(world)] == ["In 1", "In 2", "In 3"]


async def test_days_and_accounts_narrow_it_down(world: World) -> None:
    other = await connect(world.runtime, world.workspace, "acme_labs")
    await world.schedule("Early", seconds=3600)
    late = world.new_post(
        "Late", due_at=NOW + timedelta(hours=2), account_ids=(world.account.id, other.id)
    )
    await posts.schedule(world.runtime, late)
    edge = NOW + timedelta(hours=2)

    assert [row["text"] for row in await read(world, after=edge)] == ["Early"]
    assert [row["text"] for row in await read(world, first=edge)] == ["Late"]
    assert [row["text"] for row in await read(world, account_ids=(other.id,))] == ["Late"]
    both = await read(world, account_ids=(other.id, world.account.id))
    assert [row["text"] for row in both] == ["Early", "Late"]


async def test_what_another_workspace_has_stays_out(world: World) -> None:
    await world.schedule("Ours", seconds=3600)

    content, count = await exports.calendar(world.workspace.id + 1, Span())

    assert (count, content.count(b"\r\n")) == (0, 1)


async def test_nothing_in_the_file_is_run_by_a_spreadsheet(world: World) -> None:
    await world.schedule('=HYPERLINK("https://evil.example")', seconds=3600)

    assert (await read(world))[0]["text"] == '\'=HYPERLINK("https://evil.example")'


async def test_more_posts_than_one_file_holds_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_POSTS", 1)
    await world.schedule("One", seconds=3600)
    await world.schedule("Two", seconds=3600)

    with pytest.raises(PostError, match="fewer days"):
        await exports.calendar(world.workspace.id, Span())


async def test_an_export_can_be_imported_again(world: World) -> None:
    await world.schedule('@mention, with "quotes",\nlines; and = signs', seconds=3600)
    content, _ = await exports.calendar(world.workspace.id, Span())
    await Delivery.all().update(state=State.CANCELLED)

    async def heard(done: int, total: int) -> None: ...

    found = await imports.check(
        world.runtime,
        workspace_id=world.workspace.id,
        user_id=ALICE,
        zone="UTC",
        name="again.csv",
        content=content,
        progress=heard,
    )

    assert (found.posts, list(found.problems)) == (1, [])
