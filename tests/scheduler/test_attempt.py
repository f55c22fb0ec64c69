from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.x.world import WORLD
from scheduler import accounts, posts
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.models import Account, Delivery, Event
from scheduler.runtime import Runtime
from scheduler.states import State
from tests.scheduler.engine import Engine, attempts_of, on_sqlite
from tests.world import World, in_pieces, picture, sample, settings_for, until

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def settings(database_url: str, tmp_path: Path, x_port: int) -> Settings:
    short = {"POSTBOT_REQUEST_TIMEOUT": 0.5, "POSTBOT_SETTLE": 30}
    return settings_for(database_url, tmp_path, x_port, **short)


async def last_event(delivery: Delivery) -> tuple[str, str | None]:
    events = await Event.filter(delivery_id=delivery.id).order_by("-id").limit(1)
    return events[0].kind, events[0].notice


async def test_a_post_goes_out_with_all_that_is_known_of_it(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule("Good morning 🙂 “Ω” & <b>")

    await engine.run()

    (live,) = world.x.accepted()
    fresh = await world.fresh(delivery)
    assert live["text"] == "Good morning 🙂 “Ω” & <b>"
    assert fresh.state is State.PUBLISHED
    assert fresh.remote_id == live["id"]
    assert live["id"] in fresh.permalink
    assert (fresh.published_at, fresh.owner, fresh.next_attempt_at) == (clock.instant, None, None)
    assert await world.kinds(delivery) == [
        "delivery.queued",
        "delivery.preparing",
        "delivery.publishing",
        "delivery.published",
    ]
    (attempt,) = await attempts_of(delivery)
    assert (attempt.fence, attempt.outcome, attempt.remote_id) == (2, "publish", live["id"])
    assert attempt.left_at is not None


UNKNOWN = (State.UNCONFIRMED, ("delivery.unconfirmed", "card"), 0, timedelta(seconds=30))
REFUSED = (State.FAILED, ("delivery.failed", "person"), 1, None)
RETRIED = (State.RETRYING, ("delivery.retrying", "card"), 1, MINUTE)


@on_sqlite
@pytest.mark.parametrize(
    ("mode", "live", "outcome", "cause"),
    [
        ("fail_before", 0, UNKNOWN, "platform"),
        ("fail_after", 1, UNKNOWN, "platform"),
        ("timeout_before", 0, UNKNOWN, "network"),
        ("timeout_after", 1, UNKNOWN, "network"),
        ("reset_before", 0, UNKNOWN, "network"),
        ("reset_after", 1, UNKNOWN, "network"),
        ("outage", 0, UNKNOWN, "network"),
        ("garbage", 1, UNKNOWN, "platform"),
        ("truncated", 1, UNKNOWN, "network"),
        ("duplicate", 0, UNKNOWN, "content"),
        ("not_permitted", 0, REFUSED, "content"),
        ("credits", 0, REFUSED, "authentication"),
    ],
)
async def test_a_failure_at_the_request_that_cannot_be_taken_back_is_never_repeated_blindly(
    world: World, engine: Engine, clock: FrozenClock, mode: str, live: int, outcome: Any, cause: str
) -> None:
    delivery = await world.schedule()
    await world.x.switch(mode=mode)

    await engine.run()
    await engine.run()

    state, event, attempts, delay = outcome
    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts, fresh.cause) == (state, attempts, cause)
    assert fresh.next_attempt_at == (delay and clock.instant + delay)
    assert fresh.reason
    assert fresh.owner is None
    assert await last_event(delivery) == event
    assert len(world.x.accepted()) == live
    assert engine.retries == []


@on_sqlite
@pytest.mark.parametrize(
    ("mode", "outcome", "cause"),
    [
        ("fail_before", RETRIED, "platform"),
        ("timeout_before", RETRIED, "network"),
        ("timeout_after", RETRIED, "network"),
        ("reset_before", RETRIED, "network"),
        ("reset_after", RETRIED, "network"),
        ("garbage", RETRIED, "platform"),
        ("truncated", RETRIED, "network"),
        ("not_permitted", REFUSED, "content"),
        ("credits", REFUSED, "authentication"),
    ],
)
async def test_a_failure_while_uploading_is_tried_again_if_that_can_help(
    world: World, engine: Engine, clock: FrozenClock, mode: str, outcome: Any, cause: str
) -> None:
    delivery = await world.schedule(media=(await picture(world.runtime),))
    await world.x.switch(mode=mode, apply_to="media")

    await engine.run()

    state, event, attempts, delay = outcome
    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts, fresh.cause) == (state, attempts, cause)
    assert fresh.next_attempt_at == (delay and clock.instant + delay)
    assert await last_event(delivery) == event
    assert len(await attempts_of(delivery)) == 1
    assert world.x.accepted() == []


async def test_attempts_come_after_one_five_and_fifteen_minutes_and_then_it_failed(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule(media=(await picture(world.runtime),))
    await world.x.switch(mode="fail_before", apply_to="media")

    seen = []
    for minutes in (1, 5, 15, None):
        await engine.run()
        fresh = await world.fresh(delivery)
        wait = fresh.next_attempt_at and fresh.next_attempt_at - clock.instant
        seen.append((fresh.state, fresh.attempts, wait))
        clock.move_to(clock.instant + timedelta(minutes=minutes or 60))
        await engine.deliverer.retry(delivery.id)
        await engine.finish()

    assert seen == [
        (State.RETRYING, 1, MINUTE),
        (State.RETRYING, 2, 5 * MINUTE),
        (State.RETRYING, 3, 15 * MINUTE),
        (State.FAILED, 4, None),
    ]
    assert [(used, delay) for _, used, delay in engine.retries] == [
        (0, MINUTE),
        (1, 5 * MINUTE),
        (2, 15 * MINUTE),
    ]
    assert len(await attempts_of(delivery)) == 4
    assert await last_event(delivery) == ("delivery.failed", "person")


@on_sqlite
async def test_a_retry_that_comes_too_early_is_told_how_long_to_wait(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule(media=(await picture(world.runtime),))
    await world.x.switch(mode="fail_before", apply_to="media", mode_times=1)
    await engine.run()
    clock.move_to(clock.instant + timedelta(seconds=59))

    wait = await engine.deliverer.retry(delivery.id)

    assert wait == timedelta(seconds=1)
    assert (await world.fresh(delivery)).state is State.RETRYING


async def test_a_second_attempt_uses_what_the_first_uploaded(
    world: World, engine: Engine, clock: FrozenClock, x_port: int
) -> None:
    delivery = await world.schedule(media=(await picture(world.runtime),))
    await world.x.switch(mode="rate_limit", mode_times=1, rate_limit_seconds=1)
    await engine.run()
    uploaded = (await world.fresh(delivery)).checkpoint
    clock.move_to(clock.instant + MINUTE)

    await engine.run()

    assert (await world.fresh(delivery)).state is State.PUBLISHED
    assert (await world.fresh(delivery)).checkpoint == uploaded
    (live,) = world.x.accepted()
    assert live["media_keys"] == [uploaded["ids"]["media"]["0"]["key"]]


@pytest.mark.parametrize("apply_to", ["create", "media"])
@on_sqlite
async def test_a_rate_limit_waits_as_long_as_the_platform_says_and_uses_no_attempt_up(
    world: World, engine: Engine, clock: FrozenClock, apply_to: str
) -> None:
    delivery = await world.schedule(media=(await picture(world.runtime),))
    await world.x.switch(mode="rate_limit", apply_to=apply_to, rate_limit_seconds=1000)

    await engine.run()

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts, fresh.cause) == (State.RETRYING, 0, "rate_limit")
    assert fresh.next_attempt_at is not None
    assert 999 <= (fresh.next_attempt_at - clock.instant).total_seconds() < 1100
    assert await last_event(delivery) == ("delivery.snoozed", "card")


@on_sqlite
async def test_a_rate_limit_that_lasts_for_days_counts_as_a_failure(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule()
    await world.x.switch(mode="rate_limit", rate_limit_seconds=90_000)
    await engine.run()
    clock.move_to(clock.instant + timedelta(seconds=90_100))
    await Account.all().update(expires_at=None)

    await engine.run()

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts) == (State.RETRYING, 1)


@on_sqlite
async def test_a_platform_that_cannot_be_connected_to_is_tried_again(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule()
    await world.x.server.close()

    await engine.run()

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts, fresh.cause) == (State.RETRYING, 1, "network")
    assert fresh.next_attempt_at == clock.instant + MINUTE
    (attempt,) = await attempts_of(delivery)
    assert attempt.left_at is None


async def test_a_token_that_died_early_is_renewed_and_the_post_goes_out(
    world: World, engine: Engine
) -> None:
    delivery = await world.schedule()
    await world.x.expire_tokens()

    await engine.run()
    assert await engine.deliverer.retry(delivery.id) is None
    await engine.finish()

    fresh = await world.fresh(delivery)
    account = await Account.get(id=world.account.id)
    assert (fresh.state, fresh.attempts) == (State.PUBLISHED, 0)
    assert (account.token_version, account.health) == (1, accounts.CONNECTED)
    assert len(world.x.accepted()) == 1


@pytest.mark.parametrize("apply_to", ["create", "media"])
@on_sqlite
async def test_a_renewed_token_that_is_refused_too_breaks_the_account_and_the_post_waits_for_it(
    world: World, engine: Engine, apply_to: str
) -> None:
    delivery = await world.schedule(media=(await picture(world.runtime),))
    await world.x.switch(mode="unauthorized", apply_to=apply_to)

    await engine.run()
    await engine.deliverer.retry(delivery.id)
    await engine.finish()

    fresh = await world.fresh(delivery)
    account = await Account.get(id=world.account.id)
    assert (fresh.state, fresh.cause, fresh.attempts) == (State.PARKED, "authentication", 0)
    assert "@acme" in fresh.reason
    assert "/schedule-post accounts" in fresh.reason
    assert (account.token_version, account.health) == (1, accounts.BROKEN)
    assert await last_event(delivery) == ("delivery.parked", "card")


@on_sqlite
async def test_a_refused_token_that_cannot_be_renewed_right_now_does_not_break_the_account(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule()
    await world.x.expire_tokens()
    await world.x.switch(mode="fail_before", apply_to="token")
    await engine.run()
    await world.x.switch(mode="ok")
    clock.move_to(clock.instant + MINUTE)

    await engine.deliverer.retry(delivery.id)
    await engine.finish()
    await engine.deliverer.retry(delivery.id)
    await engine.finish()

    assert (await Account.get(id=world.account.id)).health == accounts.CONNECTED
    assert (await world.fresh(delivery)).state is State.PUBLISHED


@on_sqlite
async def test_a_token_refused_on_another_day_is_renewed_again(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule()
    await world.x.switch(mode="unauthorized", mode_times=1)
    await engine.run()
    tomorrow = clock.instant + timedelta(hours=1)
    await posts.reschedule(world.runtime, world.ref(delivery), tomorrow, "UTC")
    clock.move_to(tomorrow)
    await world.x.switch(mode="unauthorized", mode_times=1)

    await engine.run()
    await engine.deliverer.retry(delivery.id)
    await engine.finish()

    assert (await Account.get(id=world.account.id)).health == accounts.CONNECTED
    assert (await world.fresh(delivery)).state is State.PUBLISHED


@pytest.mark.parametrize("minutes_left", [10, -10], ids=["still valid", "expired"])
@pytest.mark.parametrize("mode", ["fail_before", "rate_limit"])
@on_sqlite
async def test_a_token_is_used_to_its_end_while_it_cannot_be_renewed(
    world: World, engine: Engine, clock: FrozenClock, minutes_left: int, mode: str
) -> None:
    delivery = await world.schedule()
    await Account.all().update(expires_at=clock.instant + minutes_left * MINUTE)
    await world.x.switch(mode=mode, apply_to="token")

    await engine.run()

    fresh = await world.fresh(delivery)
    assert fresh.state is (State.PUBLISHED if minutes_left > 0 else State.RETRYING)
    assert len(world.x.accepted()) == (1 if minutes_left > 0 else 0)


@on_sqlite
async def test_a_disconnected_account_fails_the_post_with_a_sentence(
    world: World, engine: Engine
) -> None:
    delivery = await world.schedule()
    await accounts.disconnect(
        world.runtime, workspace_id=world.workspace.id, account_id=world.account.id
    )

    await engine.run()

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.cause) == (State.FAILED, "authentication")
    assert fresh.reason.startswith("@acme was disconnected. Connect it again")
    assert world.x.accepted() == []


@on_sqlite
async def test_media_that_x_still_works_on_is_asked_for_again(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    video = await _video(world.runtime)
    delivery = await world.schedule(media=(video,))
    await world.x.switch(processing_seconds=0.3)
    await engine.run()
    waiting = await world.fresh(delivery)
    clock.move_to(clock.instant + timedelta(minutes=2))

    async def published() -> bool:
        await engine.run()
        clock.move_to(clock.instant + timedelta(seconds=30))
        return (await world.fresh(delivery)).state is State.PUBLISHED

    await until(published)

    assert waiting.state is State.PROCESSING
    assert waiting.owner is None
    assert (await world.fresh(delivery)).attempts == 0
    assert len(world.x.accepted()) == 1


@on_sqlite
async def test_media_that_is_never_ready_uses_attempts_up(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    video = await _video(world.runtime)
    delivery = await world.schedule(media=(video,))
    await world.x.switch(processing_seconds=3600)
    await engine.run()
    clock.move_to(clock.instant + timedelta(minutes=31))

    await engine.run()

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.attempts) == (State.RETRYING, 1)
    assert "did not finish" in fresh.reason


@on_sqlite
async def test_media_that_x_lost_is_uploaded_once_more(
    world: World, engine: Engine, clock: FrozenClock
) -> None:
    delivery = await world.schedule(seconds=700, media=(await _video(world.runtime),))
    await world.x.switch(processing_seconds=0)
    clock.move_to(clock.instant + timedelta(seconds=101))
    await engine.begin()
    await until(lambda: Delivery.filter(state=State.PREPARING).exists())
    x_knows = world.x.server.app[WORLD].media
    await until(lambda: asyncio.sleep(0, len(x_knows) == 1))
    await until(lambda: _shelf(delivery))
    x_knows.clear()
    await world.x.switch(processing_seconds=0.2)

    async def published() -> bool:
        clock.move_to(clock.instant + timedelta(seconds=30))
        await engine.finish() if clock.instant >= delivery.due_at else None
        await engine.begin()
        return (await world.fresh(delivery)).state is State.PUBLISHED

    await until(published)

    assert len(x_knows) == 1
    assert len(world.x.accepted()) == 1


async def _shelf(delivery: Delivery) -> Any:
    return (await Delivery.get(id=delivery.id)).checkpoint


async def _video(runtime: Runtime) -> Any:
    return await runtime.media.add(in_pieces(sample("film.mp4")), name="clip.mp4")


class StallingClock(FrozenClock):
    """Stands still, but holds the whole process up whenever something waits for its instant
    after an attempt was committed."""

    stall = 0.0

    async def sleep_until(self, instant: datetime) -> None:
        time.sleep(self.stall)
        await super().sleep_until(instant)


class TestAHeldUpProcess:
    @pytest.fixture
    def clock(self) -> StallingClock:
        return StallingClock(datetime.now(UTC))

    @pytest.fixture
    def settings(self, database_url: str, tmp_path: Path, x_port: int) -> Settings:
        return settings_for(database_url, tmp_path, x_port, POSTBOT_SEND_BUDGET=0.2)

    async def test_sends_nothing_after_its_budget_has_passed(
        self, world: World, engine: Engine, clock: StallingClock
    ) -> None:
        delivery = await world.schedule()
        clock.stall = 0.3

        await engine.run()

        fresh = await world.fresh(delivery)
        assert world.x.accepted() == []
        assert (fresh.state, fresh.attempts) == (State.RETRYING, 1)
        assert "nothing was sent" in fresh.reason
        assert await world.kinds(delivery) == [
            "delivery.queued",
            "delivery.preparing",
            "delivery.publishing",
            "delivery.retrying",
        ]
