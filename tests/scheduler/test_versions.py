"""Files on their way to a platform: made fit once, at hand when they are sent."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from PIL import Image

from sandbox.x.world import WORLD
from scheduler import admission, contents, posts
from scheduler.config import Settings
from scheduler.contents import Words
from scheduler.fitting import MB
from scheduler.media import StoredMedia
from scheduler.models import Delivery, MediaVersion, Post
from scheduler.posts import Unfit
from scheduler.runtime import Runtime
from scheduler.states import State
from tests import s3
from tests.scheduler.engine import Engine, another_process
from tests.scheduler.test_measure import noted
from tests.world import World, drawn, in_pieces, settings_for

IN_S3 = pytest.mark.parametrize("place", ["bucket"], indirect=True)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind is enough here: what is stored is a row as any other."""
    return sqlite_url


@pytest.fixture
async def bucket(unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[s3.Store]:
    store = s3.Store(port=unused_tcp_port_factory())
    async with TestServer(store.app(), port=store.port):
        yield store


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest) -> str:
    """Where the files lie."""
    return str(request.param)


@pytest.fixture
def settings(
    database_url: str, tmp_path: Path, x_port: int, place: str, bucket: s3.Store
) -> Settings:
    more = bucket.settings() if place == "bucket" else {}
    return settings_for(database_url, tmp_path, x_port, **more)


async def add(runtime: Runtime, content: bytes, name: str = "beach.jpg") -> StoredMedia:
    return await runtime.media.add(in_pieces(content), name=name)


def from_a_phone() -> bytes:
    """A JPEG that lies on its side and says where it was taken."""
    return drawn("JPEG", size=(30, 20), exif=noted(orientation=6, place=True))


def uploaded(world: World) -> list[bytes]:
    """What X was given."""
    return [media.data for media in world.x.server.app[WORLD].media.values()]


def pixels(content: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(content)).size


async def test_what_goes_out_is_upright_and_says_no_place(world: World, engine: Engine) -> None:
    image = await add(world.runtime, from_a_phone())
    delivery = await world.schedule("Look", media=(image,))

    await engine.run()

    (sent,) = uploaded(world)
    assert (await world.fresh(delivery)).state is State.PUBLISHED
    assert pixels(sent) == (20, 30)
    assert b"Exif" not in sent


async def test_what_fits_goes_out_byte_by_byte(world: World, engine: Engine) -> None:
    content = drawn("PNG", size=(30, 20))
    await world.schedule("Look", media=(await add(world.runtime, content),))

    await engine.run()

    assert uploaded(world) == [content]
    assert await MediaVersion.all().count() == 0


async def test_an_image_is_made_fit_once_for_all_posts(world: World, engine: Engine) -> None:
    image = await add(world.runtime, from_a_phone())
    await world.schedule("One", media=(image,))
    made = await MediaVersion.get()
    await world.schedule("Two", media=(image,))

    await engine.run()

    assert await MediaVersion.all().values_list("key", flat=True) == [made.key]
    assert uploaded(world)[0] == uploaded(world)[1]
    assert made.source == image.key
    assert made.key.startswith(image.key)


async def test_a_version_that_is_missing_is_made_when_it_goes_out(
    world: World, engine: Engine
) -> None:
    image = await add(world.runtime, from_a_phone())
    delivery = await world.schedule("Look", media=(image,))
    await MediaVersion.all().delete()

    await engine.run()

    assert (await world.fresh(delivery)).state is State.PUBLISHED
    assert pixels(uploaded(world)[0]) == (20, 30)


async def test_two_processes_that_make_the_same_agree_on_one(
    world: World, settings: Settings
) -> None:
    image = await add(world.runtime, from_a_phone())

    async def schedule(runtime: Runtime) -> Post:
        return await posts.schedule(runtime, world.new_post("Look", media=(image,)))

    async with another_process(settings) as other:
        both = await asyncio.gather(schedule(world.runtime), other.run(schedule))

    rows = await Delivery.filter(post_id__in=[post.id for post in both])
    said = await contents.load(world.runtime, rows)
    assert {content.media[0].key for content in said.values()} == {(await MediaVersion.get()).key}


async def test_what_is_looked_for_is_what_was_sent(world: World, engine: Engine) -> None:
    image = await add(world.runtime, from_a_phone())
    delivery = await world.schedule("Look", media=(image,))
    await engine.run()

    (said,) = (await contents.load(world.runtime, [delivery])).values()

    assert (await world.fresh(delivery)).checkpoint["digest"] == said.digest
    assert said.media[0].url.startswith(f"{world.runtime.settings.public_url}/media/")


async def test_an_image_that_cannot_be_made_fit_is_told_before_anything_is_stored(
    world: World,
) -> None:
    broken = drawn("JPEG", size=(300, 300), colour="red", exif=noted(orientation=6))[:-300]
    image = await add(world.runtime, broken)

    with pytest.raises(Unfit, match=r"beach\.jpg cannot be made fit for X") as unfit:
        await world.schedule("Look", media=(image,))

    assert [problem.field for problem in unfit.value.problems["x"]] == ["media"]
    assert await Post.all().count() == 0


async def test_new_files_of_an_edited_post_are_made_fit_at_once(world: World) -> None:
    delivery = await world.schedule("Look", seconds=3600)
    image = await add(world.runtime, from_a_phone())

    await posts.edit(world.runtime, world.ref(delivery), Words(text="Look"), media=[image])

    assert (await MediaVersion.get()).source == image.key


async def test_a_file_that_is_gone_fails_the_delivery_with_what_to_do(
    world: World, engine: Engine
) -> None:
    image = await add(world.runtime, drawn("PNG"))
    delivery = await world.schedule("Look", media=(image,))
    await world.runtime.media.shelf.remove([image.key])
    world.runtime.media.path(image.key).unlink(missing_ok=True)

    await engine.run()

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.cause) == (State.FAILED, "content")
    assert "Add it to the post again" in fresh.reason


@IN_S3
async def test_a_bucket_that_is_away_costs_an_attempt_and_no_post(
    world: World, engine: Engine, bucket: s3.Store
) -> None:
    image = await add(world.runtime, drawn("PNG"))
    delivery = await world.schedule("Look", media=(image,))
    world.runtime.media.path(image.key).unlink()
    bucket.status = 403

    await engine.run()

    fresh = await world.fresh(delivery)
    assert (fresh.state, fresh.cause, fresh.attempts) == (State.RETRYING, "network", 1)
    assert world.x.accepted() == []


@pytest.mark.parametrize("place", ["folder"], indirect=True)
async def test_files_are_judged_as_they_will_be(runtime: Runtime) -> None:
    still = await add(runtime, drawn("GIF"), "still.gif")
    large = StoredMedia(
        name="large.png", key="", kind="image", mime="image/png", size=9 * MB, sha256=""
    )

    found = admission.problems(runtime, Words(text="Look"), [still, large], [("x", "")])

    assert found == {}
    assert admission.notes(runtime, [still, large], ["x"]) == [
        "still.gif becomes a PNG for X.",
        "large.png is larger than the 5 MB that X takes, so it becomes a JPEG.",
    ]
