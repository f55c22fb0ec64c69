"""What platforms may fetch, and that nobody else may."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from scheduler.addresses import USABLE_FOR
from scheduler.clock import FrozenClock
from scheduler.contents import Words
from scheduler.media import StoredMedia
from scheduler.models import Account, MediaFile, MediaVersion
from scheduler.posts import NewPost, schedule
from scheduler.runtime import Runtime
from tests import s3
from tests.bot.desk import ALICE, Desk
from tests.scheduler.test_measure import noted
from tests.world import drawn, in_pieces, sample


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
async def bucket(unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[s3.Store]:
    store = s3.Store(port=unused_tcp_port_factory())
    async with TestServer(store.app(), port=store.port):
        yield store


@pytest.fixture
def more_settings(request: pytest.FixtureRequest, bucket: s3.Store) -> dict[str, object]:
    """Files lie in the data directory, or in the bucket where a test says so."""
    return bucket.settings() if getattr(request, "param", "") == "bucket" else {}


async def add(runtime: Runtime, content: bytes, name: str = "door") -> StoredMedia:
    return await runtime.media.add(in_pieces(content), name=name)


async def posted(desk: Desk, account: Account, content: bytes) -> str:
    """The address of a file that a post has."""
    stored = await add(desk.runtime, content)
    new = NewPost(
        workspace_id=desk.workspace.id,
        author=ALICE,
        words=Words(text="Look"),
        account_ids=(account.id,),
        timezone="UTC",
        media=(stored,),
    )
    await schedule(desk.runtime, new)
    return desk.runtime.media.media(stored).url


async def fetched(
    address: str, method: str = "GET", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    async with aiohttp.ClientSession() as http:
        async with http.request(method, address, headers=headers) as answer:
            return answer.status, await answer.read(), dict(answer.headers)


@pytest.mark.parametrize(
    ("content", "mime", "name"),
    [
        (drawn("PNG"), "image/png", "media.png"),
        (drawn("JPEG"), "image/jpeg", "media.jpg"),
        (sample("film.mp4"), "video/mp4", "media.mp4"),
        (sample("turned.mov"), "video/quicktime", "media.mov"),
    ],
    ids=["png", "jpeg", "mp4", "mov"],
)
async def test_a_platform_fetches_a_file_as_what_it_is(
    desk: Desk, account: Account, content: bytes, mime: str, name: str
) -> None:
    address = await posted(desk, account, content)

    status, body, headers = await fetched(address)

    assert (status, body) == (200, content)
    assert headers["Content-Type"] == mime
    assert headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_a_version_is_fetched_by_an_address_of_its_own(desk: Desk, account: Account) -> None:
    await posted(desk, account, drawn("JPEG", exif=noted(orientation=6, place=True)))
    version = await MediaVersion.get()

    status, body, _ = await fetched(desk.runtime.media.addresses.of(version.key))

    assert (status, len(body)) == (200, version.size)
    assert b"Exif" not in body


async def test_the_head_tells_what_a_fetch_would_bring(desk: Desk, account: Account) -> None:
    content = drawn("PNG")
    address = await posted(desk, account, content)

    status, body, headers = await fetched(address, "HEAD")

    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(content)))


async def test_a_file_is_fetched_in_parts(desk: Desk, account: Account) -> None:
    content = sample("film.mp4")
    address = await posted(desk, account, content)

    status, body, headers = await fetched(address, Range="bytes=1000-1999")
    beyond, _, _ = await fetched(address, Range="bytes=999999-")

    assert (status, body) == (206, content[1000:2000])
    assert headers["Content-Range"] == f"bytes 1000-1999/{len(content)}"
    assert beyond == 416


async def test_whatever_is_wrong_is_not_found_and_nothing_more(
    desk: Desk, account: Account, clock: FrozenClock
) -> None:
    address = await posted(desk, account, drawn("PNG"))
    orphan = desk.runtime.media.addresses.of((await add(desk.runtime, drawn("GIF"))).key)
    removed = await posted(desk, account, drawn("WEBP"))
    (file,) = await MediaFile.filter(mime="image/webp")
    await desk.runtime.media.shelf.remove([file.key])
    root = f"{desk.runtime.settings.public_url}/media"
    wrong = [
        address[:-1],
        f"{address}0",
        address.replace("/media/", "/media/0", 1),
        f"{root}/{file.key}",
        f"{root}/..%2F..%2Fpostbot.sqlite3",
        orphan,
        removed,
    ]

    answers = [await fetched(one) for one in wrong]
    clock.move_to(clock.instant + USABLE_FOR + timedelta(seconds=1))
    answers.append(await fetched(address))

    assert {(status, body) for status, body, _ in answers} == {
        (
            404,
            b'{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "Not Found"}',
        )
    }


@pytest.mark.parametrize("more_settings", ["bucket"], indirect=True)
async def test_a_file_of_a_bucket_is_fetched_through_this_machine(
    desk: Desk, account: Account, bucket: s3.Store
) -> None:
    content = drawn("PNG")
    address = await posted(desk, account, content)
    here = desk.runtime.media.path((await MediaFile.get()).key)
    here.unlink()

    status, body, _ = await fetched(address)

    assert (status, body) == (200, content)
    bucket.status = 403
    here.unlink()
    assert (await fetched(address))[0] == 503


@pytest.mark.parametrize("path", ["/media", "/media/"])
async def test_files_are_not_listed(desk: Desk, path: str) -> None:
    status, _, _ = await fetched(f"{desk.runtime.settings.public_url}{path}")

    assert status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_files_can_only_be_read(desk: Desk, account: Account, method: str) -> None:
    address = await posted(desk, account, drawn("PNG"))

    status, _, _ = await fetched(address, method)

    assert status == 405
