from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet
from PIL import Image

from scheduler import measure, media
from scheduler.addresses import Addresses
from scheduler.cache import Cache
from scheduler.clock import FrozenClock
from scheduler.media import MediaStore, StoredMedia, UnusableMedia, day_of
from scheduler.s3 import Bucket, BucketSettings
from scheduler.shelf import Folder, Shelf, ShelfFailed
from scheduler.vault import Vault
from tests.s3 import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, Store
from tests.world import drawn, in_pieces, sample

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture
async def s3(unused_tcp_port: int) -> AsyncIterator[Store]:
    s3 = Store(port=unused_tcp_port)
    async with TestServer(s3.app(), port=s3.port):
        yield s3


def bucket(port: int, cache: Path, *, most_bytes: int = 10**9, secret: str = SECRET_KEY) -> Bucket:
    settings = BucketSettings(
        bucket=BUCKET,
        prefix="acme/media",
        endpoint=f"http://127.0.0.1:{port}",
        region=REGION,
        access_key=ACCESS_KEY,
        secret_key=secret,
    )
    return Bucket(settings, Cache(cache, most_bytes=most_bytes))


@pytest.fixture(params=["folder", "bucket"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path, s3: Store, unused_tcp_port: int) -> Shelf:
    if request.param == "folder":
        return Folder(tmp_path / "media")
    return bucket(unused_tcp_port, tmp_path / "cache")


@pytest.fixture
def store(shelf: Shelf, clock: FrozenClock) -> MediaStore:
    vault = Vault([Fernet.generate_key().decode()])
    return MediaStore(shelf, Addresses("https://postbot.example.com", vault, clock), clock)


async def add(store: MediaStore, content: bytes, name: str = "file.bin") -> StoredMedia:
    return await store.add(in_pieces(content), name=name)


async def keys(store: MediaStore) -> list[str]:
    return [key async for batch in store.shelf.batches() for key in batch]


def moving(kind: str) -> bytes:
    """An image file of three frames."""
    out = io.BytesIO()
    first, *others = [Image.new("RGB", (30, 20), (40 * number, 90, 0)) for number in range(3)]
    first.save(out, kind, save_all=True, append_images=others)
    return out.getvalue()


def boxed(brand: bytes) -> bytes:
    """The beginning of a file of the MP4 family, and nothing that describes it."""
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0" + b"\0" * 500


@pytest.mark.parametrize(
    ("content", "kind", "mime"),
    [
        (drawn("JPEG"), "image", "image/jpeg"),
        (drawn("PNG"), "image", "image/png"),
        (drawn("WEBP"), "image", "image/webp"),
        (drawn("GIF"), "image", "image/gif"),
        (moving("GIF"), "gif", "image/gif"),
        (sample("film.mp4"), "video", "video/mp4"),
        (sample("turned.mov"), "video", "video/quicktime"),
    ],
    ids=["jpeg", "png", "webp", "still gif", "gif", "mp4", "mov"],
)
async def test_what_a_file_is_its_bytes_decide(
    store: MediaStore, content: bytes, kind: str, mime: str
) -> None:
    stored = await add(store, content, "picture.exe")

    assert (stored.kind, stored.mime, stored.size) == (kind, mime, len(content))
    async with store.at_hand([store.media(stored)]):
        assert store.media(stored).path.read_bytes() == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"GIF89a",
        drawn("PNG")[:40],
        drawn("TIFF"),
        drawn("BMP"),
        moving("WEBP"),
        boxed(b"heic"),
        boxed(b"avif"),
        boxed(b"mif1"),
        boxed(b"M4A "),
        boxed(b"isom"),
        sample("sound.mp4"),
        sample("film.mp4")[:4000],
    ],
    ids=[
        "empty",
        "text",
        "svg",
        "pdf",
        "head",
        "cut",
        "tiff",
        "bmp",
        "moving webp",
        "heic",
        "avif",
        "mif1",
        "m4a",
        "no film",
        "sound",
        "cut film",
    ],
)
async def test_what_cannot_be_posted_is_refused_by_name_and_not_kept(
    store: MediaStore, content: bytes, tmp_path: Path
) -> None:
    with pytest.raises(UnusableMedia, match=r"“holiday\.jpg”"):
        await add(store, content, "holiday.jpg")

    assert await keys(store) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_small_file_with_a_huge_picture_is_refused_before_it_is_decoded(
    store: MediaStore,
) -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")

    with pytest.raises(UnusableMedia, match="40 million pixels"):
        await add(store, bomb.getvalue())


async def test_a_file_larger_than_any_platform_takes_is_refused(
    store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "MAX_BYTES", 5000)

    with pytest.raises(UnusableMedia, match="larger than"):
        await add(store, b"x" * 5001)


async def test_an_image_with_more_bytes_than_any_platform_takes_is_refused(
    store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "MAX_IMAGE_BYTES", 5000)

    with pytest.raises(UnusableMedia, match="too much for an image"):
        await add(store, drawn("PNG") + b"\0" * 5000)


async def test_the_same_file_is_kept_once_a_day(store: MediaStore, clock: FrozenClock) -> None:
    first, second = await add(store, drawn("PNG"), "a"), await add(store, drawn("PNG"), "b")
    clock.move_to(NOON.replace(day=25))
    third = await add(store, drawn("PNG"), "c")

    assert first.key == second.key != third.key
    assert [day_of(one.key) for one in (first, third)] == [
        NOON.date(),
        NOON.replace(day=25).date(),
    ]
    assert sorted(await keys(store)) == sorted([first.key, third.key])


async def test_a_download_that_breaks_off_leaves_nothing(store: MediaStore, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"beginning"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await store.add(broken(), name="a.png")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_file_that_is_gone_is_not_at_hand(store: MediaStore) -> None:
    stored = await add(store, drawn("PNG"))
    await store.shelf.remove([stored.key])
    store.path(stored.key).unlink(missing_ok=True)

    with pytest.raises(FileNotFoundError):
        async with store.at_hand([store.media(stored)]):
            pytest.fail("it is gone")


async def test_removing_what_is_gone_is_no_error(store: MediaStore) -> None:
    stored = await add(store, drawn("PNG"))

    await store.shelf.remove([stored.key])
    await store.shelf.remove([stored.key])

    assert await keys(store) == []


async def test_a_list_of_many_files_is_whole(store: MediaStore) -> None:
    stored = [await add(store, drawn("PNG", size=(1, width))) for width in range(1, 9)]

    assert sorted(await keys(store)) == sorted(one.key for one in stored)


async def test_a_shelf_that_works_is_found_to_work(store: MediaStore) -> None:
    await store.shelf.check()

    assert await keys(store) == []


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file in the way")

    with pytest.raises(ShelfFailed, match="cannot be written"):
        await Folder(tmp_path / "media").check()


async def test_files_lie_in_the_bucket_below_the_prefix(
    s3: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    # More than one part of an upload.
    content = b"\0" * 12_000_000
    shelf = bucket(unused_tcp_port, tmp_path / "cache")
    file = tmp_path / "file"
    file.write_bytes(content)

    await shelf.put("ab-1", file)

    assert s3.objects == {"acme/media/ab-1": content}


async def test_another_machine_fetches_a_file_once(
    s3: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    s3.objects["acme/media/ab-1"] = b"bytes"
    there = bucket(unused_tcp_port, tmp_path / "there")

    for _ in range(2):
        async with there.at_hand(["ab-1"]):
            assert there.path("ab-1").read_bytes() == b"bytes"

    assert s3.reads() == ["acme/media/ab-1"]


@pytest.mark.parametrize(
    ("secret", "status"), [("wrong", None), (SECRET_KEY, 403)], ids=["wrong key", "forbidden"]
)
async def test_a_bucket_that_refuses_is_told_without_its_secret(
    s3: Store, tmp_path: Path, unused_tcp_port: int, secret: str, status: int | None
) -> None:
    s3.status = status
    shelf = bucket(unused_tcp_port, tmp_path / "cache", secret=secret)

    with pytest.raises(ShelfFailed) as caught:
        await shelf.check()

    assert "the bucket does not do what is asked" in str(caught.value)
    assert "canary" not in f"{caught.value!r} {shelf!r}"


async def test_a_bucket_that_does_not_exist_is_told(
    s3: Store, tmp_path: Path, unused_tcp_port: int
) -> None:
    s3.status = 404

    with pytest.raises(ShelfFailed, match="no such bucket"):
        await bucket(unused_tcp_port, tmp_path / "cache").check()


async def test_a_bucket_that_does_not_answer_is_told(tmp_path: Path, unused_tcp_port: int) -> None:
    with pytest.raises(ShelfFailed):
        async with bucket(unused_tcp_port, tmp_path / "cache").at_hand(["ab-1"]):
            pytest.fail("nobody is there")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "key", ["", "a" * 64, f"{'a' * 64}-2026112", f"{'g' * 64}-20261124", "../../etc/passwd"]
)
def test_a_name_that_is_no_key_has_no_day(key: str) -> None:
    assert day_of(key) is None
