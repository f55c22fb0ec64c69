"""Series: each occurrence becomes one post, a safe while ahead, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from scheduler import members, occurrences, posts, recurrence, series
from scheduler.accounts import disconnect
from scheduler.clock import FrozenClock
from scheduler.contents import Words
from scheduler.models import Account, Delivery, Event, MediaFile, Post, Series
from scheduler.occurrences import AHEAD, SeriesKeeper
from scheduler.post_errors import TooLate, Unfit, UnknownAccount
from scheduler.recurrence import Every, Rule, WrongRule
from scheduler.series import NewSeries, SeriesRef
from scheduler.states import PostState, State
from scheduler.sweep import sweep
from tests.world import ALICE, World, picture

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


def daily(**values: Any) -> Rule:
    given = {"first": date(2026, 11, 25), "at": time(9), "zone": "UTC", **values}
    return Rule(every=Every.DAY, **given)


WEEKLY = Rule(
    every=Every.WEEK, weekdays=(1,), first=date(2026, 11, 25), at=time(9), zone="Europe/Berlin"
)
YEARLY = Rule(every=Every.YEAR, day=25, month=12, first=date(2026, 11, 25), at=time(9), zone="UTC")


async def begin(world: World, rule: Rule = WEEKLY, **values: Any) -> Series:
    given = {
        "workspace_id": world.workspace.id,
        "author": ALICE,
        "words": Words(text="Every week"),
        "account_ids": (world.account.id,),
        "rule": rule,
        **values,
    }
    return await series.begin(world.runtime, NewSeries(**given))


def ref(world: World, made: Series) -> SeriesRef:
    return SeriesRef(workspace_id=world.workspace.id, series_id=made.id, actor=ALICE)


async def days(state: PostState = PostState.SCHEDULED) -> list[str]:
    rows = await Post.filter(state=state, occurrence__isnull=False).order_by("due_at")
    return [str(post.occurrence) for post in rows]


async def tick(world: World, clock: FrozenClock, at: datetime) -> None:
    clock.move_to(at)
    await SeriesKeeper(world.runtime).tick()


async def kinds() -> list[str]:
    found = await Event.filter(kind__startswith="series.").order_by("id")
    return [event.kind for event in found]


async def next_key(made: Series, now: datetime = NOON) -> str:
    fresh = await Series.get(id=made.id)
    return (await series.show(fresh, now)).next_key


async def test_the_occurrences_of_the_next_fourteen_days_are_posts_at_once(world: World) -> None:
    made = await begin(world)

    rows = await Post.all().order_by("due_at")
    assert [post.due_at for post in rows] == [
        datetime(2026, 12, 1, 8, tzinfo=UTC),
        datetime(2026, 12, 8, 8, tzinfo=UTC),
    ]
    assert {(post.series_id, post.text, post.author) for post in rows} == {
        (made.id, "Every week", ALICE)
    }
    assert {row.state for row in await Delivery.all()} == {State.SCHEDULED}


async def test_at_least_the_next_occurrence_is_a_post_however_far_it_is(world: World) -> None:
    await begin(world, YEARLY)

    assert await days() == ["2026-12-25"]


async def test_when_the_next_one_has_passed_the_one_after_it_is_made(
    world: World, clock: FrozenClock
) -> None:
    await begin(world, YEARLY)

    await tick(world, clock, datetime(2026, 12, 25, 9, 1, tzinfo=UTC))

    assert await days() == ["2026-12-25", "2027-12-25"]


async def test_every_day_one_more_is_made_and_none_twice(world: World, clock: FrozenClock) -> None:
    await begin(world, daily())

    for ahead in range(1, 4):
        await tick(world, clock, NOON + ahead * DAY)
        await tick(world, clock, NOON + ahead * DAY + timedelta(minutes=1))

    made = await days()
    assert made == sorted(set(made))
    assert made[0] == "2026-11-26"
    assert made[-1] == (NOON + 3 * DAY + AHEAD).date().isoformat()


async def test_many_dispatchers_at_once_make_each_occurrence_once(
    world: World, clock: FrozenClock
) -> None:
    await begin(world, daily())
    clock.move_to(NOON + 10 * DAY)

    await asyncio.gather(*(SeriesKeeper(world.runtime).tick() for _ in range(8)))

    made = await days()
    assert len(made) == len(set(made)) == 24
    assert await Delivery.all().count() == 24


async def test_a_crash_before_the_end_of_a_transaction_leaves_neither_a_post_nor_a_gap(
    world: World, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(world)
    before = await days()
    clock.move_to(NOON + 7 * DAY)

    async def die(*_: Any, **__: Any) -> None:
        raise RuntimeError("the process dies here")

    with monkeypatch.context() as patch:
        patch.setattr(posts, "store_media", die)
        await SeriesKeeper(world.runtime).tick()
    after_the_crash = await days()
    await SeriesKeeper(world.runtime).tick()

    assert after_the_crash == before
    assert await days() == [*before, "2026-12-15"]


async def test_a_series_ends_after_its_last_occurrence(world: World, clock: FrozenClock) -> None:
    made = await begin(world, daily(times=3))

    await tick(world, clock, NOON + 30 * DAY)

    assert await days() == ["2026-11-26", "2026-11-27"]
    assert (await Series.get(id=made.id)).next_at is None
    assert await series.going_on(world.runtime, world.workspace.id) == ([], 0)


async def test_files_and_places_go_along_and_are_not_swept(
    world: World, clock: FrozenClock
) -> None:
    file = await picture(world.runtime)
    await begin(world, YEARLY, media=(replace(file, alt_text="A navy square"),))
    await MediaFile.all().delete()

    clock.move_to(NOON + 3 * DAY)
    await sweep(world.runtime, clock.now())
    await tick(world, clock, datetime(2026, 12, 25, 9, 1, tzinfo=UTC))

    post = await Post.get(occurrence="2027-12-25")
    kept = await MediaFile.get(post_id=post.id)
    assert (kept.key, kept.alt_text) == (file.key, "A navy square")


async def test_a_rule_that_never_happens_is_refused_and_nothing_is_stored(world: World) -> None:
    with pytest.raises(WrongRule, match="never has 31 days"):
        await begin(world, replace(YEARLY, day=31, month=2))

    assert not await Series.exists()


async def test_what_fits_no_account_is_refused_and_nothing_is_stored(world: World) -> None:
    with pytest.raises(Unfit):
        await begin(world, words=Words(text=""))
    with pytest.raises(UnknownAccount):
        await begin(world, account_ids=(999,))

    assert not await Series.exists()


async def test_an_account_that_is_gone_is_told_once_and_the_series_goes_on_when_it_is_back(
    world: World, clock: FrozenClock
) -> None:
    made = await begin(world)
    await disconnect(
        world.runtime, workspace_id=world.workspace.id, account_id=world.account.id, actor=ALICE
    )
    await tick(world, clock, NOON + 7 * DAY)
    await tick(world, clock, NOON + 7 * DAY + timedelta(hours=1))
    stuck = await Series.get(id=made.id)
    told = await Event.filter(kind="series.stuck")
    await Account.filter(id=world.account.id).update(health="connected")
    await tick(world, clock, NOON + 7 * DAY + timedelta(hours=2))

    assert "was disconnected meanwhile" in stuck.trouble
    assert [(event.notice, event.data["member"]) for event in told] == [("member", ALICE)]
    assert (await Series.get(id=made.id)).trouble == ""
    assert await days() == ["2026-12-01", "2026-12-08", "2026-12-15"]


async def test_an_occurrence_that_passes_without_a_post_is_told_and_not_posted_late(
    world: World, clock: FrozenClock
) -> None:
    await begin(world)

    await tick(world, clock, datetime(2026, 12, 23, 12, tzinfo=UTC))

    missed = await Event.get(kind="series.missed")
    assert missed.notice == "member"
    assert (missed.data["first"], missed.data["passed"]) == ("2026-12-15T08:00:00+00:00", 2)
    assert await days() == ["2026-12-01", "2026-12-08", "2026-12-29", "2027-01-05"]


async def test_skip_next_calls_off_the_next_post_and_it_is_not_made_again(
    world: World, clock: FrozenClock
) -> None:
    made = await begin(world)

    await series.skip_next(world.runtime, ref(world, made), await next_key(made))
    await tick(world, clock, NOON + timedelta(hours=1))

    assert await days(PostState.CANCELLED) == ["2026-12-01"]
    assert await days() == ["2026-12-08", "2026-12-15"]


async def test_a_series_whose_posts_are_all_made_stays_on_the_list_while_any_is_to_come(
    world: World,
) -> None:
    made = await begin(world, daily(times=4))

    await series.skip_next(world.runtime, ref(world, made), await next_key(made))

    shown, count = await series.going_on(world.runtime, world.workspace.id)
    assert count == 1
    assert [f"{at:%m-%d}" for at, _ in shown[0].coming] == ["11-27", "11-28"]


async def test_a_second_click_on_skip_does_not_skip_another_one(world: World) -> None:
    made = await begin(world)
    key = await next_key(made)
    await series.skip_next(world.runtime, ref(world, made), key)

    with pytest.raises(TooLate, match="moved on"):
        await series.skip_next(world.runtime, ref(world, made), key)

    assert await days(PostState.CANCELLED) == ["2026-12-01"]


async def test_two_clicks_on_skip_at_once_skip_one(world: World) -> None:
    made = await begin(world)
    key = await next_key(made)

    await asyncio.gather(
        *(series.skip_next(world.runtime, ref(world, made), key) for _ in range(3)),
        return_exceptions=True,
    )

    assert await days(PostState.CANCELLED) == ["2026-12-01"]


async def test_an_occurrence_that_a_person_called_off_stays_called_off(
    world: World, clock: FrozenClock
) -> None:
    made = await begin(world)
    first = await Post.get(occurrence="2026-12-01")
    await posts.cancel(world.runtime, world.ref(first))

    await series.pause(world.runtime, ref(world, made))
    await series.resume(world.runtime, ref(world, made))

    assert await days() == ["2026-12-08"]
    assert await days(PostState.CANCELLED) == ["2026-12-01"]


async def test_a_paused_series_posts_nothing_and_makes_nothing(
    world: World, clock: FrozenClock
) -> None:
    made = await begin(world)

    await series.pause(world.runtime, ref(world, made))
    await tick(world, clock, NOON + 20 * DAY)

    assert await days() == []
    assert {row.state for row in await Delivery.all()} == {State.CANCELLED}
    shown, _ = await series.going_on(world.runtime, world.workspace.id)
    assert [each.series.id for each in shown] == [made.id]


async def test_a_resumed_series_goes_on_with_what_is_still_to_come(
    world: World, clock: FrozenClock
) -> None:
    made = await begin(world)
    await series.pause(world.runtime, ref(world, made))
    clock.move_to(NOON + 7 * DAY)

    await series.resume(world.runtime, ref(world, made))

    assert await days() == ["2026-12-08", "2026-12-15"]
    assert "series.missed" not in await kinds()


async def test_what_is_paused_or_stopped_twice_says_so(world: World) -> None:
    made = await begin(world)
    await series.pause(world.runtime, ref(world, made))
    with pytest.raises(TooLate):
        await series.pause(world.runtime, ref(world, made))
    await series.stop(world.runtime, ref(world, made))

    for verb in (series.pause, series.resume, series.stop):
        with pytest.raises(TooLate):
            await verb(world.runtime, ref(world, made))


async def test_a_stopped_series_is_over(world: World, clock: FrozenClock) -> None:
    made = await begin(world)

    await series.stop(world.runtime, ref(world, made))
    await tick(world, clock, NOON + 20 * DAY)

    assert await days() == []
    assert await series.going_on(world.runtime, world.workspace.id) == ([], 0)
    assert await kinds() == ["series.begun", "series.stopped"]


async def test_a_post_that_has_begun_to_go_out_is_not_taken_back(world: World) -> None:
    made = await begin(world)
    first = await Post.get(occurrence="2026-12-01")
    await Delivery.filter(post_id=first.id).update(state=State.PUBLISHING)

    await series.stop(world.runtime, ref(world, made))

    assert await days() == ["2026-12-01"]
    assert (await Delivery.get(post_id=first.id)).state is State.PUBLISHING


async def test_pausing_while_dispatchers_make_posts_leaves_none(
    world: World, clock: FrozenClock
) -> None:
    made = await begin(world, daily())
    clock.move_to(NOON + 5 * DAY)

    async def pause() -> None:
        while True:
            try:
                await series.pause(world.runtime, ref(world, made))
            except TooLate:
                await asyncio.sleep(0.01)
            else:
                return

    await asyncio.gather(SeriesKeeper(world.runtime).tick(), pause())
    await SeriesKeeper(world.runtime).tick()

    ahead = Post.filter(due_at__gt=clock.now(), state=PostState.SCHEDULED)
    assert await ahead.count() == 0


async def test_a_change_of_all_reaches_what_is_not_out_yet_and_leaves_what_was_changed_alone(
    world: World,
) -> None:
    made = await begin(world)
    own = await Post.get(occurrence="2026-12-08")
    await posts.edit(world.runtime, world.ref(own), Words(text="Only this week"))

    left = await series.edit_all(world.runtime, ref(world, made), Words(text="From now on"), WEEKLY)

    rows = await Post.filter(occurrence__isnull=False).order_by("due_at")
    assert [(post.occurrence, post.text) for post in rows] == [
        ("2026-12-01", "From now on"),
        ("2026-12-08", "Only this week"),
    ]
    assert left == 1


async def test_another_rule_moves_what_is_to_come(world: World) -> None:
    made = await begin(world)

    rule = replace(WEEKLY, weekdays=(4,), at=time(17))
    await series.edit_all(world.runtime, ref(world, made), Words(text="Every week"), rule)

    waiting = Post.filter(occurrence__isnull=False, state=PostState.SCHEDULED)
    assert [post.due_at for post in await waiting.order_by("due_at")] == [
        datetime(2026, 11, 27, 16, tzinfo=UTC),
        datetime(2026, 12, 4, 16, tzinfo=UTC),
    ]


async def test_a_change_that_does_not_fit_changes_nothing(world: World) -> None:
    made = await begin(world)
    before = await days()

    with pytest.raises(Unfit):
        await series.edit_all(world.runtime, ref(world, made), Words(text=""), WEEKLY)
    with pytest.raises(WrongRule):
        await series.edit_all(
            world.runtime, ref(world, made), Words(text="x"), replace(WEEKLY, weekdays=())
        )

    assert await days() == before
    assert (await Series.get(id=made.id)).text == "Every week"


async def test_a_series_of_another_workspace_is_not_found(world: World) -> None:
    made = await begin(world)
    stranger = replace(ref(world, made), workspace_id=world.workspace.id + 1)

    for verb in (series.pause, series.resume, series.stop):
        with pytest.raises(series.NoSuchSeries):
            await verb(world.runtime, stranger)


async def test_the_card_of_an_occurrence_is_asked_for_a_day_ahead_once(
    world: World, clock: FrozenClock
) -> None:
    await begin(world)
    asked_at_once = await Event.filter(notice__isnull=False).count()

    await tick(world, clock, datetime(2026, 11, 30, 12, tzinfo=UTC))
    await tick(world, clock, datetime(2026, 11, 30, 13, tzinfo=UTC))

    asked = await Event.filter(notice="card")
    assert asked_at_once == 0
    assert [event.kind for event in asked] == ["post.announced"]


async def test_what_is_shown_of_a_series(world: World) -> None:
    made = await begin(world)

    shown = (await series.going_on(world.runtime, world.workspace.id))[0][0]

    assert [account.username for account in shown.accounts] == ["acme"]
    assert [f"{at:%m-%d}" for at, _ in shown.coming] == ["12-01", "12-08", "12-15"]
    assert [bool(post_id) for _, post_id in shown.coming] == [True, True, False]
    assert recurrence.said(Rule.of(made.rule)) == "every week on Tue at 09:00 (Europe/Berlin)"


async def test_a_post_knows_its_series(world: World) -> None:
    made = await begin(world)

    found = await posts.find(world.workspace.id, (await Post.all())[0].id)

    assert found.series is not None
    assert found.series.id == made.id
    assert occurrences.words(found.series) == Words(text="Every week")


async def test_occurrences_that_need_an_approval_wait_for_it_and_are_taken_back_too(
    world: World,
) -> None:
    await members.remember_member(
        world.runtime, world.workspace.id, "U0BOB", name="Bob", timezone="UTC", is_admin=True
    )
    await Account.filter(id=world.account.id).update(needs_approval=True)
    made = await begin(world)
    asked = await days(PostState.SUBMITTED)

    await series.pause(world.runtime, ref(world, made))

    assert asked == ["2026-12-01", "2026-12-08"]
    assert {post.state for post in await Post.all()} == {PostState.CANCELLED}
    assert {row.state for row in await Delivery.all()} == {State.CANCELLED}
