"""Files without a post go after a day, and no other."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from scheduler import posts, versions
from scheduler.clock import FrozenClock
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.media import StoredMedia
from scheduler.models import MediaVersion
from scheduler.retention import Retention
from scheduler.runtime import Runtime
from scheduler.sweep import sweep
from tests import s3
from tests.scheduler.engine import Desk, another_process
from tests.scheduler.test_measure import noted
from tests.world import ALICE, drawn, in_pieces, settings_for

EVENING = datetime(2026, 11, 24, 23, 59, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(EVENING)


@pytest.fixture(params=["folder", "bucket"])
async def bucket(
    request: pytest.FixtureRequest, unused_tcp_port_factory: Callable[[], int]
) -> AsyncIterator[s3.Store | None]:
    """The bucket in which the files lie, or none."""
    if request.param == "folder":
        yield None
        return
    store = s3.Store(port=unused_tcp_port_factory())
    async with TestServer(store.app(), port=store.port):
        yield store


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path, bucket: s3.Store | None) -> Settings:
    return settings_for(sqlite_url, tmp_path, 9, **(bucket.settings() if bucket else {}))


async def add(runtime: Runtime, content: bytes, name: str = "a") -> StoredMedia:
    return await runtime.media.add(in_pieces(content), name=name)


def phone() -> bytes:
    """A JPEG of which a version is made."""
    return drawn("JPEG", exif=noted(orientation=6, place=True))


async def post(desk: Desk, *media: StoredMedia) -> posts.Ref:
    new = posts.NewPost(
        workspace_id=desk.workspace.id,
        author=ALICE,
        words=Words(text="Look"),
        account_ids=(desk.account.id,),
        timezone="UTC",
        due_at=desk.runtime.clock.now() + 30 * DAY,
        media=media,
    )
    stored = await posts.schedule(desk.runtime, new)
    return posts.Ref(workspace_id=desk.workspace.id, post_id=stored.id, actor=ALICE)


async def kept(runtime: Runtime) -> set[str]:
    return {key async for batch in runtime.media.shelf.batches() for key in batch}


async def test_a_file_of_a_refused_form_goes_after_a_day(desk: Desk, clock: FrozenClock) -> None:
    stored = await add(desk.runtime, drawn("PNG"))

    early = await sweep(desk.runtime, EVENING + DAY)
    still = await kept(desk.runtime)
    late = await sweep(desk.runtime, EVENING + DAY + timedelta(minutes=2))

    assert (early, still) == (0, {stored.key})
    assert (late, await kept(desk.runtime)) == (1, set())


async def test_files_of_posts_stay_however_old(desk: Desk, clock: FrozenClock) -> None:
    await post(desk, await add(desk.runtime, phone()), await add(desk.runtime, drawn("PNG")))
    before = await kept(desk.runtime)

    assert await sweep(desk.runtime, EVENING + 400 * DAY) == 0
    assert await kept(desk.runtime) == before
    assert len(before) == 3


async def test_versions_go_with_the_file_that_they_were_made_from(
    desk: Desk, clock: FrozenClock
) -> None:
    image = await add(desk.runtime, phone())
    await versions.make_all(desk.runtime, [desk.runtime.media.media(image)], "x")

    assert await sweep(desk.runtime, EVENING + 2 * DAY) == 2
    assert await MediaVersion.all().count() == 0


async def test_a_file_that_was_taken_out_of_a_post_goes(desk: Desk, clock: FrozenClock) -> None:
    old, new = [await add(desk.runtime, drawn("PNG", size=(size, 9))) for size in (8, 9)]
    ref = await post(desk, old)
    await posts.edit(desk.runtime, ref, Words(text="Look"), media=[new])

    await Retention(desk.runtime).tick(EVENING + 2 * DAY)

    assert await kept(desk.runtime) == {new.key}


async def test_the_same_file_added_again_is_not_what_goes(desk: Desk, clock: FrozenClock) -> None:
    await add(desk.runtime, drawn("PNG"))
    clock.move_to(EVENING + 2 * DAY)
    again = await add(desk.runtime, drawn("PNG"))

    removed = await sweep(desk.runtime, clock.now())
    await post(desk, again)

    assert removed == 1
    async with desk.runtime.media.at_hand([desk.runtime.media.media(again)]):
        assert desk.runtime.media.path(again.key).read_bytes() == drawn("PNG")


async def test_posts_that_are_saved_while_two_processes_sweep_keep_their_files(
    desk: Desk, settings: Settings, clock: FrozenClock
) -> None:
    contents = [drawn("PNG", size=(8, width)) for width in range(1, 11)]
    for content in contents:
        await add(desk.runtime, content)
    clock.move_to(EVENING + 2 * DAY)
    stop = asyncio.Event()

    async def sweep_on(runtime: Runtime) -> None:
        while not stop.is_set():
            await sweep(runtime, clock.now())

    async def save(content: bytes) -> StoredMedia:
        stored = await add(desk.runtime, content)
        await asyncio.sleep(0.01)
        await post(desk, stored)
        return stored

    async with another_process(settings) as other:
        sweeping = asyncio.gather(sweep_on(desk.runtime), other.run(sweep_on))
        saved = [await save(content) for content in contents]
        stop.set()
        await sweeping

    assert await kept(desk.runtime) == {stored.key for stored in saved}


async def test_what_is_not_ours_stays(desk: Desk, bucket: s3.Store | None) -> None:
    strange = desk.runtime.media.path("ab-strange")
    strange.parent.mkdir(parents=True, exist_ok=True)
    strange.touch()
    if bucket:
        bucket.objects["acme/ab-strange"] = b""

    assert await sweep(desk.runtime, EVENING + 400 * DAY) == 0
    assert await kept(desk.runtime) == {"ab-strange"}


async def test_uploads_that_a_dead_process_began_go(desk: Desk) -> None:
    _, begun = desk.runtime.media.scratch()
    at = datetime.now(UTC).timestamp() - 25 * 3600
    os.utime(begun, (at, at))

    await sweep(desk.runtime, EVENING)

    assert not begun.exists()
